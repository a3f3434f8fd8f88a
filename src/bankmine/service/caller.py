"""Who asks: a bearer token becomes a person with what is left of the token's permissions, or 401.

Each token may ask `PER_SECOND` times a second on average and `BURST` times at once; then it is told to wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from fastapi import Request
from sqlalchemy import Connection

from bankmine.access import Place
from bankmine.errors import SignInRefused
from bankmine.governance import Permission, Person, tokens
from bankmine.governance.pace import Buckets
from bankmine.service.problems import TooMany
from bankmine.store import Store
from bankmine.work.deciding import Desk

Answer = TypeVar("Answer", bound=Callable[..., Any])
PREFIX = "/api/v1"
PER_SECOND, BURST = 1_000.0, 2_000.0
NO_TOKEN = "Send the header `Authorization: Bearer bm_…`; an administrator makes tokens."


@dataclass(frozen=True)
class Site:
    """What all requests share."""

    store: Store
    place: Place
    buckets: Buckets
    desk: Desk


def site_over(store: Store, place: Place, buckets: Buckets | None) -> Site:
    """One over an opened bank and its store."""
    pace = buckets or Buckets(PER_SECOND, BURST)

    def known(connection: Connection, token: str) -> Person:
        person = tokens.known(connection, token)
        if person is None:
            raise SignInRefused("no valid token was given", hint=NO_TOKEN)
        return person

    return Site(store, place, pace, Desk(store, place, known, partial(_paced, pace)))


def site_of(request: Request) -> Site:
    """The application's."""
    found: Site = request.app.state.site
    return found


async def bearer(request: Request) -> str:
    """A token as it was sent, not yet looked up; SignInRefused where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise SignInRefused("no valid token was given", hint=NO_TOKEN)
    return token.strip()


def _paced(buckets: Buckets, person: Person) -> None:
    """Counts one request of the person's token; TooMany where nothing is left."""
    if not buckets.take(person.token_id or person.person_id):
        much = f"more than {buckets.per_second:.0f} requests a second"
        raise TooMany(much, hint="Wait and try again.")


def needs(permission: Permission | None) -> Callable[[Request], Person]:
    """A dependency: the caller, who has to hold the permission; None asks for a token only."""

    def caller(request: Request) -> Person:
        site = site_of(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        person = tokens.resume(site.store, token.strip()) if scheme.lower() == "bearer" else None
        if person is None:
            raise SignInRefused("no valid token was given", hint=NO_TOKEN)
        _paced(site.buckets, person)
        if permission is not None:
            person.require(permission)
        return person

    caller.permission = permission  # type: ignore[attr-defined]
    return caller


def asks(permission: Permission) -> Callable[[Answer], Answer]:
    """Marks an address at which the desk looks the caller up and asks for the permission."""

    def mark(answer: Answer) -> Answer:
        answer.permission = permission  # type: ignore[attr-defined]
        return answer

    return mark
