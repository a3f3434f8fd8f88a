"""Free text of the simulated bank: two languages, two halves, no two alike, no word that tells it all."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bankmine.simulation.leaving import TOPICS
from bankmine.simulation.phrases import HALVES, LANGUAGES, alternatives
from bankmine.simulation.streams import stream
from bankmine.simulation.texts import (
    CLAIMS,
    INTERACTION_KINDS,
    PURPOSE_INTENTS,
    RISKY,
    interaction_texts,
    purpose_texts,
)

BANKS = ("purposes", "interactions")
BOTH_LANGUAGES = pytest.mark.parametrize("chinese", [0, 1], ids=LANGUAGES)
HAN = re.compile("[\u4e00-\u9fff]")


def purposes(chinese: int, half: int, count: int, name: str = "t") -> tuple[list[str], Any]:
    """Texts of all intents; one column: risky."""
    draw = stream(5, half, f"{name} {chinese}")
    intent = draw.integers(0, len(PURPOSE_INTENTS), count)
    risky = np.isin(intent, [PURPOSE_INTENTS.index(one) for one in RISKY])
    return purpose_texts(draw, intent, chinese, half).to_pylist(), risky[:, None]


def told(chinese: int, half: int, count: int, name: str = "t") -> tuple[list[str], Any]:
    """Texts of all topics and kinds; columns: negative, then each topic."""
    draw = stream(6, half, f"{name} {chinese}")
    topic, kind = draw.integers(0, len(TOPICS), count), draw.integers(0, len(INTERACTION_KINDS), count)
    feeling = draw.uniform(-1, 1, count)
    texts = interaction_texts(draw, topic, feeling, chinese, half, kind=kind)
    return texts.to_pylist(), np.column_stack([feeling < 0, topic[:, None] == np.arange(len(TOPICS))])


def auc(learnt: list[str], truths: Any, *tried: tuple[list[str], Any]) -> Any:
    """Of logistic regressions on characters, one for each column of truths: (columns, tried)."""
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), min_df=4, max_features=12_000)
    inside = vectors.fit_transform(learnt)
    outside = [vectors.transform(texts) for texts, _ in tried]
    found = np.zeros((truths.shape[1], len(tried)))
    for column in range(truths.shape[1]):
        model = LogisticRegression(C=2.0, solver="liblinear").fit(inside, truths[:, column])
        for place, (_, truth) in enumerate(tried):
            told_by = model.decision_function(outside[place])
            found[column, place] = roc_auc_score(truth[:, column], told_by)
    return found


def best_word(texts: list[str], truth: Any, chinese: int) -> float:
    """AUC of the best single word; in Chinese of the best one or two characters."""
    how = {"analyzer": "char", "ngram_range": (1, 2)} if chinese else {"token_pattern": r"[a-z']+"}
    found = CountVectorizer(binary=True, min_df=20, **how).fit_transform(texts)
    gap = np.asarray(found[truth].mean(axis=0) - found[~truth].mean(axis=0)).ravel()
    return 0.5 + float(np.abs(gap).max()) / 2


def test_same_draws_give_the_same_texts_and_more_begin_like_fewer() -> None:
    intent, chinese, half = np.arange(60) % 10, np.arange(60) % 2, np.arange(60) // 2 % 2
    whole = purpose_texts(stream(1, 2, "p"), intent, chinese, half).to_pylist()
    part = purpose_texts(stream(1, 2, "p"), intent[:25], chinese[:25], half[:25]).to_pylist()
    assert whole[:25] == part
    feeling = np.linspace(-1, 1, 60)
    whole = interaction_texts(stream(1, 2, "i"), intent % 6, feeling, chinese, half).to_pylist()
    part = interaction_texts(stream(1, 2, "i"), intent[:25] % 6, feeling[:25], chinese[:25], half[:25])
    assert whole[:25] == part.to_pylist()


@pytest.mark.parametrize("count", [0, 1, 500])
def test_every_place_has_a_text_in_its_language(count: int) -> None:
    draw = stream(3, 0, "language")
    chinese = draw.random(count) < 0.5
    topics, half = draw.integers(0, len(TOPICS), count), draw.integers(0, 2, count)
    for texts in (
        purpose_texts(draw, draw.integers(0, 10, count), chinese, half),
        interaction_texts(draw, topics, draw.uniform(-1, 1, count), chinese, half),
        interaction_texts(draw, topics, 0.2, chinese, 1, kind=3),
    ):
        assert len(texts) == count
        assert texts.null_count == 0
        assert [bool(HAN.search(text)) for text in texts.to_pylist()] == chinese.tolist()


@pytest.mark.parametrize("name", BANKS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_halves_share_no_phrase_but_their_words(name: str, language: str) -> None:
    first, second = (alternatives(name, language, half) for half in HALVES)
    assert first.keys() == second.keys()
    assert min(len(lists) for half in (first, second) for lists in half.values()) >= 4
    phrases = [
        {text for lists in half.values() for texts in lists for text in texts} for half in (first, second)
    ]
    assert not phrases[0] & phrases[1]
    split = re.compile("[a-z']+") if language == "en" else HAN
    words = [Counter(word for text in half for word in split.findall(text)) for half in phrases]
    known = sum(times for word, times in words[1].items() if word in words[0])
    assert known / words[1].total() > 0.8


@BOTH_LANGUAGES
@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("claim", range(1, len(CLAIMS)))
def test_a_claim_adds_a_clause_and_changes_nothing_else(chinese: int, half: int, claim: int) -> None:
    intent = np.arange(200) % len(PURPOSE_INTENTS)
    without = purpose_texts(stream(4, 0, "claim"), intent, chinese, half).to_pylist()
    none = purpose_texts(stream(4, 0, "claim"), intent, chinese, half, claim=np.zeros(200, np.int64))
    assert none.to_pylist() == without
    claimed = purpose_texts(stream(4, 0, "claim"), intent, chinese, half, claim=np.full(200, claim))
    more = [len(b) - len(a) for a, b in zip(without, claimed.to_pylist(), strict=True)]
    assert min(more) > 0
    assert np.mean(more) < 60


@BOTH_LANGUAGES
@pytest.mark.parametrize("half", [0, 1])
def test_hardly_two_texts_of_one_meaning_are_equal(chinese: int, half: int) -> None:
    count, draw = 15_000, stream(7, half, "equal")
    survey = INTERACTION_KINDS.index("survey")
    for texts in (
        purpose_texts(draw, np.full(count, 4), chinese, half),
        interaction_texts(draw, np.full(count, 1), -1.0, chinese, half, kind=survey),
    ):
        seen = Counter(re.sub(r"\d", "#", text) for text in texts.to_pylist())
        assert sum(times for times in seen.values() if times > 1) / count <= 0.01


def check(learnt: Any, tried: Any, chinese: int, low: float, high: float) -> None:
    """Learnt on each half: within bounds there, at least .9 of it on the other, not from one word."""
    for half, (texts, truths) in enumerate(learnt):
        found = auc(texts, truths, tried[half], tried[1 - half])
        for column, (within, across) in enumerate(found):
            assert low < within < high
            assert across >= 0.9 * within
            assert best_word(texts, truths[:, column], chinese) - 0.5 < 0.85 * (within - 0.5)


@BOTH_LANGUAGES
def test_risk_is_learnt_on_either_half_and_not_from_one_word(chinese: int) -> None:
    learnt = [purposes(chinese, half, 2_500) for half in (0, 1)]
    check(learnt, [purposes(chinese, half, 1_500, "tried") for half in (0, 1)], chinese, 0.85, 0.99)


@BOTH_LANGUAGES
def test_feeling_and_topic_are_learnt_on_either_half_and_not_from_one_word(chinese: int) -> None:
    learnt = [told(chinese, half, 2_500) for half in (0, 1)]
    check(learnt, [told(chinese, half, 1_500, "tried") for half in (0, 1)], chinese, 0.85, 0.995)
