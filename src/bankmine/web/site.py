"""What all requests of one process share: the bank, its store, the renderer, the cookies.

Opened once at start. The bank itself is looked at through `access.Place`, which follows loads and published
runs by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from bankmine.access import Place
from bankmine.errors import CutoffError
from bankmine.folder import BankFolder
from bankmine.governance.pace import Buckets
from bankmine.store import Store
from bankmine.web.rendering import Renderer
from bankmine.web.security.cookies import Cookies

PER_SECOND, BURST = 50.0, 500.0
"""How often a session, or an address without one, may ask for pages; static files are not counted."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One bank's working place."""

    bank: BankFolder
    store: Store
    place: Place
    cookies: Cookies
    renderer: Renderer = field(default_factory=Renderer)
    pace: Buckets = field(default_factory=lambda: Buckets(PER_SECOND, BURST))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The bank's time zone, in which pages write instants."""
        return ZoneInfo(self.bank.config.time_zone)

    @property
    def name(self) -> str:
        """The bank's name in force: on pages, and at the person's second factor."""
        return self.store.running.bank_name(self.bank.config.name)

    def day(self, text: str) -> date:
        """A date of an address; CutoffError where it is none."""
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise CutoffError(
                f"the date {text[:40]!r} is not a date", hint="Write it as year-month-day: 2026-05-31."
            ) from None
