"""Signing in through the bank's OpenID Connect issuer: off to it, and back with a code.

What belongs to one sign-in (state, nonce, verifier) lies sealed in a cookie of the browser that began it and
is used once. Whatever is wrong on the way back, the answer is that of a wrong password.
"""

from __future__ import annotations

import base64

from starlette.responses import RedirectResponse, Response

from bankmine.config import OpenIdSettings
from bankmine.errors import NotFound, SignInRefused
from bankmine.governance import oidc, sessions
from bankmine.governance.issuer import IssuerError
from bankmine.web.routing import PUBLIC, Pages
from bankmine.web.security.addresses import own_address
from bankmine.web.visit import Visit

pages = Pages()


@pages.get("/sign-in/elsewhere", permission=PUBLIC)
def begin(visit: Visit) -> Response:
    """Sends the browser to the issuer, with a note to bring back."""
    wanted = own_address(visit.query.get("next"))
    try:
        begun = oidc.begin(visit.site.store, _settings(visit))
    except IssuerError:
        return _refused(visit, wanted, "unreachable")
    cookies, answer = visit.site.cookies, RedirectResponse(begun.address, 303)
    where = base64.urlsafe_b64encode(wanted.encode()).decode()
    cookies.keep(answer, cookies.issuer, f"{begun.note}.{where}")
    return answer


@pages.get("/sign-in/back", permission=PUBLIC)
def finish(visit: Visit) -> Response:
    """Opens the session of whom the issuer names; the note is forgotten whatever came of it."""
    cookies = visit.site.cookies
    note, _, where = visit.note.partition(".")
    wanted = own_address(_text(where))
    try:
        entered = oidc.finish(visit.site.store, _settings(visit), note, visit.query)
    except SignInRefused:
        answer = _refused(visit, wanted, "refused")
    else:
        if visit.session_token:
            sessions.end(visit.site.store, visit.session_token)
        answer = RedirectResponse(wanted, 303)
        cookies.keep(answer, cookies.session, entered.session_token)
        cookies.forget(answer, cookies.visitor)
    cookies.forget(answer, cookies.issuer)
    return answer


def _settings(visit: Visit) -> OpenIdSettings:
    found = visit.site.bank.config.oidc
    if found is None:
        raise NotFound("nobody signs in elsewhere here", hint="Sign in with name and password.")
    return found


def _refused(visit: Visit, wanted: str, why: str) -> Response:
    return visit.page("sign_in.html.j2", status=401, wanted=wanted, name="", refused=why)


def _text(encoded: str) -> str:
    try:
        return base64.urlsafe_b64decode(encoded.encode()).decode()
    except ValueError:
        return ""
