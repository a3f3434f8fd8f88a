"""Plants named defects into the tables of a bank, and says whether a list of findings names them.

Each planter takes an extract and a random generator and returns the damaged extract with the truth: what
was done to which table, columns and rows, and on which days. A planter returns None where the bank has
nothing to damage in that way (no text, no hours, no second table).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from banks import Extract

from bankmine.bank.civil import Zone

DAY_US = 86_400_000_000
Planter = Callable[[Extract, np.random.Generator], "Planted | None"]


@dataclass(frozen=True)
class Truth:
    """What was planted. A finding names it by one of `kinds`, the table, one of `columns` (empty: any)
    and a number of rows between half and twice `rows` (or `or_rows`: rows that point to those lost);
    `days` are the first and last day damaged."""

    name: str
    kinds: tuple[str, ...]
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    rows: int
    days: tuple[int, int] | None = None
    or_rows: int = 0


@dataclass(frozen=True)
class Planted:
    """A damaged extract and what was done to it."""

    extract: Extract
    truth: Truth


def named(truth: Truth, finding: Any) -> bool:
    """Whether the finding names the defect with table, column and rows (and overlaps its days)."""
    if finding.kind not in truth.kinds or finding.table not in truth.tables:
        return False
    if truth.columns and not set(truth.columns) & set(finding.columns):
        return False
    if finding.where == "against other tables" and truth.name == "cut_transactions" and truth.days:
        day = int(np.datetime64(finding.period[0]).astype(int))  # rows lost after the last day: a guess
        return truth.days[0] <= day <= truth.days[0] + 1
    if not any(0.5 * rows <= finding.rows <= 2 * rows for rows in (truth.rows, truth.or_rows)):
        return False
    if truth.days is None or finding.period is None:
        return True
    first, last = (int(np.datetime64(day).astype(int)) for day in finding.period)
    overlap = min(last, truth.days[1]) - max(first, truth.days[0]) + 1
    return overlap >= 0.5 * (truth.days[1] - truth.days[0] + 1)


def consequence(truth: Truth, finding: Any) -> bool:
    """Whether the finding is about the planted damage though it says it otherwise: same table or column."""
    related = {
        "shifted_dates": (
            "missing_rows",
            "balance_break",
            "clock_shift",
            "contradicting_dates",
            "truncated_file",
        ),
        "doubled_load": ("balance_break", "doubled_rows", "missing_rows"),
        "unit_change": ("balance_break", "default_value"),
        "missing_rows": ("balance_break", "truncated_file", "shifted_dates", "orphan_keys"),
        "truncated_file": ("orphan_keys", "missing_rows", "balance_break"),
        "reversed_direction": ("balance_break",),
        "swapped_columns": (
            "recoded_category",
            "frozen_column",
            "unit_change",
            "balance_break",
            "default_value",
            "currency_mix",
        ),
        "currency_mix": ("recoded_category",),
        "orphan_keys": ("truncated_file", "replaced_keys", "balance_break"),
        "frozen_column": ("orphan_keys", "balance_break", "default_value"),
        "clock_shift": ("balance_break", "shifted_dates"),
        "default_value": (
            "shifted_dates",
            "balance_break",
            "frozen_column",
            "unit_change",
            "contradicting_dates",
        ),
        "missing_block": (),
        "duplicated_customers": ("truncated_file",),
        "recoded_category": ("reversed_direction",),
        "encoding_damage": ("recoded_category",),
    }
    allowed = {*truth.kinds, *(kind for own in truth.kinds for kind in related.get(own, ()))}
    return finding.kind in allowed and (
        finding.table in truth.tables or finding.kind in ("orphan_keys", "truncated_file")
    )


def _days(extract: Extract, rows: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    local = Zone(extract.time_zone).to_local(_us(rows))
    return np.asarray(local // DAY_US, np.int64)


def _us(rows: Any) -> Any:
    return rows.column("event_time").cast(pa.int64()).to_numpy()


def _block(
    extract: Extract, rows: Any, rng: Any, low: float = 0.05, high: float = 0.2, to_end: bool = False
) -> tuple[Any, int, int]:
    """A block of whole days with between `low` and `high` of the rows: mask, first and last day."""
    days = _days(extract, rows)
    ranked = np.sort(days)
    share = rng.uniform(low, high)
    start = 1 - share if to_end else rng.uniform(0.25, 0.95 - share)
    first = int(ranked[int(start * len(days))]) + 1
    last = int(ranked[-1]) if to_end else int(ranked[int((start + share) * len(days))])
    last = max(last, first + 2)
    mask = (days >= first) & (days <= last)
    return mask, int(days[mask].min()), int(days[mask].max())


def _with(extract: Extract, table: str, rows: Any) -> Extract:
    return replace(extract, tables={**extract.tables, table: rows})


def _set(rows: Any, name: str, values: Any) -> Any:
    at = rows.schema.get_field_index(name)
    return rows.set_column(
        at,
        rows.schema.field(name),
        pa.chunked_array(values.chunks) if isinstance(values, pa.ChunkedArray) else values,
    )


def _where(rows: Any, name: str, mask: Any, values: Any) -> Any:
    field = rows.schema.field(name)
    return _set(
        rows,
        name,
        pc.if_else(
            pa.array(mask),
            pa.scalar(values, field.type)
            if not isinstance(values, pa.Array | pa.ChunkedArray)
            else values.cast(field.type),
            rows.column(name),
        ),
    )


def _varied(rows: Any, names: Sequence[str], least: int = 2, filled: float = 0.2) -> list[str]:
    """The columns that are filled and hold more than one value."""
    chosen = []
    for name in names:
        column = rows.column(name)
        if column.null_count < (1 - filled) * rows.num_rows and pc.count_distinct(column).as_py() >= least:
            chosen.append(name)
    return chosen


def shifted_dates(extract: Extract, rng: Any) -> Planted | None:
    """A block of days dated a year, a quarter or three weeks later or earlier."""
    rows = extract.tables["transaction"]
    mask, first, last = _block(extract, rows, rng, 0.05, 0.12)
    by = int(rng.choice([-365, 365, 366, 91, 21]))
    by = by if abs(by) > last - first else 365
    moved = np.where(mask, _us(rows) + by * DAY_US, _us(rows))
    for name in ("event_time", "known_at"):
        rows = _set(rows, name, pa.array(moved).cast(pa.timestamp("us", tz="UTC")))
    truth = Truth("shifted_dates", ("shifted_dates",), ("transaction",), ("event_time",), int(mask.sum()))
    return Planted(_with(extract, "transaction", rows), replace(truth, days=(first + by, last + by)))


def scattered_dates(extract: Extract, rng: Any) -> Planted | None:
    """Three to eight of a hundred rows dated a year later."""
    rows = extract.tables["transaction"]
    mask = rng.random(rows.num_rows) < rng.uniform(0.03, 0.08)
    moved = np.where(mask, _us(rows) + 365 * DAY_US, _us(rows))
    for name in ("event_time", "known_at"):
        rows = _set(rows, name, pa.array(moved).cast(pa.timestamp("us", tz="UTC")))
    beyond = int((moved > _us(extract.tables["transaction"]).max()).sum())  # the others lie among sound rows
    truth = Truth(
        "scattered_dates",
        ("shifted_dates",),
        ("transaction",),
        ("event_time",),
        int(mask.sum()),
        None,
        beyond,
    )
    return Planted(_with(extract, "transaction", rows), truth)


def doubled_load(extract: Extract, rng: Any) -> Planted | None:
    """A block of days, or everything, written again under other keys."""
    rows = extract.tables["transaction"]
    whole = rng.random() < 0.25
    mask, first, last = _block(extract, rows, rng)
    again = rows if whole else rows.filter(pa.array(mask))
    again = _set(again, "transaction_id", pa.array(rng.integers(1 << 40, 1 << 62, again.num_rows)))
    again = _set(again, "seq", pc.add(again.column("seq"), pc.add(pc.max(rows.column("seq")), 1)))
    truth = Truth("doubled_load", ("doubled_load",), ("transaction",), (), again.num_rows)
    return Planted(
        _with(extract, "transaction", pa.concat_tables([rows, again])),
        truth if whole else replace(truth, days=(first, last)),
    )


def unit_change(extract: Extract, rng: Any) -> Planted | None:
    """Amounts × 100, × 1000 or ÷ 1000 in a block of days or to the end."""
    rows = extract.tables["transaction"]
    mask, first, last = _block(extract, rows, rng, 0.05, 0.3, to_end=bool(rng.random() < 0.6))
    factor = float(rng.choice([100, 1000, 0.001]))
    for name in ("amount_minor", "base_minor"):
        values = rows.column(name).to_numpy()
        rows = _set(rows, name, pa.array(np.where(mask, np.rint(values * factor), values).astype(np.int64)))
    truth = Truth(
        "unit_change",
        ("unit_change",),
        ("transaction",),
        ("amount_minor", "base_minor"),
        int(mask.sum()),
        (first, last),
    )
    return Planted(_with(extract, "transaction", rows), truth)


def truncated_file(extract: Extract, rng: Any) -> Planted | None:
    """A table of owners or regions cut short; where there is none, the transactions cut within a day."""
    options = [name for name in ("account_party", "region", "customer") if _is_needed(extract, name)]
    if options:
        name = str(rng.choice(options))
        rows = extract.tables[name]
        kept = rows.slice(0, int(rows.num_rows * rng.uniform(0.6, 0.9)))
        lost = rows.num_rows - kept.num_rows
        tables = (
            "account_party",
            "customer",
            "account",
            "transaction",
            "branch",
            "card",
            "loan",
            "standing_order",
            "feedback",
        )
        truth = Truth("truncated_file", ("truncated_file", "orphan_keys"), (name, *tables), (), lost)
        if name == "region":
            left = set(kept.column("region_id").to_pylist())
            lost = sum(r not in left for r in extract.tables["customer"].column("region_id").to_pylist())
            truth = replace(truth, tables=("customer", "region"), rows=lost)
        if name == "customer":
            left = set(kept.column("customer_id").to_pylist())
            pointing = sum(
                c not in left for c in extract.tables["transaction"].column("customer_id").to_pylist()
            )
            truth = replace(truth, or_rows=pointing)
        return Planted(_with(extract, name, kept), truth)
    return cut_transactions(extract, rng)


def _is_needed(extract: Extract, name: str) -> bool:
    if name not in extract.tables:
        return False
    if name == "region":
        return extract.tables["customer"].column("region_id").null_count == 0
    return True


def cut_transactions(extract: Extract, rng: Any) -> Planted | None:
    """The transactions, sorted by time, cut in the middle of a day."""
    rows = extract.tables["transaction"]
    days = _days(extract, rows)
    order = np.lexsort((rows.column("seq").to_numpy(), _us(rows)))
    counts = np.bincount(days - days.min())
    day = int(np.quantile(days, rng.uniform(0.6, 0.95)))
    start = int(np.searchsorted(days[order], day))
    cut = start + int(counts[day - days.min()] * rng.uniform(0.2, 0.5))
    truth = Truth(
        "cut_transactions",
        ("truncated_file",),
        ("transaction",),
        ("event_time",),
        int(start + counts[day - days.min()] - cut),
        (day, day),
    )
    return Planted(_with(extract, "transaction", rows.take(pa.array(order[:cut]))), truth)


def swapped_columns(extract: Extract, rng: Any) -> Planted | None:
    """Two columns of one type exchanged in a block of days or to the end."""
    rows = extract.tables["transaction"]
    pairs = [
        ("lat", "lon"), ("city", "country"), ("channel", "category"), ("city", "channel"),
        ("mcc", "category"),
        ("channel", "status"), ("currency", "channel"), ("base_minor", "balance_after_minor"),
    ]  # fmt: skip
    pairs = [pair for pair in pairs[:-1] if len(_varied(rows, pair, 1, 0.3)) == 2]
    if not pairs:
        return None
    first_name, second_name = pairs[int(rng.integers(len(pairs)))]
    mask, first, last = _block(extract, rows, rng, 0.05, 0.3, to_end=bool(rng.random() < 0.6))
    a, b = rows.column(first_name), rows.column(second_name)
    rows = _where(_where(rows, first_name, mask, b), second_name, mask, a)
    both = int((mask & np.asarray(a.is_valid()) & np.asarray(b.is_valid())).sum())
    truth = Truth(
        "swapped_columns",
        ("swapped_columns",),
        ("transaction",),
        (first_name, second_name),
        both,
        (first, last),
    )
    return Planted(_with(extract, "transaction", rows), truth)


def orphan_keys(extract: Extract, rng: Any) -> Planted | None:
    """Two to six of a hundred rows point to accounts or customers nobody holds."""
    rows = extract.tables["transaction"]
    pairs = [("account_id", "account"), ("customer_id", "customer")]
    names = [key for key, parent in pairs if parent in extract.tables and rows.column(key).null_count == 0]
    name = str(rng.choice(names))
    mask = rng.random(rows.num_rows) < rng.uniform(0.02, 0.06)
    unknown = pa.array(rng.integers(1, 1 << 30, 200)[rng.integers(0, 200, rows.num_rows)])
    rows = _where(rows, name, mask, unknown)
    truth = Truth("orphan_keys", ("orphan_keys",), ("transaction",), (name,), int(mask.sum()))
    return Planted(_with(extract, "transaction", rows), truth)


def frozen_column(extract: Extract, rng: Any) -> Planted | None:
    """A column that keeps one value from a day on."""
    rows = extract.tables["transaction"]
    names = _varied(
        rows,
        [
            "base_minor",
            "channel",
            "category",
            "terminal_id",
            "merchant_id",
            "lat",
            "lon",
            "city",
            "balance_after_minor",
        ],
        3,
    )
    name = str(rng.choice(names))
    mask, first, last = _block(extract, rows, rng, 0.06, 0.3, to_end=True)
    column = rows.column(name)
    value = column.filter(pa.array(~mask)).drop_null()[int(rng.integers(1000))]
    mask &= np.asarray(column.is_valid())
    rows = _where(rows, name, mask, value.as_py())
    truth = Truth(
        "frozen_column", ("frozen_column",), ("transaction",), (name,), int(mask.sum()), (first, last)
    )
    return Planted(_with(extract, "transaction", rows), truth)


def encoding_damage(extract: Extract, rng: Any) -> Planted | None:
    """City or region names read with the wrong encoding, or with letters lost to question marks."""
    options = [
        ("transaction", "city"),
        ("region", "name"),
        ("customer", "occupation"),
        ("transaction", "category"),
    ]
    options = [
        (t, c)
        for t, c in options
        if t in extract.tables and extract.tables[t].column(c).null_count < extract.tables[t].num_rows
    ]
    if not options:
        return None
    table, name = options[int(rng.integers(min(2, len(options))))]
    rows = extract.tables[table]
    how = str(rng.choice(["mojibake", "question", "replacement"]))
    values = rows.column(name).to_pylist()
    hit = rng.random(len(values)) < (0.3 if rows.num_rows > 1000 else 0.6)
    damaged = [_damaged(v, how) if v is not None and h else v for v, h in zip(values, hit, strict=True)]
    changed = sum(a != b for a, b in zip(values, damaged, strict=True))
    if changed < 5:
        return None
    truth = Truth("encoding_damage", ("encoding_damage",), (table,), (name,), changed)
    return Planted(_with(extract, table, _set(rows, name, pa.array(damaged))), truth)


def _damaged(value: str, how: str) -> str:
    """The value as a wrong decoder would leave it; plain letters get an accent first, so all are hit."""
    if value.isascii():
        value = value.replace("a", "á", 1).replace("A", "Á", 1)
        if value.isascii():
            return value
    if how == "mojibake":
        return value.encode().decode("cp1252", errors="replace")
    mark = "?" if how == "question" else "\ufffd"
    return "".join(c if c.isascii() else mark for c in value)


def missing_block(extract: Extract, rng: Any) -> Planted | None:
    """A column left empty in a block of days or to the end."""
    rows = extract.tables["transaction"]
    names = _varied(
        rows,
        [
            "channel",
            "category",
            "merchant_id",
            "terminal_id",
            "card_id",
            "balance_after_minor",
            "account_id",
            "city",
            "lat",
        ],
        1,
    )
    names = names or ["customer_id"]
    name = str(rng.choice(names))
    mask, first, last = _block(extract, rows, rng, 0.05, 0.3, to_end=bool(rng.random() < 0.5))
    rows = _where(rows, name, mask, None)
    truth = Truth(
        "missing_block", ("missing_block",), ("transaction",), (name,), int(mask.sum()), (first, last)
    )
    return Planted(_with(extract, "transaction", rows), truth)


def default_value(extract: Extract, rng: Any) -> Planted | None:
    """Birth years of 1900, opening days of 1900-01-01, or amounts of 9,999,999 in a block of days."""
    options = ["amount_minor"]
    customer = extract.tables["customer"]
    options += (
        ["birth_year"] if customer.column("birth_year").null_count == 0 and customer.num_rows > 500 else []
    )
    options += ["opened_on"] if "account" in extract.tables else []
    name = str(rng.choice(options))
    table = {"amount_minor": "transaction", "birth_year": "customer", "opened_on": "account"}[name]
    rows = extract.tables[table]
    if name == "amount_minor":
        mask, first, last = _block(extract, rows, rng)
        mask &= rng.random(rows.num_rows) < 0.2
        days: tuple[int, int] | None = (first, last)
        value: Any = 999_999_900
    else:
        import datetime

        mask, days = rng.random(rows.num_rows) < 0.03, None
        value = 1900 if name == "birth_year" else datetime.date(1900, 1, 1)
    rows = _where(rows, name, mask, value)
    truth = Truth("default_value", ("default_value",), (table,), (name,), int(mask.sum()), days)
    return Planted(_with(extract, table, rows), truth)


def reversed_direction(extract: Extract, rng: Any) -> Planted | None:
    """In and out exchanged in a block of days or to the end."""
    rows = extract.tables["transaction"]
    mask, first, last = _block(extract, rows, rng, 0.06, 0.3, to_end=bool(rng.random() < 0.5))
    flipped = pc.if_else(pc.equal(rows.column("direction"), "in"), "out", "in")
    rows = _where(rows, "direction", mask, flipped)
    truth = Truth(
        "reversed_direction",
        ("reversed_direction",),
        ("transaction",),
        ("direction",),
        int(mask.sum()),
        (first, last),
    )
    return Planted(_with(extract, "transaction", rows), truth)


def currency_mix(extract: Extract, rng: Any) -> Planted | None:
    """Some rows carry another currency's code though nothing was converted."""
    rows = extract.tables["transaction"]
    mask = rng.random(rows.num_rows) < rng.uniform(0.02, 0.1)
    if rng.random() < 0.5:
        mask &= _block(extract, rows, rng, 0.2, 0.5)[0]
    rows = _where(rows, "currency", mask, "CHF")
    truth = Truth(
        "currency_mix", ("currency_mix",), ("transaction",), ("currency", "base_minor"), int(mask.sum())
    )
    return Planted(_with(extract, "transaction", rows), truth)


