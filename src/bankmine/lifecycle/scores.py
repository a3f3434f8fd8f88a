"""`scores.parquet`: one row for each subject scored, the same bytes whenever the same run is made again.

Sorted by key, no clock times, one row group after another of fixed size, no threads, no writer's extras.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankmine.customers.conditions import Conditions
from bankmine.tasks.contract import Decision, Floats, Ints
from bankmine.tasks.study import Block

BLOCK = 8_192
KEEP_OUT = "keep out"
KEPT_OUT = "Offer nothing: a flag, an ended relation or missing consent forbids it (see the flags)."
REASON = pa.struct(
    [
        ("feature", pa.string()),
        ("value", pa.float64()),
        ("contribution", pa.float64()),
        ("event_ids", pa.list_(pa.int64())),
        ("sentence_key", pa.string()),
    ]
)
SCHEMA = pa.schema(
    [
        ("task", pa.string()),
        ("question", pa.string()),
        ("subject_kind", pa.string()),
        ("subject_id", pa.int64()),
        ("customer_id", pa.int64()),
        ("cutoff", pa.timestamp("us", tz="UTC")),
        ("horizon", pa.string()),
        ("value", pa.float64()),
        ("probability", pa.float64()),
        ("grade", pa.string()),
        ("rank", pa.int64()),
        ("reasons", pa.list_(REASON)),
        ("flags", pa.list_(pa.string())),
    ]
)


def score_table(
    *,
    task: str,
    horizon: str,
    rows: Any,
    probability: Floats | None,
    decision: Decision,
    reasons: Any = None,
    flags: Sequence[Sequence[str]] | None = None,
    question: str = "",
) -> pa.Table:
    """The scores in the schema of run folders, sorted by (subject_id, cutoff)."""
    count = rows.num_rows
    none = np.zeros(count, np.int64)
    rank = np.empty(count, dtype=np.int64)
    subject = rows.column("subject_id").to_numpy()
    order = np.lexsort([subject, np.asarray(decision.order, dtype=np.float64)])
    rank[order] = np.arange(1, count + 1)
    columns = {
        "task": pa.array([task]).take(pa.array(none)),
        "question": pa.array([question]).take(pa.array(none)),
        "subject_kind": rows.column("subject_kind"),
        "subject_id": rows.column("subject_id"),
        "customer_id": rows.column("customer_id"),
        "cutoff": rows.column("cutoff"),
        "horizon": pa.array([horizon]).take(pa.array(none)),
        "value": pa.array(np.asarray(decision.value, dtype=np.float64)),
        "probability": pa.nulls(count, pa.float64()) if probability is None else pa.array(probability),
        "grade": pa.array(list(decision.grade), pa.string()),
        "rank": pa.array(rank),
        "reasons": pa.array([[]] * count, pa.list_(REASON)) if reasons is None else _said(reasons),
        "flags": pa.array(flags if flags is not None else [[]] * count, pa.list_(pa.string())),
    }
    table = pa.table({name: columns[name] for name in SCHEMA.names}).cast(SCHEMA)
    return _sorted(table)


def _said(reasons: Any) -> pa.Array:
    """A list for each row: an empty one where nothing is said, never null."""
    lists = reasons.combine_chunks() if isinstance(reasons, pa.ChunkedArray) else reasons
    if not lists.null_count:
        return lists
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), lists.flatten())


def kept_out(blocks: Sequence[Block], conditions: Conditions) -> list[Block]:
    """The blocks of a task that sells: whoever nothing may be sold to is graded KEEP_OUT and ranked last."""
    return [
        replace(
            one,
            decision=keep_out(one.decision, conditions.may_sell(one.rows.column("customer_id").to_pylist())),
        )
        for one in blocks
    ]


def block_table(task: str, horizon: str, blocks: Sequence[Block], conditions: Conditions) -> pa.Table:
    """The scores of all blocks with the conditions of their customers as flags."""
    parts = []
    for one in blocks:
        customers = one.rows.column("customer_id").to_pylist()
        decision = one.decision
        own = decision.flags if decision.flags is not None else [()] * len(customers)
        flags = [[*a, *b] for a, b in zip(own, conditions.flags_of(customers), strict=True)]
        made = score_table(
            task=task, horizon=horizon, rows=one.rows, probability=one.probability, decision=decision,
            reasons=one.reasons, flags=flags, question=one.question,
        )  # fmt: skip
        parts.append(made)
    return _sorted(pa.concat_tables(parts)) if parts else SCHEMA.empty_table()


def keep_out(decision: Decision, allowed: Any) -> Decision:
    """The decision with those who are not allowed graded KEEP_OUT and ordered after all others."""
    if bool(np.all(allowed)):
        return decision
    order = np.asarray(decision.order, dtype=np.float64).copy()
    finite = order[np.isfinite(order)]
    place = np.argsort(np.argsort(order, kind="stable"), kind="stable")
    last = (finite.max() if len(finite) else 0.0) + 1.0
    order[~allowed] = last + place[~allowed]
    grade = [one if may else KEEP_OUT for one, may in zip(decision.grade, allowed, strict=True)]
    return replace(decision, grade=grade, order=order, actions={**decision.actions, KEEP_OUT: KEPT_OUT})


def _sorted(table: pa.Table) -> pa.Table:
    keys = [("question", "ascending"), ("subject_id", "ascending"), ("cutoff", "ascending")]
    return table.take(pa.compute.sort_indices(table, sort_keys=keys)).combine_chunks()


def reason_lists(
    task: str, model: Any, matrix: Any, features: Any, *, top: int = 3, threads: int = 2
) -> pa.ChunkedArray:
    """The strongest reasons of each row, by the names and in the units of the snapshot.

    Where all of these lower the answer, the last gives way to the strongest that raises it, if there is one.

    A column that preparation made from a text is named `feature=level`; a missing value is null. Rows are
    explained in blocks beside each other, each row on its own, so the blocks change nothing.
    """
    starts = range(0, max(len(matrix.values), 1), BLOCK)
    with ThreadPoolExecutor(threads) as pool:
        blocks = list(
            pool.map(
                lambda start: _block(task, model, matrix, features.slice(start, BLOCK), start, top), starts
            )
        )
    return pa.chunked_array(blocks)


def _block(task: str, model: Any, matrix: Any, features: Any, start: int, top: int) -> pa.Array:
    found = _with_a_raising_one(
        model.reasons(matrix.values[start : start + BLOCK], top=len(matrix.names)), top
    )
    names = np.array(found.names, dtype=object)
    sources = np.array(_sources(found.names, matrix), dtype=object)
    from_level = np.array(["=" in name for name in names])
    shown = np.where(from_level, names, sources)
    kept = found.columns >= 0
    column = found.columns[kept]
    row = np.repeat(np.arange(len(found.columns)), kept.sum(axis=1))
    value = np.where(from_level[column], found.values[kept], _raw(features, sources[column], row))
    contribution = found.contributions[kept]
    side = np.where(contribution >= 0, "raises", "lowers")
    offsets = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
    keys = [f"{task}.{name}.{way}" for name, way in zip(shown[column], side, strict=True)]
    struct = pa.StructArray.from_arrays(
        [
            pa.array(shown[column].tolist(), pa.string()),
            pa.array(value, mask=np.isnan(value)),
            pa.array(contribution),
            pa.array([[]] * len(column), pa.list_(pa.int64())),
            pa.array(keys, pa.string()),
        ],
        fields=list(REASON),
    )
    return pa.ListArray.from_arrays(pa.array(offsets), struct)


def _sources(names: Sequence[str], matrix: Any) -> list[str]:
    """The feature each reason is about; a name that is no column of the matrix begins with its feature."""
    source = dict(zip(matrix.names, matrix.sources, strict=True))
    return [source.get(name, name.partition("=")[0]) for name in names]


def _with_a_raising_one(found: Any, top: int) -> Any:
    """The first `top` reasons of each row; the last becomes the strongest raising one where none raises."""
    columns, values, contributions = (
        part[:, :top].copy() for part in (found.columns, found.values, found.contributions)
    )
    raises = (found.columns >= 0) & (found.contributions > 0)
    rows = np.flatnonzero(raises.any(axis=1) & ~raises[:, :top].any(axis=1))
    if not len(rows):  # also where the model has no columns at all
        return type(found)(found.names, columns, values, contributions)
    first = raises[rows].argmax(axis=1)
    for part, every in (
        (columns, found.columns), (values, found.values), (contributions, found.contributions)
    ):  # fmt: skip
        part[rows, -1] = every[rows, first]
    return type(found)(found.names, columns, values, contributions)


def _raw(features: Any, names: Any, row: Ints) -> Floats:
    """The snapshot's own value of a column in a row, for many (column, row) pairs; NaN for texts."""
    value = np.full(len(row), np.nan)
    for name in set(names.tolist()):
        column = features.column(name)
        if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
            continue
        here = np.flatnonzero(names == name)
        value[here] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)[row[here]]
    return value


def write_scores(table: pa.Table, path: Path) -> None:
    """Writes the table; equal tables give equal bytes."""
    import pyarrow.parquet as pq

    pq.write_table(
        table, path, compression="zstd", compression_level=3, use_dictionary=True, row_group_size=1 << 16,
        version="2.6", store_schema=False, write_statistics=True,
    )  # fmt: skip


def read_scores(path: Path) -> pa.Table:
    """The scores of a run folder."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(path).read(use_threads=False)
