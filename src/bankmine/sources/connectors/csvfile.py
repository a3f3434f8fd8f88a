"""Text files of separated values, line by line, so that a broken line is found by its number.

Every field stays text; the mapping gives it a type. A line is a record unless the mapping says
`multiline = true`: so a quotation mark that is never closed costs one line, not the rest of the file.
An empty field (quoted or not) is null, a field of blanks stays as it is, an empty line is nothing.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bankmine.errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.extracts import Found
    from bankmine.sources.mapping import Alternative

_BLOCK = 1 << 22  # characters read at a time
_LONGEST_RECORD = 1000  # lines one record may span with `multiline`


@dataclass(frozen=True)
class BrokenLine:
    """A line that is not a record: the file's name, the line's number (from 1) and why."""

    file: str
    line: int
    reason: str


def attach(connection: duckdb.DuckDBPyConnection, found: Found) -> list[BrokenLine]:
    """Makes a table of text columns of the extract's files; returns the lines that could not be read."""
    alternative = found.alternative
    columns = ", ".join(f'"{name}" VARCHAR' for name in alternative.columns)
    connection.execute(f'CREATE TABLE "{found.name}" ({columns})')
    wanted = ", ".join(f'"{name}"' for name in alternative.columns)
    broken: list[BrokenLine] = []
    for path in found.files:
        for block in CsvFile(path, alternative, broken).blocks():
            connection.register("_block", block)
            connection.execute(f'INSERT INTO "{found.name}" SELECT {wanted} FROM _block')
            connection.unregister("_block")
    return broken


class CsvFile:
    """One file read in blocks; what cannot be read is appended to `broken`."""

    def __init__(self, path: Path, alternative: Alternative, broken: list[BrokenLine]) -> None:
        options = alternative.options
        self.path, self.columns, self.broken = path, alternative.columns, broken
        self.delimiter, self.quote = options.get("delimiter", ","), options.get("quote", '"')
        self.encoding = options.get("encoding", "utf-8")
        self.header, self.multiline = options.get("header", True), options.get("multiline", False)
        self._names = list(alternative.columns)
        if len(self.delimiter) != 1 or len(self.quote) > 1:
            raise ConfigurationError(
                f"delimiter {self.delimiter!r} with quote {self.quote!r} cannot be read",
                hint="Give one character each (quote may be empty) in mapping.toml.",
            )

    def blocks(self) -> Iterator[Any]:
        """Arrow tables of the records, all columns text."""
        records = self._records()
        if self.header:
            self._read_header(next(records, None))
        pattern = self._pattern(len(self._names))
        good: list[str] = []
        size = 0
        for line, record in records:
            if not record:
                continue
            if pattern.fullmatch(record) is None or not self._is_text(record):
                self.broken.append(BrokenLine(self.path.name, line, self._why(record)))
                continue
            good.append(record)
            size += len(record)
            if size > _BLOCK:
                yield self._parse(good)
                good, size = [], 0
        if good:
            yield self._parse(good)

    def _records(self) -> Iterator[tuple[int, str]]:
        """Each record with the number of its first line."""
        if not self.multiline or not self.quote:
            yield from self._lines()
            return
        begun, quotes = 0, 0
        parts: list[str] = []
        for line, text in self._lines():
            begun = begun if parts else line
            parts.append(text)
            quotes += text.count(self.quote)
            if quotes % 2 == 0 or len(parts) > _LONGEST_RECORD:
                yield begun, "\n".join(parts)
                parts, quotes = [], 0
        if parts:
            yield begun, "\n".join(parts)

    def _lines(self) -> Iterator[tuple[int, str]]:
        number, rest = 0, ""
        with self._open() as text:
            while block := self._read(text):
                lines = (rest + block).split("\n")
                rest = lines.pop()
                for line in lines:
                    number += 1
                    yield number, line.removesuffix("\r")
        if rest:
            yield number + 1, rest.removesuffix("\r")

    def _open(self) -> IO[str]:
        encoding = "utf-8-sig" if self.encoding.lower() in ("utf-8", "utf8") else self.encoding
        try:
            raw = gzip.GzipFile(self.path) if self.path.suffix == ".gz" else self.path.open("rb")
            return io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="")
        except LookupError:
            raise ConfigurationError(
                f"there is no encoding {self.encoding!r}",
                hint='Name one such as "utf-8" or "cp1250" in mapping.toml.',
            ) from None
        except OSError as error:
            raise SourceError(
                f"{self.path} cannot be opened: {error.strerror}", hint="Check the file and its permissions."
            ) from None

    def _read(self, text: IO[str]) -> str:
        try:
            return text.read(_BLOCK)
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise SourceError(
                f"{self.path.name} is cut off or not a gzip file", hint="Have the extract delivered again."
            ) from None
        except UnicodeError:
            raise self._wrong_encoding() from None

    def _wrong_encoding(self) -> SourceError:
        return SourceError(
            f"{self.path.name} is not {self.encoding}",
            hint="Declare its encoding for the extract in mapping.toml.",
        )

    def _read_header(self, first: tuple[int, str] | None) -> None:
        if first is None:
            return
        if "\0" in first[1] or not self._is_text(first[1]):
            raise self._wrong_encoding()
        names = next(csv.reader([first[1]], **self._dialect()), [])
        self._names = [name.strip() for name in names]
        lacking = [name for name in self.columns if name not in self._names]
        if lacking or len(set(self._names)) != len(self._names):
            shown = ", ".join(self._names[:12])
            raise SourceError(
                f"{self.path.name} has no column {lacking[0]!r}; its first line reads {shown[:200]!r}"
                if lacking
                else f"{self.path.name} names a column twice: {shown[:200]!r}",
                hint=f"Check delimiter ({self.delimiter!r}), encoding ({self.encoding}) and columns "
                "in mapping.toml.",
            )

    def _dialect(self) -> dict[str, Any]:
        if not self.quote:
            return {"delimiter": self.delimiter, "quoting": csv.QUOTE_NONE}
        return {"delimiter": self.delimiter, "quotechar": self.quote}

    def _pattern(self, fields: int) -> re.Pattern[str]:
        delimiter = re.escape(self.delimiter)
        if not self.quote:
            one = f"[^{delimiter}]*"
        else:
            quote = re.escape(self.quote)
            one = f"(?:{quote}[^{quote}]*(?:{quote}{quote}[^{quote}]*)*{quote}|[^{delimiter}{quote}]*)"
        return re.compile(f"{one}(?:{delimiter}{one}){{{fields - 1}}}")

    @staticmethod
    def _is_text(record: str) -> bool:
        return record.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in record)

    def _why(self, record: str) -> str:
        if not self._is_text(record):
            return f"not {self.encoding}"
        if self.quote and record.count(self.quote) % 2:
            return "a quotation mark is not closed"
        found = len(next(csv.reader([record], **self._dialect()), []))
        if found != len(self._names):
            return f"{found} fields instead of {len(self._names)}"
        return "bad quoting"

    def _parse(self, records: list[str]) -> Any:
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        content = "\n".join(records).encode()
        return arrow_csv.read_csv(
            pa.BufferReader(content),
            read_options=arrow_csv.ReadOptions(
                column_names=self._names, use_threads=False, block_size=len(content) + 1
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter,
                quote_char=self.quote or False,
                newlines_in_values=self.multiline,
                ignore_empty_lines=False,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(self._names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=True,
            ),
        )
