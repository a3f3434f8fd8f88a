"""The books at cutoffs a year apart: what each finished year taught, and what it would have foreseen.

Whatever is said of a cutoff uses the ledgers, rates and relations known at that cutoff and at older ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.population import rows_at
from bankmine.tasks.sql import statement
from bankmine.tasks.value.expected import (
    UNTAUGHT,
    Growth,
    Shift,
    Spread,
    expected_year,
    learn,
    spread,
    troubled,
)
from bankmine.tasks.value.ledger import MONTHS, VOLUMES, Ledger, ledgers
from bankmine.tasks.value.outlook import (
    LONGEST,
    Outlook,
    came,
    outlook,
    rates_until,
    shifted,
    standing_balances,
)
from bankmine.tasks.value.settings import Settings

FOLDER = Path(__file__).parent
YEARS_BACK = 3


@dataclass(frozen=True)
class Year:
    """One finished year to learn from: customers open at its begin, both ledgers, who stayed."""

    before: Ledger
    after: Ledger
    stayed: Truth
    book: tuple[Ledger, Ledger]  # the same years of everybody
    came: Shift  # what the rates of the year did to the margins of `before`


class Past:
    """The books at cutoffs a year apart, newest first, and the finished years between them."""

    def __init__(self, bank: Bank, settings: Settings, cutoffs: list[int]) -> None:
        self.bank, self.settings, self.cutoffs = bank, settings, cutoffs
        self.ledgers = ledgers(bank, cutoffs)
        self.rows = [open_relations(bank, at, settings.customer_kind) for at in cutoffs]
        self.prices = [self._prices(at) for at in cutoffs]
        self._standing = [standing_balances(bank, at) for at in cutoffs]
        self.years = [self._year(at) for at in range(len(cutoffs) - 1)]

    def _year(self, place: int) -> Year:
        """The year between a cutoff and the next older one, of the customers open at its begin."""
        customers = ids_of(self.rows[place + 1])
        book = self.ledgers[place + 1], self.ledgers[place]
        stayed = np.isin(customers, ids_of(self.rows[place]))
        came = self.came(place + 1, customers)
        alike = book[0], book[1].of(book[0].customers)
        return Year(book[0].of(customers), book[1].of(customers), stayed, alike, came)

    def foreseen_flatly(self, place: int) -> tuple[Floats, dict[str, Floats]]:
        """What came in the year after an earlier cutoff, and what was foreseen, by component.

        Everybody is taken to leave at the rate of the year before: no question is asked for it.
        """
        customers = ids_of(self.rows[place])
        ledger, (growth, _) = self.ledgers[place].of(customers), self.taught(place)
        shift = self.shift(place, customers)
        stays = np.full(len(customers), (1.0 + (1.0 - self._usual(place)) ** 4) / 2.0)
        expected = expected_year(ledger, growth, shift)
        actual = self.ledgers[place - 1].of(customers).parts.astype(np.float64)
        return actual, forecasts(ledger, expected, growth, self.came(place, customers), stays)

    def shift(self, place: int, customers: Ints) -> Shift:
        """What the rates foreseen at a cutoff change in each customer's margins."""
        return shifted(self._standing[place], customers, self.prices[place])

    def _prices(self, cutoff: int) -> Outlook:
        """The rates to come as foreseen at a cutoff; the run's own also moves as the settings say."""
        known = rates_until(self.bank, cutoff, LONGEST, known=cutoff)
        return outlook(known, change=self.settings.rate_change if cutoff == self.bank.cutoff else 0.0)

    def came(self, place: int, customers: Ints) -> Shift:
        """What the rates of the year after an earlier cutoff really did to margins, as known at its end."""
        end = self.cutoffs[place - 1]
        seen = rates_until(self.bank, end, MONTHS, known=end)
        return shifted(self._standing[place], customers, came(self.prices[place], seen))

    def taught(self, place: int) -> tuple[Growth, Spread | None]:
        """Growth and errors as the newest finished year showed them."""
        if place >= len(self.years):
            return UNTAUGHT, None
        year = self.years[place]
        growth = learn(year.before, year.after, year.stayed, year.came, year.book)
        expected = expected_year(year.before, growth, year.came)
        gone = 1.0 - float(year.stayed.mean()) if len(year.stayed) else 0.0
        forecast = expected.sum(axis=1) * (1.0 - gone / 2.0)
        off = spread(expected, forecast, year.after.profit.astype(np.float64), troubled(year.before))
        return growth, off

    def _usual(self, place: int) -> float:
        """Everybody's chance to leave within 90 days, from the newest finished year; 2 % without one."""
        if place >= len(self.years) or not len(self.years[place].stayed):
            return 0.02
        return float(1.0 - float(self.years[place].stayed.mean()) ** 0.25)


def forecasts(
    ledger: Ledger, expected: Floats, growth: Growth, came: Shift, stays: Floats
) -> dict[str, Floats]:
    """The model's year and last year's profit repeated, by component; both again at the rates that came.

    Each of shape (customers, components); `stays` (customers,) is the share of the year each is there. "At
    rates" is the same reckoning with the bank's rates of the year that came in place of those expected: what
    is still off then is not the fault of rates.
    """
    rule = ledger.parts.astype(np.float64)
    repriced = rule.copy()
    repriced[:, : len(VOLUMES)] += ledger.volumes.mean(axis=1) * came.year
    return {
        "model": expected * stays[:, None], "rule": rule,
        "model at rates": expected_year(ledger, growth, came) * stays[:, None], "rule at rates": repriced,
    }  # fmt: skip


def year_cutoffs(bank: Bank, start: int, *, since: int = 0) -> list[int]:
    """`since` months before the run's cutoff, and up to three years further back, a year apart, as far as a
    whole year of coverage lies before."""
    zone = bank.warehouse.zone
    found = []
    for years in range(YEARS_BACK + 1):
        at = zone.months_before(bank.cutoff, since + MONTHS * years)
        if (years or since) and zone.months_before(at, MONTHS) < start:
            break
        found.append(at)
    return found


def open_relations(bank: Bank, at: int, kind: str) -> Any:
    """Rows of the customers of the wanted kind whose relation is not ended at the cutoff, ascending."""
    return rows_at(bank, [at], statement(FOLDER, "relations"), lambda _: {"kind": kind}, note="population")


def ids_of(rows: Any) -> Ints:
    """The customers of rows, (rows,)."""
    return np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64)
