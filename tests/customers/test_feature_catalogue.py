"""The catalogue: complete declarations, searching, choosing, and what a bank allows."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bankmine.bank.catalogue import table as bank_table
from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.feature import Direction, Kind, Versioned, Windowed
from bankmine.customers.formulas import FORMULAS
from bankmine.customers.levels import learn_levels
from bankmine.customers.lineage import lineage, source_columns
from bankmine.customers.reference import reference_page
from bankmine.customers.relations import RELATIONS
from bankmine.customers.themes import derived
from bankmine.errors import ConfigurationError, UsageError
from customers.small_bank import build, rows_of_bank
from engine.small_warehouse import SmallWarehouse

WINDOW = re.compile(r"_(\d+(mo|d|h)|all)$")


@pytest.mark.parametrize("feature", CATALOGUE.values(), ids=lambda feature: feature.name)
def test_every_feature_is_declared_in_full(feature) -> None:  # type: ignore[no-untyped-def]
    for need in feature.needs:
        for column in (*need.columns, *(name for name, _ in need.values)):
            assert bank_table(need.table).has(column)
    assert feature.unit
    assert feature.sentence[0].isupper() or feature.sentence[0].isdigit()
    assert feature.sentence.endswith(".")
    assert re.fullmatch(r"[a-z][a-z0-9_]*", feature.name)
    if feature.kind is Kind.WINDOW:
        assert feature.name.endswith(f"_{feature.window}")
    if feature.kind is Kind.VERSIONED:
        assert not WINDOW.search(feature.name)
    if feature.subject == "transaction":
        assert feature.name.startswith("tx_")
    assert lineage(feature, CATALOGUE)
    assert source_columns(feature, CATALOGUE) or feature.kind is Kind.CALENDAR


def test_a_versioned_feature_names_every_table_its_relation_reads() -> None:
    for feature in CATALOGUE.values():
        if isinstance(feature.source, Versioned):
            named = {need.table for need in feature.needs}
            assert set(RELATIONS[feature.source.relation].tables) <= named, feature.name


def test_a_derived_feature_has_as_many_inputs_as_its_formula_takes() -> None:
    for feature in CATALOGUE.values():
        if feature.kind is Kind.DERIVED:
            wanted = FORMULAS[feature.source.operation].inputs  # type: ignore[union-attr]
            assert wanted in (None, len(feature.source.inputs)), feature.name  # type: ignore[union-attr]


def test_sentences_tell_features_apart() -> None:
    sentences = [feature.sentence for feature in CATALOGUE.values()]
    assert len(set(sentences)) == len(sentences)


def test_inputs_come_before_what_is_made_of_them() -> None:
    names = [feature.name for feature in CATALOGUE.with_inputs(["overdrawn_share_12mo", "net_sum_1mo"])]
    assert names == [
        "overdrawn_count_12mo", "bookings_count_12mo", "overdrawn_share_12mo",
        "in_sum_1mo", "out_sum_1mo", "net_sum_1mo",
    ]  # fmt: skip


def test_patterns_select_and_unknown_names_say_what_is_near() -> None:
    chosen = CATALOGUE.select(["out_sum_*", "age"])
    assert [feature.name for feature in chosen] == [
        "out_sum_1mo", "out_sum_3mo", "out_sum_6mo", "out_sum_12mo", "out_sum_all", "age",
    ]  # fmt: skip
    assert all(f.subject == "transaction" for f in CATALOGUE.select("*_30d", subject="transaction"))
    with pytest.raises(UsageError, match=r"Did you mean .*out_sum_3mo"):
        CATALOGUE.select("out_sum_3m")


def test_search_finds_features_that_hold_every_word() -> None:
    found = CATALOGUE.search("fraud terminal share")
    assert found
    assert all("fraud_share" in feature.name for feature in found)


def test_a_name_declared_twice_and_a_missing_input_are_refused() -> None:
    age = CATALOGUE["age"]
    with pytest.raises(ConfigurationError, match="'age' is declared twice"):
        Catalogue([age, age])
    lonely = derived("x", "half", "ratio", ["age", "nothing"], unit="ratio", sentence="Half.")
    with pytest.raises(ConfigurationError, match="derived from 'nothing'"):
        Catalogue([age, lonely])


def test_the_version_names_the_declarations() -> None:
    backwards = Catalogue(reversed(list(CATALOGUE.values())))
    assert backwards.version == CATALOGUE.version
    assert Catalogue(list(CATALOGUE.values())[:-1]).version != CATALOGUE.version
    assert len(set(CATALOGUE.versions.values())) == len(CATALOGUE)


def test_a_changed_declaration_changes_the_version_and_a_changed_sentence_does_not() -> None:
    def with_one(name: str, **changed: object) -> Catalogue:
        return Catalogue(replace(f, **changed) if f.name == name else f for f in CATALOGUE.values())

    said = with_one("in_sum_3mo", sentence="Money in.", theme="other", direction=Direction.NONE)
    assert said.version == CATALOGUE.version
    source = CATALOGUE["in_sum_3mo"].source
    assert isinstance(source, Windowed)
    booked = replace(source.feature, source=source.feature.source.where(status="booked"))
    made = with_one("in_sum_3mo", source=replace(source, feature=booked))
    differ = {name for name in CATALOGUE if made.versions[name] != CATALOGUE.versions[name]}
    derived_from_it = {n for n in CATALOGUE if CATALOGUE["in_sum_3mo"] in CATALOGUE.with_inputs([n])}
    assert derived_from_it == differ
    assert len(derived_from_it) >= 4


def test_search_by_unit_window_table_and_key_names_near_ones() -> None:
    days = CATALOGUE.search("payments", unit="days", window="12mo", table="transaction", key="customer_id")
    assert {feature.unit for feature in days} == {"days"}
    assert "in_gap_mean_12mo" in [feature.name for feature in days]
    assert {f.subject for f in CATALOGUE.search(key="terminal_id")} == {"transaction"}
    assert all(f.kind is Kind.OWN for f in CATALOGUE.search(kind="own"))
    with pytest.raises(UsageError, match=r"no feature has the table 'transactio'\. Did you mean transaction"):
        CATALOGUE.search(table="transactio")
    with pytest.raises(UsageError, match=r"no feature has the window '4mo'\. Did you mean .*6mo"):
        CATALOGUE.search(window="4mo")


def test_a_bank_gets_shares_of_its_own_levels() -> None:
    own = CATALOGUE.with_levels(channels=["kiosk"], categories=["pets", "rent"])
    assert "channel_share_kiosk_3mo" in own
    assert "category_share_rent_6mo" in own
    assert "channel_share_card_3mo" not in own
    assert own["category_concentration_6mo"].source.inputs == (  # type: ignore[union-attr]
        "category_share_pets_6mo", "category_share_rent_6mo", "category_share_other_6mo",
    )  # fmt: skip


def test_what_a_bank_lacks_is_named(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path)
    card = {"transaction_id": 1, "customer_id": 1, "event_time": "2024-01-05", "base_minor": 5}
    bank.load(transaction=[{**card, "channel": "card"}])
    can = CATALOGUE.available(bank.warehouse)
    assert "out_sum_3mo" in can.names
    assert can.reasons["in_sum_3mo"] == "transaction.direction is never in"
    assert can.reasons["net_sum_3mo"] == "transaction.direction is never in"
    assert can.reasons["age"] == "the bank has no rows of the table customer"
    assert can.reasons["merchants_distinct_6mo"] == "the column transaction.merchant_id is entirely empty"
    assert can.reasons["night_count_3mo"] == "the events of transaction have only a date"
    assert can.reasons["channel_share_cash_3mo"] == "transaction.channel is never cash"
    assert can.reasons["category_share_other_6mo"].startswith("the column transaction.category is entirely")
    assert "channel_share_card_3mo" in can.names
    assert "channel_concentration_12mo" in can.names  # a level that never occurs has a share of 0
    assert set(can.names) | set(can.reasons) == set(CATALOGUE)


def test_availability_is_judged_by_what_was_known(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path)
    event = {"transaction_id": 1, "customer_id": 1, "event_time": "2024-01-05", "base_minor": 5}
    income = {**event, "transaction_id": 2, "direction": "in", "known_at": "2024-02-01"}
    bank.load(transaction=[event, income], customer=[{"customer_id": 1, "valid_from": "2024-02-01"}])
    before = CATALOGUE.available(bank.warehouse, as_of=bank.at("2024-01-31"))
    after = CATALOGUE.available(bank.warehouse, as_of=bank.at("2024-02-01"))
    assert "in_sum_3mo" in before.reasons
    assert "in_sum_3mo" in after.names
    assert before.reasons["tenure"] == "the bank has no rows of the table customer known by 2024-01-31"


def test_levels_are_learnt_from_what_was_known(tmp_path: Path) -> None:
    bank = SmallWarehouse(tmp_path)
    rows = [
        {"transaction_id": number, "customer_id": 1, "event_time": f"2024-01-{number:02}", "base_minor": 5,
         "channel": channel}
        for number, channel in enumerate(["b", "a", "a", None, "other", "late"], start=1)
    ]  # fmt: skip
    bank.load(transaction=rows)
    assert learn_levels(bank.warehouse, "channel", as_of=bank.at("2024-01-06")) == ("a", "b")
    assert learn_levels(bank.warehouse, "channel", as_of=bank.at("2024-01-07")) == ("a", "b", "late")
    assert learn_levels(bank.warehouse, "channel", as_of=bank.at("2024-01-07"), at_most=1) == ("a",)
    with pytest.raises(UsageError, match="base_minor is not a code"):
        learn_levels(bank.warehouse, "base_minor", as_of=bank.at("2024-01-07"))


def test_the_reference_page_has_every_feature() -> None:
    page = reference_page()
    assert all(f"| `{name}` |" in page for name in CATALOGUE)
    assert page == reference_page()


def test_listing_says_what_a_bank_can_have(tmp_path: Path) -> None:
    from bankmine.customers import listing

    bank = build(tmp_path, rows_of_bank())
    assert "age" in str(listing(["birth"]))
    lines = listing(["share", "leasing"], bank.warehouse).lines()
    assert "transaction.category is never leasing" in lines[1]
