"""`bankmine snapshot`: the catalogue at one cutoff, or window features of one's own at many, as files."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bankmine.cli.snapshot import lines
from bankmine.errors import CutoffError, UsageError, WarehouseError
from bankmine.pipeline import init, load, open_bank, silent
from bankmine.sources import example

OWN = """
[events.spent]
table = "transaction"
where = { direction = "out" }
measure = "base_minor"

[[windows]]
events = "spent"
over = ["1mo", "3mo"]
aggregate = ["sum", "max"]

[[windows]]
events = "spent"
over = ["3mo"]
aggregate = ["count"]
by = "category"
learnt = 2

[[ratios]]
numerator = "transaction_out_base_minor_sum_1mo"
denominator = "transaction_out_base_minor_sum_3mo"
name = "spent_lately"
"""

LONG = """
[[windows]]
events = "spent"
over = [{long}]
aggregate = ["sum"]
"""


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("snapshots")
    example.write_extracts(folder / "extracts", customers=60, months=8, seed=1)
    load(init(folder / "bank", mapping="example", extracts=folder / "extracts"))
    (folder / "own.toml").write_text(OWN)
    return folder / "bank"


def run(
    bank: Path, *, own: bool = False, out: Path | None = None, cutoffs: tuple[str, ...] = ()
) -> list[str]:
    file = bank.parent / "own.toml" if own else None
    return lines(bank, file, out, cutoffs=cutoffs, progress=silent)


def covered(bank: Path) -> tuple[str, str]:
    """Two cutoffs the transactions cover: their end, and a month earlier."""
    warehouse = open_bank(bank).warehouse
    end = warehouse.coverage("transaction")[1]  # type: ignore[index]
    return warehouse.zone.show(warehouse.zone.months_before(end, 1)), warehouse.zone.show(end)


def test_own_windows_are_written_at_every_cutoff_with_learnt_levels(bank: Path, tmp_path: Path) -> None:
    said = run(bank, own=True, out=tmp_path / "files", cutoffs=covered(bank))
    found = pq.ParquetDataset(tmp_path / "files").read()
    customers = found.column("customer_id").unique()
    assert said[0].startswith(f"{found.num_rows} rows of 8 features in 64 files")
    assert found.num_rows == 2 * len(customers)
    assert len([name for name in found.column_names if "_count_3mo" in name]) == 3
    assert "spent_lately" in found.column_names
    assert "newest event" in said[1]


def test_a_card_beside_the_parts_says_what_they_hold(bank: Path, tmp_path: Path) -> None:
    run(bank, own=True, out=tmp_path / "files", cutoffs=covered(bank))
    card = json.loads((tmp_path / "files" / "_snapshot.json").read_text(encoding="utf-8"))
    found = pq.read_table(tmp_path / "files")
    assert card["fingerprint"] == open_bank(bank).warehouse.fingerprint
    assert tuple(card["cutoffs_shown"]) == covered(bank)
    assert [one["name"] for one in card["features"]] == found.column_names[2:]
    for one in card["features"]:
        assert one["sentence"].endswith(".")
        assert len(one["version"]) == 12
        assert one["declaration"]
        assert one["missing"] == pytest.approx(found.column(one["name"]).null_count / found.num_rows)
    assert [one["table"] for one in card["sources"]] == ["transaction", "transaction"]


@pytest.mark.parametrize("cutoff", ["2035-01-01", "2001-01-01"])
def test_a_cutoff_outside_the_coverage_is_refused_as_for_the_catalogue(
    bank: Path, tmp_path: Path, cutoff: str
) -> None:
    for asked in ({"own": True, "out": tmp_path / "files"}, {}):
        with pytest.raises(CutoffError, match="lies outside what the extracts speak for"):
            run(bank, cutoffs=(cutoff,), **asked)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_cutoff_without_a_calendar_is_refused_in_terms_of_dates(bank: Path) -> None:
    with pytest.raises(CutoffError, match="before 1900") as refused:
        run(bank, cutoffs=("1899-01-01",))
    assert "microseconds" not in str(refused.value)


def test_what_no_row_has_is_named_ten_at_most(bank: Path, tmp_path: Path) -> None:
    long = ", ".join(f'"{months}mo"' for months in range(13, 25))
    (tmp_path / "own.toml").write_text(OWN.split("[[")[0] + LONG.format(long=long))
    said = lines(bank, tmp_path / "own.toml", tmp_path / "files", cutoffs=(), progress=silent)
    start = next(number for number, line in enumerate(said) if "missing in every row" in line)
    assert "transaction_out_base_minor_sum_13mo" in " ".join(said[start:])
    assert said[-1].endswith("transaction_out_base_minor_sum_22mo and 2 more")
    assert max(map(len, said[1:])) <= 110


def test_a_folder_that_is_there_is_not_written_to(bank: Path, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="exists already"):
        run(bank, own=True, out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_catalogue_is_kept_at_one_cutoff_and_found_again(bank: Path) -> None:
    assert "customers" in run(bank)[0]
    assert "(kept already)" in run(bank)[0]
    with pytest.raises(UsageError, match="one cutoff at a time"):
        run(bank, cutoffs=covered(bank))
    with pytest.raises(CutoffError, match="is not a date"):
        run(bank, cutoffs=("soon",))


def test_options_that_do_not_belong_together_are_refused(bank: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a folder"):
        run(bank, own=True)
    with pytest.raises(UsageError, match="--out is for --windows"):
        run(bank, out=tmp_path / "files")