def duplicated_customers(extract: Extract, rng: Any) -> Planted | None:
    """Two to five of a hundred customers held again under another key."""
    rows = extract.tables["customer"]
    if len(_varied(rows, ["birth_year", "gender", "region_id", "occupation", "since"])) < 3:
        return None
    chosen = rng.permutation(rows.num_rows)[: int(rows.num_rows * rng.uniform(0.02, 0.05))]
    again = rows.take(pa.array(np.sort(chosen)))
    fresh = rng.integers(1 << 40, 1 << 62, again.num_rows)
    old = again.column("customer_id").to_numpy()
    again = _set(again, "customer_id", pa.array(fresh))
    damaged = _with(extract, "customer", pa.concat_tables([rows, again]))
    if "account_party" in extract.tables:
        party = extract.tables["account_party"]
        new = dict(zip(old.tolist(), fresh.tolist(), strict=True))
        ids = party.column("customer_id").to_pylist()
        mask = np.array([i in new for i in ids])
        more = _set(party.filter(pa.array(mask)), "customer_id", pa.array([new[i] for i in ids if i in new]))
        damaged = _with(damaged, "account_party", pa.concat_tables([party, more]))
    truth = Truth(
        "duplicated_customers", ("duplicated_customers",), ("customer",), ("customer_id",), again.num_rows
    )
    return Planted(damaged, truth)


