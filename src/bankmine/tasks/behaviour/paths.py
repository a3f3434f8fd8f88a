"""Paths before a need: which steps come before a loan, an investment, a journey or a farewell, and stay true.

Discovery: on cutoffs whose outcomes were known before the test months, the frequent patterns of steps
(PrefixSpan) are compared with what followed: Fisher's exact test, controlled for all patterns by Benjamini
and Hochberg, and more than any part of the pattern says. A path that holds the outcome's own steps (the
application for the loan, the page that closes the account) foretells nothing and is left out. The check: on
the test months, which lie after, is the outcome still more frequent after the path than without regard to
it? Lift with a bootstrap interval over customers. A path may precede a need without causing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.association.sequences import Patterns, frequent_sequences, holding, pattern_words
from bankmine.mining.association.significance import adjusted, fisher_p
from bankmine.tasks.behaviour.steps import Walks

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
Pattern = tuple[tuple[str, ...], ...]
SUPPORT, LEAST_ROWS = 0.004, 60
LONGEST = 3
MOST_PATTERNS = 250  # the most frequent; more would cost time and power
GAP_DAYS = 30
KEPT = 8
LEVEL = 0.05
LEAST_HITS = 10
RESAMPLES = 400
AT_ONCE = 20


@dataclass(frozen=True)
class Outcome:
    """Something that followed: rows as places in walks, and whether it did; discovery and test apart.

    `own_pages`: how the words of the outcome's own steps begin; of a `family`, only with that family's name.
    """

    name: str
    words: str
    rows: Ints
    truth: Truth
    test: Truth
    own_pages: tuple[str, ...] = ()
    family: str = ""

    def has_own_step(self, pattern: Pattern) -> bool:
        """Whether a path holds a step that is already part of the outcome."""
        return any(self._own(step) for element in pattern for step in element)

    def _own(self, step: str) -> bool:
        mine = not self.family or self.family in step.split(" ")
        return mine and step.startswith(self.own_pages)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One path that stood up in discovery, and what the test months said of it."""

    outcome: str
    words: str
    pattern: Pattern
    rows: int
    hits: int
    lift: float
    p_adjusted: float
    tested: int
    test_rows: int
    test_hits: int
    test_base: float
    test_lift: float | None
    low: float | None
    high: float | None

    @property
    def holds(self) -> bool:
        """Whether the whole interval of the forward lift lies above 1."""
        return self.low is not None and self.low > 1


def discover(walks: Walks, discovery: Truth) -> tuple[Patterns, list[Pattern], NDArray[np.bool_]]:
    """The frequent patterns of the discovery rows; which rows have each, shape (patterns, rows)."""
    from bankmine.mining.association.sequences import Sequences

    rows = np.flatnonzero(discovery)
    chosen = _rows_of(walks.sequences, rows)
    least = max(LEAST_ROWS, round(SUPPORT * len(rows)))
    found = frequent_sequences(
        Sequences(chosen.offsets, chosen.elements, chosen.times), count=least, longest=LONGEST, gap=GAP_DAYS
    )
    counts = found.counts
    patterns = [one for one in counts if not _repeats(one) and not _says_the_same(one, counts)]
    patterns = patterns[:MOST_PATTERNS]
    held = [_held(walks, one) for one in patterns]
    return found, patterns, np.array(held, dtype=np.bool_).reshape(len(patterns), len(walks.customer))


def judge(
    outcome: Outcome, walks: Walks, patterns: Sequence[Pattern], held: Truth, *, seed: int
) -> list[Found]:
    """The outcome's paths that stand up in discovery, strongest first, with their forward lift."""
    ahead = [place for place, one in enumerate(patterns) if not outcome.has_own_step(one)]
    patterns, held = [patterns[place] for place in ahead], held[ahead]
    learn = ~outcome.test
    rows, truth = outcome.rows[learn], outcome.truth[learn]
    has = held[:, rows]
    count, hits = has.sum(axis=1), (has & truth).sum(axis=1)
    base = truth.mean() if len(truth) else 0.0
    lift = np.divide(hits, count * base, out=np.zeros(len(count)), where=count * base > 0)
    p = adjusted(fisher_p(hits, count, int(truth.sum()), len(truth)), "benjamini-hochberg")
    by_pattern = dict(zip(patterns, lift.tolist(), strict=True))
    keep = [
        place
        for place in np.argsort(-lift, kind="stable")
        if p[place] <= LEVEL and hits[place] >= LEAST_HITS and _adds(patterns[place], by_pattern)
    ]
    keep = _without_twins(keep, has)
    return [
        Found(
            outcome=outcome.name, words=pattern_words(patterns[place]), pattern=patterns[place],
            rows=int(count[place]), hits=int(hits[place]), lift=float(lift[place]),
            p_adjusted=float(p[place]), tested=len(patterns),
            **_forward(outcome, walks, held[place], seed=seed),
        )
        for place in keep[:KEPT]
    ]  # fmt: skip


