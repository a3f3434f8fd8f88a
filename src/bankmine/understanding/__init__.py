"""What is in the data: profile, quality, distributions and findings, in plain sentences.

Imports engine and bank (and report for its page); owns no data. Start at `examine.understand`, which
reads every table once (`scan`), profiles it (`profile`), runs the `detectors` (one file a family of
defects, each yields `findings.Finding`) and scores it (`quality`). `pages.page` makes the report page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bankmine.understanding.examine import Understanding, understand
    from bankmine.understanding.pages import page

__all__ = ["Understanding", "page", "understand"]


def __getattr__(name: str) -> Any:
    """Loads the heavy parts when they are first asked for."""
    from importlib import import_module

    if name in ("Understanding", "understand"):
        return getattr(import_module("bankmine.understanding.examine"), name)
    if name == "page":
        return import_module("bankmine.understanding.pages").page
    raise AttributeError(name)
