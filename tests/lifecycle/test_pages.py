"""A run's page says what it shows, gives every figure something to be read by, and renders."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from bankmine import lifecycle
from bankmine.errors import UsageError
from bankmine.lifecycle.old_runs import page_instead
from bankmine.lifecycle.pages import _standing, summaries
from bankmine.lifecycle.run import Run
from bankmine.report import Report, Reproducibility, build_report


@pytest.fixture(params=["inactivity", "segmentation"])
def run(request: pytest.FixtureRequest) -> Run:
    made: Run = request.getfixturevalue(request.param)
    return made


def test_a_page_opens_with_one_sentence_and_its_date(run: Run) -> None:
    page = lifecycle.page_of(run)
    assert page.sentence.endswith("as known on 1 April 2021.")
    assert page.as_of == date(2021, 4, 1)


def test_a_page_closes_with_how_it_was_computed(run: Run) -> None:
    how = lifecycle.page_of(run).how_computed
    assert how is not None
    assert how.run_id == run.run_id
    assert len(how.tests) == 4
    assert {one.name for one in how.features} == {one["name"] for one in run.features}
    assert all("SELECT" in one.text for one in how.sql)


def test_the_verdict_is_the_first_finding(run: Run) -> None:
    assert lifecycle.page_of(run).statements[0].text == run.verdict
    assert summaries(run)[0].text


def test_pages_render_to_a_folder(inactivity: Run, segmentation: Run, tmp_path: Path) -> None:
    pages = [lifecycle.page_of(one) for one in (inactivity, segmentation)]
    report = Report(
        bank="Test", as_of=date(2021, 4, 1), pages=pages,
        reproducibility=Reproducibility(command="bankmine run test"),
    )  # fmt: skip
    index = build_report(report, tmp_path / "report")
    text = index.read_text(encoding="utf-8")
    assert inactivity.verdict.split(":")[0] in text
    assert "recency rule" in text


def without(run: Run, figure: str, **about: object) -> Run:
    figures = {key: value for key, value in run.figures.items() if key != figure}
    return Run(run.folder, {**run.about, "figures": figures, **about})


def test_a_run_of_other_code_that_lacks_a_figure_is_one_line_with_what_to_do(inactivity: Run) -> None:
    with pytest.raises(UsageError, match="Run the task again: `bankmine run BANK --task inactivity`") as said:
        lifecycle.page_of(without(inactivity, "calibration", code="other code"))
    page = page_instead(inactivity, said.value)
    assert page.slug == "inactivity"
    assert inactivity.run_id in page.statements[0].text
    assert inactivity.verdict in page.statements[1].text


def test_whoever_reads_an_old_run_is_told_in_one_line_what_to_do(inactivity: Run, tmp_path: Path) -> None:
    """Not only pages: a figure that is not there, however deep it would lie, and what is there as ever."""
    folder = shutil.copytree(inactivity.folder, tmp_path / "old")
    about = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps({**about, "code": "other code"}))
    old = lifecycle.load_run(folder)
    assert old.figures == inactivity.figures
    for read in (lambda: old.figures["new figure"], lambda: old.figures["candidates"]["new candidate"]):
        with pytest.raises(UsageError, match="Run the task again: `bankmine run BANK --task inactivity`"):
            read()
    assert old.figures.get("new figure") is None
    with pytest.raises(KeyError):
        lifecycle.load_run(inactivity.folder).figures["new figure"]


def test_a_run_of_this_code_that_lacks_a_figure_stays_an_error_of_its_own(inactivity: Run) -> None:
    with pytest.raises(KeyError):
        lifecycle.page_of(without(inactivity, "calibration"))


def standing(use: str, *, logistic: float, boosting: float, low: float = -0.01, beats: bool = True) -> str:
    """The title over candidates whose AUC is as given; `low` is the interval's end of their difference."""

    def one(value: float, *, baseline: bool = False) -> dict[str, object]:
        return {"baseline": baseline, "metrics": {"auc": {"value": value}}}

    figures = {
        "metric": "auc", "use": use, "beats_baseline": beats,
        "candidates": {
            "rule": one(0.6, baseline=True), "logistic": one(logistic), "boosting": one(boosting)
        },
        "models_differ": {"logistic": {"low": low, "high": 0.02}},
    }  # fmt: skip
    return _standing(figures)


def test_the_chart_of_candidates_calls_best_what_is_best() -> None:
    assert standing("boosting", logistic=0.8, boosting=0.81).startswith("Boosting has the best figure")


def test_the_chart_says_when_another_candidate_has_the_higher_figure() -> None:
    equal = standing("boosting", logistic=0.81, boosting=0.8)
    assert equal.startswith("Logistic and boosting are equal within the interval; boosting is used")
    clear = standing("boosting", logistic=0.81, boosting=0.8, low=0.001)
    assert clear.startswith("Logistic has the best test figure; boosting is used")


def test_the_chart_says_when_no_model_beats_the_baseline() -> None:
    assert standing("rule", logistic=0.61, boosting=0.6, beats=False).startswith("No model beats the rule")
