"""Value in a bank with balances: the ledger, what it teaches, the forecast, and the back-test of a year ago.

One `Look` is everything known of the customers at one cutoff; the back-test is a look a year earlier, made
with nothing but what was known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.customers.conditions import ARREARS, Conditions, conditions
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.population import rows_at
from bankmine.tasks.sql import micros, statement
from bankmine.tasks.study import Asked, Refused, Work
from bankmine.tasks.value.closing import Closing
from bankmine.tasks.value.concentration import top_of
from bankmine.tasks.value.expected import (
    UNTAUGHT,
    Growth,
    Spread,
    bank_margins,
    expected_year,
    learn,
    margin_moves,
    spread,
    troubled,
)
from bankmine.tasks.value.ledger import COMPONENTS, MONTHS, VOLUMES, Ledger, ledgers
from bankmine.tasks.value.lifetime import (
    Survival,
    Worth,
    carried_forward,
    chance_of_top,
    leaving_within,
    value,
)  # fmt: skip
from bankmine.tasks.value.settings import Settings

FOLDER = Path(__file__).parent
GOLDEN = 0.5  # chance to be in next year's top share from which a customer outside it counts as golden to be
_MONTH_DAYS = 30.4375


@dataclass(frozen=True)
class Look:
    """The customers of a cutoff, their ledger in the same order, and what is foreseen of them."""

    cutoff: int
    rows: Any
    ledger: Ledger
    growth: Growth
    off: Spread | None
    expected: Floats
    survival: Survival
    worth: Worth
    next_top: Floats
    conditions: Conditions
    barred: Truth  # in arrears, or a loss within the twelve months: never golden

    @property
    def customers(self) -> Ints:
        """Their keys, ascending."""
        return self.ledger.customers

    @property
    def profit(self) -> Floats:
        """What each earned in the year before the cutoff."""
        return self.ledger.profit.astype(np.float64)

    def golden(self, share: float) -> Truth:
        """Customers not in the top share of the past year who are likelier than not in that of the next.

        Nobody in arrears or with a credit loss within the twelve months is among them.
        """
        if np.isnan(self.next_top).all():
            return np.zeros(len(self.customers), dtype=np.bool_)
        return ~top_of(self.profit, share) & (self.next_top >= GOLDEN) & ~self.barred


@dataclass(frozen=True)
class Year:
    """One finished year to learn from: customers open at its begin, both ledgers, who stayed."""

    before: Ledger
    after: Ledger
    stayed: Truth


class Accounts:
    """The looks of one run. `cutoffs` go back year by year as far as the coverage reaches, newest first."""

    def __init__(self, work: Work, settings: Settings, cutoffs: list[int]) -> None:
        self.work, self.bank, self.settings = work, work.bank, settings
        self.cutoffs = cutoffs
        work.stage("profit")
        self.ledgers = ledgers(self.bank, cutoffs)
        self.rows = [open_relations(self.bank, at, settings.customer_kind) for at in cutoffs]
        self.years = [self._year(at) for at in range(len(cutoffs) - 1)]
        self.asked: list[Asked | Refused] = []

    def look(self, place: int) -> Look:
        """The look at `cutoffs[place]`, from the years that were finished then."""
        cutoff, ledger = self.cutoffs[place], self.ledgers[place].of(_ids(self.rows[place]))
        growth, off = self._taught(place)
        expected, is_late = expected_year(ledger, growth), troubled(ledger)
        moved = margin_moves(self.ledgers[place:])
        shocks = moved @ ledger.volumes[:, 0, :].T if len(moved) else None
        survival = self._survival(place, ledger.customers)
        worth = value(
            expected, survival, growth, off, is_late, discount_rate=self.settings.discount_rate,
            top_share=self.settings.top_share, seed=self.bank.seed, shocks=shocks,
        )  # fmt: skip
        next_top = np.full(len(expected), np.nan)
        if off is not None:
            next_top = chance_of_top(
                worth.year, np.abs(expected).sum(axis=1), is_late, off, np.ones(len(expected)),
                top_share=self.settings.top_share, seed=self.bank.seed, shocks=shocks,
            )  # fmt: skip
        known = conditions(self.bank.warehouse, cutoff, memory=self.bank.memory, threads=self.bank.threads)
        arrears = [ARREARS in known.of(one) for one in ledger.customers.tolist()]
        written = np.isin(ledger.customers, written_off(self.bank, cutoff))
        return Look(
            cutoff, self.rows[place], ledger, growth, off, expected, survival, worth, next_top, known,
            is_late | written | np.array(arrears, dtype=np.bool_),
        )  # fmt: skip

    def _year(self, place: int) -> Year:
        """The year between a cutoff and the next older one, of the customers open at its begin."""
        customers = _ids(self.rows[place + 1])
        before, after = (self.ledgers[at].of(customers) for at in (place + 1, place))
        return Year(before, after, np.isin(customers, _ids(self.rows[place])))

    def _taught(self, place: int) -> tuple[Growth, Spread | None]:
        """Growth and errors as the newest finished year showed them."""
        if place >= len(self.years):
            return UNTAUGHT, None
        year = self.years[place]
        growth = learn(year.before, year.after, year.stayed)
        expected = expected_year(year.before, growth)
        gone = 1.0 - float(year.stayed.mean()) if len(year.stayed) else 0.0
        forecast = expected.sum(axis=1) * (1.0 - gone / 2.0)
        off = spread(expected, forecast, year.after.profit.astype(np.float64), troubled(year.before))
        return growth, off

    def _survival(self, place: int, customers: Ints) -> Survival:
        """Survival from the chance to leave, asked at this cutoff."""
        self.work.stage("survival")
        question = Closing() if place == 0 else Closing("closing_before", at=self.cutoffs[place])
        asked = self.work.try_ask(question)
        self.asked.append(asked)
        usual = self._usual(place)
        chance = np.full(len(customers), usual)
        landmarks = None
        if isinstance(asked, Asked):
            chance = _at(customers, _ids(asked.rows), asked.probability, usual)
            landmarks = self._landmarks(asked, self.cutoffs[place])
        return carried_forward(landmarks, chance, usual, self.settings.horizon_months, seed=self.bank.seed)

    def _usual(self, place: int) -> float:
        """Everybody's chance to leave within 90 days, from the newest finished year; 2 % without one."""
        if place >= len(self.years) or not len(self.years[place].stayed):
            return 0.02
        return float(1.0 - float(self.years[place].stayed.mean()) ** 0.25)

    def _landmarks(self, asked: Asked, until: int) -> tuple[Floats, Ints, Truth] | None:
        """Customers whose chance was given without knowing what followed, and what followed until now."""
        told = [(asked.tested.rows, asked.tested.probability[asked.tested.model])]
        told += [
            (one.rows, one.probability)
            for one in self.asked
            if isinstance(one, Asked) and int(micros(one.rows.column("cutoff")).max()) < until
        ]
        closed = closed_days(self.bank, until)
        parts = [_followed(self.bank, rows, chance, closed, until) for rows, chance in told]
        chances, months, left = (np.concatenate(one) for one in zip(*parts, strict=True))
        return chances, months, left


