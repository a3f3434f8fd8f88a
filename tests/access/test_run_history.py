"""Kept runs of a task through time, and two of them side by side, to whoever sees the whole bank."""

from __future__ import annotations

import json
import math
import os
import shutil
from datetime import timedelta

import pytest
from seen_by import person

from bankmine import pipeline
from bankmine.access import Place
from bankmine.access.run_history import compare, history
from bankmine.errors import Forbidden, NotFound
from bankmine.folder import BankFolder
from bankmine.governance import Permission, Scope

TASK, EARLIER = "churn", "0" * 16
HALF_YEAR_US = 181 * 86_400_000_000


@pytest.fixture(scope="module")
def place(worked: BankFolder, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The bank with a second run of churn that looks half a year back, its figures .05 lower, one feature
    fewer and one setting more."""
    folder = tmp_path_factory.mktemp("history") / "bank"
    shutil.copytree(worked.folder, folder, copy_function=os.link)
    [run] = (folder / "results" / TASK).iterdir()
    made = run.with_name(EARLIER)
    shutil.copytree(run, made)
    about = json.loads((made / "metrics.json").read_text())
    about |= {"run_id": EARLIER, "cutoff_us": about["cutoff_us"] - HALF_YEAR_US, "settings": {"budget": 3}}
    about["cutoff"] = "2026-07-04"
    for question in about["figures"]["questions"]:
        if "comparison" in question:
            question["comparison"]["model"]["value"] -= 0.05
    (made / "metrics.json").write_text(json.dumps(about))
    features = json.loads((made / "features.json").read_text())
    rows = features if isinstance(features, list) else features["features"]
    rows.pop(0)
    (made / "features.json").write_text(json.dumps(features))
    return Place(pipeline.open_bank(folder))


def test_runs_are_listed_the_latest_first_and_the_published_one_is_named(place: Place) -> None:
    found = history(place.as_seen_by(person(Scope())), TASK)
    assert [run.published for run in found] == [True, False]
    assert found[1].seen.run_id == EARLIER
    assert all(one.low <= one.value + 0.05 for run in found for one in run.figures)


def test_two_runs_are_compared_with_an_interval_on_each_difference(place: Place) -> None:
    view = place.as_seen_by(person(Scope()))
    latest = history(view, TASK)[0].seen.run_id
    found = compare(view, TASK, latest, EARLIER)
    assert (found.one.seen.run_id, found.other.seen.run_id) == (EARLIER, latest)
    assert found.changes
    for change in found.changes:
        assert change.difference == pytest.approx(0.05)
        reach = 1.959964 * math.hypot(change.one.error, change.other.error)
        assert (change.low, change.high) == pytest.approx((0.05 - reach, 0.05 + reach))
        assert change.clear == (reach < 0.05)
    assert len(found.gained) == 1
    assert not found.lost
    assert ("budget", "3", "") in found.settings


def test_runs_that_look_later_than_the_view_are_not_there(place: Place) -> None:
    whole = place.as_seen_by(person(Scope()))
    earlier = place.as_seen_by(person(Scope()), whole.day - timedelta(days=30))
    assert [run.seen.run_id for run in history(earlier, TASK)] == [EARLIER]


@pytest.mark.parametrize(("one", "other"), [(EARLIER, EARLIER), (EARLIER, "none"), ("../churn", EARLIER)])
def test_no_two_such_runs_are_refused(place: Place, one: str, other: str) -> None:
    with pytest.raises(NotFound):
        compare(place.as_seen_by(person(Scope())), TASK, one, other)


@pytest.mark.parametrize("task", ["none", "../churn", "churn/..", ""])
def test_no_such_task_has_no_runs(place: Place, task: str) -> None:
    with pytest.raises(NotFound):
        history(place.as_seen_by(person(Scope())), task)


def test_whoever_sees_a_part_reads_when_runs_were_made_and_no_figure(place: Place) -> None:
    view = place.as_seen_by(person(Scope(branches=frozenset({"B01"})), [Permission.MODELS_READ]))
    found = history(view, TASK)
    assert [run.seen.cutoff for run in found] == sorted((run.seen.cutoff for run in found), reverse=True)
    assert all(not run.figures and run.seen.verdict is None and not run.settings for run in found)
    with pytest.raises(Forbidden):
        compare(view, TASK, found[0].seen.run_id, EARLIER)
