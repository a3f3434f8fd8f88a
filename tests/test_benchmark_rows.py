"""A benchmark run made smaller to try it out is no verdict, and leaves the recorded figures alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from benchmarks import __main__ as runner
from benchmarks import rows

ROW = rows.Row(row="S1", bankmine={"wall_s": 1}, reference={}, bar="fast", met=True, protocol="alternated")


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in rows.SIZES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(rows, "RESULTS", tmp_path / "RESULTS.md")
    return tmp_path / "RESULTS.md"


def test_a_whole_run_is_recorded(results: Path) -> None:
    rows.record(ROW, "2026-01-01")
    assert "## S1" in results.read_text(encoding="utf-8")
    assert "reduced" not in json.loads(ROW.line())


@pytest.mark.parametrize("name", rows.SIZES)
def test_a_reduced_run_is_printed_only(results: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1000")
    rows.record(ROW, "2026-01-01")
    assert not results.exists()
    assert json.loads(ROW.line())["reduced"] is True


def test_every_variable_the_rows_read_is_listed() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(rows.__file__).parent.glob("*.py"))
    read = set(re.findall(r"environ\S*?\(\"(BENCH_[A-Z_]+)", sources))
    assert read == {*rows.SIZES, "BENCH_FOLDER", "BENCH_SEED", "BENCH_PEERS"}
    assert all(name in str(runner.__doc__) for name in read)
