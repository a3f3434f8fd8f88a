"""TF-IDF of words and signs with a linear head: the strong, plain way to learn from short texts.

A text becomes the weights of its words, of pairs of neighbouring words and of runs of signs inside words
(Salton & Buckley 1988: `(1 + ln tf) · idf`, length one), and one logistic regression a class gives log-odds
(Joachims 1998 for why linear suffices). Runs of signs carry misspelt and Chinese words. Texts are masked
first, so no personal data can become a term. Reasons are words: what each run or pair contributes is shared
out evenly over the signs it covers, and with the intercept the words of a text add up to its log-odds.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.arithmetic import logistic, one_thread
from bankmine.mining.contract import Estimator, Floats, MinimumData, Reasons
from bankmine.mining.files import array, numbers
from bankmine.mining.learner import check_parameters
from bankmine.mining.text.masking import mask
from bankmine.mining.text.words import normal, texts_of, words

Span = tuple[str, int, int]


def terms(text: str, shortest: int, longest: int, pairs: bool) -> list[Span]:
    """Terms of a masked, normal text with their spans: words `w`, pairs `p`, runs of signs `s`.

    Chinese words are short: there runs go over the whole run of Chinese, elsewhere they stay in the word.
    """
    cut = words(text)
    found = [(f"w {word.text}", word.start, word.end) for word in cut]
    if pairs:
        found += [(f"p {a.text} {b.text}", a.start, b.end) for a, b in pairwise(cut)]
    for start, end in _runs(text, [(word.start, word.end) for word in cut]):
        for size in range(shortest, min(longest, end - start) + 1):
            found += [(f"s {text[at : at + size]}", at, at + size) for at in range(start, end - size + 1)]
    return found


def _runs(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of words; neighbours that touch are one (Chinese has no blanks); masks are left out."""
    runs: list[tuple[int, int]] = []
    for start, end in spans:
        if text[start] == "<":
            continue
        if runs and runs[-1][1] == start:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


