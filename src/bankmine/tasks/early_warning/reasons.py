"""Reasons of each borrower's chance, as scores.parquet keeps them: signals and states by what they add."""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.mining.contract import strongest
from bankmine.tasks.early_warning.likelihood import STATES, columns
from bankmine.tasks.early_warning.register import Entries

TOP = 3
SENTENCE = "early_warning.{name}.{side}"


def reason_lists(entries: Entries) -> Any:
    """One list a borrower looked at; empty for those who are not on the register.

    The value of a signal is the signal's own (days, months, share), that of a state what the hazard saw.
    """
    import pyarrow as pa

    lists: list[list[dict[str, Any]]] = [[] for _ in entries.who]
    look = np.full(len(entries.places), entries.look)
    values = columns(entries.watched, entries.places, look)
    names = (*STATES, *(one.name for one in entries.watched.signals))
    found = strongest(entries.parts, values, names, TOP)
    for row, place in enumerate(entries.listed):
        lists[place] = [_one(one.feature, one.value, one.contribution) for one in found.row(row)]
    return pa.array(lists, _type())


def _one(name: str, value: float, contribution: float) -> dict[str, Any]:
    side = "raises" if contribution >= 0 else "lowers"
    return {
        "feature": name, "value": float(value) if np.isfinite(value) else None,
        "contribution": float(contribution), "event_ids": [],
        "sentence_key": SENTENCE.format(name=name.replace(" ", "_"), side=side),
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