def _without_twins(places: list[Any], has: Truth) -> list[Any]:
    """Of patterns that are in the very same rows the first alone."""
    kept: list[Any] = []
    for place in places:
        if not any(np.array_equal(has[place], has[other]) for other in kept):
            kept.append(place)
    return kept


def table(found: Sequence[Found], titles: Mapping[str, str]) -> Any:
    """The judged paths, for the run's tables."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {
        "outcome": [titles[one.outcome] for one in found],
        "path": [one.words for one in found],
        "rows": [one.rows for one in found],
        "hits": [one.hits for one in found],
        "lift": [one.lift for one in found],
        "test_rows": [one.test_rows for one in found],
        "test_hits": [one.test_hits for one in found],
        "test_lift": [one.test_lift for one in found],
        "low": [one.low for one in found],
        "high": [one.high for one in found],
        "verdict": [_verdict(one) for one in found],
    }
    kinds = {"outcome": pa.string(), "path": pa.string(), "verdict": pa.string()}
    whole = ("rows", "hits", "test_rows", "test_hits")
    return pa.table(
        {
            name: pa.array(values, kinds.get(name, pa.int64() if name in whole else pa.float64()))
            for name, values in columns.items()
        }
    )


def without_parts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of paths without those that lie in a longer path of as many sessions."""
    return [row for row in rows if not any(_lies_in(row, other) for other in rows)]


def _lies_in(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    part, whole = row["pattern"], other["pattern"]
    starts = range(len(whole) - len(part) + 1) if len(part) < len(whole) else range(0)
    return row["count"] == other["count"] and any(whole[at : at + len(part)] == part for at in starts)


def _verdict(one: Found) -> str:
    if one.test_lift is None:
        return "too few to test"
    return "holds" if one.holds else "does not hold"


def _forward(outcome: Outcome, walks: Walks, has_path: Truth, *, seed: int) -> dict[str, Any]:
    """The lift on the test rows, with a bootstrap over customers."""
    rows, truth = outcome.rows[outcome.test], outcome.truth[outcome.test]
    has = has_path[rows]
    hits, count = int((has & truth).sum()), int(has.sum())
    base = float(truth.mean()) if len(truth) else 0.0
    figures = {"test_rows": count, "test_hits": hits, "test_base": base}
    if count < LEAST_HITS or base == 0:
        return {**figures, "test_lift": None, "low": None, "high": None}
    _, who = np.unique(walks.customer[rows], return_inverse=True)
    totals = [np.bincount(who, weights=one) for one in (has & truth, has, truth, np.ones(len(who)))]
    both, with_path, true, every = _resampled(np.stack(totals, axis=1), seed).T
    with np.errstate(divide="ignore", invalid="ignore"):
        lifts = (both / with_path) / (true / every)
    low, high = np.nanquantile(lifts[np.isfinite(lifts)], [0.025, 0.975])
    return {**figures, "test_lift": hits / count / base, "low": float(low), "high": float(high)}


def _resampled(totals: Floats, seed: int) -> Floats:
    """Sums of each column of `totals` (customers, columns) in each resample: each customer counts a Poisson
    number of times. A few resamples at a time, so that memory does not grow with their number."""
    generator, found = np.random.default_rng(seed), []
    for start in range(0, RESAMPLES, AT_ONCE):
        count = min(AT_ONCE, RESAMPLES - start)
        found.append(generator.poisson(1.0, (count, len(totals))).astype(np.float64) @ totals)
    return np.concatenate(found)


def _says_the_same(pattern: Pattern, counts: Mapping[Pattern, int]) -> bool:
    """Whether a part of a pattern is in the same sequences."""
    parts = [part for size in range(1, len(pattern)) for part in combinations(pattern, size)]
    return any(counts.get(part) == counts[pattern] for part in parts)


def _adds(pattern: Pattern, lift: Mapping[Pattern, float]) -> bool:
    """Whether a pattern says more than each of its parts."""
    parts = [part for size in range(1, len(pattern)) for part in combinations(pattern, size)]
    return all(lift[pattern] > lift.get(part, 0.0) for part in parts)


def _repeats(pattern: Pattern) -> bool:
    """Patterns of one step over and over say how often, not which way."""
    return len(pattern) > 1 and len(set(pattern)) == 1


def _held(walks: Walks, pattern: Pattern) -> Truth:
    """Rows whose steps have the pattern, neighbours at most `GAP_DAYS` apart."""
    return holding(walks.sequences, pattern, gap=GAP_DAYS)


def _rows_of(sequences: Any, rows: Ints) -> Any:
    """Some of the sequences, in the order given."""
    from bankmine.mining.association.baskets import Baskets
    from bankmine.mining.association.sequences import Sequences

    sizes = np.diff(sequences.offsets)[rows]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    places = np.arange(int(offsets[-1])) - np.repeat(offsets[:-1] - sequences.offsets[rows], sizes)
    items = sequences.elements.items[places]  # each step is one element of one item
    single = np.arange(len(items) + 1, dtype=np.int64)
    return Sequences(offsets, Baskets(single, items, sequences.elements.names), sequences.times[places])
