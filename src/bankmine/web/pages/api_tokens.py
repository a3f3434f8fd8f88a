"""API tokens: which systems may ask the HTTP API, for which account, with which permissions, until when.

A token is shown once, on the page that answers its making, and is kept as its hash. One that was ended cannot
be opened again: whoever saw it may still hold it, so the way back is a new one.
"""

from __future__ import annotations

from starlette.responses import Response

from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, people, tokens
from bankmine.governance.permissions import permissions_of
from bankmine.store import now_us
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit

pages = Pages()
HERE = "/administration/tokens"
HEADER = "Authorization: Bearer bm_…"
DAYS = (7, 30, 90, 180, 366)


@pages.get(HERE, permission=Permission.API_TOKENS)
def listed(visit: Visit) -> Response:
    """All tokens, the newest first, and the form for another."""
    return _page(visit)


@pages.post(HERE, permission=Permission.API_TOKENS)
def add(visit: Visit) -> Response:
    """Makes a token and shows it, this once."""
    form = visit.form
    try:
        given = [Permission(one) for one in visit.chosen.get("permissions", ())]
        with visit.site.store.begin() as connection:
            token, _ = tokens.add(
                connection, visit.who,
                label=form.get("label", "").strip(), permissions=given, days=_days(form.get("days", "")),
                owner=form.get("account", "") or None,
            )  # fmt: skip
    except UsageError as problem:
        return _page(visit, problem=problem)
    except ValueError:
        return _page(visit, problem=UsageError("there is no such permission", hint="Choose from the list."))
    return _page(visit, token=token)


@pages.post(f"{HERE}/{{token}}/end", permission=Permission.API_TOKENS)
def end(visit: Visit) -> Response:
    """Ends a token at once; there is no way back but a new one."""
    with visit.site.store.begin() as connection:
        tokens.end(connection, visit.who, visit.path["token"])
    return visit.done(HERE, "token-ended")


def _days(text: str) -> int:
    if not text.isdecimal() or len(text) > 4:
        raise UsageError(f"{text[:10]!r} is no number of days", hint="Choose from the list.")
    return int(text)


def _page(visit: Visit, *, token: str = "", problem: UsageError | NotFound | None = None) -> Response:
    with visit.site.store.read() as connection:
        accounts = [one for one in people.listed(connection) if not one.disabled]
        names = {one.person_id: one.name for one in people.listed(connection)}
        found = tokens.listed(connection)
    now = now_us()
    return visit.page(
        "api_tokens.html.j2",
        status=400 if problem else 200,
        tokens=found,
        names=names,
        open=sum(one.ended_at is None and one.expires_at > now for one in found),
        now=now,
        accounts=accounts,
        held={one.person_id: sorted(permissions_of(one.roles)) for one in accounts},
        permissions_all=list(Permission),
        days=DAYS,
        token=token,
        header=HEADER,
        problem=problem,
    )
