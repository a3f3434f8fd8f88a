"""The directory of customers as of a date: who, where, since when, what they hold and what the runs say.

One table in memory for a state of the bank, a date and the runs known by then; the list builder counts on it
while a person types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.access.columns import Column, Ints, Keys, Numbers, Sets, Words, column_of
from bankmine.access.tables import Shown, Table
from bankmine.customers.conditions import NO_CONSENT, NO_SALE, conditions
from bankmine.customers.population import customers_at
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.lifecycle.run import Run

PLAIN = ("kind", "branch_id", "manager_id", "region_id", "since", "closed_on")
CUSTOMERS = f"SELECT customer_id, {', '.join(PLAIN)} FROM customer ORDER BY customer_id"
PRODUCTS = "SELECT DISTINCT customer_id, product_code AS word FROM holding WHERE closed_on IS NULL"
FAMILIES = """
SELECT DISTINCT customer_id, family AS word FROM holding JOIN product USING (product_code)
WHERE closed_on IS NULL AND family IS NOT NULL
""".strip()
FROM_TASK: Mapping[str, str] = {
    "segment": "segmentation", "profit_minor": "value", "value_minor": "value", "value_grade": "value",
    "churn_chance": "churn", "churn_grade": "churn",
}  # fmt: skip
"""The columns that a task's published run fills, and whose permission they ask for."""


@dataclass(frozen=True)
class Source:
    """What the directory is made of: `runs` by task, those known by the cutoff (µs)."""

    warehouse: Warehouse
    cutoff: int
    runs: Mapping[str, Run]
    memory: str
    threads: int


def shown_columns(currency: str) -> tuple[Shown, ...]:
    """The columns of the directory in the order of a page."""
    return (
        Shown("customer_id", "Customer", "key"), Shown("kind", "Kind", "text"),
        Shown("branch_id", "Branch", "text"), Shown("manager_id", "Manager", "text"),
        Shown("region_id", "Region", "text"), Shown("since", "Since", "day"),
        Shown("closed_on", "Ended", "day"), Shown("products", "Products", "text"),
        Shown("families", "Families", "text"), Shown("flags", "Flags", "text"),
        Shown("consent", "May be contacted to sell", "text"), Shown("segment", "Segment", "text"),
        Shown("profit_minor", "Profit, past year", "money", currency),
        Shown("value_minor", "Lifetime value", "money", currency),
        Shown("value_grade", "Value grade", "text"), Shown("churn_chance", "Chance to close", "share"),
        Shown("churn_grade", "Churn grade", "text"),
    )  # fmt: skip


def directory(source: Source) -> Table:
    """All customers known at the cutoff, ascending by id; columns the bank cannot fill are missing."""
    rows, _ = customers_at(source.warehouse, source.cutoff, memory=source.memory, threads=source.threads)
    ids: Ints = rows.column("customer_id").to_numpy()
    absent = np.zeros(len(ids), dtype=np.bool_)
    columns: dict[str, Column] = {"customer_id": Keys(ids, absent)}
    columns |= _plain(source, ids)
    columns |= _held(source, ids)
    columns |= _restrained(source, ids)
    columns |= _answered(source, ids)
    return Table(columns, shown_columns(source.warehouse.currency), len(ids), ("customer_id",))


def _session(source: Source) -> Session:
    return Session(
        source.warehouse, source.cutoff, until=source.cutoff, memory=source.memory, threads=source.threads
    )


def _plain(source: Source, ids: Ints) -> dict[str, Column]:
    """Kind, branch, manager, region and the dates of the relation."""
    if not source.warehouse.has("customer"):
        days = {"since", "closed_on"}
        return {name: _no_days(len(ids)) if name in days else _no_words(len(ids)) for name in PLAIN}
    with _session(source) as session:
        found = session.arrow(CUSTOMERS)
    who = found.column("customer_id").to_numpy()
    return {name: _aligned(found.column(name), who, ids) for name in PLAIN}


def _aligned(values: Any, who: Ints, ids: Ints) -> Column:
    """A column given by customer (`who`, ascending), as one by `ids`; missing where there is none."""
    import pyarrow as pa

    at = np.minimum(np.searchsorted(who, ids), max(len(who) - 1, 0))
    there = who[at] == ids if len(who) else np.zeros(len(ids), dtype=np.bool_)
    return column_of(values.take(pa.array(at, mask=~there)))


