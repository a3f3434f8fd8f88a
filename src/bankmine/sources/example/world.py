"""People of five ways of life, their accounts and cards, and what they do month by month.

Each month has its own random stream, so that a longer world begins exactly like a shorter one: a second
delivery fits the first. Times are seconds of the local clock since the first day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_DAY = date(2024, 1, 1)
DAY = 86_400
CATEGORIES = ("groceries", "restaurant", "travel", "fuel", "electronics", "clothing", "pharmacy", "cash")
# Purchases a month by way of life, in the order of CATEGORIES.
LIVES: dict[str, tuple[float, ...]] = {
    "family": (5.0, 0.8, 0.1, 1.6, 0.2, 0.8, 0.7, 0.9),
    "student": (2.2, 3.0, 0.2, 0.1, 0.5, 0.6, 0.1, 0.6),
    "pensioner": (3.0, 0.3, 0.1, 0.2, 0.05, 0.2, 1.6, 2.6),
    "affluent": (3.0, 4.0, 1.3, 1.5, 0.8, 1.2, 0.4, 0.5),
    "saver": (0.3, 0.1, 0.02, 0.1, 0.02, 0.1, 0.1, 0.3),
}
SHARES = (0.34, 0.20, 0.20, 0.12, 0.14)
INCOME = {"family": 3200.0, "student": 650.0, "pensioner": 1500.0, "affluent": 7200.0, "saver": 900.0}
RENT = {"family": 950.0, "student": 320.0, "pensioner": 420.0, "affluent": 0.0, "saver": 0.0}
TYPICAL = (38.0, 27.0, 310.0, 55.0, 180.0, 62.0, 19.0, 110.0)  # median amount of a purchase
SPELLS = 320
TERMINALS = 400


@dataclass(frozen=True)
class People:
    """One row a customer; `partner` is the co-owner's customer number or -1; times are days of the world."""

    life: NDArray[np.int64]
    birth_year: NDArray[np.int64]
    female: NDArray[np.bool_]
    region: NDArray[np.int64]
    joined: NDArray[np.int64]
    quiet_from: NDArray[np.int64]
    away_from: NDArray[np.int64]
    away_days: NDArray[np.int64]
    activity: NDArray[np.float64]
    wealth: NDArray[np.float64]
    pay_day: NDArray[np.int64]
    partner: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.life.size)


@dataclass(frozen=True)
class Deeds:
    """Transactions: one row each; `category` indexes CATEGORIES or is -1 (income) or -2 (rent)."""

    customer: NDArray[np.int64]
    second: NDArray[np.int64]
    cents: NDArray[np.int64]
    category: NDArray[np.int64]
    terminal: NDArray[np.int64]
    fraud: NDArray[np.bool_]
    month: NDArray[np.int64]
    noise: NDArray[np.float64]


def people(customers: int, seed: int) -> People:
    """The customers; who they are does not depend on how long they are watched."""
    rng = np.random.default_rng([seed, 0])
    life = rng.choice(len(LIVES), customers, p=SHARES)
    centre = np.array([1983, 2002, 1953, 1978, 1970])[life]
    joined = np.where(rng.random(customers) < 0.8, 0, rng.integers(0, 300, customers))
    leaves = rng.random(customers) < 0.22
    quiet = np.where(leaves, joined + 90 + rng.exponential(260, customers).astype(np.int64), 1 << 30)
    lonely = rng.random(customers) < 0.85
    partner = np.where(lonely | (np.arange(customers) == 0), -1, np.arange(customers) - 1)
    return People(
        life=life,
        birth_year=np.clip(centre + rng.normal(0, 6, customers), 1930, 2007).astype(np.int64),
        female=rng.random(customers) < 0.5,
        region=rng.integers(1, 9, customers),
        joined=joined,
        quiet_from=quiet,
        away_from=np.where(rng.random(customers) < 0.5, rng.integers(60, 800, customers), 1 << 30),
        away_days=rng.integers(20, 170, customers),
        activity=rng.gamma(6.0, 1 / 6.0, customers),
        wealth=rng.lognormal(0, 0.3, customers),
        pay_day=rng.integers(0, 27, customers),
        partner=partner,
    )


def deeds(who: People, months: int, seed: int) -> Deeds:
    """Everything that happens in the first `months` months, ordered by time."""
    hacked = _hacked_terminals(seed)
    parts = [_month(who, month, np.random.default_rng([seed, 1 + month]), hacked) for month in range(months)]
    joined = {name: np.concatenate([getattr(one, name) for one in parts]) for name in Deeds.__annotations__}
    order = np.lexsort((joined["noise"], joined["second"]))
    return Deeds(**{name: values[order] for name, values in joined.items()})


