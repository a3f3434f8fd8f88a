"""Signing in and out. Whatever was wrong, the answer is one and the same."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bankmine.errors import SignInRefused
from bankmine.governance import sessions
from bankmine.governance.sign_in import with_password
from bankmine.web.routing import PUBLIC, SIGNED_IN, Pages
from bankmine.web.security.addresses import own_address
from bankmine.web.visit import Visit

pages = Pages()


@pages.get("/sign-in", permission=PUBLIC)
def form(visit: Visit) -> Response:
    """The form; whoever is signed in already goes on."""
    wanted = own_address(visit.query.get("next"))
    if visit.person is not None:
        return RedirectResponse(wanted, 303)
    return visit.page("sign_in.html.j2", wanted=wanted, name="", refused="")


@pages.post("/sign-in", permission=PUBLIC)
def enter(visit: Visit) -> Response:
    """Opens a session with a new token, whatever session there was before."""
    wanted = own_address(visit.form.get("next"))
    name, password = visit.form.get("name", "").strip(), visit.form.get("password", "")
    try:
        signed_in = with_password(
            visit.site.store, name, password,
            code=visit.form.get("code", "").strip() or None, address=visit.address,
        )  # fmt: skip
    except SignInRefused:
        return visit.page("sign_in.html.j2", status=401, wanted=wanted, name=name[:100], refused="refused")
    if visit.session_token:
        sessions.end(visit.site.store, visit.session_token)
    cookies, answer = visit.site.cookies, RedirectResponse(wanted, 303)
    cookies.keep(answer, cookies.session, signed_in.session_token)
    cookies.forget(answer, cookies.visitor)
    return answer


@pages.post("/sign-out", permission=SIGNED_IN)
def leave(visit: Visit) -> Response:
    """Ends the session here and at the server."""
    sessions.end(visit.site.store, visit.session_token)
    answer = RedirectResponse("/sign-in", 303)
    visit.site.cookies.forget(answer, visit.site.cookies.session)
    answer.headers["clear-site-data"] = '"cache"'
    return answer
