"""What of a bank's payments tells how its customers live, learnt from what was known at the cutoff.

Categories, countries and channels differ from bank to bank, and some banks have none of them. What is found
decides which features the customers are clustered on; a bank whose payments say little falls back on rhythm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.themes.consumption import (
    FINANCIAL,
    Living,
    consumption_features,
    share_names,
)
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Needs
from bankmine.tasks.population import coverage
from bankmine.tasks.sql import statement

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

SPANS = (("24mo", 24, 6), ("12mo", 12, 3), ("6mo", 6, 3), ("3mo", 3, 1), ("1mo", 1, 0))
LOOKS_BACK = (12, 6, 3, 1)
FOLDER = Path(__file__).parent
MOST_LEVELS, LEAST_SHARE = 24, 0.003
NEEDS = Needs(tables=("transaction",))
RHYTHM_SPANS = ("12mo", "3mo", "1mo")
RHYTHM = (
    "transactions_count_{span}", "active_days_count_{span}", "out_mean_{span}", "in_sum_{span}",
    "channel_share_card_{span}", "channel_share_cash_{span}", "channel_share_transfer_{span}",
)  # fmt: skip
RHYTHM_ALWAYS = (
    "transaction_gap_mean_all", "transaction_gap_std_all", "transaction_days_since_last_all",
    "transaction_days_since_first_all", "out_mean_all", "merchants_distinct_6mo", "terminals_distinct_6mo",
)  # fmt: skip
ENOUGH = 6
_LEARNT: WeakKeyDictionary[Warehouse, dict[int, Living]] = WeakKeyDictionary()


@dataclass(frozen=True, kw_only=True)
class StyleFeatures:
    """Names of the features the customers are clustered on.

    Shares of one tuple of `wholes` add up to 1; `parts` are shares that stand alone; `counts` maps both to
    the count they are shares of; `numbers` are plain numbers. `count` is the number of purchases, by which
    it is judged whether enough is known of a customer ("" where nothing is bought that could be counted).
    """

    wholes: tuple[tuple[str, ...], ...] = ()
    parts: tuple[str, ...] = ()
    counts: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    count: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, with the counts."""
        shares = [name for whole in self.wholes for name in whole]
        counted = [self.count] if self.count else []
        return tuple(dict.fromkeys([*shares, *self.parts, *self.numbers, *self.counts.values(), *counted]))


def span_of(bank: Bank) -> tuple[str, int]:
    """The longest window that the coverage holds at the cutoff and also some months before it, so that
    customers can be looked at twice; where it holds none, the longest at the cutoff."""
    for looked_back in (True, False):
        for span, months, back in SPANS:
            if reaches(bank, months + back * looked_back):
                return span, months
    return SPANS[-1][:2]


def reaches(bank: Bank, months: int) -> bool:
    """Whether the coverage begins that long before the cutoff."""
    start, _ = coverage(bank.warehouse, NEEDS)
    return bool(bank.warehouse.zone.months_before(bank.cutoff, months) >= start)


def first_look(bank: Bank) -> int:
    """The earliest cutoff at which customers are looked at: where the same windows still lie inside the
    coverage, at most 12 months ago. The levels are learnt there, so that no look knows later ones."""
    months = span_of(bank)[1]
    back = next((one for one in LOOKS_BACK if reaches(bank, one + months)), 0)
    return bank.warehouse.zone.months_before(bank.cutoff, back)


def learn(bank: Bank) -> Living:
    """The bank's own levels, from what was known at the first look; learnt once for each cutoff."""
    kept = _LEARNT.setdefault(bank.warehouse, {})
    if bank.cutoff not in kept:
        kept[bank.cutoff] = _learn(bank)
    return kept[bank.cutoff]


def catalogue_of(bank: Bank) -> Catalogue:
    """The shipped catalogue with the features of consumption under the bank's levels."""
    return catalogue_with(learn(bank))


def catalogue_with(living: Living) -> Catalogue:
    """The shipped catalogue with the features of consumption under levels that a run learnt."""
    return Catalogue([*CATALOGUE.values(), *consumption_features(living)])


def style_features(bank: Bank, can: Container[str]) -> StyleFeatures:
    """The features the customers are clustered on; of rhythm where the payments say little else.

    `can` are the names of the shipped features that the bank's tables allow.
    """
    living = learn(bank)
    span, count = living.span, f"bought_count_{living.span}"
    whole = share_names(living)
    parts = tuple(
        f"{name}_{span}"
        for name, there in (
            ("bought_weekend_share", True), ("bought_night_share", living.times),
            ("bought_abroad_share", bool(living.foreign)),
            ("cash_share", living.cash),
        )
        if there
    )  # fmt: skip
    counts = dict.fromkeys((*whole, *parts), count)
    if living.cash:
        counts[f"cash_share_{span}"] = f"paid_count_{span}"
    if len(whole) + len(parts) < ENOUGH:
        return _by_rhythm(can, span, whole, parts, counts)
    numbers = (f"bought_mean_{span}", *([f"bought_cities_{span}"] if living.cities else []))
    return StyleFeatures(
        wholes=(whole,) if whole else (), parts=parts, counts=counts, numbers=numbers, count=count
    )


def _by_rhythm(
    can: Container[str], span: str, whole: tuple[str, ...], parts: tuple[str, ...], counts: Mapping[str, str]
) -> StyleFeatures:
    """How often, how much, how lately and by which way, beside the few shares there are."""
    near = next(one for one in RHYTHM_SPANS if _months(one) <= _months(span))
    wanted = (*(name.format(span=near) for name in RHYTHM), *RHYTHM_ALWAYS)
    return StyleFeatures(
        wholes=(whole,) if whole else (), parts=parts, counts=dict(counts),
        numbers=tuple(name for name in wanted if name in can),
    )  # fmt: skip


def _months(span: str) -> int:
    return int(span.removesuffix("mo"))


def _learn(bank: Bank) -> Living:
    (span, months), at = span_of(bank), first_look(bank)
    given = {
        "since": bank.warehouse.zone.months_before(at, months),
        "zone": bank.warehouse.manifest.time_zone,
    }
    with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow(statement(FOLDER, "levels"), given).to_pylist()
        bank.note("levels", session.statements)
    at_merchants = [row for row in found if row["at_merchant"]]
    bought = at_merchants or found
    column = next((one for one in ("category", "mcc") if _counts(bought, one)), "")
    categories = _frequent(_counts(bought, column)) if column else ()
    countries = [name for name, _ in _counts(bought, "country").most_common(60)]
    return Living(
        span=span, column=column if categories else "", categories=categories, merchants=bool(at_merchants),
        cash="cash" in _counts(found, "channel"), foreign=tuple(sorted(countries[1:])),
        cities=any(row["in_city"] for row in bought), times=any(row["timed"] for row in bought),
    )  # fmt: skip


def _counts(rows: list[dict[str, Any]], column: str) -> Counter[str]:
    """How many payments have each value, the most frequent first, ties by name."""
    counted: Counter[str] = Counter()
    for row in sorted(rows, key=lambda one: str(one[column])):
        if row[column] is not None:
            counted[row[column]] += row["payments"]
    return counted


def _frequent(counts: Counter[str]) -> tuple[str, ...]:
    """The levels that tell how somebody lives, each with a share worth the name; sorted."""
    told = Counter({name: count for name, count in counts.items() if name not in FINANCIAL})
    least = LEAST_SHARE * sum(told.values())
    return tuple(sorted(name for name, count in told.most_common(MOST_LEVELS) if count >= least))
