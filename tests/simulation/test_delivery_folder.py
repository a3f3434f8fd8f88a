"""The folder of a simulated bank: all of it or none, the same bytes whoever makes them."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bankmine.errors import BankmineError, ConfigurationError, UsageError
from bankmine.simulation import delivery
from bankmine.simulation.frame import Frame
from bankmine.simulation.simulate import LOCK, MARKER, Simulated, simulate
from simulation import made_community

Make = Callable[..., Simulated]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Simulates with the stand-in for the model of the bank, in this process."""
    monkeypatch.setitem(sys.modules, "bankmine.simulation.community", made_community)

    def made(folder: Path, **given: object) -> Simulated:
        asked = {"customers": 2500, "months": 3, "seed": 5, "workers": 1, **given}
        return simulate(folder, **asked)  # type: ignore[arg-type]

    return made


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file of a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def nothing_left(folder: Path) -> bool:
    return not folder.exists() and not list(folder.parent.glob("*.partial"))


def test_a_folder_has_the_extracts_their_day_the_truth_and_the_marker(make: Make, tmp_path: Path) -> None:
    done = make(tmp_path / "bank")
    files = set(contents(tmp_path / "bank"))
    assert {MARKER, "delivery.toml", "truth/scenario.json", "truth/regime.json", "truth/dirt.json"} <= files
    assert {f"transactions/part-0000{n}.parquet" for n in range(3)} <= files
    assert "branches/shared.parquet" in files
    assert not any(file.startswith("nothing") for file in files)
    marker = tomllib.loads((tmp_path / "bank" / MARKER).read_text())
    assert (marker["customers"], marker["months"], marker["seed"]) == (2500, 3, 5)
    assert marker["scenario"] == "calm"
    assert marker["rows"] == done.rows
    assert tomllib.loads((tmp_path / "bank/delivery.toml").read_text())["extract_date"] == "2023-04-01"
    assert json.loads((tmp_path / "bank/truth/regime.json").read_text())["day"] == "2023-03-01"


def test_the_marker_and_the_truth_tell_the_rows_that_are_there(make: Make, tmp_path: Path) -> None:
    done = make(tmp_path / "bank")
    for name, rows in done.rows.items():
        files = (tmp_path / "bank" / name).glob("*.parquet")
        assert sum(pq.ParquetFile(file).metadata.num_rows for file in files) == rows
    traces = [pq.read_table(file) for file in (tmp_path / "bank/truth/dirt").glob("*.parquet")]
    assert sum(one.num_rows for one in traces) == sum(sum(kinds.values()) for kinds in done.planted.values())


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(make: Make, tmp_path: Path) -> None:
    make(tmp_path / "one")
    make(tmp_path / "two")
    make(tmp_path / "other", seed=6)
    assert contents(tmp_path / "one") == contents(tmp_path / "two") != contents(tmp_path / "other")


