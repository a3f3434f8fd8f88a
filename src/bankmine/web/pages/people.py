"""People: who has an account, what they may do and which rows they see; add, change, disable, undo."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import Connection
from starlette.responses import Response

from bankmine.errors import Forbidden, UsageError
from bankmine.governance import Permission, Role, Scope, people, second_factor, sessions
from bankmine.governance.people import Account
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit

pages = Pages()
HERE = "/administration/people"
_KEY = re.compile(r"[\w.:-]{1,64}")


@pages.get(HERE, permission=Permission.PEOPLE_READ)
def everybody(visit: Visit) -> Response:
    """Everybody with an account."""
    return _list(visit)


@pages.post(HERE, permission=Permission.PEOPLE_WRITE)
def add(visit: Visit) -> Response:
    """Adds a person; the form comes back with what to mend where something does not fit."""
    form = visit.form
    try:
        with visit.site.store.begin() as connection:
            added = people.add(
                connection, visit.who,
                name=form.get("name", ""), password=form.get("password", ""),
                roles=_roles(visit), scope=_scope(visit), language=visit.language,
            )  # fmt: skip
    except UsageError as problem:
        return _list(visit, problem)
    return visit.done(HERE, "person-added", added)


@pages.get(f"{HERE}/{{person}}", permission=Permission.PEOPLE_READ)
def one(visit: Visit) -> Response:
    """One person's rights."""
    return _one(visit)


@pages.post(f"{HERE}/{{person}}/roles", permission=Permission.PEOPLE_WRITE)
def roles(visit: Visit) -> Response:
    """Gives other roles."""
    before = _account(visit).roles

    def change(connection: Connection) -> None:
        people.change_roles(connection, visit.who, visit.path["person"], _roles(visit))

    return _changed(visit, "roles-changed", change, roles="~".join(before))


@pages.post(f"{HERE}/{{person}}/scope", permission=Permission.PEOPLE_WRITE)
def scope(visit: Visit) -> Response:
    """Lets the person see other rows."""
    before = _account(visit).scope

    def change(connection: Connection) -> None:
        people.change_scope(connection, visit.who, visit.path["person"], _scope(visit))

    return _changed(
        visit, "scope-changed", change, branches=_keys(before.branches), managers=_keys(before.managers)
    )


@pages.post(f"{HERE}/{{person}}/disable", permission=Permission.PEOPLE_WRITE)
def disable(visit: Visit) -> Response:
    """Refuses sign-in and ends all sessions."""
    return _changed(visit, "person-disabled", lambda c: people.disable(c, visit.who, visit.path["person"]))


@pages.post(f"{HERE}/{{person}}/enable", permission=Permission.PEOPLE_WRITE)
def enable(visit: Visit) -> Response:
    """Allows sign-in again."""
    return _changed(visit, "person-enabled", lambda c: people.enable(c, visit.who, visit.path["person"]))


@pages.post(f"{HERE}/{{person}}/password", permission=Permission.PEOPLE_WRITE)
def password(visit: Visit) -> Response:
    """Sets another password."""
    new = visit.form.get("password", "")
    return _changed(
        visit, "password-set", lambda c: people.set_password(c, visit.who, visit.path["person"], new)
    )


@pages.post(f"{HERE}/{{person}}/second-factor-off", permission=Permission.PEOPLE_WRITE)
def second_factor_off(visit: Visit) -> Response:
    """Turns the second factor off for somebody who lost the device."""
    return _changed(visit, "factor-off", lambda c: second_factor.turn_off(c, visit.who, visit.path["person"]))


@pages.post(f"{HERE}/{{person}}/sessions/end", permission=Permission.SESSIONS_END)
def end_sessions(visit: Visit) -> Response:
    """Ends all sessions of the person at once; they sign in again to go on."""
    person = _account(visit).person_id
    with visit.site.store.begin() as connection:
        sessions.end_all(connection, visit.who, person)
    return visit.done(f"{HERE}/{person}", "sessions-ended", person)


def _changed(visit: Visit, what: str, change: Callable[[Connection], object], **was: str) -> Response:
    """Does it and says so; a change that does not fit comes back beside the form."""
    try:
        with visit.site.store.begin() as connection:
            change(connection)
    except (UsageError, Forbidden) as problem:
        return _one(visit, problem)
    person = visit.path["person"]
    return visit.done(f"{HERE}/{person}", what, person, **was)


def _list(visit: Visit, problem: UsageError | None = None) -> Response:
    with visit.site.store.read() as connection:
        everyone = people.listed(connection)
    return visit.page(
        "people.html.j2",
        status=400 if problem else 200,
        people=everyone,
        active=sum(not account.disabled for account in everyone),
        may_write=visit.may(Permission.PEOPLE_WRITE),
        all_roles=list(Role),
        problem=problem,
    )


def _one(visit: Visit, problem: UsageError | Forbidden | None = None) -> Response:
    account = _account(visit)
    with visit.site.store.read() as connection:
        found = sessions.listed(connection, visit.site.store, account.person_id)
    return visit.page(
        "person.html.j2",
        sessions=found,
        may_end=visit.may(Permission.SESSIONS_END) and account.person_id != visit.who.person_id,
        status=400 if problem else 200,
        one=account,
        own=account.person_id == visit.who.person_id,
        may_write=visit.may(Permission.PEOPLE_WRITE) and account.person_id != visit.who.person_id,
        all_roles=list(Role),
        problem=problem,
    )


def _account(visit: Visit) -> Account:
    with visit.site.store.read() as connection:
        return people.get(connection, visit.path["person"])


def _roles(visit: Visit) -> list[Role]:
    asked = visit.chosen.get("roles", ())
    unknown = [name for name in asked if name not in Role.__members__]
    if unknown:
        raise UsageError(f"there is no role {unknown[0][:40]!r}", hint=f"Take {', '.join(Role)}.")
    return [Role(name) for name in asked]


def _scope(visit: Visit) -> Scope:
    """The scope written in the form; UsageError for a branch or manager that the bank does not know."""
    asked = Scope(_listed(visit, "branches"), _listed(visit, "managers"))
    if not asked.everything:
        visit.site.place.state().owners.check(asked)
    return asked


def _listed(visit: Visit, field: str) -> frozenset[str] | None:
    """The numbers written in a field; None where it is empty: all."""
    written = [part for part in re.split(r"[\s,，、;；]+", visit.form.get(field, "")) if part]
    for part in written:
        if not _KEY.fullmatch(part):
            raise UsageError(f"{part[:40]!r} is no number of a branch or manager", hint="Write B01, B02.")
    return frozenset(written) or None


def _keys(values: frozenset[str] | None) -> str:
    return ", ".join(sorted(values or ()))
