"""A model that is no better than its baseline is not used, and the run says so."""

from pathlib import Path

import pytest
from made_up_bank import make_bank

from bankmine import lifecycle
from bankmine.lifecycle.run import Run


@pytest.fixture(scope="module")
def unforeseeable(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("random")
    bank = make_bank(folder / "warehouse", readable=False)
    return lifecycle.run_task(bank, None, "inactivity", results_folder=folder / "results")


def test_the_verdict_is_to_use_the_baseline(unforeseeable: Run) -> None:
    assert unforeseeable.verdict.startswith("Use the baseline")
    assert not unforeseeable.metrics["beats_baseline"]


def test_the_scores_are_the_baselines(unforeseeable: Run) -> None:
    assert unforeseeable.about["use"] == unforeseeable.about["model"]["candidate"] == "recency rule"
    named = {one["feature"] for own in unforeseeable.scores.column("reasons").to_pylist() for one in own}
    assert named == {"out_days_since_last_all"}


def test_it_is_published_as_the_baseline(unforeseeable: Run, tmp_path: Path) -> None:
    lifecycle.publish(unforeseeable)
    content = (unforeseeable.folder.parents[1] / "current.json").read_text()
    assert '"use": "recency rule"' in content
