"""The traditional way, as a baseline to beat: sorted terms into a fully connected network.

What is taken for it here: the words of a text are sorted by how rare they are in training (ties by the word),
the first `terms` are kept, each becomes a vector (latent semantic analysis, Deerwester et al. 1990), and the
vectors side by side are the inputs of a network with one hidden layer, as in Bengio et al. (2003) and
Collobert and Weston (2008). It is bound to the order: the same word at another place meets other weights, so
it learns every word once a place, and a text longer than `terms` words loses its commonest ones.
"""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.mining.arithmetic import logistic, one_thread
from bankmine.mining.contract import Estimator, Floats, MinimumData, Reasons
from bankmine.mining.files import array, numbers
from bankmine.mining.learner import check_parameters
from bankmine.mining.text.linear import classes_of, reasons_of
from bankmine.mining.text.masking import mask
from bankmine.mining.text.words import normal, texts_of, words

ENOUGH_TO_HOLD_OUT = 1_000  # texts from which a tenth is held out to stop training


class SortedTermNetwork(Estimator):
    """Classes of texts by the network described above; labels are strings, numbers or booleans.

    `terms` words a text of `width` numbers each, `hidden` units, ridge penalty `alpha`. Texts without a known
    word get zeros. Needs 100 texts and 5 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=100, each_class=5)

    def __init__(
        self,
        terms: int = 8,
        width: int = 24,
        *,
        hidden: int = 64,
        alpha: float = 1e-3,
        max_iter: int = 150,
        random_state: int = 0,
    ) -> None:
        self.terms = terms
        self.width = width
        self.hidden = hidden
        self.alpha = alpha
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, texts: Any, y: Any) -> Self:
        """Learn word vectors, then the network. FeasibilityError below the minimum data."""
        from sklearn.neural_network import MLPClassifier

        check_parameters(self)
        given = [_bag(text) for text in texts_of(texts)]
        self.classes_, place = classes_of(y, len(given), self.minimum, type(self).__name__)
        self._learn_vectors(given)
        inputs = self._inputs(given)
        network = MLPClassifier(
            (self.hidden,),
            alpha=self.alpha,
            max_iter=self.max_iter,
            learning_rate_init=3e-3,
            early_stopping=len(given) >= ENOUGH_TO_HOLD_OUT,
            n_iter_no_change=8,
            random_state=self.random_state,
        )
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # stopping at max_iter is the setting, not a surprise
            network.fit(inputs, place)
        self.layers_ = [
            (weights, bias) for weights, bias in zip(network.coefs_, network.intercepts_, strict=True)
        ]
        return self

    def decision_function(self, texts: Any) -> Floats:
        """Log-odds of the second class, shape (texts,), or the outputs of each class before the softmax."""
        return self._outputs(self._inputs([_bag(text) for text in texts_of(texts)]))

    def predict_proba(self, texts: Any) -> Floats:
        """Probability of each class, shape (texts, classes)."""
        told = self.decision_function(texts)
        if told.ndim == 1:
            return np.column_stack([logistic(-told), logistic(told)])
        raised = np.exp(told - told.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def predict(self, texts: Any) -> np.ndarray[Any, Any]:
        """The most probable class of each text; ties go to the earlier class."""
        best: np.ndarray[Any, Any] = np.asarray(self.classes_)[self.predict_proba(texts).argmax(axis=1)]
        return best

    def reasons(self, texts: Any, *, top: int = 3) -> Reasons:
        """By how much the output of the class predicted (with two: the second) falls without each word.

        The word's place is emptied, the others stay where they are; the value is its place, from 1.
        """
        bags = [_bag(text) for text in texts_of(texts)]
        inputs = self._inputs(bags)
        if not bags:
            return reasons_of([], top)
        told = self._outputs(inputs).reshape(len(bags), -1)
        which = told.argmax(axis=1)
        every = np.arange(len(bags))
        rows: list[list[tuple[str, int, float]]] = [[] for _ in bags]
        for place in range(self.terms):
            without = inputs.copy()
            without[:, place * self.width : (place + 1) * self.width] = 0.0
            fall = told[every, which] - self._outputs(without).reshape(len(bags), -1)[every, which]
            for row, bag in enumerate(bags):
                kept = self._sorted(bag)
                if place < len(kept) and fall[row]:
                    rows[row].append((kept[place], place + 1, float(fall[row])))
        ranked = [sorted(row, key=lambda one: (-abs(one[2]), one[0]))[:top] for row in rows]
        return reasons_of(ranked, top)

    def _learn_vectors(self, bags: list[Counter[str]]) -> None:
        from scipy.sparse import coo_array
        from sklearn.decomposition import TruncatedSVD

        texts = Counter(word for bag in bags for word in bag)
        kept = sorted(word for word, count in texts.items() if count >= 2)
        if len(kept) <= self.width:
            raise FeasibilityError(
                f"{len(kept)} words stand in two texts or more",
                hint=f"It needs more than {self.width}: give more texts, or lower width.",
            )
        place = {word: number for number, word in enumerate(kept)}
        self.rarity_ = np.log((1 + len(bags)) / (1 + np.array([texts[word] for word in kept]))) + 1
        cells = [
            (row, place[word], self.rarity_[place[word]])
            for row, bag in enumerate(bags) for word in bag if word in place
        ]  # fmt: skip
        rows, columns, values = zip(*cells, strict=True)
        matrix = coo_array((values, (rows, columns)), shape=(len(bags), len(kept))).tocsr()
        with one_thread():
            found = TruncatedSVD(self.width, random_state=self.random_state).fit(matrix)
        vectors = found.components_.T
        self.vectors_ = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        self.places_ = place

    def _sorted(self, bag: Counter[str]) -> list[str]:
        known = [word for word in bag if word in self.places_]
        return sorted(known, key=lambda word: (-self.rarity_[self.places_[word]], word))[: self.terms]

    def _inputs(self, bags: list[Counter[str]]) -> Floats:
        inputs = np.zeros((len(bags), self.terms * self.width))
        for row, bag in enumerate(bags):
            for place, word in enumerate(self._sorted(bag)):
                inputs[row, place * self.width : (place + 1) * self.width] = self.vectors_[self.places_[word]]
        return inputs

    def _outputs(self, inputs: Floats) -> Floats:
        (first, first_bias), (last, last_bias) = self.layers_
        hidden = np.maximum(np.einsum("ij,jk->ik", inputs, first) + first_bias, 0.0)
        told = np.einsum("ij,jk->ik", hidden, last) + last_bias
        return np.asarray(told[:, 0] if len(self.classes_) == 2 else told)

    def to_json(self) -> dict[str, Any]:
        """Parameters, classes, word vectors and weights."""
        return {
            "parameters": self.get_params(),
            "classes": self.classes_,
            "words": list(self.places_),
            "rarity": numbers(self.rarity_),
            "vectors": numbers(self.vectors_),
            "layers": [[numbers(weights), numbers(bias)] for weights, bias in self.layers_],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.classes_ = list(content["classes"])
        miner.places_ = {word: number for number, word in enumerate(content["words"])}
        miner.rarity_, miner.vectors_ = array(content["rarity"]), array(content["vectors"])
        miner.layers_ = [(array(weights), array(bias)) for weights, bias in content["layers"]]
        return miner


def _bag(text: str | None) -> Counter[str]:
    return Counter(word.text for word in words(normal(mask(text))))
