"""A validation says of a score what its run said, and more, from what the run kept, in the same bytes."""

import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_up_bank import full, write
from test_studies import TwoQuestions

from bankmine import lifecycle
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import UsageError
from bankmine.lifecycle.evidence import MOST_INPUTS, MOST_ROWS, MOST_WHOLE, read_evidence
from bankmine.lifecycle.labelled import load_model
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.runner import Runner
from bankmine.lifecycle.validation import Finding, Pack, Verdict, validate
from bankmine.lifecycle.validation.subject import subject_of
from bankmine.report.content import Chart, Table
from bankmine.report.word_charts import chart_xml
from bankmine.tasks.contract import Bank

AREAS = ("Discriminatory power", "Predictive ability", "Stability", "Concentration", "Fairness",
         "Sensitivity")  # fmt: skip


@pytest.fixture(scope="module")
def pack(inactivity: Run, bank: Warehouse) -> Pack:
    return validate(inactivity, bank, bank="Test")


def finding(pack: Pack, test: str) -> Finding:
    return next(one for one in pack.findings if one.test == test)


def test_a_run_keeps_small_evidence_beside_its_model(inactivity: Run) -> None:
    kept = read_evidence(inactivity.folder)
    assert kept.tested.num_rows == inactivity.figures["test_rows"]
    assert sum(kept.tested.column("came_true").to_pylist()) == inactivity.figures["test_positives"]
    assert len(kept.features) <= MOST_INPUTS
    assert kept.whole.num_rows <= MOST_WHOLE
    assert all(kept.part(one).num_rows <= MOST_ROWS for one in ("development", "test", "now"))
    development = kept.part("development").column("customer_id").to_pylist()
    assert len(set(development)) == len(development)
    assert not {"gender", "birth_year"} & {*kept.inputs.column_names, *kept.whole.column_names}


def test_the_rows_of_now_are_scored_as_the_run_scored_them(inactivity: Run) -> None:
    whole = read_evidence(inactivity.folder).whole
    again = load_model(inactivity.folder / "model").scores(whole)[0]
    scores = inactivity.scores
    said = dict(zip(scores.column("subject_id").to_pylist(), scores.column("probability").to_pylist(),
                    strict=True))  # fmt: skip
    np.testing.assert_array_equal(again, whole.column("probability").to_numpy())
    assert [said[one] for one in whole.column("subject_id").to_pylist()] == again.tolist()


def test_the_pack_finds_the_figures_of_the_run(pack: Pack, inactivity: Run) -> None:
    figures = inactivity.figures
    own = figures["candidates"][figures["use"]]["metrics"]["auc"]
    assert finding(pack, "AUC").figure == f"{own['value']:.3f}"
    low, high = (float(one) for one in finding(pack, "AUC").interval.split(" to "))
    assert (low, high) == pytest.approx((own["low"], own["high"]), abs=0.02)
    base = finding(pack, f"AUC against {figures['best_baseline']}")
    gap = figures["comparison"]["model"]["value"] - figures["candidates"][figures["best_baseline"]][
        "metrics"]["auc"]["value"]  # fmt: skip
    assert float(base.figure) == pytest.approx(gap, abs=6e-4)


def test_customers_seen_often_count_once_where_rows_must_be_independent(pack: Pack) -> None:
    subject = pack.subject
    assert subject.repeated
    assert len(np.unique(subject.units[subject.alone])) == len(subject.alone)
    assert len(subject.alone) < len(subject.truth)


def test_every_area_has_findings_with_a_verdict_and_a_meaning(pack: Pack) -> None:
    assert tuple(one.area for one in pack.chapters) == AREAS
    for one in pack.findings:
        assert one.meaning.endswith((".", "!")), one
        assert one.threshold or one.verdict in (Verdict.STATED, Verdict.NOT_RUN), one
    assert f"{sum(one.verdict is Verdict.MET for one in pack.findings)} of" in pack.summary[0].text


def test_groups_the_bank_does_not_know_are_not_run_and_say_so(pack: Pack) -> None:
    chapter = next(one for one in pack.chapters if one.area == "Fairness")
    assert {one.verdict for one in chapter.findings} == {Verdict.NOT_RUN}
    assert all(one.meaning for one in chapter.findings)


