"""How an event becomes the numbers of one step; everything learnt comes from training rows alone.

A step holds the kind, the time since the previous event and until the cutoff as log(1 + days), and the
values as sign(x) · log(1 + |x|), each standardised. A missing value is 0, the mean, with a 1 in a position of
its own; that is all that amounts over many powers of ten need, and it has no parameter that a person would
have to choose.

A kind told in parts ("enquiry:online lender:car loan") has a 1 for each of them: what is rare as a whole
shares what is learnt of its parts, and the network need not learn seventy kinds from a few hundred positives.
One position stands for parts not seen in training.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import array, numbers
from bankmine.mining.sequence.events import DAY, Sequences

Singles = NDArray[np.float32]
PART = ":"  # between the parts of a kind
FARTHEST = 10.0  # standard deviations; a value far outside training must not drown all else


@dataclass(frozen=True)
class Encoded:
    """Events ready for padding: `code` is a row of `marks`, 0 and 1 of shape (kinds, positions), position 0
    for what was not seen; `values` have shape (events, columns)."""

    offsets: Ints
    code: Ints
    values: Singles
    marks: Singles

    @property
    def codes(self) -> int:
        """Positions of the kinds' parts."""
        return int(self.marks.shape[1])

    @property
    def width(self) -> int:
        """Inputs of one step."""
        return self.codes + int(self.values.shape[1])

    @property
    def lengths(self) -> Ints:
        """Events of each row."""
        return np.diff(self.offsets)

    def padded(self, rows: Ints, steps: int) -> tuple[Singles, NDArray[np.int32]]:
        """Steps of shape (steps, rows, width), zero after a row's end, and the lengths."""
        lengths = self.lengths[rows]
        place = np.arange(steps)[:, None]
        inside = place < lengths
        at = (self.offsets[rows] + place)[inside]
        made = np.zeros((steps, len(rows), self.width), dtype=np.float32)
        step, row = np.nonzero(inside)
        made[step, row, self.codes :] = self.values[at]
        made[step, row, : self.codes] = self.marks[self.code[at]]
        return made, lengths.astype(np.int32)


@dataclass(frozen=True)
class EventEncoding:
    """The parts of kinds known (`kinds`), mean and deviation of each number (gap, age, then the values)."""

    kinds: tuple[str, ...]
    columns: tuple[str, ...]
    means: Floats
    deviations: Floats

    @classmethod
    def fit(cls, sequences: Sequences, *, most_kinds: int = 64) -> Self:
        """Learn from training rows: the `most_kinds` commonest parts, ties by name, and the scales."""
        known = sequences.kind[sequences.kind >= 0]
        counts: Counter[str] = Counter()
        events = np.bincount(known, minlength=len(sequences.kinds)).tolist()
        for kind, number in zip(sequences.kinds, events, strict=True):
            counts.update(dict.fromkeys(_parts(kind), number))
        order = sorted((name for name in counts if counts[name]), key=lambda one: (-counts[one], one))
        kinds = tuple(sorted(order[:most_kinds]))
        raw = _numbers(sequences)
        seen = np.isfinite(raw)
        number = np.maximum(seen.sum(axis=0), 1)
        means = np.where(seen, raw, 0.0).sum(axis=0) / number
        spread = np.sqrt(np.where(seen, (raw - means) ** 2, 0.0).sum(axis=0) / number)
        deviations = np.where(spread > 1e-9 * np.maximum(np.abs(means), 1.0), spread, 1.0)
        return cls(kinds, sequences.columns, means, deviations)

    def encode(self, sequences: Sequences) -> Encoded:
        """Numbers for each event. UsageError where the values are not those of training."""
        if sequences.columns != self.columns:
            raise UsageError(
                f"The events have the values {', '.join(sequences.columns) or 'none'}",
                hint=f"The network was fitted on {', '.join(self.columns) or 'none'}.",
            )
        raw = _numbers(sequences)
        scaled = np.clip((raw - self.means) / self.deviations, -FARTHEST, FARTHEST)
        missing = np.isnan(raw[:, 1:])
        missing[:, 0] = np.isnan(raw[:, 0])  # the age is never missing: its place says "first event"
        values = np.concatenate([np.nan_to_num(scaled), missing], axis=1).astype(np.float32)
        marks = self._marks(sequences.kinds)
        return Encoded(sequences.offsets, sequences.kind % len(marks), values, marks)

    def _marks(self, kinds: tuple[str, ...]) -> Singles:
        """The positions of each kind's parts, shape (kinds + 1, positions); the last row is a missing kind.

        A kind that is known as a whole has one position, whatever its parts.
        """
        places = {kind: place for place, kind in enumerate(self.kinds, 1)}
        made = np.zeros((len(kinds) + 1, len(places) + 1), dtype=np.float32)
        made[-1, 0] = 1.0
        for row, kind in enumerate(kinds):
            parts = (kind,) if kind in places else _parts(kind)
            made[row, [places.get(one, 0) for one in parts]] = 1.0
        return made

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kinds": list(self.kinds),
            "columns": list(self.columns),
            "means": numbers(self.means),
            "deviations": numbers(self.deviations),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(
            tuple(content["kinds"]),
            tuple(content["columns"]),
            array(content["means"]),
            array(content["deviations"]),
        )


def _parts(kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind.split(PART)))


def _numbers(sequences: Sequences) -> Floats:
    """Gap, age and values of each event on their log scales, shape (events, 2 + columns)."""
    when = sequences.when
    gap = np.full(len(when), np.nan)
    gap[1:] = np.log1p(np.diff(when) / DAY, where=np.diff(when) >= 0, out=np.full(max(len(when) - 1, 0), 0.0))
    gap[sequences.offsets[:-1][sequences.lengths > 0]] = np.nan
    age = np.log1p((sequences.cutoff[sequences.row] - when) / DAY)
    values = np.sign(sequences.values) * np.log1p(np.abs(sequences.values))
    return np.column_stack([gap, age, values])