def test_the_parts_may_be_made_in_any_order(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "one")
    forward = delivery.write_part
    monkeypatch.setattr(
        "bankmine.simulation.worker.write_part",
        lambda frame, part, folder, form: forward(frame, 2 - part, folder, form),
    )
    make(tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_csv_says_what_parquet_says(make: Make, tmp_path: Path) -> None:
    import duckdb

    typed, plain = make(tmp_path / "typed"), make(tmp_path / "plain", form="csv")
    assert typed.rows == plain.rows
    shown = "txn_no, booked_at, recorded_at, amount, ccy, status, category, withdrawn"
    text = f"read_csv('{tmp_path}/plain/transactions/*.csv.gz', all_varchar = true)"
    rows = duckdb.sql(f"SELECT {shown} FROM '{tmp_path}/typed/transactions/*.parquet'").fetchall()
    lines = duckdb.sql(f"SELECT {shown} FROM {text}").fetchall()
    unreadable = [line for line in lines if line[3] == delivery.UNREADABLE]
    assert len(unreadable) == typed.planted["transactions"]["unreadable_amount"] > 0
    plainly = [
        tuple(delivery.UNREADABLE if n == 3 and v is None else v if v is None else str(v).lower()
              for n, v in enumerate(row))
        for row in rows
    ]  # fmt: skip
    assert sorted(map(repr, plainly)) == sorted(
        repr(tuple(v if v is None else v.lower() for v in line)) for line in lines
    )


def test_a_part_is_a_function_of_the_size_alone() -> None:
    class Sized:
        def __init__(self, communities: int) -> None:
            self.communities = communities

    for communities in (1, 5, 256, 257, 50_000):
        parts = delivery.parts_of(Sized(communities))  # type: ignore[arg-type]
        assert [one for part in parts for one in part] == list(range(communities))
        assert len(parts) <= 256
        assert len({len(part) for part in parts[:-1]}) <= 1


def test_a_bank_of_one_customer_can_be_made(make: Make, tmp_path: Path) -> None:
    make(tmp_path / "bank", customers=1)
    assert tomllib.loads((tmp_path / "bank" / MARKER).read_text())["customers"] == 1


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"customers": 0}, "customers"), ({"customers": -4}, "customers"),
        ({"customers": 50_000_001}, "customers"), ({"months": 0}, "months"), ({"months": 121}, "months"),
        ({"seed": -1}, "seed"), ({"seed": 2**63}, "seed"), ({"workers": 0}, "workers"),
        ({"form": "xlsx"}, "xlsx"), ({"scenario": "storm"}, "storm"),
        ({"scenario": "/nowhere/mine.toml"}, "mine.toml"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_before_anything_is_made(
    make: Make, tmp_path: Path, asked: dict[str, object], word: str
) -> None:
    with pytest.raises(BankmineError, match=word) as refused:
        make(tmp_path / "bank", **asked)
    assert isinstance(refused.value, UsageError | ConfigurationError)
    assert nothing_left(tmp_path / "bank")


def test_a_folder_with_something_in_it_is_refused_and_an_empty_one_taken(make: Make, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/precious").touch()
    with pytest.raises(UsageError, match="not empty"):
        make(tmp_path / "full")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        make(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    make(tmp_path / "empty")
    assert (tmp_path / "empty" / MARKER).is_file()
    assert not (tmp_path / "empty" / LOCK).exists()


def test_what_a_killed_simulation_left_is_removed(make: Make, tmp_path: Path) -> None:
    left = tmp_path / "bank.partial"
    (left / "transactions").mkdir(parents=True)
    (left / "transactions/part-00000.parquet").write_bytes(b"half")
    (left / LOCK).touch()
    make(tmp_path / "bank")
    assert not left.exists()
    assert "half" not in str(contents(tmp_path / "bank"))


def test_a_folder_in_the_way_that_is_not_ours_stays(make: Make, tmp_path: Path) -> None:
    theirs = tmp_path / "bank.partial"
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="not made by a simulation"):
        make(tmp_path / "bank")
    assert (theirs / "thesis.txt").read_text() == "mine"


def test_two_simulations_into_one_folder_do_not_meet(make: Make, tmp_path: Path) -> None:
    busy = tmp_path / "bank.partial"
    busy.mkdir()
    with (busy / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another simulation"):
            make(tmp_path / "bank")
    assert busy.is_dir()


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), ValueError("bad luck"), OSError(errno.ENOSPC, "full")])
def test_whatever_stops_it_leaves_nothing(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    whole = made_community.make

    def stopped(frame: Frame, community: int) -> made_community.Made:
        if community == 1:
            raise stop
        return whole(frame, community)

    monkeypatch.setattr(made_community, "make", stopped)
    with pytest.raises(type(stop)):
        make(tmp_path / "bank")
    assert nothing_left(tmp_path / "bank")


def test_progress_counts_communities(make: Make, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make(tmp_path / "bank", progress=lambda stage, done=0, total=0: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
