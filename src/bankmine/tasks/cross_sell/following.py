"""Did owners of A then buy B? Rules over holdings, found at one look and checked at later ones.

At the look in the middle of the records association rules over what each customer holds are mined
(`mining.association`). From then on, at a look every quarter, each rule is put to customers who lack its
consequent: the share of owners of the antecedent who opened it in the 90 days after, over the share of all
others who did. Intervals resample whole customers, because one customer stands at several looks; p-values
are corrected over all rules (Benjamini and Hochberg 1995). So what found a rule never judges it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import erfc, exp, log, sqrt
from typing import Any

import numpy as np

from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.cross_sell.holdings import Holdings, Look

SUPPORT, LONGEST, MOST_RULES = 0.01, 3, 60
STEP_DAYS, LEAST_OWNERS, LEAST_ADOPTED = 90, 50, 5
RESAMPLES, FALSE_DISCOVERIES = 400, 0.1
MOST_GROUPS = 2_000  # of customers at random: resampling groups of them is as good, and stays small


@dataclass(frozen=True, kw_only=True)
class Followed:
    """One rule and what came of it: `lift` found in the holdings, `ratio` of adoption afterwards.

    `stands`: the interval lies above 1, at least five owners adopted, and `q` does not exceed .1.
    """

    antecedent: tuple[str, ...]
    consequent: str
    lift: float
    owners: int
    adopted: int
    others: int
    others_adopted: int
    ratio: float
    low: float
    high: float
    q: float

    @property
    def stands(self) -> bool:
        """Whether the rule may be told as a reason."""
        return self.low > 1 and self.adopted >= LEAST_ADOPTED and self.q <= FALSE_DISCOVERIES

    @property
    def rate(self) -> float:
        """Share of owners who adopted."""
        return self.adopted / max(self.owners, 1)

    @property
    def others_rate(self) -> float:
        """Share of the others who did."""
        return self.others_adopted / max(self.others, 1)


@dataclass(frozen=True)
class Following:
    """All rules, those that stand first, and how they were found and checked; `looks` are instants, µs."""

    rules: tuple[Followed, ...]
    found_at: int
    looks: tuple[int, ...]
    sentence: str


def following(bank: Bank, held: Holdings, start: int) -> Following:
    """Rules found at the middle of [start, cutoff) and checked at a look every quarter after it."""
    zone = bank.warehouse.zone
    middle = start + (bank.cutoff - start) // 2
    looks = [zone.days_before(bank.cutoff, STEP_DAYS * number) for number in range(1, 41)]
    found_at = min((at for at in looks if at >= middle), default=None)
    if found_at is None:
        return Following((), bank.cutoff, (), "The records are too short to look at owners twice.")
    later = tuple(sorted(at for at in looks if at >= found_at))
    mined = mine(held.look(found_at))
    checked = check([(ante, cons) for ante, cons, _ in mined], [(held.look(at), _adopted(held, at))
                    for at in later], seed=bank.seed)  # fmt: skip
    rules = [_followed(one, counts) for one, counts in zip(mined, checked, strict=True)]
    rules = _corrected([one for one in rules if one.owners >= LEAST_OWNERS])
    rules.sort(key=lambda one: (not one.stands, -one.low, one.antecedent, one.consequent))
    return Following(
        tuple(rules), found_at, later,
        f"Found in what customers held on {zone.show(found_at)}, checked by what those who lacked the "
        f"product opened in the {STEP_DAYS} days after each of {len(later)} looks from that day on.",
    )  # fmt: skip


def mine(look: Look) -> list[tuple[tuple[str, ...], str, float]]:
    """Rules over families held at a look: (antecedent, consequent, lift), the highest lift first."""
    from bankmine.errors import FeasibilityError
    from bankmine.mining.association.itemsets import frequent_itemsets
    from bankmine.mining.association.rules import rules

    try:
        itemsets = frequent_itemsets(
            look.holds.astype(np.int8), support=SUPPORT, longest=LONGEST, names=list(look.families)
        )
    except FeasibilityError:
        return []
    table = rules(itemsets, lift=1.0).top(MOST_RULES).table
    return [(tuple(row["antecedent"]), row["consequent"][0], float(row["lift"])) for row in table.to_pylist()]


def check(
    rules: Sequence[tuple[tuple[str, ...], str]], looks: Sequence[tuple[Look, Truth]], *, seed: int
) -> list[tuple[Ints, Floats]]:
    """For each rule the counts (owners, adopted, others, others adopted) and the logarithm of the ratio of
    adoption in each resample of customers; `looks` come with who opened each family after them."""
    customers = np.unique(np.concatenate([look.customers for look, _ in looks]))
    draw = np.random.default_rng(seed)
    groups = min(len(customers), MOST_GROUPS)
    group = draw.permutation(len(customers)) % groups
    weights = draw.poisson(1.0, (RESAMPLES, groups)).astype(np.float64)
    made = []
    for antecedent, consequent in rules:
        cells = _cells(antecedent, consequent, looks, customers, group)
        made.append((cells.sum(axis=0).astype(np.int64), _log_ratio(weights @ cells)))
    return made


def _cells(
    antecedent: Sequence[str], consequent: str, looks: Sequence[tuple[Look, Truth]], customers: Ints,
    group: Ints,
) -> Floats:  # fmt: skip
    """What each group of customers adds to (owners, adopted, others, others adopted), (groups, 4)."""
    cells = np.zeros((int(group.max()) + 1, 4))
    for look, opened in looks:
        place = group[np.searchsorted(customers, look.customers)]
        owns = np.logical_and.reduce([look.column(one) for one in antecedent])
        lacks = ~look.column(consequent)
        took = opened[:, look.families.index(consequent)]
        for column, which in enumerate((lacks & owns, lacks & owns & took, lacks & ~owns,
                                        lacks & ~owns & took)):  # fmt: skip
            cells[:, column] += np.bincount(place[which], minlength=len(cells))
    return cells


def _log_ratio(sums: Floats) -> Floats:
    """log of (adopted / owners) / (others adopted / others); half a case is added throughout."""
    owners, adopted, others, rest = (sums[:, column] for column in range(4))
    return np.asarray(np.log((adopted + 0.5) / (owners + 1)) - np.log((rest + 0.5) / (others + 1)))


def _followed(one: tuple[tuple[str, ...], str, float], counts: tuple[Ints, Floats]) -> Followed:
    (owners, adopted, others, rest), resampled = counts
    low, high = np.quantile(resampled, (0.025, 0.975))
    value = log((adopted + 0.5) / (owners + 1)) - log((rest + 0.5) / (others + 1))
    spread = max(float(resampled.std()), 1e-12)
    return Followed(
        antecedent=one[0], consequent=one[1], lift=one[2], owners=int(owners), adopted=int(adopted),
        others=int(others), others_adopted=int(rest), ratio=exp(value), low=exp(low), high=exp(high),
        q=erfc(abs(value) / spread / sqrt(2)),
    )  # fmt: skip


def _corrected(rules: list[Followed]) -> list[Followed]:
    from bankmine.mining.description.contrast import benjamini_hochberg

    q = benjamini_hochberg(np.array([one.q for one in rules]))
    return [replace(one, q=float(value)) for one, value in zip(rules, q, strict=True)]


def _adopted(held: Holdings, at: int) -> Truth:
    day, look = held.day(at), held.look(at)
    return held.openings.within(day, day + STEP_DAYS).by(look.customers)


def rules_table(found: Following) -> Any:
    """The rules as an Arrow table."""
    import pyarrow as pa

    rows = found.rules
    return pa.table(
        {
            "owners_of": [" + ".join(one.antecedent) for one in rows],
            "then_take": [one.consequent for one in rows],
            "stands": ["stands" if one.stands else "not proved" for one in rows],
            "ratio": [one.ratio for one in rows], "low": [one.low for one in rows],
            "high": [one.high for one in rows], "rate": [one.rate for one in rows],
            "others_rate": [one.others_rate for one in rows], "owners": [one.owners for one in rows],
            "adopted": [one.adopted for one in rows], "lift": [one.lift for one in rows],
            "q": [one.q for one in rows],
        },
        schema=pa.schema(
            [*((name, pa.string()) for name in ("owners_of", "then_take", "stands")),
             *((name, pa.float64()) for name in ("ratio", "low", "high", "rate", "others_rate")),
             *((name, pa.int64()) for name in ("owners", "adopted")),
             *((name, pa.float64()) for name in ("lift", "q"))]
        ),
    )  # fmt: skip
