"""Small copies of a warehouse for the honesty tests: cut at an instant, or poisoned behind it.

Only what touches the sampled subjects is copied: events that share a customer, card, terminal, merchant or
other key with them, or are of the same application or loan; the versioned and reference tables, and the
tables of which a feature looks at everybody's rows, whole. A copy is one file a table in a temporary
folder, and a manifest that lives in memory only.

*Cut*: rows of events after the cutoff, and rows that became known after it, are gone.
*Poisoned*: the same rows stay, with absurd amounts; every event before the cutoff also gets a correction with
an absurd amount that became known a day after it, and a twin that happens an hour after it; verdicts not yet
known are turned around, and outcome columns are changed where they were not yet known. Past verdicts are
turned around, and past transactions judged anew, by verdicts known a day after the cutoff. Rows of customers,
accounts and the other versioned and reference tables get a correction known a day after the cutoff and, where
they have versions, a next version that holds from an hour after it, both with other values throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.civil import DAY, HOUR
from bankmine.bank.columns import Kind, Table, Type
from bankmine.bank.hashing import bucket_of
from bankmine.bank.manifest import DataFile, Manifest, TableState
from bankmine.bank.warehouse import Warehouse
from bankmine.tasks.contract import Truth
from bankmine.tasks.sql import instants, micros

_SUBJECT_KEYS = {
    "counterparty": "counterparty_id", "application": "application_id", "loan": "loan_id",
    "account": "account_id",
}  # fmt: skip
SAMPLED_KEYS = ("customer_id", "card_id", "terminal_id", "merchant_id")
ABSURD = 987_654_321


@dataclass(frozen=True)
class Cut:
    """Where the future begins: events after the position (at, seq), or knowledge after `at`, are future.

    Without `seq` all events at the instant are future.
    """

    at: int
    seq: int | None = None

    def is_future(self, rows: Any) -> Truth:
        """Which event rows happened later or became known later."""
        time, known = micros(rows.column("event_time")), micros(rows.column("known_at"))
        later = time >= self.at
        if self.seq is not None:
            seq = rows.column("seq").to_numpy()
            later = (time > self.at) | ((time == self.at) & (seq > self.seq))
        return np.asarray(later | (known > self.at), dtype=np.bool_)


def copies(
    warehouse: Warehouse, rows: Any, cut: Cut, folder: Path, *, everyone: Collection[str] = ()
) -> tuple[Warehouse, Warehouse]:
    """The cut copy and the poisoned copy of what touches the rows' subjects.

    `everyone` are the tables of which features look at all rows: these are copied whole.
    """
    tables = touching(warehouse, rows, everyone=everyone)

    def poisoned(name: str) -> Any:
        made = _poisoned(tables[name], bank_table(name), cut)
        if name == "feedback" and "transaction" in tables:
            fresh = _new_verdicts(tables["transaction"], tables["feedback"], cut)
            made = _together([made, fresh], bank_table("feedback"))
        return made

    clean = _Made([*tables], lambda name: _cut(tables[name], bank_table(name), cut))
    return (
        write_copy(warehouse, clean, folder / "cut", until=cut.at + (cut.seq is not None)),
        write_copy(warehouse, _Made([*tables], poisoned), folder / "poisoned", until=None),
    )


class _Made(Mapping[str, Any]):
    """Tables by name, each made when it is asked for, so that not all are in memory at once."""

    def __init__(self, names: Sequence[str], make: Callable[[str], Any]) -> None:
        self._names, self._make = names, make

    def __getitem__(self, name: str) -> Any:
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def touching(warehouse: Warehouse, rows: Any, *, everyone: Collection[str] = ()) -> dict[str, Any]:
    """All rows of all tables that could reach a feature of these subjects."""
    wanted = {"customer_id": pc.unique(rows.column("customer_id"))}
    for kind, key in _SUBJECT_KEYS.items():
        if pc.any(pc.equal(rows.column("subject_kind"), kind)).as_py():
            wanted[key] = pc.unique(rows.column("subject_id"))
    if warehouse.has("transaction") and pc.any(pc.equal(rows.column("subject_kind"), "transaction")).as_py():
        wanted |= _keys_of(warehouse, rows)
    found = {}
    for name in warehouse.tables():
        declared = bank_table(name)
        shares_key = declared.kind is Kind.EVENT and name not in ("feedback", *everyone)
        found[name] = _events_of(warehouse, declared, wanted) if shares_key else warehouse.read(name)
    if "feedback" in found and "transaction" in found and "feedback" not in everyone:
        known = found["transaction"].column("transaction_id")
        found["feedback"] = found["feedback"].filter(pc.is_in(found["feedback"].column("subject_id"), known))
    return found


def _events_of(warehouse: Warehouse, declared: Table, wanted: Mapping[str, Any]) -> Any:
    """The events that share a key, read bucket by bucket, so that never a whole table is in memory.

    Where only the key that the buckets are made by is asked for, the other buckets are not read at all.
    """
    count = warehouse.buckets(declared.name)
    chosen: Any = range(count)
    if declared.bucket_key is not None and [*wanted] == [declared.bucket_key]:
        keys = pc.drop_null(wanted[declared.bucket_key]).to_numpy(zero_copy_only=False)
        chosen = np.unique(bucket_of(keys, count)).tolist() or [0]
    parts = []
    for bucket in chosen:
        part = warehouse.read(declared.name, bucket=bucket)
        parts.append(part.filter(_shares_key(part, wanted)))
    # A bucket without a file comes back with plain strings in place of dictionaries.
    kept = [one for one in parts if one.num_rows] or parts[:1]
    return pa.concat_tables(kept).unify_dictionaries()


def _keys_of(warehouse: Warehouse, rows: Any) -> dict[str, Any]:
    asked, parts = pc.unique(rows.column("subject_id")), []
    for bucket in range(warehouse.buckets("transaction")):
        part = warehouse.read("transaction", ["transaction_id", *SAMPLED_KEYS], bucket=bucket)
        parts.append(part.filter(pc.is_in(part.column("transaction_id"), asked)))
    keys = pa.concat_tables(parts)
    return {name: pc.drop_null(pc.unique(keys.column(name))) for name in SAMPLED_KEYS}


def _shares_key(content: Any, wanted: Mapping[str, Any]) -> Any:
    shared = None
    for name, values in wanted.items():
        if name not in content.column_names or len(values) == 0:
            continue
        inside = pc.is_in(content.column(name), value_set=values)
        shared = inside if shared is None else pc.or_(shared, inside)
    return pa.array(np.ones(content.num_rows, bool)) if shared is None else shared


def _cut(content: Any, declared: Table, cut: Cut) -> Any:
    if declared.kind is Kind.EVENT:
        return content.filter(pa.array(~cut.is_future(content)))
    known = micros(content.column("known_at")) <= cut.at
    if declared.kind is Kind.VERSIONED:
        known &= micros(content.column("valid_from")) <= cut.at
    return content.filter(pa.array(known))


def _poisoned(content: Any, declared: Table, cut: Cut) -> Any:
    if declared.kind is not Kind.EVENT:
        future = micros(content.column("known_at")) > cut.at
        return _with_later_versions(_absurd(content, declared, future), declared, future, cut)
    future = cut.is_future(content)
    spoilt = _masked_outcomes(_absurd(content, declared, future), declared, cut)
    if declared.name == "feedback":
        past = content.filter(pa.array(~future))
        turned = _known_later(_turned_verdicts(past, np.ones(past.num_rows, bool)), cut)
        return _together([_turned_verdicts(spoilt, future), turned], declared)
    absurd = _absurd(content.filter(pa.array(~future)), declared, None)
    parts = [spoilt, _known_later(absurd, cut), _happening_later(absurd, declared, cut)]
    # An empty bucket has plain strings where the others have codes.
    return pa.concat_tables([one for one in parts if one.num_rows] or parts[:1]).unify_dictionaries()


def _with_later_versions(content: Any, declared: Table, future: Truth, cut: Cut) -> Any:
    """The rows, and of each past one a correction known later and a version that holds from later on."""
    changed = _other_values(content.filter(pa.array(~future)), declared)
    parts = [content, _known_later(changed, cut)]
    if declared.kind is Kind.VERSIONED:
        begins = instants(np.full(changed.num_rows, cut.at + HOUR, np.int64))
        place = changed.column_names.index("valid_from")
        changed = changed.set_column(place, content.schema.field("valid_from"), begins)
        ends, field = changed.column_names.index("valid_to"), content.schema.field("valid_to")
        parts.append(changed.set_column(ends, field, pa.nulls(changed.num_rows, field.type)))
    return _together(parts, declared)


def _together(parts: Sequence[Any], declared: Table) -> Any:
    """Tables one after another, in the table's own schema."""
    schema = declared.schema()
    return pa.concat_tables([part.select(schema.names).cast(schema) for part in parts])


