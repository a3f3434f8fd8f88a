"""The tables of a run, held in memory, and whose each of their rows is.

A row belongs to its `customer_id`; where a table has none, to the owner of the one loan, account, card or
application that it names by a bank table's key. A table whose rows belong to nobody speaks of the whole bank,
and only whoever sees the whole bank sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.access.columns import Column, Ints, Keys, Numbers, Words, column_of
from bankmine.access.tables import Shown, Table
from bankmine.bank.catalogue import TABLES
from bankmine.engine.session import Session
from bankmine.errors import NotFound

if TYPE_CHECKING:
    from bankmine.access.attachment import Attachment
    from bankmine.bank.warehouse import Warehouse
    from bankmine.governance import Scope
    from bankmine.lifecycle.run import Run

SCORES, ROW = "scores", "_row"
_FLAT = (
    "question", "rank", "subject_kind", "subject_id", "customer_id", "flags", "probability", "value", "grade",
)  # fmt: skip


@dataclass(frozen=True)
class Owned:
    """A whole table of a run: `places` of its rows' owners among all customers, −1 where there is none.

    `whole_bank` says that no row has an owner by the table's make, not by chance; `ranks_all` that the
    column `rank` counts the rows of the whole bank.
    """

    table: Table
    places: Ints
    whole_bank: bool
    ranks_all: bool = False

    def seen(self, attachment: Attachment, scope: Scope) -> Table:
        """The rows in the scope; ranks over the whole bank become ranks among them."""
        if scope.everything:
            return self.table
        if self.whole_bank:
            return self.table.take(np.zeros(0, dtype=np.int64))
        rows = attachment.rows_seen(self.places, scope)
        seen = self.table.take(rows)
        return seen.with_column("rank", _ranked(seen)) if self.ranks_all else seen


def _over_all(table: Table) -> bool:
    """Whether the table ranks its rows and no rank comes twice in a question: it counts the whole bank's."""
    rank = table.columns.get("rank")
    if not isinstance(rank, Numbers) or rank.absent.any() or not table.length:
        return False
    most = int(rank.values.max()) + 1
    places = _questions(table).astype(np.int64) * most + rank.values
    return len(np.unique(places)) == table.length


def _questions(table: Table) -> NDArray[np.int32]:
    """The question of each row; all alike where the table has none."""
    question = table.columns.get("question")
    return question.codes if isinstance(question, Words) else np.zeros(table.length, dtype=np.int32)


def _ranked(table: Table) -> Numbers:
    """Ranks from 1 among the table's own rows, question by question, in the order of the old ones."""
    rank = table.columns["rank"]
    assert isinstance(rank, Numbers)
    groups = _questions(table)
    order = np.lexsort([rank.values, groups])
    first = np.searchsorted(groups[order], groups[order])
    own = np.empty(table.length, dtype=np.int64)
    own[order] = np.arange(table.length) - first + 1
    return Numbers(own, rank.absent)


def table_names(run: Run) -> tuple[str, ...]:
    """The lists of a run: its scores and every table it kept."""
    return (SCORES, *run.about.get("tables", {}))


def load(
    run: Run, name: str, warehouse: Warehouse, attachment: Attachment, *, memory: str, threads: int
) -> Owned:
    """A table of a run with the owners of its rows; NotFound where the run kept none of that name."""
    declared = run.about.get("tables", {})
    if name != SCORES and name not in declared:
        raise NotFound(f"{run.task} keeps no table {name[:40]!r}", hint="Choose one that it names.")
    kept = _scores(run) if name == SCORES else run.table(name)
    if kept is None:
        raise NotFound(f"the table {name!r} of {run.task} is gone", hint="Run the task again.")
    shapes = _score_shapes(run) if name == SCORES else declared[name]["columns"]
    columns = {
        column: column_of(kept.column(column), key=_is_key(column, shapes)) for column in kept.column_names
    }
    if name == SCORES:
        count = np.arange(kept.num_rows)
        columns[ROW] = Numbers(count, np.zeros(len(count), dtype=np.bool_))
    keys = tuple(column for column, held in columns.items() if isinstance(held, Keys))
    table = Table(columns, _shown(shapes, columns), kept.num_rows, keys)
    owner = _owner(columns, warehouse, run.cutoff_us, memory, threads)
    if owner is None:
        return Owned(table, np.full(kept.num_rows, -1, dtype=np.int64), whole_bank=True)
    places = np.where(owner.absent, -1, attachment.place(owner.values))
    return Owned(table, places, whole_bank=False, ranks_all=_over_all(table))


