"""Whatever a person gets wrong ends in one line that says what to do, an exit code, and nothing changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bankmine.sources import example

Command = Callable[..., subprocess.CompletedProcess[str]]


def bankmine(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own."""
    command = [sys.executable, "-m", "bankmine", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extracts")
    example.write_extracts(folder, customers=120, months=8, seed=1)
    return folder


@pytest.fixture(scope="module")
def loaded(extracts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    bank = tmp_path_factory.mktemp("banks") / "bank"
    assert bankmine("init", bank, "--mapping", "example", "--extracts", extracts).returncode == 0
    assert bankmine("load", bank).returncode == 0
    return bank


@pytest.fixture
def bank(loaded: Path, tmp_path: Path) -> Path:
    """A loaded bank that a test may spoil."""
    copy = tmp_path / "bank"
    shutil.copytree(loaded, copy)
    return copy


def one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The command ended with the code and one line that holds the words and no traceback."""
    assert done.returncode == code, done.stderr
    said = [line for line in done.stderr.splitlines() if not line.startswith("  ")]
    assert len(said) == 1, done.stderr
    assert said[0].startswith("bankmine: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in said[0]


def manifest(bank: Path) -> str:
    return (bank / "warehouse" / "manifest.json").read_text()


def test_an_unknown_command_names_the_help() -> None:
    one_line(bankmine("mine"), 2, "mine", "--help")


def test_a_folder_that_is_no_bank_says_how_to_make_one(tmp_path: Path) -> None:
    one_line(bankmine("run", tmp_path), 3, "bankmine init")


def test_an_unknown_mapping_names_those_there_are(tmp_path: Path, extracts: Path) -> None:
    done = bankmine("init", tmp_path / "b", "--mapping", "berkka", "--extracts", extracts)
    one_line(done, done.returncode, "berkka", "berka")
    assert done.returncode in (2, 3)
    assert not (tmp_path / "b").exists()


def test_a_missing_extract_folder_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    one_line(bankmine("init", tmp_path / "b", "--mapping", "cdnow", "--extracts", tmp_path / "no"), 2, "no")
    assert not (tmp_path / "b").exists()


def test_init_refuses_a_folder_with_something_in_it(tmp_path: Path, extracts: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    done = bankmine("init", tmp_path, "--mapping", "example", "--extracts", extracts)
    one_line(done, 2, "not empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["precious.txt"]


def test_a_missing_file_is_named_and_the_warehouse_stays(tmp_path: Path) -> None:
    empty = tmp_path / "extracts"
    empty.mkdir()
    assert bankmine("init", tmp_path / "b", "--mapping", "cdnow", "--extracts", empty).returncode == 0
    before = manifest(tmp_path / "b")
    one_line(bankmine("load", tmp_path / "b"), 4, "cdnow_master")
    assert manifest(tmp_path / "b") == before


def test_a_run_of_an_empty_extract_folder_fails_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "extracts").mkdir()
    assert (
        bankmine("init", tmp_path / "b", "--mapping", "cdnow", "--extracts", tmp_path / "extracts").returncode
        == 0
    )
    assert bankmine("run", tmp_path / "b").returncode == 4
    assert not (tmp_path / "b" / "report").exists()


def test_a_cutoff_that_is_no_date_says_how_to_write_one(bank: Path) -> None:
    one_line(bankmine("run", bank, "--task", "segmentation", "--cutoff", "1st of May"), 7, "1st of May")


def test_a_cutoff_before_the_first_event_says_from_when_on_data_speak(bank: Path) -> None:
    one_line(bankmine("run", bank, "--task", "segmentation", "--cutoff", "1901-01-01"), 7, "1901-01-01")


def test_an_unknown_task_names_those_there_are(bank: Path) -> None:
    one_line(bankmine("run", bank, "--task", "astrology"), 2, "astrology", "segmentation")


def test_an_unknown_setting_is_refused_by_name(bank: Path) -> None:
    text = (bank / "bankmine.toml").read_text()
    (bank / "bankmine.toml").write_text(text.replace("threads = 2", "treads = 2"))
    one_line(bankmine("load", bank), 3, "treads", "threads")


def test_a_broken_settings_file_names_the_line(bank: Path) -> None:
    (bank / "bankmine.toml").write_text("[bank\nname = 3")
    one_line(bankmine("load", bank), 3, "TOML")


def test_a_manifest_edited_by_hand_is_refused_and_restored_on_request(bank: Path) -> None:
    before = manifest(bank)
    (bank / "warehouse" / "manifest.json").write_text(before.replace('"rows": ', '"rows": 1', 1))
    one_line(bankmine("tables", "--bank", bank), 6, "--restore")
    assert bankmine("history", bank, "--restore").returncode == 0
    assert manifest(bank) == before


def test_another_pseudonym_key_is_refused(bank: Path) -> None:
    (bank / "keys" / "pseudonym.key").write_text("00" * 16 + "\n")
    done = bankmine("load", bank)
    assert done.returncode in (3, 6)
    assert "key" in done.stderr


def test_an_unknown_customer_is_told_so(bank: Path) -> None:
    done = bankmine("customer", bank, "nobody", "--raw")
    assert done.returncode in (2, 7)
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(bank: Path) -> None:
    done = bankmine("run", bank, "--task", "astrology", "--debug")
    assert "Traceback" in done.stderr


def test_an_extract_loaded_twice_is_recognised(bank: Path) -> None:
    before = manifest(bank)
    done = bankmine("load", bank)
    assert done.returncode == 0
    assert "Already loaded" in done.stdout
    assert manifest(bank) == before


def test_sources_older_than_the_bank_allows_are_refused_by_name(bank: Path) -> None:
    text = (bank / "bankmine.toml").read_text()
    (bank / "bankmine.toml").write_text(text + '\n[features]\nmaximum_staleness = "1min"\n')
    done = bankmine("run", bank, "--task", "segmentation")
    one_line(done, 7, "at most 1 minute may pass", "maximum_staleness")


def test_a_limit_for_a_table_there_is_not_is_refused(bank: Path) -> None:
    text = (bank / "bankmine.toml").read_text()
    (bank / "bankmine.toml").write_text(text + '\n[features.maximum_staleness]\ntransactions = "7d"\n')
    done = bankmine("run", bank, "--task", "segmentation")
    one_line(done, done.returncode, "transactions")


@pytest.mark.parametrize(
    ("over", "events", "word"),
    [('["36mo"]', "", "longer than transaction events are valid"), ('["1mo"]', "x", "no column 'colour'")],
)
def test_windows_of_the_bank_that_cannot_be_meant_are_refused(
    bank: Path, over: str, events: str, word: str
) -> None:
    where = 'where = { colour = "red" }' if events else ""
    (bank / "features.toml").write_text(f"""[events.paid]
table = "transaction"
{where}
[[windows]]
events = "paid"
over = {over}
aggregate = ["count"]
""")
    one_line(bankmine("features", "--bank", bank), 3, word, "features.toml")