def test_groups_are_those_the_bank_knows_at_the_cutoff(inactivity: Run, tmp_path: Path) -> None:
    """Women are the odd customers; the old are those the score puts first."""
    scores = inactivity.scores.sort_by([("probability", "descending")])
    ids = np.array(scores.column("subject_id").to_pylist())
    born = np.where(np.arange(len(ids)) < len(ids) / 4, 1940, 1985)
    people = {"customer_id": ids, "kind": ["person"] * len(ids), "birth_year": born,
              "gender": np.where(ids % 2 == 1, "female", "male"),
              "valid_from": 0 * ids, "known_at": 0 * ids}  # fmt: skip
    known = write(tmp_path / "w", {"customer": full("customer", people, len(ids))}, start=0, end=10**15)
    found = validate(inactivity, known)
    assert finding(found, "Selection by gender").verdict in (Verdict.MET, Verdict.WATCH)
    assert float(finding(found, "Does the score tell women?").figure.removeprefix("AUC ")) < 0.6
    told = finding(found, "Does the score tell those of 60 and more?")
    assert told.verdict is Verdict.WATCH
    assert float(told.figure.removeprefix("AUC ")) > 0.95
    assert finding(found, "Proxies of those of 60 and more").verdict is Verdict.WATCH


def test_the_page_has_each_area_the_data_used_and_the_papers(pack: Pack, tmp_path: Path) -> None:
    text = pack.write(tmp_path / "pack").read_text(encoding="utf-8")
    for area in (*AREAS, "Data used", "What supervisors ask", "Summary of findings"):
        assert area in text
    for word in ("SR 26-2", "EBA GL/2020/06", "Hosmer–Lemeshow", "Spiegelhalter", pack.run.run_id):
        assert word in text


