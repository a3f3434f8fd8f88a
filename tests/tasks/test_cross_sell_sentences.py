"""The sentence of an offer says what speaks for it, and only that."""

from __future__ import annotations

from types import SimpleNamespace

from bankmine.customers.catalogue import CATALOGUE
from bankmine.tasks.cross_sell.sentences import evidence, sentence


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
