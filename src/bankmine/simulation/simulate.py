"""Simulates a whole bank into a folder: its extracts, and the truth apart from them.

Everything is written in a folder beside the one asked for and shown by one rename at the end, so that an
interruption, a full disk or a killed process leaves no half bank. The same arguments give the same bytes,
however many processes make them.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any, Protocol

from bankmine.errors import UsageError
from bankmine.simulation.delivery import FORMATS, TRUTH, Written, parts_of, write_shared
from bankmine.simulation.frame import FIRST_DAY, MAXIMUM_MONTHS, NEVER, Frame, civil
from bankmine.simulation.scenario import load_scenario
from bankmine.simulation.worker import Job, written_parts

MARKER, DELIVERY, LOCK = "simulated.toml", "delivery.toml", ".simulating"
VERSION = 2  # of the simulator: another one makes other bytes of the same seed
MOST_CUSTOMERS = 50_000_000
MOST_SEED = 2**63 - 1


class Progress(Protocol):
    """Told how many communities are made, of how many."""

    def __call__(self, stage: str, done: int = 0, total: int = 0, /) -> None: ...


Finish = Callable[[Path, Frame], None]


def silent(stage: str, done: int = 0, total: int = 0, /) -> None:
    """A progress that says nothing."""


@dataclass(frozen=True)
class Simulated:
    """A bank that was simulated: its folder, rows an extract, planted dirt by extract and kind."""

    folder: Path
    rows: dict[str, int]
    planted: dict[str, dict[str, int]]

    def lines(self) -> Iterator[str]:
        """What was made, for people."""
        extracts = sum(count > 0 for count in self.rows.values())
        yield (
            f"Wrote {self.folder}: {self.rows.get('transactions', 0):,} transactions and "
            f"{sum(self.rows.values()):,} rows in {extracts} extracts."
        )
        yield f"Next: bankmine init my-bank --mapping simulated --extracts {self.folder}"


def simulate(
    folder: Path,
    *,
    customers: int,
    months: int,
    seed: int,
    scenario: str | None = None,
    form: str = "parquet",
    workers: int | None = None,
    finish: Finish | None = None,
    progress: Progress = silent,
) -> Simulated:
    """Writes the extracts and the truth of a made-up bank; the folder must not exist or be empty.

    `scenario` is the name of a shipped one or a TOML file. `workers`: processes, by default one a core; 1
    makes everything in this process. `finish` may add to the truth before the bank is shown: it is given the
    folder and the frame. UsageError for what cannot be meant; OSError where the disk is full.
    """
    _check(folder, customers=customers, months=months, seed=seed, form=form, workers=workers)
    chosen = load_scenario(scenario)
    with _apart(folder) as apart, _full_disk(folder):
        job = Job(seed=seed, customers=customers, months=months, scenario=chosen, folder=apart, form=form)
        frame = job.frame()
        written = _write(job, frame, workers, progress)
        _write_truth(apart / TRUTH, frame, written)
        _write_delivery(apart, frame)
        if finish:
            finish(apart, frame)
        _write_marker(apart, frame, job, written)
    return Simulated(folder, written.rows, written.planted)


def _write(job: Job, frame: Frame, workers: int | None, progress: Progress) -> Written:
    """All parts; progress by communities."""
    many = min(workers or len(os.sched_getaffinity(0)), len(parts_of(frame)))
    progress("simulating", 0, frame.communities)
    written, done = write_shared(frame, job.folder, job.form), 0
    for said in written_parts(job, frame, many):
        if said is None:
            done += 1
            progress("simulating", done, frame.communities)
        else:
            written.add(said)
    return written


def _write_truth(folder: Path, frame: Frame, written: Written) -> None:
    folder.mkdir(exist_ok=True)
    changes = frame.regime_day < min(NEVER, frame.days)
    regime: dict[str, Any] = {"day": civil(frame.regime_day).isoformat() if changes else None}
    regime |= frame.scenario.as_dict()["regime"]
    planted = {name: dict(sorted(kinds.items())) for name, kinds in sorted(written.planted.items())}
    for name, content in (
        ("scenario", frame.scenario.as_dict()),
        ("regime", regime),
        ("dirt", planted),
    ):
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


def _write_delivery(folder: Path, frame: Frame) -> None:
    """The day on which the extracts were drawn."""
    drawn = civil(frame.days).isoformat()
    (folder / DELIVERY).write_text(f'extract_date = "{drawn}"\n', encoding="utf-8")


def _write_marker(folder: Path, frame: Frame, job: Job, written: Written) -> None:
    """Last of all, the file that says that this is a whole bank."""
    lines = [
        "# Extracts of a bank that never existed, made by `bankmine simulate`.",
        f"simulator = {VERSION}",
        f"customers = {job.customers}",
        f"months = {job.months}",
        f"seed = {job.seed}",
        f"scenario = {json.dumps(job.scenario.name, ensure_ascii=False)}",
        f'format = "{job.form}"',
        f'first_day = "{FIRST_DAY.isoformat()}"',
        f'extract_date = "{civil(frame.days).isoformat()}"',
        "",
        "[rows]",
        *(f"{name} = {count}" for name, count in sorted(written.rows.items())),
    ]
    (folder / MARKER).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _check(folder: Path, *, customers: int, months: int, seed: int, form: str, workers: int | None) -> None:
    """Refuses what cannot be meant, before anything is made."""
    for name, value, low, high in (
        ("customers", customers, 1, MOST_CUSTOMERS),
        ("months", months, 1, MAXIMUM_MONTHS),
        ("seed", seed, 0, MOST_SEED),
        ("workers", 1 if workers is None else workers, 1, 1024),
    ):
        if not low <= value <= high:
            raise UsageError(f"{name} is {value}", hint=f"Give a whole number from {low:,} to {high:,}.")
    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", hint=f"Use one of {', '.join(FORMATS)}.")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", hint="Choose a new folder for the extracts.")
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} exists and is not empty", hint="Choose a new folder for the extracts.")


@contextmanager
def _apart(folder: Path) -> Iterator[Path]:
    """A folder beside the one asked for, which takes its name at the end or is removed.

    A lock in it says that it is ours and in use; the kernel lets go of it when the process ends.
    """
    folder = Path(os.path.abspath(folder))
    apart = folder.parent / f"{folder.name}.partial"
    _remove_leftover(apart)
    apart.mkdir(parents=True)
    lock = _locked(apart)
    try:
        yield apart
        os.unlink(apart / LOCK)
        os.rename(apart, folder)
    except BaseException:
        rmtree(apart, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _locked(apart: Path) -> int:
    lock = os.open(apart / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise UsageError(
            f"another simulation is writing {apart}",
            hint="Wait until it has ended, or choose another folder.",
        ) from None
    return lock


def _remove_leftover(apart: Path) -> None:
    """Removes what a killed simulation left; UsageError where it is not ours or still in use."""
    if not apart.exists() and not apart.is_symlink():
        return
    ours = apart.is_dir() and not apart.is_symlink()
    ours = ours and ((apart / LOCK).is_file() or (apart / MARKER).is_file() or not any(apart.iterdir()))
    if not ours:
        raise UsageError(
            f"{apart} is in the way and was not made by a simulation",
            hint="Move it, or choose another folder.",
        )
    lock = _locked(apart)
    try:
        rmtree(apart)
    finally:
        os.close(lock)


@contextmanager
def _full_disk(folder: Path) -> Iterator[None]:
    """Turns "no space left", in whosever words, into one that names the folder."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        if full or "No space left" in str(error) or "File too large" in str(error):
            raise OSError(
                errno.ENOSPC,
                "the disk has no room for the simulated bank; nothing was left behind",
                str(folder),
            ) from None
        raise
