"""Splits that go forward in time, with an embargo so that no training label reaches into the test.

A label at cutoff T looks at `[T, T + horizon)` and is reported `delay` later. A training row is used only
when its label was known at the first test cutoff: `T + horizon + delay ≤ test_from`. The rows in between are
embargoed: they serve neither side. All instants are int64 microseconds since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.arrays import Ints, codes

_NONE: Ints = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Split:
    """Row positions of each part, ascending, and the sentence for the report.

    `reason` is empty for a forward split; for a random one it says why time was not respected.
    """

    kind: Literal["forward", "random"]
    train: Ints
    test: Ints
    embargoed: Ints
    sentence: str
    validation: Ints = field(default_factory=lambda: _NONE)
    reason: str = ""


def forward_split(
    cutoffs: Any,
    *,
    test_from: int,
    horizon: int | timedelta = 0,
    delay: int | timedelta = 0,
    label_known_at: Any = None,
    test_until: int | None = None,
    train_from: int | None = None,
    validation_from: int | None = None,
) -> Split:
    """Train on rows whose label was known by `test_from`, test on cutoffs in `[test_from, test_until)`.

    `label_known_at` (one instant a row) replaces `cutoff + horizon + delay` where horizons are civil months
    or labels carry their own date. With `validation_from`, training labels must be known by then, and rows
    with cutoffs in `[validation_from, test_from)` whose labels are known by `test_from` are the validation
    part (for early stopping or calibration). FeasibilityError when train, test or an asked-for validation
    part is empty.
    """
    at = _instants(cutoffs, "cutoffs")
    known = _known(at, horizon, delay, label_known_at)
    last = np.iinfo(np.int64).max if test_until is None else test_until
    first = np.iinfo(np.int64).min if train_from is None else train_from
    wall = test_from if validation_from is None else validation_from
    if wall > test_from or last <= test_from or first >= wall:
        raise UsageError(
            "The parts of the split overlap or are empty by their bounds",
            hint="Give train_from < validation_from ≤ test_from < test_until.",
        )
    train = np.flatnonzero((at >= first) & (at < wall) & (known <= wall))
    validation = np.flatnonzero((at >= wall) & (at < test_from) & (known <= test_from))
    test = np.flatnonzero((at >= test_from) & (at < last))
    before = np.flatnonzero((at >= first) & (at < test_from))
    embargoed = np.setdiff1d(before, np.concatenate([train, validation]))
    words = _sentence(train, test, embargoed, validation)
    split = Split("forward", train, test, embargoed, words, validation=validation)
    return _full(
        split, ("training", "test") if validation_from is None else ("training", "test", "validation")
    )


def forward_folds(
    cutoffs: Any,
    test_starts: Sequence[int],
    *,
    test_until: int | None = None,
    horizon: int | timedelta = 0,
    delay: int | timedelta = 0,
    label_known_at: Any = None,
) -> list[Split]:
    """One forward split for each start, each test running to the next start; training grows."""
    starts = sorted(test_starts)
    ends: list[int | None] = [*starts[1:], test_until]
    return [
        forward_split(
            cutoffs,
            test_from=start,
            test_until=end,
            horizon=horizon,
            delay=delay,
            label_known_at=label_known_at,
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def random_split(
    rows: int, *, reason: str, test_share: float = 0.3, groups: Any = None, random_state: int = 0
) -> Split:
    """A random split, which must say why; with `groups`, a group lies on one side only.

    For data without time (a file of applicants) or for tests. The report prints the reason.
    """
    if not reason.strip():
        raise UsageError(
            "A random split was asked for without a reason",
            hint="Split forward in time, or pass reason='…' and the report will show it.",
        )
    if not 0 < test_share < 1:
        raise UsageError(f"The test share is {test_share}", hint="Give a share between 0 and 1.")
    position = np.arange(rows) if groups is None else codes(groups, rows, "groups")[0]
    units = int(position.max(initial=-1)) + 1
    if units < 2:
        raise FeasibilityError(f"A split was asked of {units} units", hint="It needs at least 2.")
    drawn = np.random.default_rng(random_state).permutation(units)
    tested = np.zeros(units, dtype=bool)
    tested[drawn[: min(max(1, round(units * test_share)), units - 1)]] = True
    test = np.flatnonzero(tested[position])
    train = np.flatnonzero(~tested[position])
    counts = f"{len(train)} rows train, {len(test)} test"
    sentence = f"Random split, not forward in time, because {reason.strip()}: {counts}."
    return Split("random", train, test, _NONE, sentence, reason=reason.strip())


def _sentence(train: Ints, test: Ints, embargoed: Ints, validation: Ints) -> str:
    middle = f", {len(validation)} validate" if len(validation) else ""
    return (
        f"Forward in time: {len(train)} rows train{middle}, {len(test)} test; {len(embargoed)} rows between "
        "are embargoed because their labels were not yet known."
    )


def _full(split: Split, asked: tuple[str, ...]) -> Split:
    """The split, when none of the parts asked for is empty."""
    parts = {"training": split.train, "test": split.test, "validation": split.validation}
    for part in asked:
        if len(parts[part]) == 0:
            raise FeasibilityError(
                f"The {part} part of the split is empty ({len(split.embargoed)} rows are embargoed)",
                hint="Choose another first test cutoff, a shorter horizon, or load a longer period.",
            )
    return split


def _known(at: Ints, horizon: int | timedelta, delay: int | timedelta, label_known_at: Any) -> Ints:
    """When each row's label was known."""
    if label_known_at is None:
        return at + _micros(horizon) + _micros(delay)
    known = _instants(label_known_at, "label_known_at")
    if known.shape != at.shape or (known < at).any():
        raise UsageError(
            "label_known_at has another length than the cutoffs or lies before them",
            hint="Give for each row the instant at which its label was known.",
        )
    return known


def _micros(span: int | timedelta) -> int:
    micros = span // timedelta(microseconds=1) if isinstance(span, timedelta) else int(span)
    if micros < 0:
        raise UsageError(f"A horizon or delay of {micros} microseconds is negative", hint="Give 0 or more.")
    return micros


def _instants(values: Any, what: str) -> Ints:
    array = np.asarray(values)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]").astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise UsageError(
            f"{what} has shape {array.shape} and type {array.dtype}",
            hint="Give one int64 of microseconds since 1970 for each row.",
        )
    return array.astype(np.int64)
