"""The sentence of an offer says what speaks for it, and only that."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from bankmine.cli.form import shown
from bankmine.customers.catalogue import CATALOGUE
from bankmine.errors import UsageError
from bankmine.mining.files import load, save
from bankmine.mining.form.model import FormModel
from bankmine.tasks.cross_sell.sentences import evidence, sentence
from bankmine.tasks.cross_sell.suitable import is_proved, spoken


def test_a_customer_less_likely_than_usual_is_offered_for_the_margin_alone() -> None:
    reasons = [{"feature": "product_days_since_last", "value": 371.0, "contribution": 0.4}]
    said = sentence("fund", 1 / 91, 1 / 79, reasons, CATALOGUE, currency="SGD", margin_minor=123_450.0)
    assert said.startswith(
        "Fund: less often than usual (1 in 91 against 1 in 79 within 90 days), but worth SGD"
    )
    assert said.endswith("when taken.")
    assert "371" not in said
    same = sentence("fund", 0.01, 0.01, reasons, CATALOGUE, currency="SGD", margin_minor=123_450.0)
    assert same.startswith("Fund: as often as usual")


def test_evidence_is_said_in_plain_words() -> None:
    def said(feature: str, value: float) -> str:
        return evidence({"feature": feature, "value": value}, CATALOGUE, "SGD")

    assert said("product_days_since_last", 371.0) == "371 days since the customer last took a product"
    assert said("flag_arrears", 1.0) == "the customer is flagged for arrears"
    shown = {
        "own": SimpleNamespace(sentence="Days since the customer looked at a insurance page.", unit="days")
    }
    assert evidence({"feature": "own", "value": 1.0}, shown, "SGD") == (
        "1 day since the customer looked at an insurance page"
    )


def test_the_form_names_products_and_says_how_far_to_trust_it(tmp_path: Path) -> None:
    band = np.random.default_rng(0).integers(0, 2, 400)
    table = pa.table({"income_band": np.array(["low", "high"])[band]})
    form = FormModel.fit(table, np.array(["INS-1", "INS-2"])[band].tolist())
    told = "It is not proved better than always naming Home cover: that is named instead."
    save(spoken(form, told, {"INS-1": "Home cover", "INS-2": "Travel cover"}), tmp_path / "form")
    kept = load(tmp_path / "form")
    said = "\n".join(shown(kept, kept.answer({"income_band": "low"})))
    assert "Best outcome: Home cover (chance" in said
    assert told in said
    assert "INS-" not in said


def test_a_form_that_is_not_proved_names_the_usual_product_and_says_so(tmp_path: Path) -> None:
    band = np.random.default_rng(0).integers(0, 2, 400)
    table = pa.table({"income_band": np.array(["low", "high"])[band]})
    form = FormModel.fit(table, np.array(["INS-1", "INS-2"])[band].tolist())
    assert form.answer({"income_band": "high"}).best == "INS-2"
    save(form.falling_back("INS-1"), tmp_path / "form")
    answer = load(tmp_path / "form").answer({"income_band": "high"})
    assert answer.best == "INS-1"
    assert answer.probability["INS-2"] > 0.5
    assert answer.notes == ["the usual outcome is named: the form is not proved to choose better"]
    with pytest.raises(UsageError, match="no outcome 'INS-3'"):
        form.falling_back("INS-3")


@pytest.mark.parametrize(
    ("test", "proved"), [({}, False), ({"more_low": 0.0}, False), ({"more_low": 0.01}, True)]
)
def test_only_a_form_whose_whole_interval_is_better_is_proved(test: dict[str, float], proved: bool) -> None:
    assert is_proved(test) == proved
