"""What to offer to whom: a product customers lack though their like hold it or take it up, tested forward.

Two rules are asked of each segment and product family. "segment": everybody in it who lacks it.
"like": of these, those whose like hold it; customers are put into small circles (k-means over how they
live and how they bank), and whoever lacks a family where it is most usual in the circle (the upper third)
is meant.
A rule is found at an earlier cutoff by what was opened in the months after it, and tested at a later one by
what was opened after that: adoption among the suggested over that among all others who lacked the family,
with the interval of Katz et al. (1978, "Obtaining confidence intervals for the risk ratio in cohort
studies"). So what finds a rule never judges it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, exp, log, sqrt
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.mining.clustering.kmeans import ROWS_PER_CLUSTER, KMeans
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.description.contrast import benjamini_hochberg
from bankmine.tasks.contract import Bank, Truth
from bankmine.tasks.segmentation.living import FOLDER
from bankmine.tasks.sql import statement

CIRCLE, MOST_CIRCLES, CIRCLE_SAMPLE = 40, 150, 20_000
PRIOR = 5.0
UPPER = 2 / 3
LEAST_SUGGESTED, LEAST_ADOPTED = 30, 5
Z = 1.959964
FALSE_DISCOVERIES = 0.1
LEAST_FOUND = 1.2
RULES = ("like", "segment")


@dataclass(frozen=True)
class Lift:
    """Adoption among the suggested over that among the others, with its 95 % interval and two-sided p."""

    suggested: int
    adopted: int
    others: int
    others_adopted: int
    value: float
    low: float
    high: float
    p: float

    @property
    def rate(self) -> float:
        """Share of the suggested who opened the product."""
        return self.adopted / max(self.suggested, 1)

    @property
    def others_rate(self) -> float:
        """Share of the others who did."""
        return self.others_adopted / max(self.others, 1)


@dataclass(frozen=True)
class Suggested:
    """A product family for a segment by one of the rules, with the look that found it (None where the data
    reach only one look back) and the later look that tests it.

    `q` is the test's p after Benjamini–Hochberg over all that were tested; `stands` says that the test's
    interval lies above 1, on at least five adoptions, and that q does not exceed .1.
    """

    segment: int
    family: str
    rule: str
    found: Lift | None
    test: Lift
    q: float
    stands: bool


@dataclass(frozen=True)
class Look:
    """Customers at one cutoff: ids ascending, segments, who may be offered anything, how usual each family is
    among their like, and who holds it; arrays of shape (customers,) by family."""

    customers: Ints
    segment: Ints
    may_sell: Truth
    usual: Mapping[str, Floats]
    holds: Mapping[str, Truth]


def families_held(bank: Bank) -> list[tuple[int, str]]:
    """(customer, family) of all that is held at the bank's cutoff, as known then."""
    with _session(bank) as session:
        found = session.arrow(statement(FOLDER, "held"))
        bank.note("held", session.statements)
    return _pairs(found)


def families_opened(bank: Bank, since: int, until: int) -> list[tuple[int, str]]:
    """(customer, family) of all that was opened in [since, until), as known at the bank's cutoff."""
    show = bank.warehouse.zone.show
    days = {"first_day": show(since)[:10], "end_day": show(until)[:10]}
    with _session(bank) as session:
        found = session.arrow(statement(FOLDER, "opened"), days)
        bank.note("opened", session.statements)
    return _pairs(found)


