"""Snapshots out of core: all keys of a bank at some cutoffs, one part of the keys at a time.

A part is what one bucket of the largest table holds (tables with fewer buckets give it a fraction of one),
so memory stays flat in the number of customers, parts need nothing of each other, and any machine that
reaches the files can compute any of them: one after another, on two cores, or as tasks of a cluster.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank import catalogue
from bankmine.bank.columns import MAIN
from bankmine.bank.hashing import bucket_of
from bankmine.bank.manifest import sync_folder
from bankmine.errors import ConfigurationError, CutoffError, UsageError, WarehouseError
from bankmine.windows.declaration import Feature
from bankmine.windows.given import instant, instants, whole_numbers
from bankmine.windows.plan import Group, check_names, check_tables, parts, plan
from bankmine.windows.reading.reader import EventRows, Readable, order_for
from bankmine.windows.reading.rows import among
from bankmine.windows.result import Memory
from bankmine.windows.snapshot import Asked, Calculation, Held, Prepared

Ints = NDArray[np.int64]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Question:
    """What is asked of every part: the features of all keys, each at every cutoff (µs, ascending)."""

    features: tuple[Feature, ...]
    cutoffs: tuple[int, ...]
    key: str
    as_of: int | None
    parts: int

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables the features look at."""
        return tuple(dict.fromkeys(one.source.table for one in parts(self.features)))


def question(
    warehouse: Readable,
    features: Sequence[Feature],
    cutoffs: Any,
    *,
    key: str = "customer_id",
    as_of: Any = None,
) -> Question:
    """What is asked, checked; cutoffs may come in any order, and one given twice counts once.

    `cutoffs` and `as_of` are µs since 1970 UTC, or what `given.instants` reads. UsageError for others,
    ConfigurationError where a feature has another key, CutoffError without cutoffs or where `as_of` lies
    before one, FeasibilityError for a table the bank lacks.
    """
    check_names(features, (key, "cutoff"))
    check_tables(warehouse, features)
    alien = next((one for one in parts(features) if one.source.key != key), None)
    if alien is not None:
        raise ConfigurationError(
            f"{alien.name} is a feature of {alien.source.key}, not of {key}",
            hint="Ask a snapshot for each key.",
        )
    when = tuple(np.unique(instants(cutoffs, "cutoffs")).tolist())
    known = instant(as_of, "as_of")
    if not when:
        raise CutoffError("a snapshot needs a cutoff", hint="Give one or more.")
    if known is not None and known < when[-1]:
        raise CutoffError(
            "as_of lies before a cutoff, so the last events before it were not known",
            hint="Ask for earlier cutoffs, a later as_of, or leave as_of out.",
        )
    count = max(
        (warehouse.buckets(group.table) for group in plan(features) if _by(warehouse, group)), default=1
    )
    return Question(tuple(features), when, key, known, count)


def part_table(
    warehouse: Readable,
    asked: Question,
    part: int,
    subjects: Any = None,
    *,
    calculation: Calculation | None = None,
) -> Any:
    """An Arrow table of one part: the key, `cutoff`, and the features, sorted by (key, cutoff).

    The keys are `subjects` (those of them that belong to the part) or else all keys of the part with an
    event in a table of the features that was ever known, whenever it happened. A `calculation` of the
    features is made where none is given. UsageError for a part that is not one of `asked.parts`.
    """
    import pyarrow as pa

    if not 0 <= part < asked.parts:
        raise UsageError(f"there is no part {part}", hint=f"There are the parts 0 to {asked.parts - 1}.")
    calculation = calculation or Calculation(warehouse, asked.features)
    held = _held(warehouse, calculation, part) if subjects is None else {}
    keys = _keys(held.values()) if subjects is None else np.unique(whole_numbers(subjects, "subjects"))
    keys = keys[bucket_of(keys, asked.parts) == part]
    rows = np.repeat(keys, len(asked.cutoffs))
    when = np.tile(np.array(asked.cutoffs, np.int64), len(keys))
    known = when if asked.as_of is None else np.full(len(when), asked.as_of, np.int64)
    found = calculation.table(Asked({asked.key: rows}, when, known), threads=1, held=held)
    instants = pa.array(when).cast(pa.timestamp("us", tz="UTC"))
    return pa.table([pa.array(rows), instants, *found.columns], [asked.key, "cutoff", *found.column_names])


