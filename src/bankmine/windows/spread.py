"""Snapshots spread over many machines: each Spark task computes one part with the same code as here.

    (part, files) ─ mapInArrow ─▶ read its buckets, run the kernel, write its Parquet file ─▶ rows written

A task gets a question and an excerpt of the manifest with the files of its buckets; only counts go back
through Spark. Rows that are asked for (a matrix) go out as a Parquet file for each bucket, the answers come
back the same way and are put in the order asked. Every file is written under a name of its own and then
renamed: Spark may repeat a task whose machine was lost, and a repeated task leaves the same bytes.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from bankmine.bank import catalogue
from bankmine.bank.columns import MAIN
from bankmine.bank.hashing import bucket_of
from bankmine.config import SparkSettings
from bankmine.errors import ConfigurationError
from bankmine.windows.aggregates import AGGREGATES
from bankmine.windows.declaration import Feature, RatioFeature, WindowFeature
from bankmine.windows.plan import Group, plan
from bankmine.windows.reading.moved import Moved, know_moved, moved_versions
from bankmine.windows.reading.reader import Readable, order_for
from bankmine.windows.snapshot import NO_SUBJECT, Asked, compute

if TYPE_CHECKING:
    from bankmine.windows.parts import Question

Ints = NDArray[np.int64]
Progress = Callable[[str, int, int], None]


class Spreadable(Readable, Protocol):
    """A warehouse whose windows are computed on Spark."""

    spark: SparkSettings | None
    folder: Path

    def excerpt(self, covered: Mapping[str, int | None]) -> Readable:
        """What a task needs: one bucket of each of some tables (None: all of it)."""


def write_parts(
    warehouse: Spreadable,
    payloads: Sequence[bytes],
    work: Callable[[bytes], int],
    *,
    name: str,
    progress: Progress | None = None,
) -> list[int]:
    """Runs the tasks on the Spark of the warehouse's settings; the rows each wrote."""
    from bankmine.engine.spark import spread

    assert warehouse.spark is not None
    tell = None if progress is None else (lambda done, total: progress(name, done, total))
    return spread(warehouse.spark, payloads, work, name=name, tell=tell)


def _packed(
    warehouse: Spreadable, covered: Mapping[str, int | None], moved: Mapping[str, Moved], *question: Any
) -> bytes:
    """A task: what it may read, what only the whole warehouse knows, and its question."""
    own = {table: moved[table] for table in covered if table in moved}
    return pickle.dumps((warehouse.excerpt(covered), own, question))


def _unpacked(payload: bytes) -> tuple[Readable, Any]:
    """In the task: what it reads, and its question."""
    warehouse, moved, question = pickle.loads(payload)
    for table, found in moved.items():
        know_moved(warehouse, table, found)
    return warehouse, question


def _moved(warehouse: Readable, groups: Sequence[Group]) -> dict[str, Moved]:
    """Of the tables where a correction may move an event between buckets: the versions of such events."""
    tables = {group.table: catalogue.table(group.table) for group in groups if _buckets(warehouse, group) > 1}
    return {
        name: moved_versions(warehouse, declared)
        for name, declared in tables.items()
        if declared.bucket_key not in declared.version_key
    }


# -- Snapshots of all keys --


def spread_files(
    warehouse: Spreadable, asked: Question, staging: Path, *, progress: Progress | None = None
) -> int:
    """Writes every part of a `parts.Question` into a folder that all executors reach; the rows written."""
    moved = _moved(warehouse, plan(asked.features))
    payloads = [
        _packed(warehouse, _covered(warehouse, asked, part), moved, asked, part, str(staging))
        for part in range(asked.parts)
    ]
    return sum(write_parts(warehouse, payloads, _write_one_part, name="snapshot", progress=progress))


def _write_one_part(payload: bytes) -> int:
    """A task: computes one part and writes its file."""
    from bankmine.windows.parts import part_name, part_table

    warehouse, (asked, part, staging) = _unpacked(payload)
    return write_whole(part_table(warehouse, asked, part), Path(staging) / part_name(part))


def _covered(warehouse: Readable, asked: Question, part: int) -> dict[str, int | None]:
    """The bucket of each table that a part reads."""
    covered: dict[str, int | None] = {}
    for group in plan(asked.features):
        buckets = _buckets(warehouse, group)
        covered[group.table] = None if buckets == 1 else part & (buckets - 1)
    for group in plan(asked.features):
        covered |= _feedback(group)
    return covered


def _buckets(warehouse: Readable, group: Group) -> int:
    """In how many buckets of its key a group finds its rows; 1: the table is read whole."""
    own = catalogue.table(group.table).bucket_key == group.key
    order = order_for(warehouse, group.table, key=group.key, columns=group.columns)
    return warehouse.buckets(group.table) if own or order != MAIN else 1


def _feedback(group: Group) -> dict[str, int | None]:
    """Verdicts are read whole: feedback is small and not kept by what it is about."""
    return {"feedback": None} if group.verdicts else {}


def write_whole(table: Any, path: Path) -> int:
    """Writes a file that is there whole or not at all, however often it is written; its rows."""
    from bankmine.windows.parts import write_part

    own = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        rows = write_part(table, own)
        own.replace(path)
    finally:
        own.unlink(missing_ok=True)
    return rows


# -- Rows that are asked for --


@dataclass(frozen=True)
class _Piece:
    """The asked rows of one bucket of a group, sent out under one number."""

    group: int
    bucket: int | None
    rows: Ints


