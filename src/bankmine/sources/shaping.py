"""One batch of a mapping's rows into the columns of the bank table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.civil import DAY, Zone
from bankmine.bank.columns import SYSTEM_COLUMNS, Column, Kind, Table, Type
from bankmine.bank.hashing import splitmix64
from bankmine.bank.keys import Keyring
from bankmine.bank.pairs import pair_column
from bankmine.sources.casting import DATE_ONLY, UTC

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bankmine.sources.money import Rates
    from bankmine.sources.owners import Owners

NO_OWNER = "no owner"


@dataclass(frozen=True, kw_only=True)
class Place:
    """What every row needs: the bank's time, keys and currency, and when the extract was drawn (µs)."""

    zone: Zone
    keyring: Keyring
    currency: str
    extract_us: int


@dataclass
class Moments:
    """A column of instants: µs UTC, which rows have one, and which of them are mere dates."""

    us: NDArray[np.int64]
    known: NDArray[np.bool_]
    is_date: NDArray[np.bool_]

    def arrow(self) -> Any:
        """As an Arrow column, null where unknown."""
        import pyarrow as pa

        return pa.array(self.us, pa.timestamp("us", tz="UTC"), mask=~self.known)


class Shape:
    """Turns batches into rows of one bank table; counts what it read.

    Beside the table's columns a row has `_row` (its number among the rows read; the rows of several owners
    share it), `_bad` and `_shape` (the first column that cannot be read, and how it looks), `_undated`, and
    for event tables `_hash` (splitmix64 of the bucket key) and, where the mapping gives no `seq`, `_pk`.
    """

    def __init__(
        self,
        table: Table,
        given: tuple[str, ...],
        place: Place,
        *,
        owners: Owners | None,
        rates: Rates | None,
    ) -> None:
        self.table, self.given, self.place = table, given, place
        self.owners, self.rates = owners, rates
        self.read = self.undated = 0
        self.gives_seq = "seq" in given
        self.expands = table.per_owner and "customer_id" not in given
        derived = {"customer_id", "is_primary"} if table.per_owner else set()
        derived |= {"base_minor"} if table.has("base_minor") else set()
        derived |= {column.name for column in SYSTEM_COLUMNS[table.kind]}
        self.pairs = [c for c in table.columns if c.pair_of and set(c.pair_of) <= set(given)]
        present = set(given) | derived | {column.name for column in self.pairs}
        self._columns = [c for c in table.all_columns if c.name in present and c.name != "load_number"]
        self.columns = tuple(column.name for column in self._columns)

    @property
    def schema(self) -> Any:
        """The Arrow schema of the rows."""
        import pyarrow as pa

        is_event = self.table.kind is Kind.EVENT
        extra = [("_row", pa.int64()), ("_bad", pa.string()), ("_shape", pa.string())]
        extra += [("_undated", pa.bool_())]
        extra += [("_hash", pa.uint64())] if is_event else []
        extra += [("_pk", pa.string())] if is_event and not self.gives_seq else []
        own = [(c.name, c.arrow_type()) for c in self._columns if c.name != "seq" or self.gives_seq]
        return pa.schema(extra + own)

    def rows(self, batch: Any) -> Any:
        """One batch in the table's form; owners multiply its rows."""
        import pyarrow as pa

        number = np.arange(self.read, self.read + batch.num_rows)
        self.read += batch.num_rows
        columns: dict[str, Any] = {
            "_row": pa.array(number),
            "_bad": batch.column("_bad"),
            "_shape": batch.column("_shape"),
        }
        if "_pk" in batch.column_names:
            columns["_pk"] = batch.column("_pk")
        columns |= self._times(batch)
        for column in self._columns:
            if column.name in self.given and column.name not in columns:
                columns[column.name] = self._value(column, batch)
        if self.table.has("base_minor") and "base_minor" not in self.given:
            columns["base_minor"] = self._in_base(batch.column("base_minor"), columns)
        for column in self.pairs:
            columns[column.name] = pair_column(*(columns[name] for name in column.pair_of or ()))
        columns = self._owned(columns)
        for column in self._columns:
            if column.encrypted and column.name in self.given:
                columns[column.name] = self._sealed(column, columns)
        if self.table.kind is Kind.EVENT:
            keys = columns[str(self.table.bucket_key)] if self.table.bucket_key in columns else None
            columns["_hash"] = pa.array(splitmix64(_integers(keys, len(columns["_row"]))))
        return pa.table({name: columns[name] for name in self.schema.names}, schema=self.schema)

    def _value(self, column: Column, batch: Any) -> Any:
        values = batch.column(column.name)
        if column.type is Type.KEY:
            return self._tokens(column, values, batch)
        return values if column.encrypted else values.cast(column.arrow_type())

    def _tokens(self, column: Column, values: Any, batch: Any) -> Any:
        """The pseudonyms of raw keys, made once for each distinct one, each in its own name space."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if column.domain_from is None:
            return self._tokens_of(values, str(column.domain))
        domains = batch.column(column.domain_from).cast(pa.string())
        found = pa.nulls(len(values), pa.int64())
        for domain in pc.unique(domains.drop_null()).to_pylist():
            mine = pc.fill_null(pc.equal(domains, domain), False)
            found = pc.if_else(mine, self._tokens_of(values, domain), found)
        return found

    def _tokens_of(self, values: Any, domain: str) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        coded = values.dictionary_encode()
        tokens = pa.array(self.place.keyring.tokens(coded.dictionary.cast(pa.string()), domain))
        return pc.take(tokens, coded.indices)

    def _moments(self, batch: Any, name: str) -> Moments:
        count = batch.num_rows
        if name not in self.given:
            return Moments(np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_))
        values, kind = batch.column(name), batch.column(f"{name}__kind")
        known = values.is_valid().to_numpy(zero_copy_only=False).copy()
        kinds = _integers(kind, count)
        us = _integers(values, count)
        local = known & (kinds != UTC)
        us[local] = self.place.zone.to_utc(us[local])
        return Moments(us, known, known & (kinds == DATE_ONLY))

    def _day_after(self, moments: Moments) -> NDArray[np.int64]:
        """The next local midnight of each mere date."""
        zone = self.place.zone
        return np.where(moments.is_date, zone.to_utc(zone.to_local(moments.us) + DAY), moments.us)

    def _times(self, batch: Any) -> dict[str, Any]:
        """The system columns, by the rule of time."""
        import pyarrow as pa

        start = {Kind.EVENT: "event_time", Kind.VERSIONED: "valid_from", Kind.REFERENCE: ""}[self.table.kind]
        began, known = self._moments(batch, start), self._moments(batch, "known_at")
        told = Moments(self._day_after(known), known.known, known.is_date)
        derivable = told.known | began.known
        told.us = np.where(told.known, told.us, self._day_after(began))
        if self.table.kind is not Kind.EVENT:
            told.us = np.where(derivable, told.us, self.place.extract_us)
            undated = ~derivable
            told.known = np.ones_like(derivable)
        else:
            undated = np.zeros_like(derivable)
            told.known = derivable
        self.undated += int(undated.sum())
        columns = {"known_at": told.arrow(), "_undated": pa.array(undated)}
        if self.table.kind is Kind.EVENT:
            columns["event_time"] = began.arrow()
            columns["cancelled"] = _filled(batch, "cancelled", pa.scalar(False))
        if self.table.kind is Kind.VERSIONED:
            columns["valid_to"] = self._moments(batch, "valid_to").arrow()
            began.us = np.where(began.known, began.us, told.us)
            began.known = np.ones_like(derivable)
            columns["valid_from"] = began.arrow()
        for column in self.table.columns:
            if column.type is Type.INSTANT and column.name in self.given:
                columns[column.name] = self._moments(batch, column.name).arrow()
        return columns

    def _in_base(self, own: Any, columns: dict[str, Any]) -> Any:
        if self.rates is None or not own.null_count:
            return own.cast("int64")
        return self.rates.convert(own, columns["amount_minor"], columns["currency"], columns["event_time"])

    def _owned(self, columns: dict[str, Any]) -> dict[str, Any]:
        """Each row once for each owner of its account, where the mapping does not name the customer."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self.table.per_owner:
            return columns
        count = len(columns["_row"])
        if not self.expands:
            return columns | {"is_primary": columns.get("is_primary", pa.repeat(True, count))}
        start = columns["event_time" if self.table.kind is Kind.EVENT else "valid_from"]
        time, account = _integers(start.cast("int64"), count), _integers(columns["account_id"], count)
        assert self.owners is not None
        row, customer, primary, owned = self.owners.expand(account, time)
        taken = {name: values.take(pa.array(row)) for name, values in columns.items()}
        return taken | {
            "customer_id": pa.array(customer, mask=~owned),
            "is_primary": pa.array(primary),
            "_bad": pc.if_else(pc.or_(pa.array(owned), pc.is_valid(taken["_bad"])), taken["_bad"], NO_OWNER),
        }

    def _sealed(self, column: Column, columns: dict[str, Any]) -> Any:
        """The texts encrypted, each text of a person once: equal ones have equal bytes."""
        import pyarrow as pa

        coded, customers = (
            columns[column.name].dictionary_encode(),
            columns["customer_id"].dictionary_encode(),
        )
        count, several = len(coded), max(len(customers.dictionary), 1)
        known = np.asarray(coded.is_valid()) & np.asarray(customers.is_valid())
        pairs = _integers(coded.indices, count) * several + _integers(customers.indices, count)
        distinct, place = np.unique(pairs[known], return_inverse=True)
        texts = coded.dictionary.take(pa.array(distinct // several)).to_pylist()
        owners = customers.dictionary.take(pa.array(distinct % several)).to_pylist()
        context = f"{self.table.name}.{column.name}"
        sealed = pa.array(self.place.keyring.encrypt(texts, owners, context), pa.binary())
        index = np.zeros(count, np.int64)
        index[known] = place
        return sealed.take(pa.array(index, mask=~known))


def _integers(values: Any, count: int) -> NDArray[np.int64]:
    """A writable array of a column of integers, 0 where null or absent."""
    import pyarrow.compute as pc

    if values is None:
        return np.zeros(count, np.int64)
    return np.array(pc.fill_null(values, 0).to_numpy(zero_copy_only=False), np.int64, copy=True)


def _filled(batch: Any, name: str, default: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in batch.column_names:
        return pa.repeat(default, batch.num_rows)
    return pc.fill_null(batch.column(name), default)