class TextLinear(Estimator):
    """Classes of texts, two or more; labels are strings, numbers or booleans.

    `C`: inverse strength of the ridge penalty; `signs`: shortest and longest run of signs; `pairs`: pairs of
    words too; `least_texts` a term must stand in; `most_terms` kept, by how many texts have them. A text
    without a known term gets the intercepts' answer. Needs 40 texts and 5 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=40, each_class=5)

    def __init__(
        self,
        C: float = 10.0,
        *,
        signs: tuple[int, int] = (2, 4),
        pairs: bool = True,
        least_texts: int = 2,
        most_terms: int = 60_000,
        random_state: int = 0,
    ) -> None:
        self.C = C
        self.signs = signs
        self.pairs = pairs
        self.least_texts = least_texts
        self.most_terms = most_terms
        self.random_state = random_state

    def fit(self, texts: Any, y: Any) -> Self:
        """Learn from texts (None: empty) and one label each. FeasibilityError below the minimum data."""
        from sklearn.linear_model import LogisticRegression

        check_parameters(self)
        if not 1 <= self.signs[0] <= self.signs[1]:
            raise UsageError(
                f"TextLinear was given signs = {self.signs!r}",
                hint="Give the shortest run, then the longest.",
            )
        given = texts_of(texts)
        self.classes_, place = classes_of(y, len(given), self.minimum, type(self).__name__)
        spans = [self._terms(text) for text in given]
        self._learn_terms(spans)
        matrix = self._weights(spans)
        wanted = range(1, 2) if len(self.classes_) == 2 else range(len(self.classes_))
        rows = []
        for one in wanted:
            head = LogisticRegression(
                C=self.C, solver="liblinear", tol=1e-4, max_iter=300, random_state=self.random_state
            )
            with one_thread():
                head.fit(matrix, place == one)
            rows.append((head.coef_[0], head.intercept_[0]))
        self.coefficients_ = np.array([coefficients for coefficients, _ in rows])
        self.intercepts_ = np.array([intercept for _, intercept in rows])
        return self

    def decision_function(self, texts: Any) -> Floats:
        """Log-odds: of the second class, shape (texts,), or of each class against the others."""
        told = self._weights([self._terms(text) for text in texts_of(texts)]) @ self.coefficients_.T
        told = np.asarray(told + self.intercepts_)
        return told[:, 0] if len(self.classes_) == 2 else told

    def predict_proba(self, texts: Any) -> Floats:
        """Probability of each class, shape (texts, classes); with more than two, scaled to the sum one."""
        told = self.decision_function(texts)
        if told.ndim == 1:
            return np.column_stack([logistic(-told), logistic(told)])
        each = logistic(told)
        return np.asarray(each / each.sum(axis=1, keepdims=True))

    def predict(self, texts: Any) -> np.ndarray[Any, Any]:
        """The most probable class of each text; ties go to the earlier class."""
        classes: np.ndarray[Any, Any] = np.asarray(self.classes_)
        best: np.ndarray[Any, Any] = classes[self.predict_proba(texts).argmax(axis=1)]
        return best

    def reasons(self, texts: Any, *, top: int = 3) -> Reasons:
        """The words that spoke most for or against the class predicted (with two: the second), in log-odds.

        A reason's name is the word, its value how often it stands in the text.
        """
        given = texts_of(texts)
        told = self.decision_function(given)
        which = np.zeros(len(given), dtype=np.int64) if told.ndim == 1 else told.argmax(axis=1)
        rows = [self._by_word(text, int(one)) for text, one in zip(given, which, strict=True)]
        return reasons_of([_strongest(row, top) for row in rows], top)

    def _by_word(self, text: str | None, which: int) -> dict[str, tuple[int, float]]:
        """Of each word of a text how often it stands there and what it contributes."""
        told = normal(mask(text))
        spans = [span for span in self._spans(told) if span[0] in self.places_]
        often = Counter(term for term, _, _ in spans)
        row = self._weights([spans])
        weight = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
        cut = words(told)
        owner = np.full(len(told), -1, dtype=np.int64)
        for number, word in enumerate(cut):
            owner[word.start : word.end] = number
        given = np.zeros(len(cut))
        for term, start, end in spans:
            place = self.places_[term]
            share = weight[place] * self.coefficients_[which, place] / often[term]
            mine = owner[start:end]
            mine = mine[mine >= 0]
            np.add.at(given, mine, share / mine.size)
        result: dict[str, tuple[int, float]] = {}
        for word, part in zip(cut, given.tolist(), strict=True):
            count, before = result.get(word.text, (0, 0.0))
            result[word.text] = (count + 1, before + part)
        return result

    def _spans(self, told: str) -> list[Span]:
        return terms(told, self.signs[0], self.signs[1], self.pairs)

    def _terms(self, text: str | None) -> list[Span]:
        return self._spans(normal(mask(text)))

    def _learn_terms(self, spans: list[list[Span]]) -> None:
        """The terms by how many texts have them, ties by the term itself; then in order of the term."""
        texts: Counter[str] = Counter()
        for row in spans:
            texts.update({term for term, _, _ in row})
        often = sorted((-count, term) for term, count in texts.items() if count >= self.least_texts)
        if not often:
            raise FeasibilityError(
                f"No word stands in {self.least_texts} of {len(spans)} texts",
                hint="Give more texts, or lower least_texts.",
            )
        kept = sorted((term, -minus) for minus, term in often[: self.most_terms])
        self.places_ = {term: place for place, (term, _) in enumerate(kept)}
        count = np.array([count for _, count in kept], dtype=np.float64)
        self.idf_ = np.log((1 + len(spans)) / (1 + count)) + 1

    def _weights(self, spans: list[list[Span]]) -> Any:
        from scipy.sparse import csr_array

        data, columns, first = [], [], [0]
        for row in spans:
            often = Counter(self.places_[term] for term, _, _ in row if term in self.places_)
            mine = sorted(often)
            weight = np.array([1 + np.log(often[one]) for one in mine]) * self.idf_[mine]
            data.append(weight / max(float(np.sqrt((weight**2).sum())), 1e-12))
            columns += mine
            first.append(len(columns))
        values = np.concatenate(data) if data else np.zeros(0)
        places = np.array(columns, dtype=np.int32), np.array(first, dtype=np.int32)
        return csr_array((values, *places), shape=(len(spans), len(self.places_)))

    def to_json(self) -> dict[str, Any]:
        """Parameters, classes, terms with their weights, coefficients."""
        return {
            "parameters": {**self.get_params(), "signs": list(self.signs)},
            "classes": self.classes_,
            "terms": list(self.places_),
            "idf": numbers(self.idf_),
            "coefficients": numbers(self.coefficients_),
            "intercepts": numbers(self.intercepts_),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        parameters = dict(content["parameters"])
        parameters["signs"] = tuple(parameters["signs"])
        miner = cls(**parameters)
        miner.classes_ = list(content["classes"])
        miner.places_ = {term: place for place, term in enumerate(content["terms"])}
        miner.idf_ = array(content["idf"])
        miner.coefficients_ = array(content["coefficients"])
        miner.intercepts_ = array(content["intercepts"])
        return miner


def classes_of(y: Any, rows: int, minimum: MinimumData, miner: str) -> tuple[list[Any], np.ndarray[Any, Any]]:
    """Sorted classes and the place of each label; refuses wrong lengths, one class, too few of a class."""
    values = np.asarray(y.to_pylist() if hasattr(y, "to_pylist") else y)
    missing = values.dtype.kind == "f" and bool(np.isnan(values).any())
    if values.shape != (rows,) or values.dtype == object or missing:
        raise UsageError(
            f"The label has shape {values.shape} for {rows} texts, or a label is missing",
            hint="Give one label for each text.",
        )
    minimum.require(miner, rows)
    classes, place, count = np.unique(values, return_inverse=True, return_counts=True)
    if classes.size < 2 or count.min() < minimum.each_class:
        raise FeasibilityError(
            f"{miner} was given {classes.size} classes, the smallest of {int(count.min())} texts",
            hint=f"It needs at least 2 classes with {minimum.each_class} texts each.",
        )
    return classes.tolist(), place


def _strongest(row: dict[str, tuple[int, float]], top: int) -> list[tuple[str, int, float]]:
    ranked = sorted(row.items(), key=lambda item: (-abs(item[1][1]), item[0]))
    return [(word, count, part) for word, (count, part) in ranked[:top] if part]


def reasons_of(rows: list[list[tuple[str, int, float]]], top: int) -> Reasons:
    """Reasons in the contract's arrays from (name, value, contribution) lists, strongest first."""
    names = sorted({name for row in rows for name, _, _ in row})
    place = {name: number for number, name in enumerate(names)}
    columns = np.full((len(rows), top), -1, dtype=np.int64)
    values, parts = np.full((len(rows), top), np.nan), np.zeros((len(rows), top))
    for number, row in enumerate(rows):
        for rank, (name, value, part) in enumerate(row):
            columns[number, rank], values[number, rank], parts[number, rank] = place[name], value, part
    return Reasons(tuple(names), columns, values, parts)
