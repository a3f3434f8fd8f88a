"""Kept columns as files: whole or unused, gone with the data they were made of, never in the way."""

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bank_rows import feedback, load_of

from bankmine.bank import kept_files as module
from bankmine.bank import writer as writer_module
from bankmine.bank.kept_files import Place, Source, keep, open_kept, source_of
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import restore, writing

ARRAYS = {
    "numbers": np.arange(-5, 100_000),
    "codes": np.arange(7, dtype=np.int32),
    "flags": np.array([True, False, True]),
    "nothing": np.zeros(0, np.int64),
}
LEVELS = {"codes": ("a", "žluťoučký")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Warehouse.create(tmp_path / "warehouse", time_zone="UTC", currency="EUR", key_identity="k")
    return tmp_path / "warehouse"


def load(folder: Path, number: int, count: int = 100) -> Warehouse:
    with writing(folder) as writer:
        writer.append("feedback", feedback(count, customers=1, first=number * 1000))
        return writer.commit(load_of(number, feedback=count))


def place_of(warehouse: Warehouse) -> Place:
    """The first bucket that has files."""
    bucket = warehouse.files("feedback")[0].bucket
    assert bucket is not None
    return Place("feedback", "main", bucket)


def sources(warehouse: Warehouse) -> list[Source]:
    found = [
        source_of(warehouse.folder, file.path)
        for file in warehouse.files("feedback", bucket=place_of(warehouse).bucket)
    ]
    return [source for source in found if source is not None]


def kept(warehouse: Warehouse) -> Path:
    """A kept file of the first bucket."""
    place = place_of(warehouse)
    assert keep(warehouse.folder, place, sources(warehouse), ARRAYS, LEVELS)
    return place.path(warehouse.folder)


def left(folder: Path) -> list[str]:
    return sorted(
        path.name for path in (folder / "columns").rglob("*") if path.is_file() and path.name != ".lock"
    )


def test_arrays_come_back_as_they_were(folder: Path) -> None:
    warehouse = load(folder, 1)
    found = open_kept(kept(warehouse))
    assert found is not None
    assert found.sources == tuple(sources(warehouse))
    assert found.levels == LEVELS
    assert found.names == tuple(ARRAYS)
    for name, array in ARRAYS.items():
        assert found.array(name).dtype == array.dtype
        assert np.array_equal(found.array(name), array)
    assert "numbers" in found
    assert "other" not in found
    with pytest.raises(KeyError):
        found.array("other")


def test_an_altered_array_is_noticed_wherever_a_bit_is_turned(folder: Path) -> None:
    path = kept(load(folder, 1))
    good = path.read_bytes()
    begin = good.index(ARRAYS["numbers"].tobytes())
    for at in (begin, begin + 8 * 50_001 + 3, begin + ARRAYS["numbers"].nbytes - 1):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        found = open_kept(path)
        assert found is not None
        with pytest.raises(ValueError, match="numbers was changed"):
            found.array("numbers")
        assert len(found.array("codes")) == 7


@pytest.mark.parametrize("spoil", ["cut", "longer", "empty", "short", "index", "magic", "text"])
def test_a_file_that_is_not_whole_is_no_kept_file(folder: Path, spoil: str) -> None:
    path = kept(load(folder, 1))
    good = path.read_bytes()
    spoilt = {
        "cut": good[:-1], "longer": good + b"\0", "empty": b"", "short": good[:20], "text": b"x" * 4096,
        "index": good.replace(b'"levels"', b'"lovels"', 1), "magic": b"BMKEPT99" + good[8:],
    }  # fmt: skip
    path.write_bytes(spoilt[spoil])
    assert open_kept(path) is None
    with writing(folder):
        pass
    assert not path.exists()  # the next writer clears it away


def test_a_reader_goes_on_reading_a_file_that_was_replaced_or_removed(folder: Path) -> None:
    warehouse = load(folder, 1)
    path = kept(warehouse)
    found = open_kept(path)
    assert found is not None
    keep(folder, place_of(warehouse), sources(warehouse), {"numbers": np.zeros(3, np.int64)}, {})
    path.unlink()
    assert np.array_equal(found.array("numbers"), ARRAYS["numbers"])


def test_nothing_is_kept_of_files_the_manifest_does_not_name_for_the_place(folder: Path) -> None:
    first = load(folder, 1)
    place, old = place_of(first), sources(first)
    second = load(folder, 2)
    assert not keep(folder, place, old, ARRAYS, LEVELS)  # a file joined them
    assert keep(folder, place, sources(second), ARRAYS, LEVELS)
    path = folder / sources(second)[0].path
    os.utime(path, ns=(1, 1))
    assert not keep(folder, place, old, ARRAYS, LEVELS)
    assert not keep(folder, Place("feedback", "main", 63 - place.bucket), sources(second), ARRAYS, LEVELS)
    assert [name for name in left(folder) if name.endswith(".tmp")] == []


def test_a_kept_file_goes_in_the_commit_in_which_its_sources_go(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(load(folder, 1))
    other = load(folder, 2)
    assert path.exists()  # a load that only adds leaves it
    seen: list[bool] = []
    real = writer_module.publish

    def watched(*given: Any) -> None:
        seen.append(path.exists())
        real(*given)

    monkeypatch.setattr(writer_module, "publish", watched)
    with writing(folder) as writer:  # as an erasure does: a file is replaced by one without the person
        gone = other.files("feedback", bucket=place_of(other).bucket)[0]
        writer.removed.add(gone.path)
        writer.commit(load_of(3))
    assert seen == [False]
    assert not path.exists()


def test_columns_kept_by_a_reader_while_their_files_go_are_removed_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = load(folder, 1)
    real = writer_module.publish

    def reader_in_between(*given: Any) -> None:
        kept(warehouse)
        real(*given)

    monkeypatch.setattr(writer_module, "publish", reader_in_between)
    with writing(folder) as writer:
        writer.removed.add(warehouse.files("feedback", bucket=place_of(warehouse).bucket)[0].path)
        writer.commit(load_of(2))
    assert left(folder) == []
    assert not keep(folder, place_of(warehouse), sources(warehouse), ARRAYS, LEVELS)
    assert left(folder) == []


def test_compaction_and_growth_remove_what_was_kept_of_the_old_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(load(folder, 1))
    for number in range(2, 4):
        load(folder, number)
    assert not path.exists()  # the third load joined the runs
    path = kept(Warehouse.open(folder))
    monkeypatch.setattr(writer_module, "ROWS_A_BUCKET", 1)
    load(folder, 4)
    assert not path.exists()


def test_restore_removes_what_was_kept_of_files_it_leaves_out(folder: Path) -> None:
    load(folder, 1)
    second = load(folder, 2)
    path = kept(second)
    (folder / "history/000002.json").write_text("lost")
    assert len(restore(folder).manifest.loads) == 1
    assert not path.exists()


def test_what_a_crash_left_half_written_is_removed_by_the_next_writer(folder: Path) -> None:
    path = kept(load(folder, 1))
    (path.parent / "bucket=0009.kept.1-2.tmp").write_bytes(b"half")
    with writing(folder):
        pass
    assert left(folder) == [path.name]


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = load(folder, 1)

    def full(out: Any, *_: Any) -> None:
        out.write(b"begun")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_write", full)
    with pytest.warns(RuntimeWarning, match="is full: no columns are kept") as seen:
        assert not keep(folder, place_of(warehouse), sources(warehouse), ARRAYS, LEVELS)
    assert len(seen) == 1
    assert left(folder) == []


def test_where_nothing_may_be_written_nothing_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = load(folder, 1)

    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refused)
    assert not keep(folder, place_of(warehouse), sources(warehouse), ARRAYS, LEVELS)
    assert not (folder / "columns").exists()
