"""Two sessions that outgrow their memory at once do not write into each other's files."""

from __future__ import annotations

from pathlib import Path

from bankmine.engine.duck import connect

LARGE = "CREATE TABLE t AS SELECT md5(CAST(i AS VARCHAR)) AS s FROM range(600000) r(i)"
READ = "SELECT count(*), sum(length(s)) FROM t"


def test_two_connections_spill_side_by_side_and_leave_nothing(tmp_path: Path) -> None:
    spill = tmp_path / ".spill"
    first, second = (connect(memory="20MB", threads=1, spill=spill) for _ in range(2))
    for connection in (first, second):
        connection.execute(LARGE)
    folders = sorted(file.parent.name for file in tmp_path.rglob("duckdb_temp*DEFAULT*"))
    assert len(set(folders)) == 2
    expected = (600_000, 600_000 * 32)
    assert second.execute(READ).fetchone() == expected
    second.close()
    assert first.execute(READ).fetchone() == expected
    first.close()
    assert list(tmp_path.iterdir()) == []
