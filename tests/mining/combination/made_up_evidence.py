"""Made-up evidence of several kinds about the same rows, with a known answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.mining.combination.part import Part

DAY = 86_400_000_000
CUTOFF = 1_000 * DAY
WINDOWS = Part("windows", ("a0", "a1"), "Logistic")
NETWORK = Part("network", ("b0", "b1"), "Logistic", present="known")
NOISE = Part("noise", ("n0", "n1"), "Logistic")
TEXT = Part("text", ("purpose",), "TextLinear", {"least_texts": 2})
EVENTS = Part("events", ("events",), "SequenceNetwork", {"epochs": 2, "hidden": 4, "longest": 8})
TREES = {"n_estimators": 30, "num_leaves": 4}


def evidence(rows: int = 600, seed: int = 0, known: float = 0.7) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Two windows columns and two of the network tell, as do the words and the number of events; noise does
    not. The network is known of a part of the rows; rows without it have no list of events either."""
    draw = np.random.default_rng(seed)
    a, b, noise = (draw.normal(size=(rows, 2)) for _ in range(3))
    there = draw.random(rows) < known
    needy = draw.random(rows) < 0.3
    count = draw.integers(0, 5, rows)
    log_odds = a[:, 0] + b[:, 0] * there + 1.2 * needy + 0.4 * count - 2.6
    truth = draw.random(rows) < 1 / (1 + np.exp(-log_odds))
    table = pa.table(
        {
            "a0": a[:, 0], "a1": a[:, 1], "b0": b[:, 0], "b1": b[:, 1], "n0": noise[:, 0], "n1": noise[:, 1],
            "known": there.astype(np.int64),
            "purpose": ["debts and games" if one else "a roof for the house" for one in needy],
            "events": pa.array([_list(n) if one else None for n, one in zip(count, there, strict=True)]),
            "cutoff": np.full(rows, CUTOFF),
        }
    )  # fmt: skip
    return table, truth


def _list(count: int) -> list[dict[str, Any]]:
    return [
        {"when": CUTOFF - (10 * one + 1) * DAY, "kind": "enquiry:bank:car", "amount": float(one)}
        for one in reversed(range(count))
    ]
