"""Snapshots are found again by what caused them; a profile shows exactly what was known then."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bankmine.bank.manifest import from_json
from bankmine.bank.warehouse import Warehouse
from bankmine.customers import (
    CATALOGUE,
    Catalogue,
    default_cutoff,
    explain,
    keep_snapshot,
    matrix,
    profile,
    report_of,
)
from bankmine.customers.population import customers_at
from bankmine.customers.snapshot import ChangedFeatures, kept_snapshots
from bankmine.errors import CutoffError, FeasibilityError, UsageError
from customers.small_bank import CUSTOMERS, build, rows_of_bank
from engine.small_warehouse import SmallWarehouse


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), rows_of_bank())


def test_a_snapshot_holds_all_features_of_all_customers(bank: SmallWarehouse) -> None:
    cutoff = bank.at("2024-01-01")
    taken = keep_snapshot(bank.warehouse, cutoff=cutoff)
    table = taken.read()
    assert table.column("customer_id").to_pylist() == list(CUSTOMERS)
    assert taken.names == CATALOGUE.available(bank.warehouse, as_of=cutoff).names_of("customer")
    assert taken.folder.parent == bank.folder.parent / "snapshots"
    anew = matrix(bank.warehouse, customers_at(bank.warehouse, cutoff)[0], taken.names)
    assert table.select(anew.column_names).to_pylist() == anew.to_pylist()
    assert table.schema.field("out_sum_1mo").metadata[b"unit"] == b"minor units"
    assert taken.read(["age"]).column_names == ["subject_kind", "subject_id", "customer_id", "cutoff", "age"]


def test_a_snapshot_is_found_again_until_its_cause_changes(tmp_path: Path) -> None:
    bank = build(tmp_path, rows_of_bank())
    cutoff = bank.at("2024-01-01")
    first = keep_snapshot(bank.warehouse, cutoff=cutoff)
    assert not first.found
    assert keep_snapshot(bank.warehouse, cutoff=cutoff).found
    assert not keep_snapshot(bank.warehouse, cutoff=cutoff + 1).found
    own = CATALOGUE.with_levels(channels=["odd"], categories=["x"])
    assert not keep_snapshot(bank.warehouse, cutoff=cutoff, catalogue=own).found
    payment = {"transaction_id": 901, "customer_id": 1, "event_time": "2023-12-30", "base_minor": 7}
    more = bank.load(transaction=[payment])
    assert not keep_snapshot(more, cutoff=cutoff).found
    (first.folder / "snapshot.json").unlink()  # what a crash before the end leaves
    assert not keep_snapshot(after_loads(bank, 2), cutoff=cutoff).found


def test_two_banks_of_the_same_content_have_byte_equal_snapshots(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "other"):
        bank = build(tmp_path / name, rows_of_bank())
        taken = keep_snapshot(bank.warehouse, cutoff=bank.at("2024-01-01"))
        texts.append([(file.name, file.read_bytes()) for file in sorted(taken.folder.iterdir())])
    assert texts[0] == texts[1]


def after_loads(bank: SmallWarehouse, loads: int) -> Warehouse:
    """The warehouse as it was after so many loads."""
    kept = sorted((bank.folder / "history").glob("*.json"))[loads - 1]
    return Warehouse(bank.folder, from_json(kept.read_text(), where=kept))


def test_an_old_snapshot_says_which_features_are_declared_otherwise_now(
    bank: SmallWarehouse, tmp_path: Path
) -> None:
    kept = keep_snapshot(bank.warehouse, tmp_path, cutoff=bank.at("2024-01-01"))
    assert kept.versions["age"] == CATALOGUE.versions["age"]
    assert kept.changed() == {}
    assert report_of(kept.read(["age"])).features["age"]["version"] == kept.versions["age"]
    newer = Catalogue(
        replace(one, unit="decades") if one.name == "age" else one
        for one in CATALOGUE.values()
        if one.name != "cards_held_count"
    )
    (again,) = kept_snapshots(tmp_path)
    assert again.changed(newer)["age"].startswith(
        f"age is version {kept.versions['age']} here; it is declared"
    )
    with pytest.warns(ChangedFeatures, match=r"age is version .* Make the snapshot again"):
        again.read(["age", "tenure"], catalogue=newer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again.read(["tenure"], catalogue=newer)
    other = keep_snapshot(bank.warehouse, tmp_path, cutoff=bank.at("2024-01-01"), catalogue=newer)
    assert other.folder != kept.folder
    with pytest.raises(UsageError, match=r"the snapshot has no nothing\. It was not declared when"):
        kept.read(["nothing"])


def test_the_default_cutoff_is_where_the_transactions_end(bank: SmallWarehouse) -> None:
    assert default_cutoff(bank.warehouse) == bank.at("2024-04-01")


def test_cutoffs_where_nothing_is_known_are_refused(bank: SmallWarehouse, tmp_path: Path) -> None:
    for text in ("2022-09-30", "2022-10-01", "2024-04-02"):
        with pytest.raises(CutoffError, match="lies outside what the extracts speak for"):
            keep_snapshot(bank.warehouse, cutoff=bank.at(text))
    late = SmallWarehouse(tmp_path)
    payment = {"transaction_id": 1, "customer_id": 1, "event_time": "2024-01-05", "base_minor": 7}
    late.load(transaction=[payment], coverage=("2024-01-01", "2024-02-01"))
    with pytest.raises(FeasibilityError, match="knew no customer at 2024-01-04"):
        keep_snapshot(late.warehouse, cutoff=late.at("2024-01-04"))


def test_customers_are_those_of_the_table_and_those_who_paid(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path)
    payment = {"transaction_id": 1, "customer_id": 9, "event_time": "2024-01-05", "base_minor": 7}
    bank.load(transaction=[payment], customer=[{"customer_id": 3, "valid_from": "2024-01-01"}])
    known = customers_at(bank.warehouse, bank.at("2024-01-05"))[0].column("customer_id").to_pylist()
    assert known == [3]
    later = customers_at(bank.warehouse, bank.at("2024-01-06"))[0].column("customer_id").to_pylist()
    assert later == [3, 9]


def test_a_profile_shows_who_what_and_how_among_peers(bank: SmallWarehouse) -> None:
    names = ["out_sum_12mo", "customer_gender", "loan_days_since_last"]
    one = profile(bank.warehouse, 4, bank.at("2024-01-01"), names=names)
    assert one.who["birth_year"] == 1978
    assert [row["account_id"] for row in one.holdings["accounts"]] == [14]
    assert "encrypted" not in str(one.holdings)
    spend, gender, loans = one.features
    table = keep_snapshot(bank.warehouse, cutoff=bank.at("2024-01-01")).read(["out_sum_12mo"])
    others = table.column("out_sum_12mo").to_pylist()
    below, equal = (sum(v < spend.value for v in others), sum(v == spend.value for v in others))
    assert spend.percentile == pytest.approx((below + equal / 2) / len(others))
    assert (gender.value, gender.percentile, gender.peers) == ("female", None, 6)
    assert (loans.value, loans.percentile, loans.peers) == (None, None, 3)
    assert "Customer 0000000000000004 as known at 2024-01-01" in str(one)


def test_a_profile_is_as_known_then(bank: SmallWarehouse) -> None:
    def at(text: str) -> Any:
        return profile(bank.warehouse, 1, bank.at(text), names=["age"])

    assert at("2023-12-14").who["region_id"] == "north"  # moved in November, known on 15 December
    assert at("2023-12-15").who["region_id"] == "south"
    closed = [
        profile(bank.warehouse, 6, bank.at(text), names=["age"]) for text in ("2023-12-24", "2023-12-25")
    ]
    assert [one.holdings["accounts"][0]["closed_on"] for one in closed] == [None, date(2023, 12, 24)]


def test_the_months_of_a_profile_add_up(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path)
    payment = {"customer_id": 1, "base_minor": 7}
    bank.load(
        transaction=[
            {**payment, "transaction_id": 1, "event_time": "2023-12-31T23:59"},
            {**payment, "transaction_id": 2, "event_time": "2024-01-01", "direction": "in"},
            {**payment, "transaction_id": 3, "event_time": "2024-01-10", "status": "declined"},
            {**payment, "transaction_id": 4, "event_time": "2024-02-20"},
            {**payment, "transaction_id": 5, "event_time": "2024-02-21"},  # at the cutoff
        ],
        coverage=("2023-11-15", "2024-03-01"),
    )
    one = profile(bank.warehouse, 1, bank.at("2024-02-21"), names=["out_count_1mo"])
    assert len(one.timeline) == 12
    last = [(m.month, m.in_minor, m.out_minor, m.transactions) for m in one.timeline[-4:]]
    assert last == [
        (date(2023, 11, 1), None, None, None),
        (date(2023, 12, 1), 0, 7, 1),
        (date(2024, 1, 1), 7, 0, 1),
        (date(2024, 2, 1), 0, 7, 1),
    ]


def test_an_unknown_customer_or_feature_is_refused(bank: SmallWarehouse) -> None:
    with pytest.raises(UsageError, match="did not know that customer"):
        profile(bank.warehouse, 77, bank.at("2024-01-01"), names=["age"])
    with pytest.raises(
        UsageError, match=r"category_share_leasing_6mo.* transaction.category is never leasing"
    ):
        profile(bank.warehouse, 1, bank.at("2024-01-01"), names=["category_share_leasing_6mo"])


def test_an_explanation_says_it_in_words_with_an_example(bank: SmallWarehouse) -> None:
    said = explain("out_change_3mo", bank.warehouse, cutoff=bank.at("2024-01-01"))
    assert said.columns == ("transaction.base_minor", "transaction.status", "transaction.direction")
    assert said.lineage[0] == "out_change_3mo = (out_sum_3mo − (out_sum_6mo − out_sum_3mo)) / out_sum_6mo"
    assert said.example is not None
    recent, both, change = said.example.values.values()
    assert change == pytest.approx((2 * recent - both) / both)
    assert said.shares is not None
    assert (said.shares.missing, said.shares.unreached, said.shares.looked_at) == (0.0, 0.0, 6)
    assert f"  Example: customer {said.example.subject.subject_id:016x} at 2024-01-01" in said.lines()
    assert said.version == CATALOGUE.versions["out_change_3mo"]
    lacking = explain("channel_share_web_3mo", bank.warehouse).lines()
    assert "  This bank cannot have it: transaction.channel is never web." in lacking
    assert explain("tx_amount").example is None
    with pytest.raises(UsageError, match="no feature"):
        explain("nothing")
