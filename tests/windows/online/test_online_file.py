"""A state's file: whole or not at all, of this version and these features, checked in every byte."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from streams import ZONE, as_table
from test_online_long import BEGIN, FEATURES, history

from bankmine.errors import BankmineError, UsageError, WarehouseError
from bankmine.windows import events, windows
from bankmine.windows.online import OnlineState

LIMIT = 1 << 26
ROWS = history(5, 400, 20)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("online") / "spending.state"
    state = OnlineState.start(FEATURES, zone=ZONE, covered_from=BEGIN, limit=LIMIT)
    state.enter(as_table("transaction", ROWS[:300]))
    state.save(path)
    return path


def restore(path: Path) -> OnlineState:
    return OnlineState.restore(path, FEATURES, limit=LIMIT)


def test_a_restored_state_carries_the_offset_and_goes_on(saved: Path) -> None:
    state = restore(saved)
    assert state.offset == 300
    whole = OnlineState.start(FEATURES, zone=ZONE, covered_from=BEGIN, limit=LIMIT)
    wanted = whole.enter(as_table("transaction", ROWS)).slice(state.offset)
    assert state.enter(as_table("transaction", ROWS[state.offset :])).equals(wanted)


@pytest.mark.parametrize("missing", [1, 40, 5000])
def test_a_file_some_bytes_short_is_refused(saved: Path, tmp_path: Path, missing: int) -> None:
    short = tmp_path / "short"
    short.write_bytes(saved.read_bytes()[:-missing])
    with pytest.raises(WarehouseError, match=f"{missing} bytes short"):
        restore(short)


@pytest.mark.parametrize("kept", [0, 5, 17, 200])
def test_a_file_cut_off_in_its_header_is_refused(saved: Path, tmp_path: Path, kept: int) -> None:
    short = tmp_path / "short"
    short.write_bytes(saved.read_bytes()[:kept])
    with pytest.raises(WarehouseError, match="cut off"):
        restore(short)


@pytest.mark.parametrize("at", [-1, -33, -4000])
def test_an_altered_byte_is_noticed(saved: Path, tmp_path: Path, at: int) -> None:
    content = bytearray(saved.read_bytes())
    content[at] ^= 1
    altered = tmp_path / "altered"
    altered.write_bytes(content)
    with pytest.raises(WarehouseError, match="altered"):
        restore(altered)


def test_a_file_too_long_is_refused(saved: Path, tmp_path: Path) -> None:
    long = tmp_path / "long"
    long.write_bytes(saved.read_bytes() + b"x")
    with pytest.raises(WarehouseError, match="1 bytes too long"):
        restore(long)


def test_another_format_and_another_file_are_refused(saved: Path, tmp_path: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[8] = 99
    other = tmp_path / "other"
    other.write_bytes(content)
    with pytest.raises(WarehouseError, match="of format 99"):
        restore(other)
    other.write_bytes(b"PAR1 is not a state at all")
    with pytest.raises(WarehouseError, match="not a file of an online state"):
        restore(other)
    with pytest.raises(UsageError, match="there is no state"):
        restore(tmp_path / "nothing")


def test_other_features_are_refused(saved: Path) -> None:
    fewer = windows(events("transaction"), over=["24h"], aggregate=["count"])
    with pytest.raises(WarehouseError, match="saved for other features"):
        OnlineState.restore(saved, fewer)


def test_a_state_larger_than_it_may_be_is_refused(saved: Path) -> None:
    with pytest.raises(UsageError, match="more than the state may use"):
        OnlineState.restore(saved, FEATURES, limit=1 << 12)


def test_refusals_are_one_line(saved: Path, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(saved.read_bytes()[:-1])
    with pytest.raises(BankmineError) as refusal:
        restore(short)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("full", ["write", "fsync"])
def test_a_full_disk_is_one_line_and_leaves_the_old_file_alone(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    path = tmp_path / "spending.state"
    path.write_bytes(saved.read_bytes())
    state = restore(path)
    if full == "fsync":
        monkeypatch.setattr(os, "fsync", _no_space)
        with pytest.raises(WarehouseError, match=r"the disk is full, spending\.state was not saved"):
            state.save(path)
    else:
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, old[1]))
        try:
            with pytest.raises(WarehouseError, match=r"the disk is full, spending\.state was not saved"):
                state.save(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
            signal.signal(signal.SIGXFSZ, handler)
    assert [one.name for one in tmp_path.iterdir()] == ["spending.state"]
    assert path.read_bytes() == saved.read_bytes()


def _no_space(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_place_that_cannot_be_written_to_is_named_and_nothing_is_left(saved: Path, tmp_path: Path) -> None:
    state = restore(saved)
    with pytest.raises(UsageError, match="there is no folder"):
        state.save(tmp_path / "absent" / "spending.state")
    (tmp_path / "folder.state").mkdir()
    with pytest.raises(UsageError, match=r"folder\.state was not saved"):
        state.save(tmp_path / "folder.state")
    assert [one.name for one in tmp_path.iterdir()] == ["folder.state"]


def test_a_place_may_be_given_as_text(saved: Path, tmp_path: Path) -> None:
    OnlineState.restore(str(saved), FEATURES, limit=LIMIT).save(str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_a_save_that_is_killed_leaves_the_old_file(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "killed.state"
    path.write_bytes(saved.read_bytes())
    script = textwrap.dedent(f"""
        import sys
        sys.path[:0] = {sys.path!r}
        from pathlib import Path
        import bankmine.windows.online.file as online_file
        from test_online_file import restore
        state = restore(Path({str(path)!r}))
        slow = online_file._chunks
        def chunks(data):
            for part in [data[at : at + 4096] for at in range(0, len(data), 4096)]:
                print("writing", flush=True)
                yield part
        online_file._chunks = chunks
        while True:
            state.save(Path({str(path)!r}))
    """)
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert child.stdout is not None
    for _ in range(3 + os.getpid() % 7):
        child.stdout.readline()
    time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert restore(path).offset == 300
