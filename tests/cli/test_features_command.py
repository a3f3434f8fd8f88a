"""`bankmine features` as a newcomer uses it: list, search, explain, with and without a bank, for programs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import bankmine
from bankmine.cli.features import features
from bankmine.errors import ConfigurationError, UsageError
from bankmine.overview.customers import customers_page
from bankmine.pipeline import init, load, open_bank, snapshot
from bankmine.sources import example

OWN = """
[events.big]
table = "transaction"
at_least = { base_minor = 10000 }

[[windows]]
events = "big"
over = ["3mo"]
aggregate = ["count"]
name = "big"
"""


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("features")
    example.write_extracts(folder / "extracts", customers=60, months=8, seed=1)
    load(init(folder / "bank", mapping="example", extracts=folder / "extracts"))
    return folder / "bank"


def lines(*words: str, bank: Path | None = None, **more: object) -> list[str]:
    return list(features(words, bank, **more))  # type: ignore[arg-type]


def test_the_list_fits_a_page_and_says_its_version() -> None:
    listed = lines()
    assert max(map(len, listed)) <= 110
    assert listed[0].split() == ["feature", "unit", "sentence"]
    assert re.match(r"All \d+ features; catalogue version", listed[-2])
    assert "catalogue version" in listed[-2]


def test_words_and_traits_narrow_the_list() -> None:
    found = lines("gap", unit="days", window="12mo")
    assert [line.split()[0] for line in found if line.startswith("transaction_")] == [
        "transaction_gap_mean_12mo", "transaction_gap_std_12mo",
    ]  # fmt: skip
    assert lines("zzz") == ["No feature holds all of these words. `bankmine features` lists them all."]
    with pytest.raises(UsageError, match="no feature has the unit 'day'"):
        lines(unit="day")


def test_json_has_all_there_is_to_list(bank: Path) -> None:
    said = json.loads("\n".join(lines("age", as_json=True)))
    age = next(one for one in said if one["name"] == "age")
    assert set(age) >= {"name", "version", "unit", "kind", "window", "tables", "keys", "sentence"}
    assert "lacking" not in age
    here = json.loads("\n".join(lines("loan", as_json=True, bank=bank)))
    assert any("loan" in one["lacking"] for one in here)


def test_explain_goes_from_the_sentence_to_the_extracts_columns(bank: Path) -> None:
    text = "\n".join(lines("explain", "out_sum_3mo", bank=bank))
    assert "Sum of payments made in the 3 months before the cutoff." in text
    assert "transaction.base_minor (the load converts amount_minor to EUR, at the last rate known)" in text
    assert "transaction.amount_minor ← payments.amount = as_minor(amount)" in text
    assert "transaction.event_time ← payments.booked_at" in text
    assert "Example: customer " in text
    assert "differ" not in text
    assert max(map(len, text.splitlines())) <= 110
    first = lines(str(bank), "explain", "out_sum_3mo")
    assert "\n".join(first) == text
    earlier = "\n".join(lines("explain", "out_sum_3mo", bank=bank, cutoff="2024-06-01"))
    assert " at 2024-06-01" in earlier
    said = json.loads("\n".join(lines("explain", "out_sum_3mo", bank=bank, as_json=True)))
    assert said["example"]["entered"][0]["agrees"] is True
    assert {one["column"] for one in said["traced"]} >= {"transaction.base_minor", "account_party.role"}


def test_a_banks_own_features_are_listed_explained_and_in_its_snapshots(bank: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bank"
    shutil.copytree(bank, copy)
    (copy / "features.toml").write_text(OWN, encoding="utf-8")
    assert any(line.startswith("big_count_3mo") for line in lines("big", bank=copy))
    own = bankmine.open(copy)
    assert own.feature("big_count_3mo").example is not None
    kept = snapshot(open_bank(copy))
    assert "big_count_3mo" in kept.names
    assert [row["declared otherwise now"] for row in own.snapshots()] == [0]
    assert "big_count_3mo" in str(customers_page(open_bank(copy), kept))
    (copy / "features.toml").write_text(OWN.replace("10000", "20000"), encoding="utf-8")
    assert [row["declared otherwise now"] for row in own.snapshots()] == [1]
    (copy / "features.toml").write_text(OWN.replace("3mo", "3months"), encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"features.toml, windows number 1: '3months' is not a length"
    ):
        lines("big", bank=copy)


def test_mistakes_are_named_with_what_is_near() -> None:
    with pytest.raises(UsageError, match="Did you mean out_sum_3mo"):
        lines("explain", "out_sum_3m")
    with pytest.raises(UsageError, match="Did you mean out_sum_3mo"):
        lines("explain", "OUT_SUM_3MO")
    assert "Did you mean out_sum_3mo" in lines("Out_smu_3mo")[0]
    with pytest.raises(UsageError, match=r"'day'\. Did you mean days"):
        lines(unit="day")
    with pytest.raises(ConfigurationError, match="NOTABANK"):
        lines("NOTABANK", "explain", "out_sum_3mo")
    with pytest.raises(UsageError, match="explain takes one feature's name"):
        lines("explain")
    with pytest.raises(UsageError, match="a cutoff needs a bank"):
        lines("explain", "age", cutoff="2024-01-01")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out_sum_3mo", "3mo, the 3 months up to the cutoff, itself excluded; civil months"),
        (
            "tx_terminal_delayed_count_7d",
            "7d, the 7 days up to 7 days before the cutoff, that instant excluded; civil days",
        ),
        (
            "tx_device_count_all",
            "all, from the beginning of the coverage, at most 24 months back, up to the cutoff",
        ),
        (
            "out_sum_all",
            "all, from the beginning of the coverage up to the cutoff, the cutoff itself excluded",
        ),
    ],
)
def test_the_windows_bounds_are_told_with_delay_and_validity(name: str, words: str) -> None:
    (told,) = (line for line in lines("explain", name) if line.startswith("  Window"))
    assert words in told