def test_the_document_has_the_same_headings_tables_and_pictures(pack: Pack, tmp_path: Path) -> None:
    import docx

    file = pack.word(tmp_path / "pack.docx")
    read = docx.Document(str(file))
    headings = [one.text for one in read.paragraphs if one.style.name.startswith(("Heading", "Title"))]
    page = pack.page()
    assert headings[0] == page.title
    assert [one for one in headings if one in AREAS] == list(AREAS)
    told = [one.text for one in read.paragraphs]
    assert all(any(line.text in one for one in told) for line in pack.summary)
    blocks = [block for section in page.sections for block in section.blocks]
    cells = [[cell.text for cell in table.rows[0].cells] for table in read.tables]
    for block in blocks:
        table = block.data_table if isinstance(block, Chart) else block
        if isinstance(table, Table) and table.rows:
            assert [column.heading for column in table.columns] in cells
    drawn = [one for one in blocks if isinstance(one, Chart) and chart_xml(one.picture)]
    with zipfile.ZipFile(file) as package:
        charts = [name for name in package.namelist() if name.startswith("word/charts/")]
        assert len(charts) == len(drawn) >= 4
        for name in charts:
            assert ElementTree.fromstring(package.read(name)).tag.endswith("chartSpace")
        assert {one.date_time for one in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        main = package.read("word/document.xml").decode()
    assert main.count("<c:chart ") == len(drawn)


def test_equal_packs_are_equal_bytes(pack: Pack, inactivity: Run, bank: Warehouse, tmp_path: Path) -> None:
    again = validate(inactivity, bank, bank="Test")
    first, second = (one.word(tmp_path / f"{n}.docx").read_bytes() for n, one in enumerate((pack, again)))
    assert first == second
    pages = [one.write(tmp_path / f"page{n}").read_bytes() for n, one in enumerate((pack, again))]
    assert pages[0] == pages[1]


def test_evidence_is_the_same_bytes_when_a_run_is_made_again(
    bank: Warehouse, inactivity: Run, tmp_path: Path
) -> None:
    again = lifecycle.run_task(bank, None, "inactivity", results_folder=tmp_path)
    for name in ("tested.parquet", "inputs.parquet", "whole.parquet"):
        assert (again.folder / name).read_bytes() == (inactivity.folder / name).read_bytes()


def test_chances_twice_too_low_are_found_out(inactivity: Run, bank: Warehouse, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(inactivity.folder, tmp_path / "inactivity" / "copy")
    kept = pq.ParquetFile(folder / "tested.parquet").read()
    place = kept.column_names.index("probability")
    halved = pa.array(kept.column("probability").to_numpy() / 3)
    pq.write_table(kept.set_column(place, "probability", halved), folder / "tested.parquet")
    found = validate(lifecycle.load_run(folder), bank)
    assert finding(found, "Jeffreys, all grades together").verdict is Verdict.NOT_MET
    assert finding(found, "PSI of the score").meaning.startswith("Shifted on")


def test_a_question_of_a_study_is_named(bank: Warehouse, tmp_path: Path) -> None:
    from bankmine.tasks.population import check_cutoff

    at = check_cutoff(bank, TwoQuestions.needs, "2021-04-01")
    asked = Bank(warehouse=bank, cutoff=at, settings={}, memory="1GB", threads=1, maximum_staleness=None)
    run = Runner(TwoQuestions(), asked, tmp_path, "study", lambda stage, done, total: None).run()
    found = validate(run, bank, question="ninety")
    assert found.subject.title == "Two questions: Silent for 90 days"
    assert found.page().slug == "two-questions-ninety"
    with pytest.raises(UsageError, match=r"no question 'x'.*ninety"):
        subject_of(run, "x", bank.zone)


def test_what_has_no_score_to_validate_is_refused(
    inactivity: Run, segmentation: Run, bank: Warehouse, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="segmentation has no labelled question"):
        validate(segmentation, bank)
    with pytest.raises(UsageError, match="asks one question, not 'x'"):
        validate(inactivity, bank, question="x")
    old = tmp_path / "inactivity" / "old"
    old.mkdir(parents=True)
    about = json.loads((inactivity.folder / "metrics.json").read_text(encoding="utf-8"))
    (old / "metrics.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(UsageError, match=r"kept no tested\.parquet.*run the task again"):
        validate(lifecycle.load_run(old), bank)


def test_instants_of_one_civil_month_are_one_month(pack: Pack) -> None:
    from dataclasses import replace
    from datetime import date

    subject = replace(pack.subject)
    first, last = (subject.zone.midnight(date(2021, month, day)) for month, day in ((3, 1), (4, 2)))
    at = np.linspace(first, last, len(subject.truth)).astype(np.int64)
    object.__setattr__(subject, "__dict__", {**subject.__dict__, "cutoffs": at})
    found = subject.months()
    assert [name for name, _ in found] == ["2021-03-01", "2021-04-01"]
    assert sum(int(rows.sum()) for _, rows in found) == len(at)


def test_with_fewer_than_two_months_that_can_be_judged_there_is_no_picture_of_months(pack: Pack) -> None:
    from dataclasses import replace

    from bankmine.lifecycle.validation.discrimination import discrimination

    subject = replace(pack.subject)
    at = np.full(len(subject.truth), subject.cutoffs[0])
    object.__setattr__(subject, "__dict__", {**subject.__dict__, "cutoffs": at})
    chapter = discrimination(subject)
    by_month = next(one for one in chapter.findings if one.test == "AUC by month")
    assert by_month.verdict is Verdict.NOT_RUN
    assert not any(isinstance(block, Chart) for block in chapter.blocks)
    assert "nan" not in repr(chapter)


def test_whether_a_high_chance_harms_is_what_the_goal_says(pack: Pack) -> None:
    from dataclasses import replace

    from bankmine.tasks.registry import find_task as named

    assert not pack.subject.adverse
    for name in ("application_score", "application_fraud", "behaviour_score", "early_warning", "rating",
                 "card_fraud"):  # fmt: skip
        assert named(name).goal.adverse
    goal = {key: value for key, value in pack.run.about["goal"].items() if key != "adverse"}
    old = replace(pack.subject, run=replace(pack.run, about={**pack.run.about, "goal": goal}))
    with pytest.raises(UsageError, match="does not say whether a high chance works against the customer"):
        assert old.adverse


def test_a_model_learnt_anew_is_no_shift_of_the_people(
    inactivity: Run, bank: Warehouse, tmp_path: Path
) -> None:
    """Now is held beside development by the model that was tested, whatever the one in use says."""
    import shutil

    folder = shutil.copytree(inactivity.folder, tmp_path / "inactivity" / "copy")
    kept = pq.ParquetFile(folder / "inputs.parquet").read()
    now = np.array(kept.column("part").to_pylist()) == "now"
    assert kept.column("as_tested").is_valid().to_numpy().tolist() == now.tolist()

    def psi(name: str) -> Finding:
        values = kept.column(name).to_numpy(zero_copy_only=False)
        place = kept.column_names.index(name)
        changed = kept.set_column(place, name, pa.array(np.where(now, values / 3, values), from_pandas=True))
        pq.write_table(changed, folder / "inputs.parquet")
        return finding(validate(lifecycle.load_run(folder), bank), "PSI of the score")

    assert psi("probability").figure == finding(validate(inactivity, bank), "PSI of the score").figure
    assert psi("as_tested").verdict is not Verdict.MET


def test_what_was_not_run_says_why_in_its_line(pack: Pack) -> None:
    lines = pack.lines()
    missing = [one for one in pack.findings if one.verdict is Verdict.NOT_RUN]
    assert missing
    assert all(f"  not run {one.test} · {one.meaning}" in lines for one in missing)
