"""Who asks: a bearer token becomes a person with what is left of the token's permissions, or 401.

Each token may ask `PER_SECOND` times a second on average and `BURST` times at once; then it is told to wait.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from fastapi import Request

from bankmine import clock
from bankmine.access import Place
from bankmine.errors import SignInRefused
from bankmine.governance import Permission, Person, tokens
from bankmine.service.problems import TooMany
from bankmine.store import Store

PREFIX = "/api/v1"
PER_SECOND, BURST, MOST_CALLERS = 1_000.0, 2_000.0, 10_000
NO_TOKEN = "Send the header `Authorization: Bearer bm_…`; an administrator makes tokens."


@dataclass
class Buckets:
    """How much each caller may still ask at once; filled again as time goes by."""

    per_second: float = PER_SECOND
    burst: float = BURST
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, caller: str) -> None:
        """Counts one request; TooMany where nothing is left."""
        with self._lock:
            now = clock.elapsed()
            left, at = self._left.pop(caller, (self.burst, now))
            left = min(self.burst, left + (now - at) * self.per_second)
            self._left[caller] = (max(left - 1, 0.0), now)
            if len(self._left) > MOST_CALLERS:
                self._left.popitem(last=False)
        if left < 1:
            raise TooMany(f"more than {self.per_second:.0f} requests a second", hint="Wait and try again.")


@dataclass(frozen=True)
class Site:
    """What all requests share."""

    store: Store
    place: Place
    buckets: Buckets


def site_of(request: Request) -> Site:
    """The application's."""
    found: Site = request.app.state.site
    return found


def needs(permission: Permission | None) -> Callable[[Request], Person]:
    """A dependency: the caller, who has to hold the permission; None asks for a token only."""

    def caller(request: Request) -> Person:
        site = site_of(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        person = tokens.resume(site.store, token.strip()) if scheme.lower() == "bearer" else None
        if person is None:
            raise SignInRefused("no valid token was given", hint=NO_TOKEN)
        site.buckets.take(person.token_id or person.person_id)
        if permission is not None:
            person.require(permission)
        return person

    caller.permission = permission  # type: ignore[attr-defined]
    return caller