def compute_spread(warehouse: Spreadable, features: Sequence[Feature], asked: Asked) -> Any:
    """The features of the rows asked, as `snapshot.compute` gives them, computed on Spark."""
    groups = plan(features)
    pieces = [
        piece for number, group in enumerate(groups) for piece in _pieces(warehouse, number, group, asked)
    ]
    moved = _moved(warehouse, groups)
    with _scratch(warehouse) as folder:
        payloads = []
        for number, piece in enumerate(pieces):
            group = groups[piece.group]
            _write_asked(asked, group.key, piece.rows, folder / f"asked={number:05d}.parquet")
            covered = {group.table: piece.bucket} | _feedback(group)
            question = (_own(group), asked.seq_table, group.key, str(folder), number)
            payloads.append(_packed(warehouse, covered, moved, *question))
        write_parts(warehouse, payloads, _answer_one_piece, name="features")
        columns: dict[WindowFeature, Any] = {}
        for number, group in enumerate(groups):
            columns |= _gather(group, number, pieces, folder, len(asked.cutoffs))
    return _assemble(features, columns, len(asked.cutoffs))


def _own(group: Group) -> tuple[WindowFeature, ...]:
    return tuple(feature for one in group.passes for feature in one.features)


def _pieces(warehouse: Readable, number: int, group: Group, asked: Asked) -> Iterator[_Piece]:
    """The asked rows of each bucket of the order the group reads, ascending."""
    keys = asked.subjects[group.key]
    known = np.flatnonzero(keys != NO_SUBJECT)
    if not len(known):
        return
    buckets = _buckets(warehouse, group)
    if buckets == 1:
        yield _Piece(number, None, known)
        return
    bucket = bucket_of(keys[known], buckets)
    by_bucket = np.argsort(bucket, kind="stable")
    ends = np.cumsum(np.bincount(bucket, minlength=buckets))
    for place, rows in enumerate(np.split(known[by_bucket], ends[:-1])):
        if len(rows):
            yield _Piece(number, place, rows)


def _write_asked(asked: Asked, key: str, rows: Ints, path: Path) -> None:
    import pyarrow as pa

    columns = {
        "subject": asked.subjects[key][rows], "cutoff": asked.cutoffs[rows], "known": asked.knowledge[rows],
    }  # fmt: skip
    if asked.seqs is not None:
        columns["seq"] = asked.seqs[rows]
    write_whole(pa.table(columns), path)


def _answer_one_piece(payload: bytes) -> int:
    """A task: reads the rows asked, computes their features and writes them in the same order."""
    import pyarrow as pa

    warehouse, (features, seq_table, key, folder, number) = _unpacked(payload)
    rows = _read(Path(folder) / f"asked={number:05d}.parquet")
    given = {name: rows.column(name).to_numpy() for name in rows.column_names}
    asked = Asked({key: given["subject"]}, given["cutoff"], given["known"], given.get("seq"), seq_table)
    found = compute(warehouse, features, asked, threads=1)
    numbered = pa.table([found.column(one.name) for one in features], _numbers(features))
    return write_whole(numbered, Path(folder) / f"answer={number:05d}.parquet")


def _numbers(features: Sequence[WindowFeature]) -> list[str]:
    return [str(place) for place in range(len(features))]


def _gather(
    group: Group, number: int, pieces: Sequence[_Piece], folder: Path, count: int
) -> dict[WindowFeature, Any]:
    """The columns of a group in the order asked; rows without a subject are missing."""
    import pyarrow as pa

    mine = [place for place, piece in enumerate(pieces) if piece.group == number]
    own = _own(group)
    if not mine:
        return {}
    found = pa.concat_tables([_read(folder / f"answer={place:05d}.parquet") for place in mine])
    rows = np.concatenate([pieces[place].rows for place in mine])
    where = np.full(count, -1, np.int64)
    where[rows] = np.arange(len(rows))
    index = pa.array(where, mask=where < 0)
    return {feature: found.column(name).take(index) for feature, name in zip(own, _numbers(own), strict=True)}


def _assemble(features: Sequence[Feature], columns: Mapping[WindowFeature, Any], count: int) -> Any:
    """The features in the order given; a ratio from its two parts, which may be of different tables."""
    import pyarrow as pa

    def column(feature: WindowFeature) -> Any:
        if feature in columns:
            return columns[feature]
        return pa.nulls(count, pa.int64() if AGGREGATES[feature.aggregate].whole else pa.float64())

    return pa.table(
        {
            feature.name: _ratio(column(feature.numerator), column(feature.denominator))
            if isinstance(feature, RatioFeature)
            else column(feature)
            for feature in features
        }
    )


def _ratio(above: Any, below: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    from bankmine.windows.kernels.limbs import ratios

    numerator, denominator = (pc.fill_null(one, 0).to_numpy() for one in (above, below))
    missing = pc.or_(above.is_null(), below.is_null()).to_numpy() | (denominator == 0)
    return pa.array(ratios(numerator, denominator), mask=missing)


def _read(path: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetFile(path).read(use_threads=False)


@contextmanager
def _scratch(warehouse: Spreadable) -> Iterator[Path]:
    """A folder that the driver and all executors reach; removed at the end."""
    assert warehouse.spark is not None
    chosen = warehouse.spark.scratch
    if chosen is None and getattr(warehouse, "store", None) is not None:
        raise ConfigurationError(
            "the warehouse lies in an object store, where asked rows are not written yet",
            hint="Set engine.spark.scratch to a folder that the driver and every executor reach.",
        )
    place = (Path(chosen) if chosen else warehouse.folder / ".spread") / uuid4().hex
    place.mkdir(parents=True)
    try:
        yield place
    finally:
        rmtree(place, ignore_errors=True)
        if not chosen:
            with suppress(OSError):  # another computation may be using it
                place.parent.rmdir()