def snapshot_tables(warehouse: Readable, asked: Question, *, threads: int = 2) -> Iterator[Any]:
    """The parts' tables in order; at most `threads` + 1 of them are held at a time."""
    calculation = Calculation(warehouse, asked.features)
    calculation.memory = Memory()
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Any]] = deque()
        for number in range(asked.parts):
            waiting.append(pool.submit(part_table, warehouse, asked, number, calculation=calculation))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def write_part(table: Any, path: Path) -> int:
    """Writes a part's table as Parquet, the same bytes for the same table, synced; its rows."""
    import pyarrow.parquet as pq

    with path.open("wb") as out:
        pq.write_table(table.combine_chunks(), out, compression="zstd", use_dictionary=False)
        out.flush()
        os.fsync(out.fileno())
    return int(table.num_rows)


def part_name(part: int) -> str:
    """The file of a part."""
    return f"part={part:04d}.parquet"


def snapshot_files(
    warehouse: Readable,
    asked: Question,
    folder: Path,
    *,
    threads: int = 2,
    progress: Progress | None = None,
    finish: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Writes the parts as files of a new folder, which appears whole or not at all; the files.

    `finish` may write more into the folder, which is whole but has not its name yet.
    Where the warehouse says that windows are computed on Spark, each part is a task of it and all executors
    must reach the folder; the files are the same. WarehouseError where the folder exists.
    """
    with new_folder(folder) as staging:
        if getattr(warehouse, "spark", None) is not None:
            from bankmine.windows.spread import spread_files

            spread_files(warehouse, asked, staging, progress=progress)  # type: ignore[arg-type]
        else:
            for number, table in enumerate(snapshot_tables(warehouse, asked, threads=threads)):
                write_part(table, staging / part_name(number))
                if progress is not None:
                    progress("snapshot", number + 1, asked.parts)
        if finish is not None:
            finish(staging)
    return files_of(folder)


def files_of(folder: Path) -> list[Path]:
    """The parts' files in a folder, in order."""
    return sorted(folder.glob("part=*.parquet"))


def missing_shares(files: Sequence[Path]) -> tuple[int, dict[str, float]]:
    """The rows of a snapshot's files, and of each column the share that is missing."""
    import pyarrow.parquet as pq

    rows, missing = 0, dict[str, int]()
    for path in files:
        metadata = pq.read_metadata(path)
        rows += metadata.num_rows
        groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
        for group in (one for one in groups if one.num_rows):
            for column in map(group.column, range(metadata.num_columns)):
                name = column.path_in_schema
                missing[name] = missing.get(name, 0) + column.statistics.null_count
    return rows, {name: count / max(rows, 1) for name, count in missing.items()}


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill that takes its name when all went well, and is removed when not.

    WarehouseError where the folder exists.
    """
    if folder.exists():
        raise WarehouseError(f"{folder} exists already", hint="Name a new folder, or remove it.")
    staging = folder.with_name(folder.name + ".partial")
    rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        yield staging
        sync_folder(staging)
        staging.rename(folder)
    finally:
        rmtree(staging, ignore_errors=True)
    sync_folder(folder.parent)


def _by(warehouse: Readable, group: Group) -> bool:
    """Whether a group's rows lie in buckets of its key, in the main order or in a projection."""
    order = order_for(warehouse, group.table, key=group.key, columns=group.columns)
    return catalogue.table(group.table).bucket_key == group.key or order != MAIN


def _held(warehouse: Readable, calculation: Calculation, part: int) -> Held:
    """The rows of a part, of each table of the features."""
    found: dict[tuple[Prepared, int | None], tuple[EventRows, ...]] = {}
    for prepared in calculation.groups:
        buckets = warehouse.buckets(prepared.group.table)
        bucket = part & (buckets - 1) if prepared.bucketed and buckets > 1 else None
        found[prepared, bucket] = prepared.read(bucket)
    return found


def _keys(held: Iterable[tuple[EventRows, ...]]) -> Ints:
    """All keys that have rows, ascending."""
    found = [np.zeros(0, np.int64)]
    for pieces in held:
        found.append(_with_rows(pieces[-1]))
        found += [_with_rows(rows, but=pieces[-1].keys) for rows in pieces[:-1]]
    return np.unique(np.concatenate(found))


def _with_rows(rows: EventRows, but: Ints | None = None) -> Ints:
    """The keys that have rows, without some."""
    filled = rows.offsets[1:] > rows.offsets[:-1]
    return rows.keys[filled if but is None else filled & ~among(rows.keys, but)]
