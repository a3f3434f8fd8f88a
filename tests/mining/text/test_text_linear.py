"""TF-IDF with a linear head learns both languages, says which words, and survives saving."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.files import load, save
from bankmine.mining.text.linear import TextLinear

CARS = ["repair my car today", "a used car for work", "买一辆车上班", "修车的钱", "new tyres for the car"]
HOMES = ["paint the flat", "a new kitchen at home", "装修房子", "买家具给新家", "repair the roof at home"]


def sample() -> tuple[list[str | None], list[str]]:
    texts: list[str | None] = []
    for number in range(8):
        texts += [f"{text} {number}" for text in (*CARS, *HOMES)]
    return texts, ["car"] * 0 + (["car"] * 5 + ["home"] * 5) * 8


def test_both_languages_are_learnt_and_the_words_named() -> None:
    miner = TextLinear().fit(*sample())
    asked = ["my car is old", "新家的装修"]
    assert miner.predict(asked).tolist() == ["car", "home"]
    assert miner.reasons(asked).row(0)[0].feature == "car"
    assert miner.reasons(asked).row(1)[0].feature in ("装修", "新家")


def test_the_words_of_a_text_add_up_to_its_log_odds() -> None:
    texts, y = sample()
    miner = TextLinear().fit(texts, y)
    for text in ("my car my car and the kitchen", "买车装修 the roof", "<phone> car"):
        reasons = miner.reasons([text], top=50).row(0)
        total = sum(reason.contribution for reason in reasons) + miner.intercepts_[0]
        assert total == pytest.approx(miner.decision_function([text])[0], abs=1e-9)


def test_texts_without_a_known_word_get_the_intercept() -> None:
    miner = TextLinear().fit(*sample())
    told = miner.decision_function(["", None, "!?…", "   ", "zzzqqq"])
    assert np.allclose(told, miner.intercepts_[0])
    assert miner.reasons(["", "!?"]).row(0) == []


def test_personal_data_never_becomes_a_term() -> None:
    texts, y = sample()
    miner = TextLinear(least_texts=1).fit([f"{text} call 91234567 a@b.com" for text in texts], y)
    assert not any("1234" in term or "a@b" in term for term in miner.places_)
    assert "w <phone>" in miner.places_


def test_more_classes_and_saving_keep_every_bit(tmp_path: Path) -> None:
    texts, y = sample()
    third = [f"trip to japan {number}" for number in range(9)]
    miner = TextLinear().fit(texts + third, y + ["holiday"] * 9)
    assert miner.predict(["our trip", "the car"]).tolist() == ["holiday", "car"]
    assert miner.predict_proba(["our trip"]).sum() == pytest.approx(1.0)
    save(miner, tmp_path)
    again = load(tmp_path)
    assert again.predict_proba(texts).tobytes() == miner.predict_proba(texts).tobytes()
    assert again.reasons(texts[:3]).row(1) == miner.reasons(texts[:3]).row(1)


def test_a_text_alone_is_answered_as_among_many() -> None:
    texts, y = sample()
    miner = TextLinear().fit(texts, y)
    many = miner.decision_function(texts)
    assert [miner.decision_function([text])[0] for text in texts[:5]] == many[:5].tolist()


def test_wrong_asks_are_refused() -> None:
    texts, y = sample()
    with pytest.raises(FeasibilityError, match="40"):
        TextLinear().fit(texts[:20], y[:20])
    with pytest.raises(FeasibilityError, match="classes"):
        TextLinear().fit(texts, ["car"] * len(texts))
    with pytest.raises(UsageError, match="One text"):
        TextLinear().fit("a text", ["car"])
    with pytest.raises(UsageError, match="label"):
        TextLinear().fit(texts, y[:-1])
    with pytest.raises(UsageError, match="label is missing"):
        TextLinear().fit(texts, [float("nan"), *range(len(texts) - 1)])
    with pytest.raises(UsageError, match="not fitted"):
        TextLinear().predict(["a"])
    with pytest.raises(UsageError, match="type int"):
        TextLinear().fit([1, 2], ["a", "b"])
    with pytest.raises(FeasibilityError, match="No word"):
        TextLinear().fit(["!"] * 40, ["a", "b"] * 20)