def clock_shift(extract: Extract, rng: Any) -> Planted | None:
    """A block of days whose clock is two to nine hours off."""
    rows = extract.tables["transaction"]
    local = Zone(extract.time_zone).to_local(_us(rows))
    if np.mean(local % DAY_US == 0) > 0.5:
        return None
    mask, first, last = _block(extract, rows, rng, 0.06, 0.3, to_end=bool(rng.random() < 0.5))
    hours = int(rng.choice([-8, -5, -2, 2, 5, 8]))
    moved = np.where(mask, _us(rows) + hours * 3_600_000_000, _us(rows))
    for name in ("event_time", "known_at"):
        rows = _set(rows, name, pa.array(moved).cast(pa.timestamp("us", tz="UTC")))
    truth = Truth(
        "clock_shift", ("clock_shift",), ("transaction",), ("event_time",), int(mask.sum()), (first, last)
    )
    return Planted(_with(extract, "transaction", rows), truth)


def recoded_category(extract: Extract, rng: Any) -> Planted | None:
    """A column of codes whose levels carry other names from a day on."""
    rows = extract.tables["transaction"]
    names = _varied(rows, ["channel", "category", "entry_mode", "mcc", "status"], 2)
    names = names or ["currency", "channel", "status"]
    names = [name for name in names if rows.column(name).null_count < rows.num_rows]
    name = str(rng.choice(names))
    mask, first, last = _block(extract, rows, rng, 0.06, 0.35, to_end=True)
    mask &= np.asarray(rows.column(name).is_valid())
    rows = _where(rows, name, mask, pc.binary_join_element_wise("X", rows.column(name), "_"))
    truth = Truth(
        "recoded_category", ("recoded_category",), ("transaction",), (name,), int(mask.sum()), (first, last)
    )
    return Planted(_with(extract, "transaction", rows), truth)


def missing_rows(extract: Extract, rng: Any) -> Planted | None:
    """A block of days that was never delivered."""
    rows = extract.tables["transaction"]
    mask, first, last = _block(extract, rows, rng, 0.03, 0.1)
    truth = Truth("missing_rows", ("missing_rows",), ("transaction",), (), int(mask.sum()), (first, last))
    return Planted(_with(extract, "transaction", rows.filter(pa.array(~mask))), truth)


PLANTERS: tuple[Planter, ...] = (
    shifted_dates, doubled_load, unit_change, truncated_file, swapped_columns, orphan_keys, frozen_column,
    encoding_damage, missing_block, default_value, reversed_direction, currency_mix, duplicated_customers,
    clock_shift, recoded_category, missing_rows, scattered_dates, cut_transactions,
)  # fmt: skip