def circles(values: Floats, seed: int) -> Ints:
    """Small groups of customers alike in all columns of the matrix (rows, columns)."""
    number = min(MOST_CIRCLES, max(2, len(values) // max(CIRCLE, ROWS_PER_CLUSTER)))
    part = values
    if len(values) > CIRCLE_SAMPLE:
        taken = np.random.default_rng(seed).choice(len(values), CIRCLE_SAMPLE, replace=False)
        part = np.ascontiguousarray(values[np.sort(taken)])
    return KMeans(number, n_init=1, random_state=seed).fit(part).predict(values)


def usual_share(circle: Ints, holds: Truth) -> Floats:
    """Of each customer, the share of their circle that holds something, drawn towards the bank's."""
    count = np.bincount(circle).astype(np.float64)
    held = np.bincount(circle, weights=holds.astype(np.float64))
    share = (held + PRIOR * holds.mean()) / (count + PRIOR)
    return np.asarray(share[circle], dtype=np.float64)


def suggest(look: Look, family: str, segment: int, rule: str) -> Truth:
    """Whom a rule suggests a family: members of the segment who lack it and may be offered it; by "like"
    only those among whose like it is most usual."""
    lacking = ~look.holds[family] & look.may_sell
    inside = lacking & (look.segment == segment)
    if rule == "segment" or not lacking.any():
        return np.asarray(inside, dtype=np.bool_)
    usual = look.usual[family]
    limit = np.quantile(usual[lacking], UPPER)
    return np.asarray(inside & (usual >= limit) & (usual > 0), dtype=np.bool_)


def lift(suggested: Truth, others: Truth, adopted: Truth) -> Lift:
    """The risk ratio with Katz's interval; half a case is added to all four cells where one is empty."""
    n, m = int(suggested.sum()), int(others.sum())
    a, b = int((suggested & adopted).sum()), int((others & adopted).sum())
    if not n or not m:
        return Lift(n, a, m, b, 1.0, 0.0, float("inf"), 1.0)
    add = 0.5 if 0 in (a, b) or a == n or b == m else 0.0
    first, second = (a + add) / (n + 2 * add), (b + add) / (m + 2 * add)
    spread = sqrt(max(1 / (a + add) - 1 / (n + 2 * add) + 1 / (b + add) - 1 / (m + 2 * add), 1e-12))
    value = first / second
    p = erfc(abs(log(value)) / spread / sqrt(2))
    return Lift(n, a, m, b, value, value * exp(-Z * spread), value * exp(Z * spread), p)


def judged(
    looks: Sequence[tuple[Look, Mapping[str, frozenset[int]]]], families: Sequence[str], segments: int
) -> list[Suggested]:
    """The rules found at the first of two looks back, tested at the second; with one look, all are tested.

    A rule is found where it suggested 30 customers or more and lifted adoption 1.2 times, on at least five
    adoptions; of the two rules for a pair the one of the higher lower limit. Best tested ones first.
    """
    tried = []
    for family in families:
        for segment in range(segments):
            found = _found(looks, family, segment)
            if found is not None:
                rule, first = found
                test = _test(looks[-1], family, segment, rule)
                if test.suggested >= LEAST_SUGGESTED:
                    tried.append((segment, family, rule, first, test))
    q = benjamini_hochberg(np.array([one[-1].p for one in tried]))
    made = [
        Suggested(*one, float(each), _stands(one[-1], float(each)))
        for one, each in zip(tried, q, strict=True)
    ]
    return sorted(made, key=lambda one: (not one.stands, -one.test.low, one.segment, one.family))


def _found(
    looks: Sequence[tuple[Look, Mapping[str, frozenset[int]]]], family: str, segment: int
) -> tuple[str, Lift | None] | None:
    """The rule for a pair, with the look that found it; None where none was found."""
    if len(looks) == 1:
        return RULES[0], None
    seen = {rule: _test(looks[0], family, segment, rule) for rule in RULES}
    good = {
        rule: one
        for rule, one in seen.items()
        if one.suggested >= LEAST_SUGGESTED and one.value >= LEAST_FOUND and one.adopted >= LEAST_ADOPTED
    }
    if not good:
        return None
    best = max(good, key=lambda rule: good[rule].low)
    return best, good[best]


def _test(seen: tuple[Look, Mapping[str, frozenset[int]]], family: str, segment: int, rule: str) -> Lift:
    """Adoption among the suggested of a segment against all others who lacked the family and may be asked."""
    look, opened = seen
    inside = suggest(look, family, segment, rule)
    others = ~look.holds[family] & look.may_sell & ~inside
    who = opened[family]
    return lift(inside, others, np.isin(look.customers, np.fromiter(who, np.int64, len(who))))


def _stands(test: Lift, q: float) -> bool:
    return test.low > 1 and q <= FALSE_DISCOVERIES and test.adopted >= LEAST_ADOPTED


def by_family(pairs: Sequence[tuple[int, str]], families: Sequence[str]) -> dict[str, frozenset[int]]:
    """The customers of each family."""
    return {family: frozenset(one for one, kind in pairs if kind == family) for family in families}


def _session(bank: Bank) -> Session:
    return Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=bank.threads)


def _pairs(found: Any) -> list[tuple[int, str]]:
    return list(zip(found.column("customer_id").to_pylist(), found.column("family").to_pylist(), strict=True))
