"""Rough-set rules: several reducts, the rules LEM2 finds in each, and a vote (LERS, Grzymala-Busse 1992).

Customers alike in every attribute still differ in what they do, so a concept is not taken as sets but as
chances: a granule is positive where its share of positives lies above the base rate (the Bayesian rough set
of Ślęzak & Ziarko 2005). Several reducts, each starting from another attribute, vote as Bazan's dynamic
reducts do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.mining.arithmetic import log_odds, logistic
from bankmine.mining.classification.classifier import Classifier
from bankmine.mining.classification.discretisation import Attribute, encode, learn_attributes
from bankmine.mining.classification.rough import approximate_reduct, conditional_entropy, granules, lem2
from bankmine.mining.classification.rules import Coverage, Rule, counted, strongest_first
from bankmine.mining.classification.sampling import capped
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, strongest

MOST_ROWS = 40_000


class RoughSets(Classifier):
    """`reducts` reducts of at most `most_attributes` attributes; at most `most_rules` rules a concept each.

    A row's log-odds under one reduct are the mean of those of the rules it meets, each weighted by its rows
    and its number of conditions (strength and specificity in LERS), or the base rate's where it meets none;
    the reducts are averaged. Rules met by fewer than `least_rows` training rows are left out; a rule's
    share is drawn towards the base rate with the weight of `smoothing` rows. Learns from at most 40,000
    random rows (`rows_used_`). Takes missing values; needs 100 rows and 20 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=100, each_class=20)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self,
        reducts: int = 20,
        *,
        most_attributes: int = 6,
        most_rules: int = 60,
        least_rows: int = 5,
        smoothing: float = 10.0,
        random_state: int = 0,
    ) -> None:
        self.reducts = reducts
        self.most_attributes = most_attributes
        self.most_rules = most_rules
        self.least_rows = least_rows
        self.smoothing = smoothing
        self.random_state = random_state

    def fit(self, X: Matrix, y: Any, *, names: Iterable[str] | None = None) -> Self:
        """Bin, find reducts, induce rules. FeasibilityError below the minimum data."""
        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        rows = capped(truth, MOST_ROWS, self.random_state)
        self.rows_used_ = len(rows)
        self.attributes_ = learn_attributes(values[rows], truth[rows], self.names_)
        codes = encode(self.attributes_, values[rows])
        self.reducts_ = self._find(codes, truth[rows])
        self.votes_ = tuple(self._induce(codes, truth[rows], one) for one in self.reducts_)
        return self

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a positive."""
        return self._vote(self._matrix(X))[0]

    def probability(self, X: Matrix) -> Floats:
        """Probability of a positive."""
        return logistic(self.decision_function(X))

    def contributions(self, X: Matrix) -> Floats:
        """What each reduct's vote moved the log-odds, shared among the conditions of the rules met."""
        return self._vote(self._matrix(X), blamed=True)[1]

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns of the conditions that moved the row most, in log-odds."""
        values = self._matrix(X)
        return strongest(self._vote(values, blamed=True)[1], values, self.names_, top)

    def rules(self) -> tuple[Rule, ...]:
        """The rules of all reducts; `weight` is a rule's log-odds less the base rate's."""
        return strongest_first(rule for one in self.votes_ for rule in one)

    def reduct_names(self) -> tuple[tuple[str, ...], ...]:
        """The attributes of each reduct, by name."""
        return tuple(tuple(self.attributes_[place].name for place in one) for one in self.reducts_)

    def to_json(self) -> dict[str, Any]:
        """Parameters, bins, reducts and rules."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "rows_used": self.rows_used_,
            "attributes": [one.to_json() for one in self.attributes_],
            "reducts": [list(one) for one in self.reducts_],
            "votes": [[rule.to_json() for rule in one] for one in self.votes_],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.rows_used_ = int(content["rows_used"])
        miner.attributes_ = tuple(Attribute.from_json(one) for one in content["attributes"])
        miner.reducts_ = tuple(tuple(one) for one in content["reducts"])
        miner.votes_ = tuple(tuple(Rule.from_json(rule) for rule in one) for one in content["votes"])
        return miner

    def _find(self, codes: Any, truth: Any) -> tuple[tuple[int, ...], ...]:
        """One reduct from each of the attributes that tell most, without repeats."""
        telling = [place for place in range(codes.shape[1]) if np.ptp(codes[:, place]) > 0]
        entropy = {place: conditional_entropy(codes[:, place].astype(np.int64), truth) for place in telling}
        starts = sorted(telling, key=lambda place: (entropy[place], place))[: self.reducts]
        part = codes[:, telling]
        found = []
        for first in starts:
            places = approximate_reduct(part, truth, first=telling.index(first), most=self.most_attributes)
            found.append(tuple(sorted(telling[place] for place in places)))
        return tuple(dict.fromkeys(found))

    def _induce(self, codes: Any, truth: Any, chosen: tuple[int, ...]) -> tuple[Rule, ...]:
        """The rules of one reduct: those of the positive granules, then those of the others."""
        table = codes[:, list(chosen)]
        place, first = granules(table)
        rows = np.bincount(place).astype(np.float64)
        hits = np.bincount(place, weights=truth)
        rate = self.base_rate_
        share = (hits + self.smoothing * rate) / (rows + self.smoothing)
        made: list[Rule] = []
        for positive in (True, False):
            concept = (share > rate) == positive
            found = lem2(table[first], concept, rows, most_rules=self.most_rules) if concept.any() else []
            for pairs in found:
                inside = np.logical_and.reduce([table[first][:, a] == code for a, code in pairs])
                n, p = float(rows[inside].sum()), float(hits[inside].sum())
                if n >= self.least_rows:
                    made.append(self._rule(chosen, pairs, positive, n, p, len(table)))
        return tuple(made)

    def _rule(
        self, chosen: tuple[int, ...], pairs: Any, positive: bool, rows: float, hits: float, total: int
    ) -> Rule:
        rate = self.base_rate_
        share = (hits + self.smoothing * rate) / (rows + self.smoothing)
        conditions = tuple(
            condition for a, code in pairs for condition in self.attributes_[chosen[a]].conditions([code])
        )
        weight = log_odds(np.array([share]))[0] - log_odds(np.array([rate]))[0]
        return counted(
            conditions, positive=positive, rows=rows, hits=hits if positive else rows - hits, total=total,
            share=rate if positive else 1 - rate, weight=float(weight),
        )  # fmt: skip

    def _vote(self, values: Floats, *, blamed: bool = False) -> tuple[Floats, Floats]:
        """Log-odds of each row and, where `blamed`, the part each column has in them."""
        met = Coverage(values, self.names_)
        base = float(log_odds(np.array([self.base_rate_]))[0])
        total, parts = np.full(len(values), base), np.zeros(values.shape if blamed else (0, 0))
        for one in self.votes_:
            mass, said = np.zeros(len(values)), np.zeros(len(values))
            blame = np.zeros(parts.shape)
            for rule in one:
                strength = met.of(rule) * (rule.rows * len(rule.conditions))
                mass += strength
                said += strength * rule.weight
                if blamed:
                    for condition in rule.conditions:
                        blame[:, met.column(condition)] += strength * rule.weight / len(rule.conditions)
            safe = np.where(mass > 0, mass, 1.0) * len(self.votes_)
            total += said / safe
            if blamed:
                parts += blame / safe[:, None]
        return total, parts
