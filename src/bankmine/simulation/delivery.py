"""Writes a part of the bank, a fixed group of communities, as the files a bank would deliver.

A part is a function of the number of customers alone, and one community is one row group of each of its
files, so the bytes are the same whoever makes which part when, and memory holds one community at a time.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from bankmine.simulation.dirt import Planted, dirty
from bankmine.simulation.frame import Frame

FORMATS = ("parquet", "csv")
TRUTH = "truth"
MOST_PARTS = 256
UNREADABLE = "n/a"  # what a CSV file says where an amount should be


@dataclass
class Written:
    """What a part or the whole bank holds: rows a table of the extracts and of the truth, what is dirty."""

    rows: dict[str, int] = field(default_factory=dict)
    truth: dict[str, int] = field(default_factory=dict)
    planted: Planted = field(default_factory=dict)

    def add(self, other: Written) -> None:
        """Adds another part's counts to these."""
        for mine, more in ((self.rows, other.rows), (self.truth, other.truth)):
            for name, count in more.items():
                mine[name] = mine.get(name, 0) + count
        for name, kinds in other.planted.items():
            known = self.planted.setdefault(name, {})
            for kind, count in kinds.items():
                known[kind] = known.get(kind, 0) + count


def parts_of(frame: Frame) -> list[range]:
    """The communities of each part, consecutive; at most 256 parts."""
    group = -(-frame.communities // MOST_PARTS)
    return [
        range(first, min(first + group, frame.communities)) for first in range(0, frame.communities, group)
    ]


def write_part(frame: Frame, part: int, folder: Path, form: str) -> Iterator[Written | None]:
    """Writes one part; gives None after each community and at last what was written."""
    from bankmine.simulation.community import make

    name, planted = f"part-{part:05d}", Written()
    with Tables(folder, name, form) as extracts, Tables(folder / TRUTH, name, "parquet") as truth:
        for number in parts_of(frame)[part]:
            made = make(frame, number)
            delivered, traces, counts = dirty(frame, number, made.extracts)
            planted.add(Written(planted=counts))
            extracts.write(delivered)
            truth.write({**made.truth, "dirt": traces})
            del made, delivered
            yield None
    yield Written(extracts.rows, truth.rows, planted.planted)  # only now are the files whole


def write_shared(frame: Frame, folder: Path, form: str) -> Written:
    """Writes the extracts that all communities share."""
    from bankmine.simulation.community import shared

    with Tables(folder, "shared", form) as extracts:
        extracts.write(shared(frame))
    return Written(rows=dict(extracts.rows))


class Tables:
    """The files of one name in the folders of several tables; a file is made at its first row.

    `rows`: rows written so far of each table, 0 included. Leaving it closes all files.
    """

    def __init__(self, folder: Path, name: str, form: str) -> None:
        self._folder, self._name = folder, name
        self._kind: type[ParquetFile | CsvFile] = ParquetFile if form == "parquet" else CsvFile
        self._open: dict[str, ParquetFile | CsvFile] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for file in self._open.values():
            try:
                file.close()
            except OSError:
                if kind is None:
                    raise

    def write(self, tables: dict[str, pa.Table]) -> None:
        """Appends one row group to each table that has rows."""
        for name, table in tables.items():
            self.rows[name] = self.rows.get(name, 0) + table.num_rows
            if not table.num_rows:
                continue
            if name not in self._open:
                (self._folder / name).mkdir(parents=True, exist_ok=True)
                self._open[name] = self._kind(self._folder / name / self._name, table.schema)
            self._open[name].write(table)


class ParquetFile:
    """Parquet as it is fastest to write and read: codes as dictionaries, whole numbers as differences."""

    def __init__(self, stem: Path, schema: pa.Schema) -> None:
        self._schema = schema.remove_metadata()
        codes = [one.name for one in schema if pa.types.is_dictionary(one.type)]
        whole = [one.name for one in schema if _is_whole(one.type)]
        self._writer = pq.ParquetWriter(
            stem.with_suffix(".parquet"), self._schema, compression="snappy", use_dictionary=codes,
            column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"), write_statistics=False,
        )  # fmt: skip

    def write(self, table: pa.Table) -> None:
        """Appends a row group."""
        table = table.replace_schema_metadata(None)
        if table.schema != self._schema:
            table = table.cast(self._schema)
        self._writer.write_table(table, row_group_size=table.num_rows)

    def close(self) -> None:
        """Ends the file."""
        self._writer.close()


class CsvFile:
    """Gzip CSV with a header line; an empty field is a missing value."""

    def __init__(self, stem: Path, schema: pa.Schema) -> None:
        self._raw: IO[bytes] = stem.with_suffix(".csv.gz").open("wb")
        self._file = gzip.GzipFile("", "wb", compresslevel=1, fileobj=self._raw, mtime=0)
        self._header = True

    def write(self, table: pa.Table) -> None:
        """Appends the rows."""
        content = pa.BufferOutputStream()
        options = arrow_csv.WriteOptions(include_header=self._header, quoting_style="needed")
        arrow_csv.write_csv(_as_text(table), content, options)
        self._file.write(content.getvalue())
        self._header = False

    def close(self) -> None:
        """Ends the file."""
        try:
            self._file.close()
        finally:
            self._raw.close()


def _is_whole(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_timestamp(kind) or pa.types.is_date32(kind))


def _as_text(table: pa.Table) -> pa.Table:
    """Codes as text, instants to the second, and words where an amount of money is missing."""
    columns: dict[str, Any] = {}
    for name, values in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(values.type):
            columns[name] = values.cast(pa.string())
        elif pa.types.is_timestamp(values.type):
            columns[name] = values.cast(pa.timestamp("s"), safe=False).cast(pa.string())
        elif name == "amount" and "txn_no" in table.column_names:
            columns[name] = pc.fill_null(values.cast(pa.string()), UNREADABLE)
        else:
            columns[name] = values
    return pa.table(columns)
