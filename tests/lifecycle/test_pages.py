"""A run's page says what it shows, gives every figure something to be read by, and renders."""

from datetime import date
from pathlib import Path

import pytest

from bankmine import lifecycle
from bankmine.lifecycle.pages import summaries
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
