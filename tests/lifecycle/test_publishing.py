"""`current.json` names what web and service read, and is replaced in one step."""

from pathlib import Path

import pytest

from bankmine import lifecycle
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import UsageError
from bankmine.lifecycle.run import Run


def test_nothing_is_current_before_publishing(tmp_path: Path) -> None:
    assert lifecycle.current(tmp_path) == {}


def test_each_task_has_one_current_run(inactivity: Run, segmentation: Run, results: Path) -> None:
    lifecycle.publish(inactivity)
    lifecycle.publish(segmentation)
    now = lifecycle.current(results)
    assert {name: run.run_id for name, run in now.items()} == {
        "inactivity": inactivity.run_id, "segmentation": segmentation.run_id,
    }  # fmt: skip


def test_a_newer_run_takes_the_place_of_the_older(bank: Warehouse, tmp_path: Path) -> None:
    first = lifecycle.run_task(bank, None, "segmentation", cutoff="2021-01-01", results_folder=tmp_path)
    second = lifecycle.run_task(bank, None, "segmentation", cutoff="2021-02-01", results_folder=tmp_path)
    lifecycle.publish(first)
    lifecycle.publish(second)
    assert lifecycle.current(tmp_path)["segmentation"].run_id == second.run_id
    assert first.folder.exists()


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "current.json").write_text("{")
    with pytest.raises(UsageError, match="damaged"):
        lifecycle.current(tmp_path)


def test_segments_that_are_not_found_again_are_published_as_not_to_be_used(
    bank: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bankmine.tasks.segmentation.clusters as clusters

    found = clusters.steadiest
    monkeypatch.setattr(
        clusters, "steadiest", lambda *given, **named: found(*given, **{**named, "threshold": 0.9999})
    )
    run = lifecycle.run_task(bank, None, "segmentation", cutoff="2020-12-01", results_folder=tmp_path)
    assert run.verdict.startswith("Do not use the segments")
    assert set(run.scores.column("grade").to_pylist()) == {"do not use"}
    assert run.scores.column("flags")[0].as_py() == ["unstable"]
    lifecycle.publish(run)
    assert '"use": "do not use"' in (tmp_path / "current.json").read_text()


def test_a_run_of_an_earlier_date_is_kept_and_not_published(bank: Warehouse, tmp_path: Path) -> None:
    later = lifecycle.run_task(bank, None, "segmentation", cutoff="2021-02-01", results_folder=tmp_path)
    what_if = lifecycle.run_task(bank, None, "segmentation", cutoff="2021-01-01", results_folder=tmp_path)
    assert lifecycle.publish(later).done
    said = lifecycle.publish(what_if)
    assert not said.done
    assert said.sentence.startswith("kept, not published: the current run looks at a later date")
    assert lifecycle.current(tmp_path)["segmentation"].run_id == later.run_id
    assert what_if.folder.exists()
    assert lifecycle.publish(later).done
