"""A load on a full disk of 20 MB is one line, leaves the warehouse as it was, and succeeds with room."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import HandMade, example_bank, payment

from bankmine import sources
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import WarehouseError


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 20 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a file system cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Fills the disk but for `leave` bytes."""
    import os

    free = os.statvfs(disk)
    file = disk / "filler"
    file.write_bytes(b"\0" * max(0, free.f_bavail * free.f_frsize - leave))
    return file


@pytest.mark.parametrize("leave", [0, 8_192, 60_000, 150_000])
def test_a_load_that_fills_the_disk_leaves_the_warehouse_as_it_was(
    small_disk: Path, tmp_path: Path, leave: int
) -> None:
    bank = HandMade(small_disk / "bank")
    bank.load()
    bank.write("payments", [payment(n, text=f"text {n}") for n in range(3000)])
    before = bank.state()
    filler = fill(small_disk, leave)
    with pytest.raises(WarehouseError, match="full; the warehouse is as it was before"):
        bank.load()
    assert bank.state() == before
    filler.unlink()
    assert bank.load().load.tables["transaction"].rows > 2000
    bank.warehouse.verify()


def test_a_bank_too_big_for_its_disk_is_refused_and_loads_on_a_bigger_one(
    small_disk: Path, tmp_path: Path
) -> None:
    roomy = example_bank(tmp_path / "bank", customers=700, months=18, dirty=False)
    cramped = replace(roomy, folder=small_disk / "bank", keys=tmp_path / "keys")
    cramped.folder.mkdir()
    fill(small_disk, 3_000_000)
    with pytest.raises(WarehouseError, match="full"):
        sources.load(cramped)
    warehouse = Warehouse.open(small_disk / "bank/warehouse")
    assert warehouse.manifest.loads == ()
    assert not list((small_disk / "bank/warehouse").rglob("*.parquet"))
    assert sources.load(roomy).load.tables["transaction"].rows > 10_000
