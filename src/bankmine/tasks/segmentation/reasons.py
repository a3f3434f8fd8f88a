"""Why each customer is in their segment: the columns that pull them to it rather than to the next nearest.

A contribution is `w·((x − c₂)² − (x − c₁)²)` on the matrix, with w the column's weight, c₁ the middle of the
own segment and c₂ of the next; over all columns they add up to the difference of the two distances.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.mining.contract import Reasons
from bankmine.tasks.segmentation.model import KIND, Applied, SegmentModel
from bankmine.tasks.segmentation.style import values_of

TOP = 3
SENTENCE = "segmentation.{name}.{side}"


def reason_lists(model: SegmentModel, applied: Applied, features: Any) -> Any:
    """One list a row of (feature, its value as in the snapshot, contribution, events, sentence key)."""
    import pyarrow as pa

    found = model.miner.reasons(applied.values, top=TOP)
    raw = {name: values_of(features, name) for name in model.style.columns}
    firm = applied.label == len(model.miner.sizes_)
    lists = [
        [_one(KIND, None, 1.0)] if is_firm else _row(found, row, raw) for row, is_firm in enumerate(firm)
    ]
    return pa.array(lists, _type())


def _row(found: Reasons, row: int, raw: dict[str, Any]) -> list[dict[str, Any]]:
    return [_one(one.feature, float(raw[one.feature][row]), one.contribution) for one in found.row(row)]


def _one(name: str, value: float | None, contribution: float) -> dict[str, Any]:
    side = "raises" if contribution >= 0 else "lowers"
    known = value is not None and not np.isnan(value)
    return {
        "feature": name, "value": value if known else None, "contribution": contribution, "event_ids": [],
        "sentence_key": SENTENCE.format(name=name, side=side),
    }  # fmt: skip


def _type() -> Any:
    import pyarrow as pa

    return pa.list_(
        pa.struct(
            [
                ("feature", pa.string()), ("value", pa.float64()), ("contribution", pa.float64()),
                ("event_ids", pa.list_(pa.int64())), ("sentence_key", pa.string()),
            ]
        )
    )  # fmt: skip
