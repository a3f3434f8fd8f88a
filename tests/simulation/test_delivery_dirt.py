"""Dirt on the deliveries: as much as the scenario says, written down to the row, and nothing true lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from bankmine.simulation.dirt import BREAKS, dirty
from bankmine.simulation.frame import Frame, frame_of
from bankmine.simulation.scenario import Dirt, Scenario
from simulation import made_community

RATES = Dirt(late=0.05, corrected=0.02, withdrawn=0.01, duplicated=0.02, broken=0.009)


def world(dirt: Dirt = RATES, months: int = 12) -> Frame:
    return frame_of(seed=4, customers=1000, months=months, scenario=Scenario(dirt=dirt))


class Delivered:
    """A community's transactions clean and as delivered, and what was planted."""

    def __init__(self, frame: Frame) -> None:
        clean = made_community.transactions(frame, 0)
        tables, traces, counts = dirty(frame, 0, {"transactions": clean})
        self.counts = counts["transactions"]
        self.database = duckdb.connect()
        for name, table in (("clean", clean), ("delivered", tables["transactions"]), ("traces", traces)):
            self.database.register(name, table)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.database.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        return self.ask(sql)[0][0]


@pytest.fixture(scope="module")
def delivered() -> Delivered:
    return Delivered(world())


def test_the_last_version_of_every_transaction_is_the_true_one(delivered: Delivered) -> None:
    last = (
        "SELECT * EXCLUDE (recorded_at, withdrawn) FROM delivered "
        "WHERE txn_no < (2 ** 28 + 2 ** 27) AND NOT withdrawn "
        "QUALIFY row_number() OVER (PARTITION BY txn_no ORDER BY recorded_at DESC) = 1"
    )
    clean = "SELECT * EXCLUDE (recorded_at) FROM clean"
    assert delivered.ask(f"({last}) EXCEPT ALL ({clean})") == []
    assert delivered.ask(f"({clean}) EXCEPT ALL ({last})") == []


def test_every_version_of_a_transaction_has_the_true_balance(delivered: Delivered) -> None:
    wrong = "FROM delivered AS d JOIN clean AS c USING (txn_no) WHERE d.balance_after <> c.balance_after"
    assert delivered.one(f"SELECT count(*) {wrong}") == 0


def test_each_kind_comes_at_its_rate_and_is_counted(delivered: Delivered) -> None:
    rows, counts = delivered.one("SELECT count(*) FROM clean"), delivered.counts
    assert counts["late"] == pytest.approx(RATES.late * rows, rel=0.15)
    assert counts["corrected"] == pytest.approx(RATES.corrected * rows, rel=0.2)
    assert counts["withdrawn"] == pytest.approx(RATES.withdrawn * rows, rel=0.25)
    assert counts["twice"] == pytest.approx(RATES.duplicated * rows, rel=0.2)
    assert sum(counts[kind] for kind in BREAKS) == pytest.approx(RATES.broken * rows, rel=0.25)
    on_top = counts["corrected"] + 2 * counts["withdrawn"] + counts["twice"]
    on_top += sum(counts[kind] for kind in BREAKS)
    assert delivered.one("SELECT count(*) FROM delivered") == rows + on_top
    traced = dict(delivered.ask("SELECT kind, count(*) FROM traces GROUP BY 1"))
    assert traced == counts


def test_a_late_row_is_recorded_days_after_and_before_the_extract_is_drawn(delivered: Delivered) -> None:
    late = "FROM traces AS t JOIN delivered AS d ON d.txn_no = t.row WHERE t.kind = 'late'"
    assert delivered.one(f"SELECT count(*) {late} AND d.recorded_at <> t.recorded_at") == 0
    hours = f"SELECT min(date_diff('hour', d.booked_at, d.recorded_at)) {late}"
    assert delivered.one(hours) >= 24
    assert delivered.one(f"SELECT max(d.recorded_at) < TIMESTAMP '2024-01-01' {late}")


