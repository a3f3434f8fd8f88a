"""`bankmine run` gives the same bytes whether windows are computed here or on Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankmine import pipeline
from bankmine.config import FILE_NAME
from bankmine.sources import example
from engine.on_spark import ONE_PROCESS, needs_java


def bank(place: Path, keys: Path | None, engine: str) -> Path:
    """A bank over the example's extracts, with its windows computed there."""
    folder = place / engine
    pipeline.init(folder, mapping="example", extracts=place / "extracts", keys=keys, name="example")
    settings = folder / FILE_NAME
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('name = "duckdb"', f'name = "{engine}"'), encoding="utf-8")
    return folder


def results(folder: Path) -> dict[str, bytes]:
    """Every file of snapshots and runs that holds rows."""
    found = [*(folder / "snapshots").rglob("*.parquet"), *(folder / "results").rglob("*.parquet")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(found)}


@needs_java
@ONE_PROCESS
@pytest.mark.slow
def test_a_whole_pass_gives_the_same_bytes_on_either_engine(tmp_path: Path) -> None:
    example.write_extracts(tmp_path / "extracts", customers=300, months=14, seed=3)
    here = bank(tmp_path, None, "duckdb")
    there = bank(tmp_path, here / "keys", "spark")
    outcomes = [pipeline.run(pipeline.open_bank(folder)) for folder in (here, there)]
    assert outcomes[0].runs
    assert [run.run_id for run in outcomes[0].runs] == [run.run_id for run in outcomes[1].runs]
    expected = results(here)
    assert any("scores" in name for name in expected)
    assert any("features" in name for name in expected)
    assert results(there) == expected