def first_of(month: int) -> date:
    """The first day of a month of the world."""
    index = FIRST_DAY.year * 12 + FIRST_DAY.month - 1 + month
    return date(index // 12, index % 12 + 1, 1)


def _day_of(month: int) -> int:
    return (first_of(month) - FIRST_DAY).days


def _lively(who: People, customer: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a customer is there on a day: joined, not gone for good, not away for some weeks or months."""
    there = (day >= who.joined[customer]) & (day < who.quiet_from[customer])
    since = day - who.away_from[customer]
    return there & ~((since >= 0) & (since < who.away_days[customer]))


def _hacked_terminals(seed: int) -> NDArray[np.int64]:
    """Spells of theft: (terminal, first day) pairs; each lasts 21 days."""
    rng = np.random.default_rng([seed, 0, 1])
    return np.stack([rng.integers(0, TERMINALS, SPELLS), rng.integers(0, 1100, SPELLS)], axis=1)


def _month(who: People, month: int, rng: np.random.Generator, hacked: NDArray[np.int64]) -> Deeds:
    first, days = _day_of(month), _day_of(month + 1) - _day_of(month)
    bought = _purchases(who, first, days, rng)
    regular = _regular(who, first, days, rng)
    customer, day, category, amount = (np.concatenate(pair) for pair in zip(bought, regular, strict=True))
    hour = np.where(category >= 0, rng.normal(14.5, 3.6, day.size), 6.0 + rng.random(day.size))
    second = (np.clip(hour, 0.1, 23.8) * 3600).astype(np.int64) + rng.integers(0, 60, day.size) + day * DAY
    home = (who.region[customer] * 47 + customer * 13) % TERMINALS
    near = (home + rng.integers(0, 12, day.size)) % TERMINALS
    terminal = np.where(category >= 0, near, -1)
    stolen = np.zeros(day.size, np.bool_)
    for spot, since in hacked:
        stolen |= (terminal == spot) & (day >= since) & (day < since + 21)
    fraud = stolen & (rng.random(day.size) < 0.35)
    amount = np.where(fraud, amount * rng.uniform(1.5, 6.0, day.size), amount)
    return Deeds(
        customer=customer, second=second, cents=np.maximum(1, np.rint(amount * 100)).astype(np.int64),
        category=category, terminal=terminal, fraud=fraud, month=np.full(day.size, month),
        noise=rng.random(day.size),
    )  # fmt: skip


def _purchases(
    who: People, first: int, days: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """(customer, day, category, amount) of purchases; a leaver slows down before going quiet."""
    rates = np.array(list(LIVES.values()))[who.life] * who.activity[:, None]
    left = who.quiet_from - first
    pace = np.clip(left / 90, 0.12, 1.0) * (left > 0)
    count = rng.poisson(rates * pace[:, None])
    cell = np.repeat(np.arange(count.size), count.ravel())
    customer, category = np.divmod(cell, len(CATEGORIES))
    day = first + rng.integers(0, days, cell.size)
    lively = _lively(who, customer, day)
    customer, category, day = customer[lively], category[lively], day[lively]
    amount = np.array(TYPICAL)[category] * who.wealth[customer] * rng.lognormal(0, 0.55, day.size)
    return customer, day, category, np.where(category == 7, np.maximum(20, amount // 10 * 10), amount)


def _regular(
    who: People, first: int, days: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """(customer, day, -1 or -2, amount) of the month's income and rent; those gone quiet have neither."""
    income = np.array(list(INCOME.values()))[who.life] * who.wealth
    rent = np.array(list(RENT.values()))[who.life] * who.wealth
    everyone = np.arange(who.count)
    irregular = (who.life == 3) | (who.life == 4)
    steady = np.where(irregular, rng.lognormal(0, 0.5, who.count), rng.normal(1, 0.01, who.count))
    customer = np.concatenate([everyone, everyone[rent > 0]])
    day = first + np.concatenate([who.pay_day, np.full(int((rent > 0).sum()), min(2, days - 1))])
    kind = np.repeat([-1, -2], [who.count, int((rent > 0).sum())])
    amount = np.concatenate([income * steady, rent[rent > 0]])
    lively = _lively(who, customer, day)
    return customer[lively], day[lively], kind[lively], amount[lively]