def year_cutoffs(bank: Bank, start: int) -> list[int]:
    """The run's cutoff and those one and two years before, as far as a whole year of coverage lies before."""
    zone = bank.warehouse.zone
    found = []
    for years in range(3):
        at = zone.months_before(bank.cutoff, MONTHS * years)
        if years and zone.months_before(at, MONTHS) < start:
            break
        found.append(at)
    return found


def open_relations(bank: Bank, at: int, kind: str) -> Any:
    """Rows of the customers of the wanted kind whose relation is not ended at the cutoff, ascending."""
    return rows_at(bank, [at], statement(FOLDER, "relations"), lambda _: {"kind": kind}, note="population")


def closed_days(bank: Bank, until: int) -> dict[int, int]:
    """The day on which each relation ended, days since 1970, as known at `until`."""
    sql = "SELECT customer_id, date_diff('day', DATE '1970-01-01', closed_on) AS day FROM customer " \
          "WHERE closed_on IS NOT NULL"  # fmt: skip
    with Session(bank.warehouse, until, until=until, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow(sql)
    return dict(zip(found.column(0).to_pylist(), found.column(1).to_pylist(), strict=True))


def written_off(bank: Bank, until: int) -> Ints:
    """Customers with a loan written off within the twelve months before `until`, as known then."""
    if not bank.warehouse.has("loan_event"):
        return np.empty(0, dtype=np.int64)
    since = bank.warehouse.zone.months_before(until, MONTHS)
    sql = (
        "SELECT DISTINCT customer_id FROM loan_event WHERE kind = 'written_off' AND customer_id IS NOT NULL "
        "AND event_time >= make_timestamptz($since) ORDER BY customer_id"
    )
    with Session(bank.warehouse, until, until=until, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow(sql, {"since": since})
        bank.note("loans written off", session.statements)
    return _ids(found)


def realised(accounts: Accounts, look: Look) -> Floats:
    """What the customers of an earlier look really earned in the year after it."""
    place = accounts.cutoffs.index(look.cutoff)
    return accounts.ledgers[place - 1].of(look.customers).profit.astype(np.float64)


def forecasts(accounts: Accounts, look: Look) -> dict[str, Floats]:
    """The model's year and last year's profit repeated; both again at the margins that came.

    Rates are nobody's forecast here. "At rates" multiplies the items that rest on balances by the bank's
    margin of the year that came over the margin the forecast stood on, the same factor for every customer.
    """
    place = accounts.cutoffs.index(look.cutoff)
    came, _ = bank_margins(accounts.ledgers[place - 1].of(look.customers))
    year, blend = bank_margins(look.ledger)
    stays = look.survival.during[:, :MONTHS].sum(axis=1) / MONTHS
    model, rule = look.expected * stays[:, None], look.ledger.parts.astype(np.float64)
    return {
        "model": model.sum(axis=1), "rule": rule.sum(axis=1),
        "model at rates": _repriced(model, came, blend), "rule at rates": _repriced(rule, came, year),
    }  # fmt: skip


def _repriced(parts: Floats, came: Floats, stood: Floats) -> Floats:
    factor = np.ones(parts.shape[1])
    for side, name in enumerate(VOLUMES):
        if stood[side] > 0 and came[side] > 0:
            factor[COMPONENTS.index(name)] = came[side] / stood[side]
    return np.asarray(parts @ factor, dtype=np.float64)


def _followed(
    bank: Bank, rows: Any, chance: Floats, closed: dict[int, int], until: int
) -> tuple[Floats, Ints, Truth]:
    zone = bank.warehouse.zone
    asked_on = zone.to_local(micros(rows.column("cutoff"))) // DAY
    today = int(zone.day_of(np.array([until]))[0])
    ended = np.array([closed.get(one, -1) for one in _ids(rows).tolist()], dtype=np.int64)
    month = np.where(ended >= asked_on, np.floor((ended - asked_on) / _MONTH_DAYS), -1).astype(np.int64)
    watched = np.maximum(np.floor((today - asked_on) / _MONTH_DAYS), 1).astype(np.int64)
    months, left = leaving_within(month, watched)
    return np.asarray(chance, dtype=np.float64), months, left


def _at(customers: Ints, known: Ints, chance: Floats, usual: float) -> Floats:
    """Each customer's chance; the usual one for those who were not asked."""
    order = np.argsort(known, kind="stable")
    place = np.searchsorted(known[order], customers).clip(max=max(len(known) - 1, 0))
    hit = known[order][place] == customers
    return np.where(hit, np.asarray(chance, dtype=np.float64)[order][place], usual)


def _ids(rows: Any) -> Ints:
    return np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64)
