"""Reasons read as sentences: the feature in words, its value with unit, and which way it goes."""

import numpy as np
import pytest

from bankmine.lifecycle.reasons import reason_words, short
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.scores import _with_a_raising_one
from bankmine.mining.contract import Reasons

FEATURES = {
    "out_days_since_last_all": {
        "sentence": "Days since the last payment made before the cutoff.", "unit": "days",
    },
    "flag_hold": {"sentence": "1 where the customer is on hold at the cutoff, else 0.", "unit": "flags"},
    "tx_channel": {"sentence": "How the card was used.", "unit": "code"},
    "merchants": {"sentence": "Number of different merchants paid in the month before the cutoff.",
                  "unit": "merchants"},
}  # fmt: skip


def said(feature: str, value: float | None, contribution: float = 0.2, *, labelled: bool = True) -> str:
    one = {"feature": feature, "value": value, "contribution": contribution}
    return reason_words(one, FEATURES, "EUR", labelled=labelled)


def test_a_reason_is_the_features_sentence_its_value_and_its_side() -> None:
    assert (
        said("out_days_since_last_all", 214.0) == "days since the last payment made: 214; raises the chance"
    )
    assert said("merchants", 3.0, -1.0).endswith("3.00 merchants; lowers the chance") or said(
        "merchants", 3.0, -1.0
    ).endswith("3 merchants; lowers the chance")


def test_flags_levels_and_missing_values_are_said_in_words() -> None:
    assert said("flag_hold", 1.0) == "the customer is on hold: yes; raises the chance"
    assert said("tx_channel=on_line", 1.0) == "how the card was used: on line; raises the chance"
    assert ": missing;" in said("merchants", None)


def test_without_a_label_a_reason_speaks_of_the_segment() -> None:
    assert said("merchants", 3.0, labelled=False).endswith("typical of the segment")
    assert said("merchants", 3.0, -1.0, labelled=False).endswith("unlike the segment")


@pytest.mark.parametrize("sentence", ["Share of money; negative where more went out.", "Share of money."])
def test_asides_are_left_out(sentence: str) -> None:
    assert short(sentence) == "share of money"


def test_where_all_reasons_lower_the_last_gives_way_to_the_strongest_raising_one() -> None:
    columns = np.array([[0, 1, 2, 3], [3, 2, 1, 0], [0, 1, -1, -1]])
    contributions = np.array([[-4.0, -3.0, 2.0, 1.0], [4.0, -3.0, 2.0, -1.0], [-4.0, -3.0, 0.0, 0.0]])
    found = _with_a_raising_one(Reasons(tuple("abcd"), columns, contributions.copy(), contributions), 2)
    assert found.columns.tolist() == [[0, 2], [3, 2], [0, 1]]
    assert found.contributions.tolist() == [[-4.0, 2.0], [4.0, -3.0], [-4.0, -3.0]]


def test_the_reasons_of_a_run_have_no_names_with_underscores(inactivity: Run) -> None:
    from bankmine import lifecycle

    block = next(s for s in lifecycle.page_of(inactivity).sections if s.title == "The list").blocks[0]
    why = [str(row[-1]) for row in block.rows]  # type: ignore[union-attr]
    assert all("_" not in text and "the chance" in text for text in why)
