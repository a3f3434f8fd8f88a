"""Segments found, as a person sees them: portraits over own rows, figures of the run for whoever sees all.

What sets a segment apart is told over the directory's columns and own rows: by Cliff's delta for numbers and
the difference of shares for words, against all other own customers who have a segment. What the run says of
the whole bank (how a segment lives, how often it was found again) is given only to whoever sees it all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.access.columns import Bools, Column, Numbers, Sets, Words
from bankmine.access.rule_counts import Moves, mean, moves, total
from bankmine.access.segment_rules import TENURE, Rule, as_words, table_of
from bankmine.access.tables import Table
from bankmine.errors import NotFound

if TYPE_CHECKING:
    from bankmine.access.view import View

TASK, WHEREABOUTS = "segmentation", "whereabouts"
WORDS = ("kind", "families", "flags", "value_grade", "churn_grade", "region_id")
NUMBERS = ("profit_minor", "value_minor", "churn_chance", TENURE)
LEAST_ROWS, LEAST_EFFECT, MOST = 20, 0.1, 8


@dataclass(frozen=True)
class Contrast:
    """One thing that sets a segment apart: medians of a number, shares of a word; `effect` −1 to 1."""

    column: str
    word: str
    inside: float
    outside: float
    effect: float


@dataclass(frozen=True)
class Portrait:
    """A segment over own rows; money in minor units, sums over those who have a figure, None where nobody.

    `whole` is what the run says of it for the whole bank: None for whoever sees a part.
    """

    number: int
    name: str
    customers: int
    share: float
    profit_minor: int | None
    value_minor: int | None
    churn: float | None
    years: float | None
    contrasts: tuple[Contrast, ...]
    whole: Mapping[str, Any] | None

    def each(self, name: str) -> float | None:
        """Profit or value a customer, in minor units; None where unknown."""
        sum_minor = self.profit_minor if name == "profit" else self.value_minor
        return None if sum_minor is None or not self.customers else sum_minor / self.customers


def numbers(view: View) -> dict[str, int]:
    """The number of each segment of the run by its name; NotFound without a run to use by then."""
    run = view.state.usable(view.cutoff).get(TASK)
    if run is None:
        raise NotFound(f"no segments are to be used as of {view.day}", hint="Run the task, or look later.")
    return {str(one["name"]): int(one["number"]) for one in run.about["figures"]["segments"]}


def portraits(view: View) -> list[Portrait]:
    """The segments of own customers, largest first; those without own customers are left out.

    NotFound where no run is to be used by then.
    """
    known, run = numbers(view), view.run(TASK)
    table = table_of(view)
    made: list[Portrait] = view.place.seen.get(
        ("portraits", view.state.name, view.cutoff, view.person.scope, tuple(table.columns), run.run_id),
        lambda: _portraits(table, known, _figures(view)),
    )
    return made


def _figures(view: View) -> Mapping[int, Mapping[str, Any]]:
    """What the run says of each segment, by number; nothing for whoever sees a part."""
    about = view.run(TASK).about
    return {} if about is None else {int(one["number"]): one for one in about["figures"]["segments"]}


def _portraits(
    table: Table, known: Mapping[str, int], whole: Mapping[int, Mapping[str, Any]]
) -> list[Portrait]:
    segment = table.column("segment")
    assert isinstance(segment, Words)
    base = segment.codes >= 0
    count = int(base.sum())
    ranks = {name: _ranks(table.columns[name], base) for name in NUMBERS if name in table.columns}
    made = []
    for code, name in enumerate(segment.words):
        rows = segment.codes == code
        if not rows.any() or name not in known:
            continue
        number, own = known[name], int(rows.sum())
        made.append(
            Portrait(
                number=number, name=name, customers=own, share=own / count,
                profit_minor=total(table, "profit_minor", rows),
                value_minor=total(table, "value_minor", rows),
                churn=mean(table, "churn_chance", rows), years=mean(table, TENURE, rows),
                contrasts=_contrasts(table, rows, base, ranks), whole=whole.get(number),
            )
        )  # fmt: skip
    return sorted(made, key=lambda one: (-one.customers, one.number))


def _contrasts(
    table: Table, rows: Bools, base: Bools, ranks: Mapping[str, NDArray[np.float64]]
) -> tuple[Contrast, ...]:
    """What sets the rows apart from the others of the base, strongest first; nothing below 20 on a side."""
    others = base & ~rows
    if min(int(rows.sum()), int(others.sum())) < LEAST_ROWS:
        return ()
    found = [one for name in ranks for one in _of_number(table, name, rows, others, ranks[name])]
    for name in WORDS:
        if name in table.columns:
            found += _of_words(table.columns[name], name, rows, others)
    strong = [one for one in found if abs(one.effect) >= LEAST_EFFECT]
    return tuple(sorted(strong, key=lambda one: (-abs(one.effect), one.column, one.word))[:MOST])


def _ranks(column: Column, base: Bools) -> NDArray[np.float64]:
    """Mean ranks from 1 among the rows of the base that have a value; NaN for others."""
    found = np.full(len(base), np.nan)
    if isinstance(column, Numbers):
        rows = np.flatnonzero(base & ~column.absent)
        _, place, count = np.unique(column.values[rows], return_inverse=True, return_counts=True)
        last = np.cumsum(count)
        found[rows] = (last - (count - 1) / 2)[place]
    return found


def _of_number(
    table: Table, name: str, rows: Bools, others: Bools, ranks: NDArray[np.float64]
) -> list[Contrast]:
    column = table.columns[name]
    known = ~np.isnan(ranks)
    first, second = rows & known, others & known
    n, m = int(first.sum()), int(second.sum())
    if min(n, m) < LEAST_ROWS or not isinstance(column, Numbers):
        return []
    everybody = ranks[first | second]
    above = float(ranks[first].sum()) - n * (n + 1) / 2
    effect = 2 * above / (n * m) - 1 if len(everybody) == int(known.sum()) else 0.0
    inside, outside = (float(np.median(column.values[one])) for one in (first, second))
    return [Contrast(name, "", inside, outside, effect)]


def _of_words(column: Column, name: str, rows: Bools, others: Bools) -> list[Contrast]:
    shares = [_shares(column, one) for one in (rows, others)]
    words = column.words if isinstance(column, Words | Sets) else ()
    found = [
        Contrast(name, word, float(a), float(b), float(a - b))
        for word, a, b in zip(words, *shares, strict=True)
    ]
    more = [one for one in found if one.effect >= LEAST_EFFECT]
    return more if more and isinstance(column, Words) else found  # of words that exclude each other: what is


def _shares(column: Column, rows: Bools) -> Sequence[float]:
    count = max(int(rows.sum()), 1)
    if isinstance(column, Words):
        codes = column.codes[rows]
        found: list[float] = (np.bincount(codes[codes >= 0], minlength=len(column.words)) / count).tolist()
        return found
    if isinstance(column, Sets):
        bits = column.bits[rows]
        return [
            float((bits >> np.uint64(place) & np.uint64(1)).sum()) / count
            for place in range(len(column.words))
        ]
    return ()


@dataclass(frozen=True)
class Place2D:
    """A segment's place on the map of ways of life, in the miner's own distance."""

    number: int
    name: str
    x: float
    y: float


def ways_of_life(view: View) -> tuple[list[Place2D], float]:
    """Where the centres of the segments found lie to each other, and the share of their distances kept.

    Classical scaling of the weighted centres to two dimensions (Torgerson 1952). Empty for whoever sees a
    part: centres are figures of the whole bank.
    """
    about = view.run(TASK).about
    model = {} if about is None else about["figures"].get("model_of_segments") or {}
    miner = model.get("miner") or {}
    if len(miner.get("centers", ())) < 3:
        return [], 0.0
    centres = np.asarray(miner["centers"], dtype=np.float64)
    centres = centres * np.sqrt(np.asarray(miner.get("weights") or 1.0, dtype=np.float64))
    left, strength, _ = np.linalg.svd(centres - centres.mean(axis=0), full_matrices=False)
    flat = left[:, :2] * strength[:2]
    flat = flat * np.where(flat[np.abs(flat).argmax(axis=0), np.arange(2)] < 0, -1, 1)
    kept = float((strength[:2] ** 2).sum() / max((strength**2).sum(), 1e-12))
    by_label = {int(one["label"]): one for one in (about or {})["figures"]["segments"]}
    places = [
        Place2D(int(by_label[label]["number"]), str(by_label[label]["name"]), float(x), float(y))
        for label, (x, y) in enumerate(flat)
        if label in by_label
    ]
    return places, kept


def same_segments(then: View, now: View) -> tuple[bool, int, int, int]:
    """Whether one run tells the segments at both dates; how many there were, are, and carry on between.

    NotFound where no run is to be used at one of them.
    """
    before, after = numbers(then), numbers(now)
    one_run = then.run_of(TASK).run_id == now.run_of(TASK).run_id
    return one_run, len(before), len(after), len(set(before.values()) & set(after.values()))


def moves_found(then: View, now: View) -> Moves:
    """Own customers by segment found at two dates, by the run to use at each; NotFound without one.

    A segment that carries on keeps its number: it is counted under the name it has now.
    """
    names = {number: name for name, number in numbers(now).items()}
    before = {name: names.get(number, name) for name, number in numbers(then).items()}
    first, second = table_of(then), table_of(now)
    old, new = first.column("segment"), second.column("segment")
    assert isinstance(old, Words)
    assert isinstance(new, Words)
    return moves((_ids(first), _renamed(old, before)), (_ids(second), new))


def moves_by_rules(then: View, now: View, rules: Sequence[Rule]) -> Moves:
    """Own customers by segment by rule, the same rules at two dates; UsageError where one cannot be asked."""
    first, second = table_of(then), table_of(now)
    return moves((_ids(first), as_words(first, rules)), (_ids(second), as_words(second, rules)))


def _ids(table: Table) -> Any:
    return table.columns["customer_id"].values  # type: ignore[attr-defined]


def _renamed(words: Words, names: Mapping[str, str]) -> Words:
    said = [names.get(word, word) for word in words.words]
    order = sorted(set(said))
    place = np.array([*(order.index(one) for one in said), -1], dtype=np.int32)
    return Words(place[words.codes], tuple(order))


def look_back(view: View) -> tuple[int, Moves] | None:
    """The run's look back: months, and which own customers are in another segment now; None without.

    Today's segments are applied to the customers as they were known then. For whoever sees a part it needs
    the run's table of customers, which runs of before did not keep.
    """
    figures = view.run_of(TASK).about["figures"]
    seen = figures["migration"]
    if not seen:
        return None
    if not view.everything:
        return (int(seen["months"]), _own_whereabouts(view)) if WHEREABOUTS in view.lists(TASK) else None
    names = tuple(str(one["name"]) for one in figures["segments"])
    cells = (*((*map(int, row), 0) for row in seen["customers"]), (0,) * (len(names) + 1))
    joined, left = (int(sum(seen[one])) for one in ("joined", "left"))
    return int(seen["months"]), Moves(names, cells, int(seen["both"]), int(seen["moved"]), joined, left)


def _own_whereabouts(view: View) -> Moves:
    kept = view.list(TASK, WHEREABOUTS)
    who, source, target = (kept.column(name) for name in ("customer_id", "source", "target"))
    assert isinstance(source, Words)
    assert isinstance(target, Words)
    ids = who.values  # type: ignore[attr-defined]
    return moves((ids, source), (ids, target))
