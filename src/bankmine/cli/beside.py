"""Pages and API in one process: the address says which of the two answers."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from bankmine.service.caller import PREFIX


def beside(pages: ASGIApp, api: ASGIApp, hosts: Sequence[str]) -> ASGIApp:
    """One application: what begins with `/api/v1/` is the API's, everything else the pages'.

    The API answers under the same names as the pages. Starting and stopping are the pages' business.
    """
    guarded = TrustedHostMiddleware(api, allowed_hosts=list(hosts), www_redirect=False)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        await (guarded if ours else pages)(scope, receive, send)

    return answer