def _held(source: Source, ids: Ints) -> dict[str, Column]:
    """Products held and their families."""
    has = source.warehouse.has
    with _session(source) as session:
        found = {
            "products": session.arrow(PRODUCTS) if has("holding") else None,
            "families": session.arrow(FAMILIES) if has("holding") and has("product") else None,
        }
    return {name: _set_of(rows, ids) for name, rows in found.items()}


def _set_of(found: Any, ids: Ints) -> Sets:
    """The words of each customer as bits; the commonest 64 where there are more."""
    if found is None or not found.num_rows:
        return Sets(np.zeros(len(ids), dtype=np.uint64), ())
    words, codes = np.unique(np.array(found.column("word").to_pylist(), dtype=str), return_inverse=True)
    kept = np.sort(np.argsort(-np.bincount(codes), kind="stable")[:64])
    place = np.full(len(words), -1)
    place[kept] = np.arange(len(kept))
    who = found.column("customer_id").to_numpy()
    at = np.minimum(np.searchsorted(ids, who), len(ids) - 1)
    good = (ids[at] == who) & (place[codes] >= 0)
    bits = np.zeros(len(ids), dtype=np.uint64)
    np.bitwise_or.at(bits, at[good], np.uint64(1) << place[codes][good].astype(np.uint64))
    return Sets(bits, tuple(str(words[one]) for one in kept))


def _restrained(source: Source, ids: Ints) -> dict[str, Column]:
    """The conditions of each customer, and whether anything may be offered: the one place that decides."""
    found = conditions(source.warehouse, source.cutoff, memory=source.memory, threads=source.threads)
    own = [found.of(customer) for customer in ids.tolist()]
    words = tuple(sorted({flag for flags in own for flag in flags}))
    bit = {word: 1 << place for place, word in enumerate(words)}
    barred = sum(bit[word] for word in words if word in NO_SALE and word != NO_CONSENT)
    bits = np.array([sum(bit[flag] for flag in flags) for flags in own], dtype=np.uint64)
    no_consent = (bits & np.uint64(bit.get(NO_CONSENT, 0))) != 0
    code = np.where((bits & np.uint64(barred)) != 0, 2, np.where(no_consent, 1, 0))
    said = Words(_SORTED[code], ("no consent", "not now", "yes"))
    return {"flags": Sets(bits, words), "consent": said}


_SORTED = np.array([2, 0, 1], dtype=np.int32)  # yes, no consent, not now: places among the sorted words


def _answered(source: Source, ids: Ints) -> dict[str, Column]:
    """What the runs say of each customer; missing where a task has no run by then."""
    columns: dict[str, Column] = {
        "segment": _no_words(len(ids)), "profit_minor": _no_numbers(len(ids)),
        "value_minor": _no_numbers(len(ids)), "value_grade": _no_words(len(ids)),
        "churn_chance": _no_numbers(len(ids)), "churn_grade": _no_words(len(ids)),
    }  # fmt: skip
    runs = source.runs
    if "segmentation" in runs:
        columns["segment"] = _of_run(_question(runs["segmentation"]), {"segment": "grade"}, ids)["segment"]
    if "value" in runs and (kept := runs["value"].table("customers")) is not None:
        names = {"profit_minor": "profit_minor", "value_minor": "lifetime_minor", "value_grade": "grade"}
        columns |= _of_run(kept, names, ids)
    if "churn" in runs:
        columns |= _of_run(
            _question(runs["churn"], "closure"), {"churn_chance": "probability", "churn_grade": "grade"}, ids
        )
    return columns


def _question(run: Run, name: str = "") -> Any:
    """The rows of one question of a run's scores: that of the name, else the first."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    wanted = ["question", "customer_id", "grade", "probability"]
    table = pq.ParquetFile(run.folder / "scores.parquet").read(columns=wanted, use_threads=False)
    every: Sequence[str] = sorted(table.column("question").unique().to_pylist())
    chosen = name if name in every else next(iter(every), "")
    return table.filter(pc.equal(table.column("question"), chosen))


def _of_run(table: Any, names: Mapping[str, str], ids: Ints) -> dict[str, Column]:
    table = table.sort_by("customer_id")
    who = table.column("customer_id").to_numpy()
    return {name: _aligned(table.column(column), who, ids) for name, column in names.items()}


def _no_words(count: int) -> Words:
    return Words(np.full(count, -1, dtype=np.int32), ())


def _no_numbers(count: int) -> Numbers:
    return Numbers(np.zeros(count), np.ones(count, dtype=np.bool_))


def _no_days(count: int) -> Numbers:
    return Numbers(np.zeros(count, dtype=np.int32), np.ones(count, dtype=np.bool_), "day")
