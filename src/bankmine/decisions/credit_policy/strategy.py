"""What a policy would have done: champion and challenger on the same applicants, in counts, bads and money.

The outcome of those refused was never seen. A policy that approves them is therefore judged by what is
inferred of them, and by every inference that was not refused (see `inference/`): the interval spans all of
them. Resamples are of customers (Poisson weights), the same for both policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bankmine.decisions.credit_policy.money import Floats
from bankmine.errors import UsageError
from bankmine.listing import Listing

Bools = NDArray[np.bool_]
RESAMPLES, LEVEL, MOST_FACTOR = 200, 0.95, 100.0
BOTH, IN, OUT, NEITHER = "both approve", "swapped in", "swapped out", "neither approves"


@dataclass(frozen=True)
class Range:
    """A figure with its interval."""

    value: float
    low: float
    high: float

    def share(self) -> str:
        """As a percentage."""
        return "–" if np.isnan(self.value) else f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%})"

    def money(self, exponent: int = 2) -> str:
        """In major units."""
        unit = 10**exponent
        return f"{self.value / unit:,.0f} ({self.low / unit:,.0f} to {self.high / unit:,.0f})"


@dataclass(frozen=True)
class Group:
    """Some applicants: how many, of how many the outcome is known, how many of those bad; bad rate and
    profit of all.
    """

    name: str
    applicants: int
    known: int
    bads: int
    bad_rate: Range
    profit_minor: Range


@dataclass(frozen=True)
class Book:
    """Whom a policy approves: share approved, and the group."""

    name: str
    approved: Range
    group: Group


@dataclass(frozen=True)
class Simulation:
    """Champion and challenger, the swap set, and the difference in profit (challenger minus champion).

    `tipping` is how many times as risky (in odds) those swapped in, whose outcome nobody knows, would have to
    be for the challenger's gain to vanish; None where there is no gain, nobody such, or no factor up to 100.
    """

    champion: Book
    challenger: Book
    swap: tuple[Group, ...]
    gain_minor: Range
    inferences: tuple[str, ...]
    tipping: float | None = None

    def lines(self, exponent: int = 2, currency: str = "") -> Iterator[str]:
        """The simulation in lines for people."""
        money = f"profit {currency}".strip()
        books = tuple(
            (
                one.name,
                one.approved.share(),
                one.group.bad_rate.share(),
                one.group.profit_minor.money(exponent),
            )
            for one in (self.champion, self.challenger)
        )
        yield from Listing(("policy", "approved", "bad rate", money), books).lines()
        yield ""
        swap = tuple(
            (
                one.name,
                one.applicants,
                one.known,
                one.bads,
                one.bad_rate.share(),
                one.profit_minor.money(exponent),
            )
            for one in self.swap
        )
        head = ("swap set", "applicants", "outcome known", "bad", "bad rate", money)
        yield from Listing(head, swap).lines()
        gain = f"{self.gain_minor.money(exponent)} {currency}".rstrip()
        yield f"Challenger minus champion: {gain}; {self.verdict}"
        if self.tipping is not None:
            yield (
                f"The gain vanishes if those swapped in are {self.tipping:.2f} times as risky (in odds) as "
                "their chances say."
            )
        if self.inferences:
            by = ", ".join(self.inferences)
            yield f"Outcomes nobody saw are inferred by: {by}; intervals span all of them."

    @property
    def verdict(self) -> str:
        """What the difference allows to say."""
        seen = sum(one.known for one in self.swap)
        only = "" if seen else ", if the chances are right: no outcome is known here"
        if self.gain_minor.low > 0:
            return f"the challenger earns more{only}."
        if self.gain_minor.high < 0:
            return f"the challenger earns less{only}: keep the champion."
        return "the interval spans zero: not shown to be better."


@dataclass(frozen=True, kw_only=True)
class Applied:
    """The applicants of a simulation, arrays of shape (rows,).

    `bad` is 1, 0, or NaN where nobody knows; `inferred` gives chances of going bad for those, by inference
    (at least one where any is unknown). Money in minor units, if paid back and if gone bad.
    """

    customers: NDArray[np.int64]
    bad: Floats
    good_minor: Floats
    bad_minor: Floats
    inferred: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if np.isnan(self.bad).any() and not self.inferred:
            raise UsageError(
                f"{int(np.isnan(self.bad).sum())} applicants have no known outcome and none is inferred",
                hint="Give chances of going bad for them, or leave them out.",
            )

    def chances(self) -> list[Floats]:
        """The chance of going bad under each inference: what is known where it is."""
        known = ~np.isnan(self.bad)
        return [np.where(known, self.bad, one) for one in self.inferred.values()] or [self.bad]


def simulate(
    applied: Applied, champion: Bools, challenger: Bools, *,
    names: tuple[str, str] = ("champion", "challenger"),
    champion_money: tuple[Floats, Floats] | None = None, random_state: int = 0,
) -> Simulation:  # fmt: skip
    """Both policies on the same applicants.

    `champion` and `challenger` say whom each approves. `champion_money` is what a credit earns and costs
    under the champion's own terms, where they differ from those of `applied`.
    """
    weights = _Resamples(applied.customers, random_state)
    theirs = champion_money or (applied.good_minor, applied.bad_minor)
    swap = (
        _group(BOTH, champion & challenger, applied, weights),
        _group(IN, ~champion & challenger, applied, weights),
        _group(OUT, champion & ~challenger, applied, weights, theirs),
        _group(NEITHER, ~champion & ~challenger, applied, weights),
    )
    gains = [
        np.where(challenger, _earned(chance, applied.good_minor, applied.bad_minor), 0.0)
        - np.where(champion, _earned(chance, *theirs), 0.0)
        for chance in applied.chances()
    ]
    return Simulation(
        _book(names[0], champion, applied, weights, theirs), _book(names[1], challenger, applied, weights),
        swap, _range(gains, weights), tuple(applied.inferred) if np.isnan(applied.bad).any() else (),
        _tipping(applied, ~champion & challenger, float(gains[0].sum())),
    )  # fmt: skip


def _tipping(applied: Applied, came: Bools, gain: float) -> float | None:
    """The factor on the odds of those swapped in and unknown at which the gain is nothing, by halving."""
    unknown = came & np.isnan(applied.bad)
    if gain <= 0 or not unknown.any():
        return None
    chance = applied.chances()[0][unknown]
    good, bad = applied.good_minor[unknown], applied.bad_minor[unknown]
    rest = gain - _earned(chance, good, bad).sum()

    def left(factor: float) -> float:
        odds = factor * chance / np.maximum(1 - chance, 1e-12)
        return float(rest + _earned(odds / (1 + odds), good, bad).sum())

    low, high = 1.0, MOST_FACTOR
    if left(high) > 0:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) > 0 else (low, middle)
    return high


def _book(
    name: str,
    approved: Bools,
    applied: Applied,
    weights: _Resamples,
    money: tuple[Floats, Floats] | None = None,
) -> Book:
    share = _range([approved.astype(np.float64)], weights, over=np.ones(len(approved)))
    return Book(name, share, _group(name, approved, applied, weights, money))


def _group(
    name: str,
    chosen: Bools,
    applied: Applied,
    weights: _Resamples,
    money: tuple[Floats, Floats] | None = None,
) -> Group:
    known = ~np.isnan(applied.bad) & chosen
    member, chances = chosen.astype(np.float64), applied.chances()
    earned = [
        np.where(chosen, _earned(one, *(money or (applied.good_minor, applied.bad_minor))), 0.0)
        for one in chances
    ]
    return Group(
        name, int(chosen.sum()), int(known.sum()), int(np.nansum(applied.bad[known])),
        _range([np.where(chosen, one, 0.0) for one in chances], weights, over=member),
        _range(earned, weights),
    )  # fmt: skip


def _earned(chance: Floats, good: Floats, bad: Floats) -> Floats:
    """Expected minor units of each credit."""
    return (1 - chance) * good + chance * bad


def _range(values: list[Floats], weights: _Resamples, over: Floats | None = None) -> Range:
    """Sum (or, with `over`, ratio of sums) with an interval that spans the intervals of all inferences.

    The value is that of the first inference.
    """
    tail = (1 - LEVEL) / 2
    whole, lows, highs = [], [], []
    for one in values:
        below = 1.0 if over is None else over.sum()
        whole.append(float(one.sum() / below) if below else float("nan"))
        figures = weights.sums(one)
        if over is not None:
            under = weights.sums(over)
            figures = figures[under > 0] / under[under > 0]
        low, high = np.quantile(figures, [tail, 1 - tail]) if len(figures) else (np.nan, np.nan)
        lows.append(float(low))
        highs.append(float(high))
    return Range(whole[0], min(lows), max(highs))


class _Resamples:
    """Poisson(1) weights of customers; `sums` adds a figure of rows up in each resample."""

    def __init__(self, customers: NDArray[np.int64], random_state: int) -> None:
        self._places = np.unique(customers, return_inverse=True)[1]
        units = int(self._places.max(initial=-1)) + 1
        self._units = units
        self._drawn = np.random.default_rng(random_state).poisson(1.0, (RESAMPLES, units)).astype(np.uint8)

    def sums(self, values: Floats) -> Floats:
        """The sum of one value a row in each resample, shape (resamples,)."""
        each = np.bincount(self._places, weights=values, minlength=self._units)
        return np.array([float(np.dot(one, each)) for one in self._drawn])
