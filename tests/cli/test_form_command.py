"""`bankmine form`: a published form answered, and one clear line for whatever cannot be asked of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bankmine.bank.warehouse import Warehouse
from bankmine.cli.form import lines
from bankmine.config import render_config
from bankmine.errors import UsageError
from bankmine.mining.files import save
from bankmine.mining.form.asking import Action
from bankmine.mining.form.model import FormModel


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank's folder with one published run that has a form, one without, and one not to be used."""
    folder = tmp_path_factory.mktemp("bank")
    (folder / "bankmine.toml").write_text(
        render_config(
            name="demo", mapping="example", extracts=".", time_zone="UTC", currency="EUR", keys="keys",
            tasks={},
        ),
        encoding="utf-8",
    )  # fmt: skip
    Warehouse.create(folder / "warehouse", time_zone="UTC", currency="EUR", key_identity="test")
    draw = np.random.default_rng(0)
    band = draw.integers(0, 2, 800)
    table = pa.table({"income_band": np.array(["low", "high"])[band], "age": draw.uniform(20, 70, 800)})
    golden = {"golden": draw.random(800) < 0.1 + 0.5 * band}
    form = FormModel.fit(
        table, golden, actions=[Action("call", {"golden": 90.0}, 30.0)], unit="EUR",
        questions={"income_band": "Which band of income?"},
    )  # fmt: skip
    current = {}
    for task, use in (("acquisition", "study"), ("churn", "study"), ("cross_sell", "do not use")):
        place = folder / "results" / task / "run1"
        place.mkdir(parents=True)
        about = {
            "format": 1, "run_id": "run1", "task": task, "title": task.title(), "cutoff": "2026-01-01",
            "use": use, "verdict": "",
        }  # fmt: skip
        (place / "metrics.json").write_text(json.dumps(about), encoding="utf-8")
        if task != "churn":
            save(form, place / "form")
        current[task] = {"run_id": "run1", "folder": f"{task}/run1", "cutoff": "2026-01-01", "use": use}
    (folder / "results" / "current.json").write_text(json.dumps(current), encoding="utf-8")
    return folder


def test_an_answer_shows_chances_reasons_the_next_question_and_the_time(bank: Path) -> None:
    said = "\n".join(lines(bank, "acquisition", ["income_band=HIGH"]))
    assert "Best outcome: golden (chance" in said
    assert "income_band = high raises it" in said
    assert "Expected profit in EUR: call" in said
    assert "Ask next: age (age), worth" in said
    assert " ms." in said


def test_an_empty_form_lists_its_fields_and_what_may_stand_there(bank: Path) -> None:
    said = list(lines(bank, "acquisition", []))
    assert "  income_band: Which band of income? · high, low" in said
    assert "  no field is filled in: these are the shares of training" in said


def test_a_field_left_empty_is_not_known(bank: Path) -> None:
    empty, none = (list(lines(bank, "acquisition", words)) for words in (["age="], ["income_band="]))
    assert empty[1:3] == none[1:3]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["incom_band=low"], r"no field 'incom_band'\. Did you mean income_band\?.*high, low"),
        (["income_band=huge"], r"'huge' cannot stand in the field income_band\. Allowed: high, low"),
        (
            ["age=old"],
            r"'old' cannot stand in the field age\. Allowed: a number, 0 to 120 \(seen in training: 20",
        ),
        (["age=-5"], r"'-5' cannot stand in the field age\. Allowed: a number, 0 to 120"),
        (["age=250"], r"'250' cannot stand in the field age\. Allowed: a number, 0 to 120"),
        (["age"], r"'age' is not field=value.*income_band \(high, low\); age"),
        (["age=30", "age=31"], "given twice"),
    ],
)
def test_what_cannot_stand_in_a_form_is_one_line_with_what_may(
    bank: Path, words: list[str], wanted: str
) -> None:
    with pytest.raises(UsageError, match=wanted) as caught:
        list(lines(bank, "acquisition", words))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("task", "wanted"),
    [
        ("value", "no run of 'value' is published. Forms are answered by acquisition, cross_sell"),
        ("churn", "the published run of churn has no form"),
        ("cross_sell", "marked do not use"),
    ],
)
def test_a_task_without_a_form_to_use_is_refused_with_those_that_have_one(
    bank: Path, task: str, wanted: str
) -> None:
    with pytest.raises(UsageError, match=wanted):
        list(lines(bank, task, []))
