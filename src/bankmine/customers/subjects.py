"""Who a matrix is about: the rows asked, as plain arrays, with what each of them knows.

A row names a subject, its customer and a cutoff. A customer (or account, loan, application …) is looked at
at the instant of the cutoff and knows what was known then. A transaction is looked at at its own position
(cutoff, seq) and knows what was known when it was (its `known_at`), as in `windows.replay`. A counterparty
is looked at under its own key, and through the customer its row names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.engine.session import Session
from bankmine.errors import CutoffError, UsageError

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

Ints = NDArray[np.int64]
NO_SUBJECT = np.iinfo(np.int64).min
TRANSACTION, COUNTERPARTY = "transaction", "counterparty"
KEYS = ("card_id", "terminal_id", "merchant_id", "device_id", "pair_id")
_REQUIRED = ("subject_kind", "subject_id", "customer_id", "cutoff")


@dataclass(frozen=True)
class Subjects:
    """The n rows asked.

    `knowledge` is the instant up to which each row knows; `keys` are the keys windows look under; `seqs`
    is given for transactions only; `own` holds their own columns, in the order of the rows.
    """

    kind: str
    subject: Ints
    cutoffs: Ints
    knowledge: Ints
    keys: Mapping[str, Ints]
    seqs: Ints | None = None
    own: Any = None
    statements: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.cutoffs)


def read_subjects(warehouse: Warehouse, rows: Any, own: Sequence[str], as_of: int | None) -> Subjects:
    """The rows as arrays; `own` are columns of the transactions that are needed.

    UsageError for missing columns, mixed kinds or transactions the bank does not hold; CutoffError for an
    `as_of` before a cutoff.
    """
    kind = _kind(rows)
    cutoffs = _whole(rows, "cutoff")
    subject, customer = _whole(rows, "subject_id"), _whole(rows, "customer_id")
    if as_of is not None and len(cutoffs) and as_of < cutoffs.max():
        raise CutoffError(
            "as_of lies before a cutoff, so the last events before it were not known",
            hint="Ask for earlier cutoffs, a later as_of, or leave as_of out.",
        )
    if kind == TRANSACTION:
        return _transactions(warehouse, rows, subject, customer, cutoffs, own, as_of)
    knowledge = cutoffs if as_of is None else np.full(len(cutoffs), as_of, np.int64)
    keys = {"customer_id": customer} | ({"counterparty_id": subject} if kind == COUNTERPARTY else {})
    return Subjects(kind, subject, cutoffs, knowledge, keys)


def _kind(rows: Any) -> str:
    missing = [name for name in _REQUIRED if name not in rows.column_names]
    if missing:
        raise UsageError(
            f"the rows lack the column {missing[0]}", hint=f"Rows have the columns {', '.join(_REQUIRED)}."
        )
    kinds = rows.column("subject_kind").unique().to_pylist()
    if len(kinds) > 1:
        raise UsageError(
            f"the rows hold subjects of the kinds {', '.join(map(str, kinds))}",
            hint="Ask one kind at a time.",
        )
    return str(kinds[0]) if kinds else "customer"


def _whole(rows: Any, name: str) -> Ints:
    """A column as whole numbers, instants as µs; NO_SUBJECT where missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = rows.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    if name == "cutoff" and column.null_count:
        raise UsageError("a row has no cutoff", hint="Give each row one.")
    return np.ascontiguousarray(pc.fill_null(column.cast(pa.int64()), NO_SUBJECT).to_numpy())


def _transactions(
    warehouse: Warehouse, rows: Any, subject: Ints, customer: Ints, cutoffs: Ints,
    own: Sequence[str], as_of: int | None,
) -> Subjects:  # fmt: skip
    """Transactions with their keys, positions and own columns, as they were first known."""
    import pyarrow as pa

    wanted = pa.table({"asked_row": np.arange(len(subject)), "transaction_id": subject})
    columns = list(dict.fromkeys([*KEYS, "seq", "known_at", *own]))
    with Session(warehouse) as session:
        session.register("asked", wanted)
        found = session.arrow(_first_known(columns))
        statements = tuple(session.statements)
    if found.num_rows < len(subject):
        raise UsageError(
            f"{len(subject) - found.num_rows} of the {len(subject)} transactions asked are not in this bank",
            hint="Ask for transactions of this warehouse.",
        )
    seqs = _whole(rows, "seq") if "seq" in rows.column_names else _whole(found, "seq")
    known = _whole(found, "known_at")
    knowledge = np.maximum(known, cutoffs) if as_of is None else np.full(len(cutoffs), as_of, np.int64)
    keys = {"customer_id": customer} | {name: _whole(found, name) for name in KEYS}
    return Subjects(TRANSACTION, subject, cutoffs, knowledge, keys, seqs, found, statements)


def _first_known(columns: Sequence[str]) -> str:
    """Each asked transaction at the first version that was ever known, not cancelled, primary owner's."""
    names = ", ".join(f"v.{name}" for name in columns)
    return f"""
WITH mine AS (SELECT * FROM transaction_versions SEMI JOIN asked USING (transaction_id) WHERE is_primary),
known AS (
  SELECT * FROM mine
  QUALIFY row_number() OVER (PARTITION BY transaction_id, customer_id, known_at ORDER BY load_number DESC) = 1
),
first AS (
  SELECT * FROM known WHERE NOT cancelled
  QUALIFY row_number() OVER (PARTITION BY transaction_id ORDER BY known_at, load_number) = 1
)
SELECT a.asked_row, {names} FROM asked a JOIN first v USING (transaction_id) ORDER BY a.asked_row""".strip()
