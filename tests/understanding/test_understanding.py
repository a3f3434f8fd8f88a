"""Profiles, quality, JSON and the page of an understanding."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from banks import write
from made_up import made_up

from bankmine import understanding
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing
from bankmine.report import Fold
from bankmine.understanding import Understanding
from bankmine.understanding.detectors.rejects import columns_named
from bankmine.understanding.findings import Certainty, Finding, Severity, ordered, percent
from bankmine.understanding.pages import _bins, _cell
from bankmine.understanding.profile import ColumnProfile
from bankmine.understanding.quality import table_quality


@pytest.fixture(scope="module")
def extract() -> Any:
    return made_up(5, 200)


@pytest.fixture(scope="module")
def warehouse(extract: Any, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return write(extract, tmp_path_factory.mktemp("bank") / "warehouse")


@pytest.fixture(scope="module")
def understood(warehouse: Warehouse) -> Understanding:
    return understanding.understand(warehouse)


def test_counts_equal_those_of_the_tables_written(extract: Any, understood: Understanding) -> None:
    for name, rows in extract.tables.items():
        profile = understood.table(name)
        assert profile.rows == profile.versions == rows.num_rows
        for column in profile.columns:
            if column.name in rows.column_names:
                assert column.missing == rows.column(column.name).null_count, (name, column.name)


def test_numbers_of_a_column_equal_numpy(extract: Any, understood: Understanding) -> None:
    values = extract.tables["transaction"].column("amount_minor").to_numpy()
    column = understood.table("transaction").column("amount_minor")
    assert column.distinct == len(np.unique(values))
    assert (column.minimum, column.maximum) == (values.min(), values.max())
    assert column.mean == pytest.approx(values.mean())
    for share, value in column.quantiles.items():
        assert value == pytest.approx(np.quantile(values, float(share)))
    assert sum(column.counts) == len(values)
    assert sum(month["n"] for month in column.months) == len(values)


def test_rows_by_month_weekday_and_hour_sum_to_the_rows(understood: Understanding) -> None:
    profile = understood.table("transaction")
    assert sum(rows for _, rows in profile.months) == profile.rows
    assert sum(profile.weekdays) == sum(profile.hours) == profile.rows
    assert len(profile.months) == 24


def test_months_are_civil_months_of_the_bank(tmp_path: Path, extract: Any) -> None:
    rows = extract.tables["transaction"].slice(0, 40)
    new_year = 1_672_527_600_000_000  # 2023-01-01 00:00 in Prague, still December in UTC
    instants = pa.array([new_year + i for i in range(40)]).cast(pa.timestamp("us", tz="UTC"))
    for name in ("event_time", "known_at"):
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), instants)
    looked = understanding.understand(write(replace(extract, tables={"transaction": rows}), tmp_path / "w"))
    assert looked.table("transaction").months == [("2023-01", 40)]


def test_key_overlap_is_counted_both_ways(extract: Any, understood: Understanding) -> None:
    overlap = {(o.table, o.column): o for o in understood.overlaps}[("transaction", "account_id")]
    used = len(set(extract.tables["transaction"].column("account_id").to_pylist()))
    assert (overlap.keys_here, overlap.keys_there) == (used, 200)
    assert overlap.share_here == 1
    assert overlap.share_there == used / 200


def test_statements_shown_run_over_the_bank_tables(warehouse: Warehouse, understood: Understanding) -> None:
    from bankmine.engine.session import Session

    with Session(warehouse) as session:
        for column in understood.table("transaction").columns:
            for sql in column.sql:
                session.arrow(sql)


def test_json_round_trips_and_is_the_same_twice(warehouse: Warehouse, understood: Understanding) -> None:
    text = understood.to_json()
    body = json.loads(text)
    assert body["fingerprint"] == warehouse.fingerprint
    assert {table["name"] for table in body["tables"]} == set(warehouse.tables())
    assert json.loads(understanding.understand(warehouse).to_json()) == body


def test_progress_is_told_before_each_step(warehouse: Warehouse) -> None:
    told: list[tuple[str, int, int]] = []
    understanding.understand(warehouse, progress=lambda what, done, of: told.append((what, done, of)))
    assert [done for _, done, _ in told] == list(range(told[0][2]))


def test_an_empty_warehouse_is_understood_as_empty(tmp_path: Path) -> None:
    empty = Warehouse.create(tmp_path / "w", time_zone="Europe/Prague", currency="CZK", key_identity="test")
    looked = understanding.understand(empty)
    assert looked.tables == []
    assert looked.score == 1
    assert looked.statements == ["0 tables with 0 rows; no defect found."]
    assert understanding.page(looked).slug == "data"


def test_rows_the_load_refused_are_said_and_cost_validity(tmp_path: Path, extract: Any) -> None:
    folder = tmp_path / "w"
    Warehouse.create(folder, time_zone="Europe/Prague", currency="CZK", key_identity="test")
    rows = extract.tables["customer"]
    with writing(folder) as writer:
        writer.append("customer", rows)
        read = TableLoad(rows=rows.num_rows, read=rows.num_rows + 50, rejects={"kind: not allowed": 50})
        writer.commit(Load(1, "a", "test", "a", None, "2026-01-01T00:00:00+00:00", {"customer": read}))
    looked = understanding.understand(Warehouse.open(folder))
    finding = looked.findings[0]
    assert (finding.kind, finding.table, finding.columns, finding.rows) == (
        "rejected_rows",
        "customer",
        ("kind",),
        50,
    )
    assert looked.scores[0].validity == pytest.approx(1 - 50 / 250)


@pytest.mark.parametrize(
    ("reason", "columns"),
    [
        ("direction is none of in, out", ("direction",)),
        ("the account has no owner at that time", ("account_id",)),
        ("broken line of trans.csv: too many fields", ()),
    ],
)
def test_the_reason_of_a_reject_names_its_column(reason: str, columns: tuple[str, ...]) -> None:
    assert columns_named("transaction", reason) == columns


def _finding(**changes: Any) -> Finding:
    given = {
        "kind": "unit_change", "table": "transaction", "columns": ("amount_minor",), "sentence": "",
        "rows": 10,
        "share": 0.1, "severity": Severity.WARNING, "certainty": Certainty.LIKELY, "evidence": "",
        "advice": "",
    }  # fmt: skip
    return Finding(**(given | changes))


def test_one_defect_in_two_columns_is_said_once() -> None:
    found = ordered([_finding(), _finding(columns=("base_minor",))])
    assert [finding.columns for finding in found] == [("amount_minor", "base_minor")]


def test_what_another_finding_explains_is_left_out_only_on_the_same_days() -> None:
    change = _finding(period=("2022-01-01", "2022-02-01"))
    inside = _finding(kind="balance_break", period=("2022-01-15", "2022-03-01"))
    apart = _finding(kind="balance_break", period=("2022-06-01", "2022-07-01"))
    assert ordered([change, inside]) == (change,)
    assert set(ordered([change, apart])) == {change, apart}


def test_no_two_kinds_explain_each_other() -> None:
    from bankmine.understanding.findings import _EXPLAINS

    for kind, explained in _EXPLAINS.items():
        for other in explained:
            assert kind not in _EXPLAINS.get(other, ()), (kind, other)


def test_the_worst_comes_first() -> None:
    found = ordered([_finding(severity=Severity.NOTICE), _finding(table="loan", severity=Severity.CRITICAL)])
    assert [finding.severity for finding in found] == [Severity.CRITICAL, Severity.NOTICE]


def test_quality_falls_with_the_share_of_rows_touched(understood: Understanding) -> None:
    profile = understood.table("transaction")
    sound = table_quality(profile, [], profile.rows)
    hurt = table_quality(profile, [_finding(rows=profile.rows // 4)], profile.rows)
    noticed = table_quality(profile, [_finding(rows=profile.rows, severity=Severity.NOTICE)], profile.rows)
    assert sound.consistency == 1
    assert hurt.consistency == pytest.approx(0.75, abs=0.01)
    assert hurt.score < sound.score
    assert noticed == sound


def test_a_share_is_never_rounded_to_nothing_or_all() -> None:
    assert percent(0.00001) == "less than 0.1 %"
    assert percent(0.99999) == "more than 99.9 %"
    assert percent(0) == "0.0 %"


def test_the_page_opens_with_a_sentence_and_shows_each_table(understood: Understanding) -> None:
    page = understanding.page(understood)
    assert page.title == "Data and quality"
    assert [section.title for section in page.sections][1:] == [profile.name for profile in understood.tables]
    assert page.statements


def test_histograms_of_dates_show_dates_and_keep_every_row(understood: Understanding) -> None:
    dates = [c for table in understood.tables for c in table.columns if c.type == "date" and c.counts]
    assert dates
    for column in dates:
        edges, counts = _bins(column)
        assert all(isinstance(edge, date) for edge in edges)
        assert list(edges) == sorted(set(edges))
        assert sum(counts) == sum(column.counts)


def test_narrow_bins_of_dates_hold_the_same_days() -> None:
    column = ColumnProfile(
        name="d",
        type="date",
        sentence="",
        unit=None,
        rows=6,
        missing=0,
        edges=[0, 0.5, 1, 1.5, 2],
        counts=[1, 0, 2, 3],
    )
    edges, counts = _bins(column)
    assert edges == [date(1970, 1, 1), date(1970, 1, 2), date(1970, 1, 3)]
    assert counts == [1, 5]


def test_columns_stand_folded_except_where_there_are_defects_or_in_the_first_table(
    understood: Understanding,
) -> None:
    folds = [b for s in understanding.page(understood).sections for b in s.blocks if isinstance(b, Fold)]
    named = {f.table for f in understood.defects} or {understood.tables[0].name}
    assert [fold.open for fold in folds] == [profile.name in named for profile in understood.tables]


def test_instants_are_told_in_the_zone_of_the_bank_and_at_midnight_as_days() -> None:
    zone = ZoneInfo("America/New_York")
    assert _cell("1997-01-01T05:00:00+00:00", zone=zone) == "1997-01-01"
    assert _cell("1997-01-01T14:30:00+00:00", zone=zone) == "1997-01-01\u00a009:30"
