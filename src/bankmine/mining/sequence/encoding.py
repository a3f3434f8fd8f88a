"""How an event becomes the numbers of one step; everything learnt comes from training rows alone.

A step holds the kind, one position each with one for kinds not seen in training, the time since the previous
event and until the cutoff as log(1 + days), and the values as sign(x) · log(1 + |x|), each standardised. A
missing value is 0, the mean, with a 1 in a position of its own; that is all that amounts over many powers of
ten need, and it has no parameter that a person would have to choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import array, numbers
from bankmine.mining.sequence.events import DAY, Sequences

Singles = NDArray[np.float32]
FARTHEST = 10.0  # standard deviations; a value far outside training must not drown all else


@dataclass(frozen=True)
class Encoded:
    """Events ready for padding: `code` 0 is a kind not seen; `values` have shape (events, columns)."""

    offsets: Ints
    code: Ints
    values: Singles
    codes: int

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
        made[step, row, self.code[at]] = 1.0
        return made, lengths.astype(np.int32)


@dataclass(frozen=True)
class EventEncoding:
    """The kinds known, and mean and deviation of each number (gap, age, then the values)."""

    kinds: tuple[str, ...]
    columns: tuple[str, ...]
    means: Floats
    deviations: Floats

    @classmethod
    def fit(cls, sequences: Sequences, *, most_kinds: int = 64) -> Self:
        """Learn from training rows: the `most_kinds` commonest kinds, ties by name, and the scales."""
        known = sequences.kind[sequences.kind >= 0]
        counts = np.bincount(known, minlength=len(sequences.kinds))
        order = sorted(range(len(counts)), key=lambda one: (-counts[one], sequences.kinds[one]))
        kinds = tuple(sorted(sequences.kinds[one] for one in order[:most_kinds] if counts[one]))
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
        places = {kind: place for place, kind in enumerate(self.kinds, 1)}
        table = np.array([*(places.get(kind, 0) for kind in sequences.kinds), 0], dtype=np.int64)
        raw = _numbers(sequences)
        scaled = np.clip((raw - self.means) / self.deviations, -FARTHEST, FARTHEST)
        missing = np.isnan(raw[:, 1:])
        missing[:, 0] = np.isnan(raw[:, 0])  # the age is never missing: its place says "first event"
        values = np.concatenate([np.nan_to_num(scaled), missing], axis=1).astype(np.float32)
        return Encoded(sequences.offsets, table[sequences.kind], values, len(self.kinds) + 1)

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


def _numbers(sequences: Sequences) -> Floats:
    """Gap, age and values of each event on their log scales, shape (events, 2 + columns)."""
    when = sequences.when
    gap = np.full(len(when), np.nan)
    gap[1:] = np.log1p(np.diff(when) / DAY, where=np.diff(when) >= 0, out=np.full(max(len(when) - 1, 0), 0.0))
    gap[sequences.offsets[:-1][sequences.lengths > 0]] = np.nan
    age = np.log1p((sequences.cutoff[sequences.row] - when) / DAY)
    values = np.sign(sequences.values) * np.log1p(np.abs(sequences.values))
    return np.column_stack([gap, age, values])
