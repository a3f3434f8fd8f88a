"""Text files line by line, against Python's csv module as the slow twin."""

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import ConfigurationError, SourceError
from bankmine.sources.connectors import csvfile
from bankmine.sources.connectors.csvfile import BrokenLine, CsvFile
from bankmine.sources.mapping import Alternative


def read(
    path: Path, columns: str = "abc", **options: Any
) -> tuple[list[tuple[Any, ...]], list[tuple[int, str]]]:
    """The records, and the broken lines with their reason."""
    broken: list[BrokenLine] = []
    alternative = Alternative(name="whole", connector="csv", columns=tuple(columns), options=options)
    tables = [block.select(list(columns)) for block in CsvFile(path, alternative, broken).blocks()]
    rows = [tuple(row.values()) for row in pa.concat_tables(tables).to_pylist()] if tables else []
    return rows, [(line.line, line.reason) for line in broken]


def write(folder: Path, content: bytes) -> Path:
    path = folder / "extract.csv"
    path.write_bytes(content)
    return path


fields = st.text(st.sampled_from('ab;"\n é\t'), max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(fields, fields, fields), max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans()
)
def test_what_the_csv_module_writes_comes_back(
    tmp_path_factory: Any, rows: Any, end: str, all_quoted: bool
) -> None:
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=";", lineterminator=end, quoting=quoting)
    writer.writerows([("a", "b", "c"), *rows])
    path = write(tmp_path_factory.mktemp("csv"), out.getvalue().encode())
    found, broken = read(path, delimiter=";", multiline=True)
    assert broken == []
    wanted = [tuple(field.replace("\r\n", "\n") or None for field in row) for row in rows]
    assert [tuple(f.replace("\r\n", "\n") if f else f for f in row) for row in found] == wanted


def test_each_broken_line_is_named_by_its_number_and_reason(tmp_path: Path) -> None:
    content = b'a,b,c\n1,2,3\n4,5\n6,7,8,9\n"open,5,6\n7,"x"y,9\n\xff,1,2\n\n10,"q ""in"" side",\n'
    rows, broken = read(write(tmp_path, content))
    assert rows == [("1", "2", "3"), ("10", 'q "in" side', None)]
    assert broken == [
        (3, "2 fields instead of 3"),
        (4, "4 fields instead of 3"),
        (5, "a quotation mark is not closed"),
        (6, "bad quoting"),
        (7, "not utf-8"),
    ]


def test_an_unclosed_quotation_mark_costs_one_line_not_the_rest(tmp_path: Path) -> None:
    lines = [b"a,b,c", b'1,"2,3', *[b"4,5,6"] * 1000]
    rows, broken = read(write(tmp_path, b"\n".join(lines)))
    assert len(rows) == 1000
    assert broken == [(2, "a quotation mark is not closed")]


def test_a_field_over_several_lines_is_read_where_the_mapping_allows_it(tmp_path: Path) -> None:
    path = write(tmp_path, b'a,b,c\n1,"two\nlines",3\n4,5,6\n7,8\n')
    assert read(path, multiline=True) == (
        [("1", "two\nlines", "3"), ("4", "5", "6")],
        [(5, "2 fields instead of 3")],
    )
    assert len(read(path)[1]) == 3


def test_blanks_stay_and_nothing_is_null(tmp_path: Path) -> None:
    assert read(write(tmp_path, b'a,b,c\n,"", \n'))[0] == [(None, None, " ")]


def test_lines_longer_than_a_block_and_files_of_many_blocks_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csvfile, "_BLOCK", 64)
    lines = [f"{n},{'x' * (n % 200)},z" for n in range(500)]
    rows, broken = read(write(tmp_path, "\n".join(["a,b,c", *lines]).encode()))
    assert [row[0] for row in rows] == [str(n) for n in range(500)]
    assert broken == []


@pytest.mark.parametrize("encoding", ["cp1250", "utf-16", "utf-8", "utf-8-sig"])
def test_declared_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "a,b,c\nŽofie,Šimák,ř\n".encode(encoding))
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    assert read(path, encoding=declared) == ([("Žofie", "Šimák", "ř")], [])


def test_columns_are_found_by_name_and_others_left_out(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"x,c,a,b\n0,3,1,2\n"))[0] == [("1", "2", "3")]


def test_a_file_without_a_header_is_read_by_place(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"1,2,3\n"), header=False)[0] == [("1", "2", "3")]


def test_a_gzip_file_is_read_and_one_cut_off_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"a,b,c\n" + b"1,2,3\n" * 5000)
    path = tmp_path / "extract.csv.gz"
    path.write_bytes(packed)
    assert len(read(path)[0]) == 5000
    for bad in (packed[: len(packed) // 2], b"a,b,c\n1,2,3\n"):
        path.write_bytes(bad)
        with pytest.raises(SourceError, match="cut off or not a gzip"):
            read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a;b;c\n1;2;3\n", "has no column 'a'; its first line reads 'a;b;c'"),
        ("a,b,c\n1,2,3\n".encode("utf-16"), "is not utf-8"),
        (b"a,b\n1,2\n", "has no column 'c'"),
        (b"a,b,c,a\n1,2,3,4\n", "names a column twice"),
    ],
)
def test_a_wrong_header_delimiter_or_encoding_is_one_clear_error(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        read(write(tmp_path, content))


def test_options_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b,c\n")
    with pytest.raises(ConfigurationError, match="no encoding"):
        read(path, encoding="klingon")
    with pytest.raises(ConfigurationError, match="one character"):
        read(path, delimiter="||")
