"""The example of an explanation: the rows that SQL finds give, by hand, the value that the kernel gave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bankmine.customers import CATALOGUE, Catalogue, catalogue_of, explain
from bankmine.customers.entered import entered
from bankmine.customers.example import example
from bankmine.customers.feature import Feature, Kind, Windowed
from bankmine.customers.follows import added
from bankmine.errors import ConfigurationError
from bankmine.windows import events, windows
from customers.small_bank import build, rows_of_bank
from engine.small_warehouse import SmallWarehouse

MEASURED = events("transaction").measure("base_minor")
COUNTED = events("transaction").distinct("category").measure("base_minor")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    return build(tmp_path_factory.mktemp("bank"), rows_of_bank())


def own(one: object) -> Feature:
    return Feature(name=one.name, theme="own", unit="x", sentence="X.", source=Windowed(one), window="6mo")  # type: ignore[attr-defined, arg-type]


ALL_AGGREGATES = [
    *windows(COUNTED, over=["6mo"], aggregate=[
        "count", "sum", "mean", "variance", "std", "min", "max", "first", "last", "distinct", "active_days",
        "recency", "days_since_first", "seconds_since_last", "gap_mean", "gap_std", "trend"], name="every"),
    *windows(MEASURED, over=["6mo", "12mo"], aggregate=["share"], by="channel", levels=["card", "cash"],
             name="share"),
    *windows(MEASURED.having("category").at_least(base_minor=5_000).below(base_minor=80_000),
             over=["30d"], aggregate=["sum"], delay="7d", name="bounded"),
]  # fmt: skip


def test_every_aggregate_follows_from_the_rows_of_every_customer(bank: SmallWarehouse) -> None:
    catalogue = Catalogue(own(one) for one in ALL_AGGREGATES)
    for name in catalogue:
        found, _ = example(name, bank.warehouse, bank.at("2024-01-01"), catalogue)
        assert found is not None, name
        (one,) = found.entered
        assert found.agrees(one), (name, one.follows, one.value, found.values)
        assert len(one.rows) == min(one.total, 10) or "share" in name
        assert entered(bank.warehouse, catalogue[name], found.subject) == one


@pytest.mark.slow
def test_features_of_every_kind_have_an_example_that_agrees(bank: SmallWarehouse) -> None:
    shown = 0
    for name in CATALOGUE.available(bank.warehouse).names[::29]:
        said = explain(name, bank.warehouse, cutoff=bank.at("2024-01-01"))
        assert max(map(len, said.lines())) <= 110, name
        json.dumps(said.as_dict(), default=str)
        if said.example is not None:
            shown += 1
            assert all(said.example.agrees(one) for one in said.example.entered), name
    assert shown > 6


def test_an_example_shows_at_most_ten_events_and_the_whole_way(bank: SmallWarehouse) -> None:
    said = explain("out_sum_all", bank.warehouse, cutoff=bank.at("2024-01-01"))
    assert said.example is not None
    (one,) = said.example.entered
    assert one.total > 10
    assert len(one.rows) == 10
    text = "\n".join(said.lines())
    assert f"{one.total} events entered, the last 10:" in text
    assert f"… ({one.total - 6} more)" in text.replace("\n      ", " ")
    assert "Please report" not in text


def test_an_example_of_a_transaction_stands_before_it(bank: SmallWarehouse) -> None:
    said = explain("tx_customer_count_30d", bank.warehouse, cutoff=bank.at("2024-01-01"))
    assert said.example is not None
    subject = said.example.subject
    assert subject.kind == "transaction"
    assert subject.cutoff < bank.at("2024-01-01")
    assert said.example.agrees(said.example.entered[0])
    assert f"Example: transaction {subject.subject_id:016x}" in "\n".join(said.lines())


def test_long_sums_leave_the_middle_out() -> None:
    assert added([1, 2]) == "1 + 2"
    assert added([]) == "0"
    assert added([1000, 2, 3, 4, 5, 6, 7, 8]) == "1,000 + 2 + 3 + 4 + 5 + … (2 more) + 8"


OWN = """
[events.cash]
table = "transaction"
where = { channel = "cash" }
measure = "base_minor"

[[windows]]
events = "cash"
over = ["1mo", "6mo"]
aggregate = ["sum"]
name = "cash"

[[ratios]]
numerator = "cash_sum_1mo"
denominator = "cash_sum_6mo"
name = "cash_lately"
"""


def test_a_banks_own_features_stand_beside_the_shipped_ones(bank: SmallWarehouse, tmp_path: Path) -> None:
    assert catalogue_of(tmp_path) is CATALOGUE
    (tmp_path / "features.toml").write_text(OWN, encoding="utf-8")
    catalogue = catalogue_of(tmp_path)
    assert [one.name for one in catalogue.search("own cash")] == [
        "cash_sum_1mo",
        "cash_sum_6mo",
        "cash_lately",
    ]
    assert catalogue["cash_lately"].kind is Kind.DERIVED
    assert catalogue.version != CATALOGUE.version
    said = explain("cash_lately", bank.warehouse, cutoff=bank.at("2024-01-01"), catalogue=catalogue)
    assert said.example is not None
    assert said.columns == ("transaction.base_minor", "transaction.channel")
    for old, new, why in (
        ('table = "transaction"', 'table = "transaction"\nkey = "card_id"', "under the key card_id"),
        ('name = "cash_lately"', 'name = "age"', "'age' is declared twice"),
    ):
        (tmp_path / "features.toml").write_text(OWN.replace(old, new), encoding="utf-8")
        with pytest.raises(ConfigurationError, match=why):
            catalogue_of(tmp_path)
