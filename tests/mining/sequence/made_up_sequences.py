"""Made-up sequences: a planted signal that lies in the order of two events alone, and random sequences."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.mining.sequence.events import DAY, Sequences, sequences_of

CUTOFF = 20_000 * DAY
NOISE = ("deposit", "payment", "visit", "withdrawal")


def ordered(rows: int, seed: int, *, noise: float = 0.1) -> tuple[Sequences, NDArray[np.bool_]]:
    """Rows with the same items, one enquiry and one overdue a few days apart among others.

    The label is true where the enquiry comes first, but for a share `noise` of labels drawn at random.
    """
    draw = np.random.default_rng(seed)
    first = draw.random(rows) < 0.5
    parts = []
    for row in range(rows):
        others = int(draw.integers(6, 18))
        days = np.sort(draw.choice(np.arange(2, 720), others + 2, replace=False))[::-1]
        place = int(draw.integers(0, others + 1))
        kinds = draw.choice(NOISE, others + 2).tolist()
        pair = ("enquiry", "overdue") if first[row] else ("overdue", "enquiry")
        kinds[place], kinds[place + 1] = pair
        days = days.astype(float)
        days[place + 1] = days[place] - draw.uniform(0.5, 1.0)
        amounts = np.exp(draw.normal(5, 1, others + 2))
        parts.append((np.full(others + 2, row), CUTOFF - (days * DAY).astype(np.int64), kinds, amounts))
    table = pa.table(
        {
            "row": np.concatenate([part[0] for part in parts]),
            "when": np.concatenate([part[1] for part in parts]),
            "kind": [kind for part in parts for kind in part[2]],
            "amount": np.concatenate([part[3] for part in parts]),
        }
    )
    label = np.where(draw.random(rows) < noise, draw.random(rows) < 0.5, first)
    return sequences_of(table, np.full(rows, CUTOFF), values=["amount"]), label


def random_sequences(lengths: list[int], seed: int = 0) -> Sequences:
    """Sequences of given lengths with a value that is missing now and then, and kinds missing too."""
    draw = np.random.default_rng(seed)
    row = np.repeat(np.arange(len(lengths)), lengths)
    kinds = draw.choice(np.array([*NOISE, None], dtype=object), len(row))
    value = np.where(
        draw.random(len(row)) < 0.2,
        np.nan,
        draw.normal(size=len(row)) * 10.0 ** draw.integers(0, 9, len(row)),
    )
    table = pa.table(
        {
            "row": row,
            "when": CUTOFF - draw.integers(1, 900 * DAY, len(row)),
            "kind": pa.array(kinds.tolist(), pa.string()),
            "value": pa.array(value),
        }
    )
    return sequences_of(table, np.full(len(lengths), CUTOFF), values=["value"])
