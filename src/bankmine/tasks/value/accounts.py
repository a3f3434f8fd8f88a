"""Value in a bank with balances: the ledger, what it teaches, the forecast, and the back-test of a year ago.

One `Look` is everything known of the customers at one cutoff; the back-test is a look a year earlier, made
with nothing but what was known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.customers.conditions import ARREARS, Conditions, conditions
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Asked, Refused, Work
from bankmine.tasks.value.closing import Closing
from bankmine.tasks.value.concentration import top_of
from bankmine.tasks.value.expected import (
    Growth,
    Spread,
    expected_later,
    expected_year,
    margin_moves,
    troubled,
)
from bankmine.tasks.value.ledger import MONTHS, Ledger
from bankmine.tasks.value.lifetime import (
    Survival,
    Worth,
    carried_forward,
    chance_of_top,
    leaving_within,
    value,
)  # fmt: skip
from bankmine.tasks.value.past import Past, forecasts, ids_of
from bankmine.tasks.value.settings import Settings

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


class Accounts(Past):
    """The looks of one run. `cutoffs` go back year by year as far as the coverage reaches, newest first."""

    def __init__(self, work: Work, settings: Settings, cutoffs: list[int]) -> None:
        work.stage("profit")
        super().__init__(work.bank, settings, cutoffs)
        self.work = work
        self.asked: list[Asked | Refused] = []

    def look(self, place: int) -> Look:
        """The look at `cutoffs[place]`, from the years that were finished then."""
        cutoff, ledger = self.cutoffs[place], self.ledgers[place].of(ids_of(self.rows[place]))
        growth, off = self.taught(place)
        shift = self.shift(place, ledger.customers)
        expected, is_late = expected_year(ledger, growth, shift), troubled(ledger)
        moved = margin_moves(self.ledgers[place : place + 3])
        shocks = moved @ ledger.volumes[:, 0, :].T if len(moved) else None
        survival = self._survival(place, ledger.customers)
        worth = value(
            expected, survival, growth, off, is_late, discount_rate=self.settings.discount_rate,
            top_share=self.settings.top_share, seed=self.bank.seed, shocks=shocks,
            later=expected_later(expected, ledger, growth, shift),
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
            chance = _at(customers, ids_of(asked.rows), asked.probability, usual)
            landmarks = self._landmarks(asked, self.cutoffs[place])
        return carried_forward(landmarks, chance, usual, self.settings.horizon_months, seed=self.bank.seed)

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
    return ids_of(found)


def realised(accounts: Accounts, look: Look) -> Floats:
    """What the customers of an earlier look really earned in the year after it, by component."""
    place = accounts.cutoffs.index(look.cutoff)
    return accounts.ledgers[place - 1].of(look.customers).parts.astype(np.float64)


def foreseen(accounts: Accounts, look: Look) -> dict[str, Floats]:
    """`forecasts` of an earlier look, with each customer's own chance to stay."""
    shift = accounts.came(accounts.cutoffs.index(look.cutoff), look.customers)
    stays = look.survival.during[:, :MONTHS].sum(axis=1) / MONTHS
    return forecasts(look.ledger, look.expected, look.growth, shift, stays)


def _followed(
    bank: Bank, rows: Any, chance: Floats, closed: dict[int, int], until: int
) -> tuple[Floats, Ints, Truth]:
    zone = bank.warehouse.zone
    asked_on = zone.to_local(micros(rows.column("cutoff"))) // DAY
    today = int(zone.day_of(np.array([until]))[0])
    ended = np.array([closed.get(one, -1) for one in ids_of(rows).tolist()], dtype=np.int64)
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
