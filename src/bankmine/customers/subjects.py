"""Who a matrix is about: the rows asked, as plain arrays, with what each of them knows.

A row names a subject, its customer and a cutoff. A customer (or account, loan, application …) is looked at
at the instant of the cutoff and knows what was known then. A transaction is looked at at its own position
(cutoff, seq) and knows what was known when it was (its `known_at`), as in `windows.replay`. A counterparty
is looked at under its own key, and through the customer its row names.

An application is looked at at its own instant (cutoff), and knows what was known when it was itself known; a
loan or an account knows what was known at the cutoff. `own` holds the columns of the subject's own row as it
was first known; an outcome (a decision, a default) is null there until it was known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind
from bankmine.customers.feature import KEY_OF
from bankmine.engine.duck import quoted
from bankmine.engine.session import Session
from bankmine.engine.views import KnownAt, masked
from bankmine.errors import CutoffError, UsageError

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

Ints = NDArray[np.int64]
NO_SUBJECT = np.iinfo(np.int64).min
TRANSACTION, COUNTERPARTY = "transaction", "counterparty"
APPLICATION, LOAN, ACCOUNT = "application", "loan", "account"
KEYS = ("card_id", "terminal_id", "merchant_id", "device_id", "pair_id")
TABLE_OF: Mapping[str, str] = {
    TRANSACTION: "transaction", APPLICATION: "credit_application", LOAN: "loan", ACCOUNT: "account",
}  # fmt: skip
_KEYS_OF: Mapping[str, tuple[str, ...]] = {
    APPLICATION: ("session_id", "device_id", "phone", "address_id", "employer_id"),
    LOAN: ("account_id",),
    ACCOUNT: (),
}
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


def read_subjects(
    warehouse: Warehouse, rows: Any, own: Sequence[str], as_of: int | None, none: str = "customer"
) -> Subjects:
    """The rows as arrays; `own` are columns of the subjects' own rows that are needed.

    Where there are no rows, `none` is the kind of subject they would be of.

    UsageError for missing columns, mixed kinds or subjects (transactions, applications, loans, accounts) the
    bank does not hold; CutoffError for an `as_of` before a cutoff.
    """
    kind = _kind(rows, none)
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
    if kind in _KEYS_OF:
        plain = Subjects(kind, subject, cutoffs, knowledge, {"customer_id": customer, KEY_OF[kind]: subject})
        return _with_own_rows(warehouse, plain, own, as_of)
    keys = {"customer_id": customer} | ({"counterparty_id": subject} if kind == COUNTERPARTY else {})
    return Subjects(kind, subject, cutoffs, knowledge, keys)


def _kind(rows: Any, none: str) -> str:
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
    return str(kinds[0]) if kinds else none


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


def _with_own_rows(warehouse: Warehouse, asked: Subjects, own: Sequence[str], as_of: int | None) -> Subjects:
    """The subjects with the keys and columns of their own rows, as these were first known.

    An application is known with its row, be that later than its instant. What became known of a loan or an
    account only after the cutoff is null.
    """
    name = TABLE_OF[asked.kind]
    if not warehouse.has(name):
        return asked if not own else _refuse(asked, len(asked))
    columns = list(dict.fromkeys([*_KEYS_OF[asked.kind], "known_at", *own]))
    with Session(warehouse) as session:
        session.register("asked", _questions(asked))
        found = session.arrow(_own_rows(name, KEY_OF[asked.kind], columns, warehouse.manifest.time_zone))
        statements = tuple(session.statements)
    if found.num_rows < len(asked):
        _refuse(asked, len(asked) - found.num_rows)
    keys = dict(asked.keys) | {one: _whole(found, one) for one in _KEYS_OF[asked.kind]}
    knowledge = asked.knowledge
    if asked.kind == APPLICATION and as_of is None:
        knowledge = np.maximum(knowledge, _whole(found, "known_at"))
    return Subjects(asked.kind, asked.subject, asked.cutoffs, knowledge, keys, None, found, statements)


def _refuse(asked: Subjects, missing: int) -> Subjects:
    raise UsageError(
        f"{missing} of the {len(asked)} {asked.kind}s asked are not in this bank",
        hint=f"Ask for {asked.kind}s of this warehouse.",
    )


def _questions(asked: Subjects) -> Any:
    import pyarrow as pa

    instant = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "asked_row": pa.array(np.arange(len(asked))), "asked_key": pa.array(asked.subject),
            "asked_cutoff": pa.array(asked.cutoffs).cast(instant),
            "asked_known": pa.array(asked.knowledge).cast(instant),
        }
    )  # fmt: skip


def _own_rows(name: str, key: str, columns: Sequence[str], time_zone: str) -> str:
    """Each asked subject's row at the first version that was ever known; outcomes null until known."""
    declared = bank_table(name)
    known = KnownAt(known="asked_known", cut="asked_cutoff", time_zone=time_zone)
    shown = [masked(declared, declared.column(one), known) for one in columns if one != "known_at"]
    event = declared.kind is Kind.EVENT
    # A loan or account not known yet has a row without values.
    values = shown if event else [f"CASE WHEN known_at <= asked_known THEN {_bare(one)} END AS {_as(one)}"
                                  for one in shown]  # fmt: skip
    real = "WHERE NOT cancelled" if event else ""
    order = "known_at, load_number" if event else "valid_from, known_at, load_number"
    return f"""
WITH mine AS (
  SELECT * FROM {name}_versions SEMI JOIN asked ON {quoted(key)} = asked_key {real}
),
first AS (SELECT * FROM mine QUALIFY row_number() OVER (PARTITION BY {quoted(key)} ORDER BY {order}) = 1)
SELECT {", ".join(["asked_row", "known_at", *values])}
FROM asked JOIN first ON {quoted(key)} = asked_key ORDER BY asked_row""".strip()


def _bare(shown: str) -> str:
    return shown.rpartition(" AS ")[0] or shown


def _as(shown: str) -> str:
    return shown.rpartition(" AS ")[2]
