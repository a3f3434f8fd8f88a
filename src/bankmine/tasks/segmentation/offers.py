"""Marketing suggestions: what suits each segment now, and what became of the same suggestions before.

Each look back fits its own segments on what was known then and pairs them with today's over the customers of
both, so that nothing later than the look takes part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.customers.conditions import conditions
from bankmine.mining.clustering.matching import match_clusters
from bankmine.mining.contract import Floats, Ints
from bankmine.tasks.contract import Bank
from bankmine.tasks.segmentation.adoption import (
    Lift,
    Look,
    Suggested,
    by_family,
    circles,
    families_held,
    families_opened,
    judged,
    suggest,
    usual_share,
)
from bankmine.tasks.segmentation.living import reaches, span_of
from bankmine.tasks.segmentation.looking import Seen, fit_alike
from bankmine.tasks.segmentation.model import Applied, SegmentModel
from bankmine.tasks.segmentation.reach import Reach, reach
from bankmine.tasks.segmentation.style import values_of

MONTHS = (6, 3)
LOOKS = 2
TABLES = ("holding", "product")
ARTICLES = {
    "current": "a current account", "savings": "a savings account", "deposit": "a deposit", "card": "a card",
    "loan": "a loan", "mortgage": "a mortgage", "insurance": "an insurance", "fund": "a fund",
}  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """A suggestion for a segment: its test, and whom it holds for now (positions of the rows looked at)."""

    suggested: Suggested
    now: Ints
    usual: Floats
    sentence: str

    @property
    def test(self) -> Lift:
        """The look back that tests it."""
        return self.suggested.test


@dataclass(frozen=True)
class Offers:
    """All suggestions, those that stood first; `sentence` says how they were tested, or why none are."""

    offers: tuple[Offer, ...]
    reach: tuple[Reach, ...]
    sentence: str
    months: int = MONTHS[0]
    tried: int = 0

    @classmethod
    def none(cls, sentence: str) -> Offers:
        """No suggestions, and why."""
        return cls((), (), sentence)

    def standing(self, label: int) -> list[Offer]:
        """Those of a segment that stood their test."""
        return [one for one in self.offers if one.suggested.stands and one.suggested.segment == label]


def offers_of(looks: Mapping[int, Seen], seen: Seen, model: SegmentModel, applied: Applied) -> Offers:
    """Suggestions for each segment now, each with its test on the past."""
    bank = seen.bank
    absent = [table for table in TABLES if not bank.warehouse.has(table)]
    if absent:
        return Offers.none(f"Nothing can be suggested: the bank has no rows in {', '.join(absent)}.")
    back, months = looks_back(bank), months_of(bank)
    if not back:
        return Offers.none(
            f"Nothing is suggested: the data do not reach {seen.months + months} months back, so no "
            "suggestion could be tested."
        )
    families = sorted({family for _, family in families_held(bank)})
    now = _look(seen, applied.label, families)
    past = [_past(looks[at], seen, model, applied, families, until) for at, until in back]
    found = judged(past, families, len(model.ids))
    spoken = tuple(reach(bank, seen.customers, applied.label, len(model.ids)))
    offers = tuple(_offer(one, now, model.names, spoken, months) for one in found)
    return Offers(offers, spoken, _sentence(bank, back, months, found), months, len(found))


def months_of(bank: Bank) -> int:
    """How long after a suggestion an opening counts: 6 months, 3 where the coverage reaches no longer."""
    window = span_of(bank)[1]
    usual = next((one for one in MONTHS if reaches(bank, window + one)), MONTHS[-1])
    return int(bank.settings.get("adoption_months", usual))


def looks_back(bank: Bank) -> list[tuple[int, int]]:
    """Cutoffs of the looks back and the end of what follows each, oldest first, as far as the coverage
    holds their windows."""
    window, months, before = span_of(bank)[1], months_of(bank), bank.warehouse.zone.months_before
    return [
        (before(bank.cutoff, months * step), before(bank.cutoff, months * (step - 1)))
        for step in range(LOOKS, 0, -1)
        if reaches(bank, months * step + window)
    ]


def _past(
    then: Seen, seen: Seen, model: SegmentModel, applied: Applied, families: Sequence[str], until: int
) -> tuple[Look, dict[str, frozenset[int]]]:
    """A look back under today's segments, and who opened what in the months that followed."""
    own = fit_alike(then, len(model.miner.sizes_), seen.bank.seed)
    label = own.apply(then.features).label
    _, here, there = np.intersect1d(seen.customers, then.customers, return_indices=True)
    pairs = match_clusters(applied.label[here], label[there], clusters=len(own.ids))
    opened = families_opened(seen.bank, then.bank.cutoff, until)
    return _look(then, pairs.ids_of(label), families), by_family(opened, families)