def _other_values(content: Any, declared: Table) -> Any:
    """Another value in every number, yes-or-no and code with a list of values; keys stay."""
    every = np.ones(content.num_rows, bool)
    for column in declared.columns:
        if column.encrypted or column.name in declared.primary_key:
            continue
        if column.type in (Type.MONEY, Type.INTEGER, Type.REAL):
            content = _replaced(content, column.name, every, ABSURD)
        elif column.type is Type.BOOLEAN:
            content = _replaced(content, column.name, every, pc.invert(content.column(column.name)))
        elif column.type is Type.CODE and len(column.allowed) > 1:
            first, second = column.allowed[:2]
            is_first = pc.equal(content.column(column.name).cast(pa.string()), first)
            content = _replaced(content, column.name, every, pc.if_else(is_first, second, first))
    return content


def _new_verdicts(transactions: Any, feedback: Any, cut: Cut) -> Any:
    """A confirmed verdict of every label there is on each past transaction, known a day after the cutoff."""
    past = transactions.filter(pa.array(~cut.is_future(transactions)))
    ids = pc.unique(past.column("transaction_id")).to_numpy()
    labels = pc.unique(feedback.column("label").cast(pa.string())).to_pylist()
    rows = len(ids) * len(labels)
    given = {
        "subject_kind": ["transaction"] * rows,
        "subject_id": np.tile(ids, len(labels)),
        "label": np.repeat(np.array(labels, dtype=object), len(ids)),
        "verdict": ["confirmed"] * rows,
        "event_time": instants(np.full(rows, cut.at + HOUR, np.int64)),
        "known_at": instants(np.full(rows, cut.at + DAY, np.int64)),
        "seq": np.arange(rows),
        "cancelled": [False] * rows,
        "load_number": [int(pc.max(feedback.column("load_number")).as_py() or 0) + 1] * rows,
    }
    schema = bank_table("feedback").schema()
    made = [
        pa.array(given[field.name]).cast(field.type) if field.name in given else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.table(made, schema=schema)


def _absurd(content: Any, declared: Table, where: Truth | None) -> Any:
    """Absurd amounts in the rows marked (all, where None)."""
    mask = np.ones(content.num_rows, bool) if where is None else where
    for column in declared.columns:
        if column.type is Type.MONEY and not column.encrypted:
            content = _replaced(content, column.name, mask, ABSURD)
        elif column.name == "direction":
            turned = pc.if_else(pc.equal(content.column("direction").cast(pa.string()), "out"), "in", "out")
            content = _replaced(content, "direction", mask, turned)
    return content


def _masked_outcomes(content: Any, declared: Table, cut: Cut) -> Any:
    """Changes outcome columns in the rows whose outcome was not yet known."""
    for column in declared.columns:
        if column.known_by is None:
            continue
        known = pc.fill_null(content.column(column.known_by).cast(pa.int64()), np.iinfo(np.int64).max)
        later = known.to_numpy() > cut.at
        if column.type in (Type.MONEY, Type.INTEGER, Type.REAL):
            content = _replaced(content, column.name, later, ABSURD)
        elif column.type is Type.BOOLEAN:
            content = _replaced(content, column.name, later, True)
    return content


def _turned_verdicts(content: Any, future: Truth) -> Any:
    verdict = content.column("verdict").cast(pa.string())
    turned = pc.if_else(pc.equal(verdict, "confirmed"), "refuted", "confirmed")
    return _replaced(content, "verdict", future, turned)


def _known_later(content: Any, cut: Cut) -> Any:
    """The rows as corrections that became known a day after the cutoff."""
    known = instants(np.full(content.num_rows, cut.at + DAY, np.int64))
    place = content.column_names.index("known_at")
    content = content.set_column(place, "known_at", known)
    number = content.column_names.index("load_number")
    later = pc.add(content.column("load_number").cast(pa.int64()), 1)
    return content.set_column(number, "load_number", later.cast(content.schema.field("load_number").type))


def _happening_later(content: Any, declared: Table, cut: Cut) -> Any:
    """The rows as new events an hour after the cutoff."""
    for name in ("event_time", "known_at"):
        moved = instants(np.full(content.num_rows, cut.at + HOUR, np.int64))
        content = content.set_column(content.column_names.index(name), name, moved)
    key = declared.primary_key[0]
    if not pa.types.is_int64(content.schema.field(key).type):
        return content
    other = pc.bit_wise_not(content.column(key))
    return content.set_column(content.column_names.index(key), key, other)


def _replaced(content: Any, name: str, mask: Truth, value: Any) -> Any:
    """The column with another value where marked; missing values stay missing."""
    column = content.column(name)
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    other = value if isinstance(value, pa.ChunkedArray | pa.Array) else pa.scalar(value).cast(plain.type)
    chosen = pc.and_(pa.array(mask), pc.is_valid(plain))
    changed = pc.if_else(chosen, other, plain).cast(plain.type)
    return content.set_column(content.column_names.index(name), name, changed)


def write_copy(
    warehouse: Warehouse, tables: Mapping[str, Any], folder: Path, *, until: int | None
) -> Warehouse:
    """A warehouse of one file a table; its coverage ends at `until` where that is earlier."""
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    states = {}
    for name, content in tables.items():
        declared = bank_table(name)
        content = content.select(declared.schema().names).cast(declared.schema())
        if declared.bucket_key is not None:
            order = [(declared.bucket_key, "ascending"), ("event_time", "ascending"), ("seq", "ascending")]
            content = content.take(pc.sort_indices(content, sort_keys=order))
        pq.write_table(content, folder / f"{name}.parquet")
        file = DataFile(f"{name}.parquet", content.num_rows, 0, 1, None if declared.bucket_key is None else 0)
        span = warehouse.coverage(name)
        if span is not None and until is not None:
            span = (span[0], max(span[0] + 1, min(span[1], until)))
        states[name] = TableState(name, 1 if declared.bucket_key else None, (file,), (span,) if span else ())
    about = warehouse.manifest
    manifest = Manifest(about.time_zone, about.currency, about.key_identity, tables=states)
    made = Warehouse(folder, manifest)
    made.keys = warehouse.keys or warehouse.folder.parent / "keys"
    return made
