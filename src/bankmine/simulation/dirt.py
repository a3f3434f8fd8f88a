"""What is wrong with the deliveries, at the scenario's rates: nothing true is lost, all is written down.

Transactions: some are recorded days late; some come first with a wrong amount or category and again,
right, with a later time of recording; some are booked twice by mistake and the second booking is withdrawn
later; some rows come twice; and there are rows that break the contract, under numbers of their own. The
balances after a booking are always the right ones. Other extracts have codes in mixed case or with blanks
around them, and rows that come twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.frame import CURRENCY, DAY, FIRST_DAY, Floats, Frame, Ints

Planted = dict[str, dict[str, int]]  # extract, kind of dirt, rows
TRANSACTIONS = "transactions"
EXTRA = 2**27  # numbers of a community's rows that never counted, above those of its transactions
BREAKS = ("unknown_account", "unreadable_amount", "unknown_status", "future_day")
UNKNOWN_STATUS, BOOKED = "X", "B"
_EPOCH_DAYS = FIRST_DAY.toordinal() - 719_163  # days from 1970-01-01 to FIRST_DAY
_FAR = 70 * 365  # days; nobody books that far ahead
_MOST_DAYS = 12  # a late row is recorded so many days after at the latest
_MOST_BROKEN = 0.009  # of a community's rows, whatever luck says
_UNTIDY = {  # extract: codes that are typed in by hand, and so come untidy
    "customers": ("gender", "marital", "education"), "interactions": ("topic",), "prospects": ("gender",),
}  # fmt: skip
_UNTIDY_SHARE = 0.01
_TWICE = ("customers", "holdings", "interactions", "digital", "loan_events")
_TRACES = pa.schema(
    [
        ("extract", columns.CODE),
        ("kind", columns.CODE),
        ("row", pa.int64()),
        ("recorded_at", columns.TIMESTAMP),
    ]
)


def dirty(
    frame: Frame, community: int, extracts: dict[str, pa.Table]
) -> tuple[dict[str, pa.Table], pa.Table, Planted]:
    """The extracts of a community as they are delivered, what is dirty in them, and how much of it.

    The second has a row for each planted one: extract, kind, raw key (`row`; of untidy codes and rows that
    come twice outside transactions the place in the community's clean extract) and time of recording.
    """
    delivered, traces, counts = dict(extracts), [], {}
    for name, table in extracts.items():
        if not table.num_rows:
            if name == TRANSACTIONS:
                delivered[name] = _with_withdrawn(table)
            continue
        if name == TRANSACTIONS:
            delivered[name], found = _transactions(frame, community, table)
        elif name in _UNTIDY or name in _TWICE:
            delivered[name], found = _others(frame, community, name, table)
        else:
            continue
        traces += found
        counts[name] = {one.kind: int(one.row.size) for one in found}
    return delivered, _traced(traces), counts


@dataclass(frozen=True)
class Trace:
    """Rows of one kind of dirt: raw keys and seconds since 1970 of the recording (none: -1)."""

    extract: str
    kind: str
    row: Ints
    recorded: Ints


def _traced(traces: list[Trace]) -> pa.Table:
    kinds = sorted({one.kind for one in traces})
    extracts = sorted({one.extract for one in traces})
    size = [one.row.size for one in traces]
    row = np.concatenate([np.zeros(0, np.int64), *(one.row for one in traces)])
    recorded = np.concatenate([np.zeros(0, np.int64), *(one.recorded for one in traces)])
    made = {
        "extract": columns.code(np.repeat([extracts.index(one.extract) for one in traces], size), extracts),
        "kind": columns.code(np.repeat([kinds.index(one.kind) for one in traces], size), kinds),
        "row": columns.amount(row),
        "recorded_at": pa.array(recorded * 1_000_000, mask=recorded < 0).cast(columns.TIMESTAMP),
    }
    return pa.table(made, schema=_TRACES)


def _transactions(frame: Frame, community: int, clean: pa.Table) -> tuple[pa.Table, list[Trace]]:
    """The true rows in their order, some with a wrong value or late; after them all that came on top."""
    table = _whole(_with_withdrawn(clean))
    chosen = _chosen(frame, community, table)
    changed, late = _late(frame, community, table, chosen["late"])
    changed, again, corrected = _corrected(frame, community, changed, table, chosen["corrected"])
    booked, doubled = _withdrawn(frame, community, table, chosen["withdrawn"])
    twice = chosen["duplicated"]
    broken, breaks = _broken(frame, community, table, chosen["broken"])
    extra = pa.concat_tables([again, booked, table.take(twice), broken])
    order = np.lexsort((_whole_numbers(extra, "txn_no"), _whole_numbers(extra, "recorded_at")))
    number = _whole_numbers(table, "txn_no")
    repeated = Trace(TRANSACTIONS, "twice", number[twice], _seconds(table, "recorded_at")[twice])
    delivered = pa.concat_tables([changed, extra.take(order)]).unify_dictionaries()
    return delivered, [late, corrected, doubled, repeated, *breaks]


def _chosen(frame: Frame, community: int, table: pa.Table) -> dict[str, Ints]:
    """The places of the rows that each kind of dirt falls on; none on two."""
    rates = frame.scenario.dirt
    shares = {
        name: getattr(rates, name) for name in ("late", "corrected", "withdrawn", "duplicated", "broken")
    }
    luck = frame.random(community, "dirt transactions").random(table.num_rows)
    ends = np.cumsum(list(shares.values()))
    near = np.flatnonzero(luck < ends[-1])
    kind = np.searchsorted(ends, luck[near], side="right")
    status = table.column("status").chunk(0)
    is_booked = status.indices.take(pa.array(near)).to_numpy() == status.dictionary.index(BOOKED).as_py()
    only_booked = np.isin(kind, [list(shares).index(name) for name in ("corrected", "withdrawn")])
    return {name: near[(kind == place) & (is_booked | ~only_booked)] for place, name in enumerate(shares)}


def _later(frame: Frame, rows: Ints, recorded: Ints, luck: Floats) -> tuple[Ints, Ints, Ints]:
    """Rows that are recorded again one to twelve days later, if that is before the extract is drawn: their
    places in `rows`, the rows, and the seconds of that recording."""
    again = recorded[rows] + DAY + ((_MOST_DAYS - 1) * DAY * luck**2).astype(np.int64)
    kept = np.flatnonzero(again < (_EPOCH_DAYS + frame.days) * DAY)
    return kept, rows[kept], again[kept]


def _late(frame: Frame, community: int, table: pa.Table, rows: Ints) -> tuple[pa.Table, Trace]:
    luck = frame.random(community, "dirt late").random(rows.size)
    recorded = _seconds(table, "recorded_at")
    _, rows, again = _later(frame, rows, recorded, luck)
    trace = Trace(TRANSACTIONS, "late", _whole_numbers(table, "txn_no")[rows], again)
    return _with_instants(table, "recorded_at", rows, again), trace


def _corrected(
    frame: Frame, community: int, changed: pa.Table, table: pa.Table, rows: Ints
) -> tuple[pa.Table, pa.Table, Trace]:
    """The rows as they were first recorded, wrong, and the right ones as recorded later."""
    luck = frame.random(community, "dirt corrected").random((rows.size, 3))
    kept, rows, again = _later(frame, rows, _seconds(table, "recorded_at"), luck[:, 0])
    luck = luck[kept]
    currency = table.column("ccy").chunk(0).take(pa.array(rows))
    own = currency.cast(pa.string()).to_numpy(zero_copy_only=False) == CURRENCY
    category = table.column("category").chunk(0)
    has_category = category.take(pa.array(rows)).is_valid().to_numpy(zero_copy_only=False)
    of_amount = own & ((luck[:, 1] < 0.6) | ~has_category)
    amount = _whole_numbers(table, "amount")[rows]
    wrong = np.where(luck[:, 2] < 0.3, amount * 10, amount + 1 + (amount * luck[:, 2] / 4).astype(np.int64))
    for name in ("amount", "base"):
        values = _whole_numbers(table, name).copy()
        values[rows[of_amount]] = wrong[of_amount]
        changed = _with_column(changed, name, pa.array(values))
    elsewhere = has_category & ~of_amount
    changed = _other_category(changed, rows[elsewhere], luck[elsewhere, 2])
    rows, again = rows[of_amount | elsewhere], again[of_amount | elsewhere]
    right = table.take(rows)
    right = _with_instants(right, "recorded_at", np.arange(rows.size), again)
    return changed, right, Trace(TRANSACTIONS, "corrected", _whole_numbers(right, "txn_no"), again)


def _other_category(table: pa.Table, rows: Ints, luck: Floats) -> pa.Table:
    category = table.column("category").chunk(0)
    count = len(category.dictionary)
    valid = category.is_valid().to_numpy(zero_copy_only=False)
    indices = np.where(valid, category.indices.fill_null(0).to_numpy(), -1)
    indices[rows] = (indices[rows] + 1 + (luck * (count - 1)).astype(np.int64)) % count
    return _with_column(table, "category", columns.code(indices, category.dictionary.to_pylist()))


def _withdrawn(frame: Frame, community: int, table: pa.Table, rows: Ints) -> tuple[pa.Table, Trace]:
    """Second bookings by mistake, each with its withdrawal; the balance is that of the first."""
    luck = frame.random(community, "dirt withdrawn").random(rows.size)
    recorded = _seconds(table, "recorded_at")
    kept, rows, again = _later(frame, rows, recorded, luck)
    number = _first_number(community) + EXTRA + kept
    booked = _with_column(table.take(rows), "txn_no", pa.array(number))
    gone = _with_instants(booked, "recorded_at", np.arange(rows.size), again)
    gone = _with_column(gone, "withdrawn", pa.repeat(pa.scalar(True), rows.size))
    return pa.concat_tables([booked, gone]), Trace(TRANSACTIONS, "withdrawn", number, again)


def _broken(frame: Frame, community: int, table: pa.Table, rows: Ints) -> tuple[pa.Table, list[Trace]]:
    """Rows no bank can take, made of true ones, so few that a load does not refuse the whole."""
    rows = rows[: int(_MOST_BROKEN * table.num_rows)]
    number = _first_number(community) + EXTRA + EXTRA // 2 + np.arange(rows.size)
    way = frame.random(community, "dirt broken").integers(0, len(BREAKS), rows.size)
    made = _with_column(table.take(rows), "txn_no", pa.array(number))
    account = np.where(way == 0, 1_000_000_000 + number % EXTRA, _whole_numbers(made, "account"))
    made = _with_column(made, "account", pa.array(account))
    amount = pa.array(_whole_numbers(made, "amount"), mask=way == 1)
    made = _with_column(made, "amount", amount)
    status = made.column("status").combine_chunks()
    names = [*status.dictionary.to_pylist(), UNKNOWN_STATUS]
    if rows.size:
        codes = np.where(way == 2, len(names) - 1, status.indices.to_numpy())
        made = _with_column(made, "status", columns.code(codes, names))
    future = np.flatnonzero(way == 3)
    for name in ("booked_at", "recorded_at"):
        made = _with_instants(made, name, future, _seconds(made, name)[future] + _FAR * DAY)
    recorded = _seconds(made, "recorded_at")
    traces = [
        Trace(TRANSACTIONS, kind, number[way == place], recorded[way == place])
        for place, kind in enumerate(BREAKS)
    ]
    return made, traces


def _others(frame: Frame, community: int, name: str, table: pa.Table) -> tuple[pa.Table, list[Trace]]:
    """Codes typed untidily, then rows that come twice, of another extract."""
    draw = frame.random(community, f"dirt {name}")
    traces = []
    for column in _UNTIDY.get(name, ()):
        rows = np.flatnonzero(draw.random(table.num_rows) < _UNTIDY_SHARE)
        codes = table.column(column).combine_chunks()
        names = codes.dictionary.to_pylist()
        valid = codes.is_valid().to_numpy(zero_copy_only=False)
        indices = np.where(valid, codes.indices.fill_null(0).to_numpy(), -1)
        rows = rows[valid[rows]]
        indices[rows] += len(names) * draw.integers(1, 3, rows.size)
        untidy = [*names, *(f" {one.upper()}" for one in names), *(f"{one.capitalize()} " for one in names)]
        table = _with_column(table, column, columns.code(indices, untidy))
        traces.append(Trace(name, f"untidy_{column}", rows, np.full(rows.size, -1)))
    if name in _TWICE:
        rows = np.flatnonzero(draw.random(table.num_rows) < frame.scenario.dirt.duplicated)
        table = pa.concat_tables([table, table.take(rows)])
        traces.append(Trace(name, "twice", rows, np.full(rows.size, -1)))
    return table, traces


def _first_number(community: int) -> int:
    """The first transaction number of a community."""
    return (community + 1) * 2**28


def _with_withdrawn(table: pa.Table) -> pa.Table:
    return table.append_column("withdrawn", pa.repeat(pa.scalar(False), table.num_rows))


def _whole(table: pa.Table) -> pa.Table:
    """The table with one chunk a column."""
    if all(column.num_chunks == 1 for column in table.columns):
        return table
    return table.unify_dictionaries().combine_chunks()


def _with_column(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _with_instants(table: pa.Table, name: str, rows: Ints, seconds: Ints) -> pa.Table:
    """The table with the instants of some rows of a column replaced."""
    values = _whole_numbers(table, name).copy()
    values[rows] = seconds * 1_000_000
    return _with_column(table, name, pa.array(values).cast(columns.TIMESTAMP))


def _whole_numbers(table: pa.Table, name: str) -> Ints:
    """A column of whole numbers or instants without missing ones, as they are stored."""
    column = table.column(name)
    values = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return np.asarray(values.cast(pa.int64()).to_numpy())


def _seconds(table: pa.Table, name: str) -> Ints:
    """Seconds since 1970 of a column of instants."""
    return _whole_numbers(table, name) // 1_000_000