def _scores(run: Run) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetFile(run.folder / "scores.parquet", read_dictionary=["question", "grade"]).read(
        columns=list(_FLAT), use_threads=False
    )


def _score_shapes(run: Run) -> dict[str, Mapping[str, Any]]:
    """How the columns of scores are shown, as `lifecycle.lists` shows them."""
    unit = str(run.about["figures"]["decision"]["unit"])
    money = {"kind": "money", "label": "Money at stake", "unit": run.about["currency"]}
    kind = str(run.about["subject_kind"])
    subject = {} if kind == "customer" else {"subject_id": {"kind": "key", "label": kind.capitalize()}}
    return {
        "question": {"kind": "text", "label": "Question"},
        "rank": {"kind": "number", "label": "Rank", "digits": 0},
        "customer_id": {"kind": "key", "label": "Customer"},
        **subject,
        "flags": {"kind": "text", "label": "Flags"},
        "probability": {"kind": "share", "label": "Chance"},
        "value": money if unit == "minor units" else {"kind": "number", "label": unit.capitalize()},
        "grade": {"kind": "text", "label": "Grade"},
    }


def _is_key(name: str, shapes: Mapping[str, Mapping[str, Any]]) -> bool:
    return name.endswith("_id") or shapes.get(name, {}).get("kind") == "key"


def _shown(shapes: Mapping[str, Mapping[str, Any]], columns: Mapping[str, Column]) -> tuple[Shown, ...]:
    """The declared columns that are there, the customer first where the table names one."""
    named = {name: shape for name, shape in shapes.items() if name in columns}
    if "customer_id" in columns and "customer_id" not in named:
        named = {"customer_id": {"kind": "key", "label": "Customer"}, **named}
    return tuple(
        Shown(
            name, str(shape.get("label", name)), str(shape.get("kind", "text")), str(shape.get("unit") or ""),
            shape.get("digits"),
        )
        for name, shape in named.items()
    )  # fmt: skip


def _owner(
    columns: Mapping[str, Column], warehouse: Warehouse, cutoff: int, memory: str, threads: int
) -> Keys | None:
    """The customer of each row; None where the table names nothing that belongs to one."""
    own = columns.get("customer_id")
    if isinstance(own, Keys):
        return own
    for name, column in columns.items():
        holder = next(
            (one for one in TABLES.values() if one.primary_key == (name,) and one.has("customer_id")), None
        )
        if holder is not None and isinstance(column, Keys) and warehouse.has(holder.name):
            with Session(warehouse, cutoff, memory=memory, threads=threads) as session:
                found = session.arrow(
                    f"SELECT {name} AS held, arg_max(customer_id, known_at) AS customer_id "
                    f"FROM {holder.name} "
                    f"WHERE {name} IS NOT NULL AND customer_id IS NOT NULL GROUP BY {name} ORDER BY held"
                )
            return _looked_up(column, found)
    return None


def _looked_up(column: Keys, found: Any) -> Keys:
    held, customers = found.column("held").to_numpy(), found.column("customer_id").to_numpy()
    if not len(held):
        return Keys(np.zeros(len(column.values), np.int64), np.ones(len(column.values), np.bool_))
    at = np.minimum(np.searchsorted(held, column.values), len(held) - 1)
    there = (held[at] == column.values) & ~column.absent
    return Keys(np.where(there, customers[at], 0), ~there)
