"""Requests that change something must come from our own pages.

Two independent checks: the browser's word on where the request came from (`Sec-Fetch-Site`, else `Origin`
against `Host`), and a token made from the visitor's secret cookie, which no other site can read. A request
that gives neither word of its origin is refused: every browser since 2020 sends one.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def from_own_page(headers: Headers) -> bool:
    """Whether the browser says that one of our own pages sent the request."""
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return site == "same-origin"
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc == headers.get("host", "")


def token_of(secret: str) -> str:
    """The token of a visitor's forms, made from the secret in the visitor's cookie."""
    return hmac.new(secret.encode(), b"bankmine forms", hashlib.sha256).hexdigest()


def is_token_of(token: str, secret: str) -> bool:
    """Whether the token was made from the secret, compared in constant time."""
    return bool(secret) and hmac.compare_digest(token.encode(), token_of(secret).encode())


class OwnOrigin:
    """Refuses (403) what changes something and does not come from our own pages.

    Addresses under `apart` are another interface with credentials of its own (tokens, no cookies).
    """

    def __init__(self, app: ASGIApp, *, apart: tuple[str, ...] = ("/api/",)) -> None:
        self.app, self.apart = app, apart

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on or refuses it."""
        if scope["type"] == "http" and self._refused(scope):
            refusal = PlainTextResponse("This request did not come from a page of this site.\n", 403)
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refused(self, scope: Scope) -> bool:
        if scope["method"] in SAFE or scope["path"].startswith(self.apart):
            return False
        return not from_own_page(Headers(scope=scope))
