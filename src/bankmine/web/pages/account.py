"""One's own account: the password and the second factor."""

from __future__ import annotations

from collections.abc import Sequence

import segno
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from bankmine.errors import SignInRefused, UsageError
from bankmine.governance import people, recovery, second_factor, sessions
from bankmine.governance.people import Account
from bankmine.governance.sign_in import with_password
from bankmine.web.routing import SIGNED_IN, Pages
from bankmine.web.visit import Visit

pages = Pages()


@pages.get("/account", permission=SIGNED_IN)
def own(visit: Visit) -> Response:
    """What the person may do, and their password and second factor."""
    return _page(visit)


@pages.post("/account/password", permission=SIGNED_IN)
def password(visit: Visit) -> Response:
    """Sets one's own password by showing the old one; all own sessions end, and one signs in anew."""
    try:
        _show_password(visit)
        with visit.site.store.begin() as connection:
            people.set_password(connection, visit.who, visit.who.person_id, visit.form.get("password", ""))
    except (SignInRefused, UsageError) as problem:
        return _page(visit, problem)
    return RedirectResponse("/sign-in", 303)


@pages.post("/account/second-factor", permission=SIGNED_IN)
def turn_on(visit: Visit) -> Response:
    """Turns one's own second factor on, once the password and a code of the new secret were shown."""
    secret = visit.form.get("secret", "")
    try:
        if _account(visit).second_factor:
            raise UsageError("there is a second factor already", hint="An administrator can turn it off.")
        if len(secret) != len(second_factor.new_secret()) or not secret.isalnum():
            raise UsageError("the secret is not one of ours", hint="Load the page again.")
        _show_password(visit)
        with visit.site.store.begin() as connection:
            second_factor.turn_on(connection, visit.who, secret, visit.form.get("code", ""))
    except (SignInRefused, UsageError) as problem:
        return _page(visit, problem)
    return visit.done("/account", "factor-on")


@pages.post("/account/sessions/end", permission=SIGNED_IN)
def end_sessions(visit: Visit) -> Response:
    """Signs oneself out everywhere but here; those sessions cannot be opened again."""
    with visit.site.store.begin() as connection:
        sessions.end_others(connection, visit.who)
    return visit.done("/account", "own-sessions-ended")


def _show_password(visit: Visit) -> None:
    """Whoever changes what protects the account shows the present password, and code, once more."""
    form, store = visit.form, visit.site.store
    code = form.get("present_code") or None
    shown = with_password(store, visit.who.name, form.get("old", ""), code, address=visit.address)
    sessions.end(store, shown.session_token)  # it was opened to compare the password, for nothing else


@pages.post("/account/recovery", permission=SIGNED_IN)
def recovery_codes(visit: Visit) -> Response:
    """Ten new recovery codes, shown this once, by showing the present password and code."""
    try:
        _show_password(visit)
        with visit.site.store.begin() as connection:
            codes = recovery.make(connection, visit.who)
    except (SignInRefused, UsageError) as problem:
        return _page(visit, problem)
    return _page(visit, codes=codes)


def _account(visit: Visit) -> Account:
    with visit.site.store.read() as connection:
        return people.get(connection, visit.who.person_id)


def _page(
    visit: Visit, problem: SignInRefused | UsageError | None = None, codes: Sequence[str] = ()
) -> Response:
    account = _account(visit)
    with visit.site.store.read() as connection:
        found = sessions.listed(connection, visit.site.store)
        left = recovery.left(connection, visit.who.person_id)
    secret = "" if account.second_factor else second_factor.new_secret()
    otp = second_factor.address(account.name, secret, visit.site.name) if secret else ""
    return visit.page(
        "account.html.j2",
        status=400 if problem else 200,
        account=account,
        codes=codes,
        left=left,
        sessions=[one for one in found if one.person_id == visit.who.person_id],
        secret=secret,
        otp=otp,
        picture=_picture(otp) if otp else "",
        problem=problem,
    )


def _picture(otp: str) -> Markup:
    """The address as a QR picture: shapes alone, dark on light in every theme, for phones read no other."""
    drawn = segno.make(otp, micro=False, error="m").svg_inline(
        scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=False
    )
    return Markup(drawn)  # made of numbers only: nothing of the address is written into it
