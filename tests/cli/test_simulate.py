"""`bankmine simulate`: whatever goes wrong ends in one line and leaves no folder; its bank can be loaded."""

from __future__ import annotations

import hashlib
import importlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "bankmine")


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Kernels are compiled before: a process that compiles one does not hear signals until it has."""
    for name in ("simulation.spending_kernel", "simulation.ledger_kernel", "bank.siphash"):
        importlib.import_module(f"bankmine.{name}")


def bankmine(
    *words: str | Path, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own; `before` runs in it first."""
    return subprocess.run(
        [*COMMAND, *map(str, words)], capture_output=True, text=True, timeout=240, preexec_fn=before
    )


def hears_ctrl_c() -> None:
    """Undoes what a shell does to tests it runs in the background: their children would not hear Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(folder: Path) -> subprocess.Popen[str]:
    """A simulation of a big bank, at work: some of its files are there."""
    words = ["simulate", str(folder), "--customers", "100000", "--months", "2", "--workers", "2"]
    process = subprocess.Popen(
        [*COMMAND, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    )
    apart = folder.with_name(f"{folder.name}.partial")
    end = time.monotonic() + 60
    while not list(apart.glob("transactions/*")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The process numbers of its workers."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(number) for number in children.split()]


def all_gone(numbers: list[int], seconds: float = 5.0) -> bool:
    """Whether the processes end within the time."""
    end = time.monotonic() + seconds
    while any(_lives(number) for number in numbers):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    said = [line for line in done.stderr.splitlines() if not line.startswith("  ")]
    assert len(said) == 1, done.stderr
    assert said[0].startswith("bankmine: ")
    for word in words:
        assert word in said[0]


def test_ctrl_c_ends_all_processes_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    process = started(tmp_path / "bank")
    workers = workers_of(process)
    assert len(workers) == 2
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert process.returncode == 130
    assert [line for line in said.splitlines() if not line.startswith("  ")] == [
        "bankmine: interrupted; nothing was left half done"
    ]
    assert all_gone(workers)
    assert list(tmp_path.iterdir()) == []


def test_after_a_kill_the_workers_end_and_the_next_simulation_clears_up(tmp_path: Path) -> None:
    process = started(tmp_path / "bank")
    workers = workers_of(process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    assert all_gone(workers)
    assert [path.name for path in tmp_path.iterdir()] == ["bank.partial"]
    done = bankmine("simulate", tmp_path / "bank", "--customers", 50, "--months", 1)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bank"]
    assert "customers = 50\n" in (tmp_path / "bank/simulated.toml").read_text()


def test_a_worker_that_is_killed_ends_the_simulation_in_one_line(tmp_path: Path) -> None:
    process = started(tmp_path / "bank")
    os.kill(workers_of(process)[0], signal.SIGKILL)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 70
    lines = [line for line in said.splitlines() if not line.startswith("  ")]
    assert len(lines) == 1
    assert "ended from outside" in lines[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_may_not_grow_is_one_line(tmp_path: Path, workers: int) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    words = ("simulate", tmp_path / "bank", "--customers", "2000", "--months", "3", "--workers", workers)
    one_line(bankmine(*words, before=small_files), 74, "no room", "nothing was left behind")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a file system cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_full_disk_is_one_line_and_leaves_nothing(small_disk: Path, form: str) -> None:
    words = ("simulate", small_disk / "bank", "--customers", "3000", "--months", "6", "--format", form)
    one_line(bankmine(*words), 74, "no room", "nothing was left behind")
    assert list(small_disk.iterdir()) == []


def test_one_worker_or_two_write_the_same_bytes(tmp_path: Path) -> None:
    for workers in (1, 2):
        words = ("--customers", "2100", "--months", "4", "--seed", "11", "--workers", workers)
        done = bankmine("simulate", tmp_path / str(workers), *words)
        assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--customers", "0"), "customers is 0"), (("--customers", "-5"), "customers is -5"),
        (("--customers", "99999999999999999999"), "customers"), (("--months", "121"), "months is 121"),
        (("--seed", "-1"), "seed is -1"), (("--seed", "9223372036854775808"), "seed"),
        (("--format", "xml"), "xml"), (("--scenario", "rescession"), "recession"),
        (("--customers", "many"), "many"), (("--workers", "0"), "workers is 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_one_line(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    if said == "many":
        said = "customers"
    one_line(bankmine("simulate", tmp_path / "bank", *words), 2, said)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_not_simulated_is_refused_at_init_and_at_load(tmp_path: Path) -> None:
    (tmp_path / "extracts").mkdir()
    words = ("--mapping", "simulated", "--extracts", tmp_path / "extracts")
    one_line(bankmine("init", tmp_path / "bank", *words), 4, "simulated.toml")
    assert not (tmp_path / "bank").exists()
    (tmp_path / "extracts/simulated.toml").touch()
    assert bankmine("init", tmp_path / "bank", *words).returncode == 0
    (tmp_path / "extracts/simulated.toml").unlink()
    one_line(bankmine("load", tmp_path / "bank"), 4, "simulated.toml")
