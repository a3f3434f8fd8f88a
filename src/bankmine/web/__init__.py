"""Pages people work on: server-rendered, in English and 简体中文, under the strictest policy.

Owns routes, templates, the words of the pages and their security. May import work, access, governance,
store, report, listing, folder, config, clock and errors, and nothing of the engine, the customers or the
tasks: what a page shows comes through `access`, what it does goes through `work` and `governance`. Start
reading at `app.py` (how it is put together), then `routing.py` (what a route declares) and `pages/`.
"""

from bankmine.web.app import create_app

__all__ = ["create_app"]