def _look(seen: Seen, segment: Ints, families: Sequence[str]) -> Look:
    """Circles of like customers at a cutoff, and how usual each product family is in them."""
    by = by_family(families_held(seen.bank), families)
    circle = circles(_likeness(seen), seen.bank.seed)
    holds = {
        name: np.isin(seen.customers, np.fromiter(by[name], np.int64, len(by[name]))) for name in families
    }
    restraints = conditions(seen.bank.warehouse, seen.bank.cutoff, memory=seen.bank.memory)
    return Look(
        customers=seen.customers, segment=np.asarray(segment, dtype=np.int64),
        may_sell=restraints.may_sell(seen.customers.tolist()),
        usual={name: usual_share(circle, holds[name]) for name in families}, holds=holds,
    )  # fmt: skip


def _likeness(seen: Seen) -> Floats:
    """How customers live and bank as ranks from 0 to 1, so that every column weighs alike; missing: ½."""
    import pyarrow as pa
    from scipy.stats import rankdata

    columns = []
    for name in dict.fromkeys([*seen.wanted.names, *seen.banking]):
        kind = seen.features.schema.field(name).type
        if name.endswith("_held_count") or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            continue
        values = values_of(seen.features, name)
        known = np.isfinite(values)
        ranks = np.full(len(values), 0.5)
        if known.any():
            ranks[known] = (rankdata(values[known]) - 0.5) / known.sum()
        columns.append(ranks)
    return np.ascontiguousarray(np.column_stack(columns))


def _offer(one: Suggested, now: Look, names: Sequence[str], spoken: Sequence[Reach], months: int) -> Offer:
    rows = np.flatnonzero(suggest(now, one.family, one.segment, one.rule))
    usual = now.usual[one.family][rows]
    order = np.lexsort([rows, -usual])
    sentence = _words(one, len(rows), names[one.segment], spoken[one.segment], months)
    return Offer(one, rows[order].astype(np.int64), usual[order], sentence)


def _words(one: Suggested, now: int, name: str, spoken: Reach, months: int) -> str:
    """A plain sentence with the evidence."""
    test = one.test
    who = f"the {now:,} of “{name}” who lack it"
    who += " though their like hold it" if one.rule == "like" else ""
    how = f", {spoken.words}" if spoken.words else ""
    return (
        f"Offer {ARTICLES.get(one.family, one.family)} to {who}{how}: in the {months} months after the "
        f"same suggestion, {test.rate:.1%} of {test.suggested:,} opened one against {test.others_rate:.1%} "
        f"of the others ({test.value:.1f} times, {test.low:.1f}–{test.high:.1f})."
    )


def _sentence(bank: Bank, cutoffs: Sequence[tuple[int, int]], months: int, found: Sequence[Any]) -> str:
    show = bank.warehouse.zone.show
    days = " and ".join(show(one)[:10] for one, _ in cutoffs)
    stood = sum(one.stands for one in found)
    how = (
        "Rules found by what was opened after the first look are tested by what was opened after the second"
        if len(cutoffs) > 1
        else "The data reach one look back, so every rule is tested"
    )
    return (
        f"The bank was looked at as known on {days}, each time {months} months were left to open something. "
        f"{how}. {len(found)} suggestions were tested; {stood} stood: their interval lies above 1, also "
        "after control of false discoveries."
    )
