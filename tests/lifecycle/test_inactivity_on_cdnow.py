"""Inactivity end to end on purchases of real customers, made by others."""

from pathlib import Path

import pytest

from bankmine import lifecycle, pipeline
from shared_data import shared


@pytest.mark.shared_data
@pytest.mark.slow
def test_silence_of_cdnow_customers_is_foretold_better_than_by_recency_in_every_month(tmp_path: Path) -> None:
    made = pipeline.init(tmp_path / "bank", mapping="cdnow", extracts=shared("cdnow"))
    pipeline.load(made)
    folder = made.reopened()
    run = lifecycle.run_task(folder.warehouse, folder.config, "inactivity")
    assert run.cutoff == "1998-07-01"
    assert run.metrics["beats_baseline"]
    months = run.metrics["task"]["by_month"]
    assert [one["cutoff"] for one in months] == ["1998-01-01", "1998-02-01", "1998-03-01", "1998-04-01"]
    assert all(one["auc_low"] > one["baseline_auc"] for one in months)
    assert 0.79 < run.metrics["candidates"][run.metrics["model"]]["metrics"]["auc"]["value"] < 0.82
    assert all(test["passed"] for test in run.about["tests"])
