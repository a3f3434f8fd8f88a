"""Lifetime value: what a customer will earn, month by month, as long as it stays, in today's money.

`Σ_m S(m) · profit(m) / (1 + r)^((m − ½) / 12)` over the months of the horizon, S the chance to be a customer
still (`closing.py`, carried forward by a discrete-time hazard). The first year is `expected.py`'s; after it
balances in credit are held, and what is lent shrinks as it did (a loan is paid back).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from bankmine.mining.arithmetic import log_odds
from bankmine.tasks.contract import Floats, Ints, Truth
from bankmine.tasks.value.expected import Growth, Spread, size_of
from bankmine.tasks.value.ledger import COMPONENTS

LEVEL = 0.8
DRAWS = 300
SURELY, HARDLY = 0.9, 0.1
_SHRINKING = ("lending", "credit loss")


@dataclass(frozen=True)
class Survival:
    """Chances to be there still after 1 … months, shape (customers, months), and how they came about."""

    chances: Floats
    words: str

    @property
    def during(self) -> Floats:
        """The mean chance during each month."""
        before = np.column_stack([np.ones(len(self.chances)), self.chances[:, :-1]])
        return np.asarray((before + self.chances) / 2.0, dtype=np.float64)


@dataclass(frozen=True)
class Worth:
    """Each customer's value: over the first year and the horizon, undiscounted and discounted, with limits.

    `top` is the chance to be in the top share by lifetime value. Limits and chances are NaN where no
    finished year could show how far forecasts are off.
    """

    year: Floats
    year_low: Floats
    year_high: Floats
    lifetime: Floats
    low: Floats
    high: Floats
    top: Floats


def value(
    expected: Floats, survival: Survival, growth: Growth, off: Spread | None, late: Truth, *,
    discount_rate: float, top_share: float, seed: int, shocks: Floats | None = None,
    later: Floats | None = None,
) -> Worth:  # fmt: skip
    """Values from the expected first year (customers, components) and survival over the horizon.

    `shocks`, shape (times seen, customers), are what the bank's rates moving as they did before would do to
    each customer's year: a common error that customers cannot average out. `later`, as `expected`, is what a
    year after the first brings; the same where it is not given.
    """
    year = first_year(expected, survival)
    lifetime, stretch = _discounted(
        expected, expected if later is None else later, survival, growth, discount_rate
    )
    size = size_of(expected)
    none = np.full(len(year), np.nan)
    if off is None:
        return Worth(year, none, none, lifetime, none, none, none)
    low, high = _limits(off, size, late, shocks)
    top = chance_of_top(lifetime, size, late, off, stretch, top_share=top_share, seed=seed, shocks=shocks)
    return Worth(
        year, year + low, year + high, lifetime, lifetime + low * stretch, lifetime + high * stretch, top
    )


def first_year(expected: Floats, survival: Survival) -> Floats:
    """Expected profit of the next twelve months, leaving included."""
    months = min(12, survival.chances.shape[1])
    return np.asarray(expected.sum(axis=1) * survival.during[:, :months].sum(axis=1) / 12.0, np.float64)


def chance_of_top(
    middle: Floats, size: Floats, late: Truth, off: Spread, stretch: Floats, *, top_share: float, seed: int,
    shocks: Floats | None = None,
) -> Floats:  # fmt: skip
    """The share of drawn futures in which each customer is among the top share; ties go to the earlier."""
    generator = np.random.default_rng(seed)
    count = max(1, round(len(middle) * top_share))
    inside = np.zeros(len(middle))
    for _ in range(DRAWS):
        error = off.draw(size, late, generator)
        if shocks is not None and len(shocks):
            error += shocks[generator.integers(0, len(shocks))] * generator.choice((-1.0, 1.0))
        drawn = middle + error * stretch
        inside[np.argpartition(-drawn, count - 1)[:count]] += 1.0
    return inside / DRAWS


def _limits(off: Spread, size: Floats, late: Truth, shocks: Floats | None) -> tuple[Floats, Floats]:
    """Lower and upper error of a year: those of customers alike, and the common one of the rates."""
    low, middle, high = (off.quantile(size, late, share) for share in ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2))
    if shocks is None or not len(shocks):
        return low, high
    common = NormalDist().inv_cdf((1 + LEVEL) / 2) * np.sqrt(np.mean(shocks**2, axis=0))
    return middle - np.hypot(middle - low, common), middle + np.hypot(high - middle, common)


def _discounted(
    expected: Floats, later: Floats, survival: Survival, growth: Growth, discount_rate: float
) -> tuple[Floats, Floats]:
    """Lifetime value, and how many discounted first years it is long (an error of the level lasts)."""
    months = survival.chances.shape[1]
    shrinking = [name in _SHRINKING for name in COMPONENTS]
    yearly = np.where(shrinking, growth.kept, 1.0)
    at = np.arange(months)
    worth_now = (1.0 + discount_rate) ** (-(at + 0.5) / 12.0)
    level = yearly[:, None] ** (at[None, :] // 12)  # (components, months)
    there = survival.during * worth_now[None, :]
    monthly = np.where(at[None, :] < 12, expected @ level, later @ level) / 12.0
    lifetime = (monthly * there).sum(axis=1)
    return lifetime, there.sum(axis=1) / 12.0


def carried_forward(
    landmarks: tuple[Floats, Ints, Truth] | None, chance: Floats, usual: float, months: int, *, seed: int
) -> Survival:
    """Survival over `months` from each customer's chance to leave within 90 days.

    `landmarks` are customers asked earlier whose chance was given without knowing what followed: chance,
    whole months watched since, and whether they left then. A discrete-time hazard learns from them how a
    chance wears off; without enough of them the 90-day hazard of each customer moves towards the usual one.
    """
    from bankmine.errors import FeasibilityError
    from bankmine.mining.survival.discrete import DiscreteHazard, person_periods

    if landmarks is not None:
        asked, watched, left = landmarks
        spread = person_periods(watched, left)
        try:
            hazard = DiscreteHazard(C=1.0, random_state=seed).fit(
                log_odds(asked)[spread.row][:, None], spread.start, spread.event, names=["log_odds"]
            )
        except FeasibilityError:
            pass
        else:
            words = (
                f"a discrete-time hazard learned from {len(asked):,} customers asked earlier, of whom "
                f"{int(left.sum()):,} left"
            )
            return Survival(hazard.survival(log_odds(chance)[:, None], months), words)
    own = 1.0 - (1.0 - np.clip(chance, 0.0, 1.0 - 1e-9)) ** (1.0 / 3.0)
    common = 1.0 - (1.0 - min(max(usual, 0.0), 1.0 - 1e-9)) ** (1.0 / 3.0)
    fading = 0.5 ** (np.maximum(np.arange(months) - 2, 0) / 6.0)
    hazards = common + (own[:, None] - common) * fading[None, :]
    words = "the chance within 90 days, moving half of the way to the usual one every six months"
    return Survival(np.cumprod(1.0 - hazards, axis=1), words)


def grades(top: Floats, lifetime: Floats, *, top_share: float) -> list[str]:
    """ "surely top", "maybe top" or "rest" by the chance; by the value alone where there is no chance."""
    if np.isnan(top).all():
        count = max(1, round(len(lifetime) * top_share))
        first = np.argsort(-lifetime, kind="stable")[:count]
        inside = np.zeros(len(lifetime), dtype=np.bool_)
        inside[first] = True
        return ["maybe top" if one else "rest" for one in inside]
    return ["surely top" if one >= SURELY else "maybe top" if one > HARDLY else "rest" for one in top]


def leaving_within(closed_month: Any, watched: Any) -> tuple[Ints, Truth]:
    """Durations as `person_periods` takes them: the month of leaving, or how many months were watched."""
    month, seen = np.asarray(closed_month, dtype=np.int64), np.asarray(watched, dtype=np.int64)
    left = (month >= 0) & (month < seen)
    return np.where(left, month, seen), left