def test_a_corrected_row_comes_first_wrong_in_amount_or_category_and_then_right(
    delivered: Delivered,
) -> None:
    versions = (
        "FROM traces AS t "
        "JOIN delivered AS first ON first.txn_no = t.row AND first.recorded_at < t.recorded_at "
        "JOIN clean AS c ON c.txn_no = t.row WHERE t.kind = 'corrected'"
    )
    assert delivered.one(f"SELECT count(*) {versions}") == delivered.counts["corrected"]
    same = "AND first.amount = c.amount AND first.category IS NOT DISTINCT FROM c.category"
    assert delivered.one(f"SELECT count(*) {versions} {same}") == 0
    foreign = "AND first.ccy <> 'SGD' AND (first.amount <> c.amount OR first.base <> c.base)"
    assert delivered.one(f"SELECT count(*) {versions} {foreign}") == 0
    assert delivered.one(f"SELECT count(*) {versions} AND first.amount <> c.amount") > 0
    assert delivered.one(f"SELECT count(*) {versions} AND first.amount = c.amount") > 0


def test_a_withdrawn_booking_has_a_number_no_transaction_has_and_is_taken_back(delivered: Delivered) -> None:
    pairs = (
        "SELECT txn_no, count(*) AS n, bool_or(withdrawn) AS gone, arg_max(withdrawn, recorded_at) AS last "
        "FROM delivered SEMI JOIN (SELECT row AS txn_no FROM traces WHERE kind = 'withdrawn') USING (txn_no) "
        "GROUP BY 1"
    )
    assert (
        delivered.one(f"SELECT count(*) FROM ({pairs}) WHERE n = 2 AND gone AND last")
        == (delivered.counts["withdrawn"])
    )
    assert (
        delivered.one("SELECT count(*) FROM clean JOIN traces ON row = txn_no WHERE kind = 'withdrawn'") == 0
    )


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("unknown_account", "account NOT IN (SELECT account FROM clean)"),
        ("unreadable_amount", "amount IS NULL"),
        ("unknown_status", "status = 'X'"),
        ("future_day", "booked_at > TIMESTAMP '2050-01-01'"),
    ],
)
def test_a_broken_row_is_broken_in_the_way_that_is_written_down(
    delivered: Delivered, kind: str, condition: str
) -> None:
    found = f"SELECT txn_no FROM delivered WHERE {condition}"
    assert delivered.counts[kind] > 5
    assert sorted(delivered.ask(found)) == sorted(
        delivered.ask(f"SELECT row FROM traces WHERE kind = '{kind}'")
    )


def test_without_dirt_the_delivery_is_the_clean_table() -> None:
    frame = world(Dirt(late=0, corrected=0, withdrawn=0, duplicated=0, broken=0))
    clean = made_community.transactions(frame, 0)
    tables, traces, counts = dirty(frame, 0, {"transactions": clean})
    assert tables["transactions"].drop_columns("withdrawn").equals(clean)
    assert traces.num_rows == sum(counts["transactions"].values()) == 0


def test_empty_tables_stay_as_they_are() -> None:
    frame = world()
    empty = made_community.transactions(frame, 0).slice(0, 0)
    other = pa.table({"gender": pa.array([], pa.string())})
    tables, _, _ = dirty(frame, 0, {"transactions": empty, "customers": other})
    assert tables["transactions"].column_names[-1] == "withdrawn"
    assert tables["customers"].equals(other)


def test_a_longer_world_is_dirty_in_the_same_rows() -> None:
    clean = made_community.transactions(world(), 0)
    traces = [dirty(world(months=months), 0, {"transactions": clean})[1] for months in (12, 13)]
    rows = [set(zip(*(one.column(n).to_pylist() for n in ("kind", "row")), strict=True)) for one in traces]
    middle = int(2**28 + 0.9 * clean.num_rows)
    kept = [{(kind, row) for kind, row in one if kind == "late" and row < middle} for one in rows]
    assert kept[0] == kept[1]
    assert kept[0]


def test_untidy_codes_can_be_cleaned_and_are_counted() -> None:
    frame = world(replace(RATES, duplicated=0.0))
    clean = made_community.make(frame, 0).extracts["customers"]
    tables, _, counts = dirty(frame, 0, {"customers": clean})
    for column in ("gender", "marital", "education"):
        before, after = (one.column(column).to_pylist() for one in (clean, tables["customers"]))
        assert [code.strip().lower() for code in after] == before
        changed = sum(one != other for one, other in zip(before, after, strict=True))
        assert changed == counts["customers"][f"untidy_{column}"] > 0
