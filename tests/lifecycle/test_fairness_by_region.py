"""Regions are compared where they are large enough, by residence or branch, at a level that can be judged."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from made_up_bank import full, write
from test_validation_pack import finding

from bankmine.bank.warehouse import Warehouse
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.validation import Pack, Verdict, validate
from bankmine.lifecycle.validation.groups import Division, region_of


def made(
    folder: Path, run: Run, *, regions: Sequence[str | None], branches: Sequence[str | None]
) -> Warehouse:
    """The customers of a run, those of the highest chances first, spread over regions or branches in turn."""
    ids = np.array(run.scores.sort_by([("probability", "descending")]).column("subject_id").to_pylist())
    rows, place = len(ids), np.arange(len(ids))
    people = {
        "customer_id": ids, "kind": ["person"] * rows, "valid_from": 0 * ids, "known_at": 0 * ids,
        "region_id": [regions[one * len(regions) // rows] for one in place],
        "branch_id": [branches[one * len(branches) // rows] for one in place],
    }  # fmt: skip
    branch = {"branch_id": ["b1", "b2"], "region_id": ["north", "south"], "known_at": [0, 0]}
    region = {
        "region_id": ["north", "south", "south"], "name": ["North Shore", "Old South", "South Bank"],
        "province": ["Isle", "Isle", "Isle"], "period_from": np.array([10_000, 10_000, 12_000], np.int32),
        "known_at": [0, 0, 0],
    }  # fmt: skip
    tables = {"customer": full("customer", people, rows), "branch": full("branch", branch, 2),
              "region": full("region", region, 3)}  # fmt: skip
    return write(folder, tables, start=0, end=10**15)


@pytest.fixture(scope="module")
def by_residence(inactivity: Run, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("regions") / "w"
    return validate(inactivity, made(folder, inactivity, regions=("south", "north"), branches=(None,)))


def test_a_region_that_is_chosen_less_is_found_under_its_newest_name(by_residence: Pack) -> None:
    found = finding(by_residence, "Selection by region")
    assert found.verdict is Verdict.WATCH
    assert found.interval.startswith("North Shore: ")
    assert "2 of 2 regions have 100 or more test rows" in found.meaning
    page = by_residence.page()
    fairness = next(one for one in page.sections if one.title == "Fairness")
    table = next(one for one in fairness.blocks if getattr(one, "name", "") == "by-region")
    assert {row[0] for row in table.rows} == {"North Shore", "South Bank"}  # type: ignore[union-attr]


def test_what_tells_the_region_chosen_least_is_sought(by_residence: Pack) -> None:
    told = finding(by_residence, "Does the score tell those of North Shore?")
    assert told.verdict is Verdict.WATCH
    assert float(told.figure.removeprefix("AUC ")) > 0.95
    assert finding(by_residence, "Proxies of those of North Shore").verdict is Verdict.WATCH


def test_without_residence_the_branch_tells_the_region(
    inactivity: Run, by_residence: Pack, tmp_path: Path
) -> None:
    bank = made(tmp_path / "w", inactivity, regions=(None,), branches=("b2", "b1"))
    assert finding(validate(inactivity, bank), "Selection by region") == finding(
        by_residence, "Selection by region"
    )


def test_a_bank_that_knows_no_region_says_so(inactivity: Run, tmp_path: Path) -> None:
    bank = made(tmp_path / "w", inactivity, regions=(None,), branches=(None,))
    found = finding(validate(inactivity, bank), "Selection by region")
    assert found.verdict is Verdict.NOT_RUN
    assert found.meaning == "The bank holds no region of persons, nor of their branches."


def regions(*sizes: int) -> tuple[dict[int, str], list[int]]:
    """Customers of regions r0, r1, … of those sizes, each customer with one test row."""
    names = [f"r{place}" for place, size in enumerate(sizes) for _ in range(size)]
    return dict(enumerate(names)), list(range(len(names)))


PLACES = [
    {"region_id": f"r{place}", "name": "Village" if place > 1 else f"Town {place}",
     "province": "East" if place % 2 else "West"}
    for place in range(8)
]  # fmt: skip


def compared(division: Division) -> set[str]:
    return set(division.of.values())


def test_large_regions_are_compared_and_small_ones_left_out() -> None:
    found = region_of(*_with(regions(300, 150, 40, 30)))
    assert compared(found) == {"Town 0", "Town 1"}
    assert "2 of 4 regions" in found.said
    assert "87%" in found.said


def test_many_small_regions_are_compared_by_the_larger_regions_they_belong_to() -> None:
    found = region_of(*_with(regions(*[60] * 8)))
    assert compared(found) == {"East", "West"}
    assert "2 of 2 larger regions have 100 or more test rows; they hold 100%" in found.said


def test_regions_of_equal_names_keep_their_codes() -> None:
    assert compared(region_of(*_with(regions(0, 0, 200, 200)))) == {"Village (r2)", "Village (r3)"}


def test_too_few_rows_everywhere_are_said_with_the_largest() -> None:
    lives, places, tested = _with(regions(60, 30))
    found = region_of(lives, places, tested)
    assert found.missing.endswith("larger regions, have 100 or more test rows; the largest has 60.")
    assert region_of(lives, [], tested).missing.startswith("Fewer than two regions have 100")


def _with(made: tuple[dict[int, str], list[int]]) -> tuple[dict[int, str], list[dict[str, str]], list[int]]:
    return made[0], PLACES, made[1]


def test_where_chances_tie_the_share_said_is_the_share_chosen(inactivity: Run, tmp_path: Path) -> None:
    import shutil

    import pyarrow as pa
    import pyarrow.parquet as pq

    from bankmine import lifecycle

    folder = shutil.copytree(inactivity.folder, tmp_path / "inactivity" / "copy")
    kept = pq.ParquetFile(folder / "tested.parquet").read()
    half = pa.array(np.where(np.arange(kept.num_rows) % 2 == 0, 0.1, 0.2))
    pq.write_table(
        kept.set_column(kept.column_names.index("probability"), "probability", half),
        folder / "tested.parquet",
    )
    bank = made(tmp_path / "w", inactivity, regions=("south", "north"), branches=(None,))
    meaning = finding(validate(lifecycle.load_run(folder), bank), "Selection by region").meaning
    said = float(meaning.split("among the ")[1].split("%")[0])
    assert 30 < said < 70
