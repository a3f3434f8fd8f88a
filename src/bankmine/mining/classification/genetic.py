"""A rule list found by a genetic algorithm: first rule that applies decides.

Rule lists are evolved whole (`genetic_search.py`: GABIL's representation and crossover, GAssist's description
length). Several runs from different seeds vote, as Bacardit & Krasnogor (2006) found that one run alone
varies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.mining.arithmetic import log_odds, logistic
from bankmine.mining.classification.classifier import Classifier
from bankmine.mining.classification.discretisation import Attribute, encode, learn_attributes
from bankmine.mining.classification.genetic_search import Rules, World, evolve
from bankmine.mining.classification.rules import Condition, Coverage, Rule, counted, strongest_first
from bankmine.mining.classification.sampling import capped
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, strongest

MOST_ROWS = 25_000


class GeneticRules(Classifier):
    """`runs` rule lists of at most `most_rules` rules, each the best of `generations` × `population`.

    A row's log-odds are the mean over the lists of those of the first rule it meets; a rule's share is drawn
    towards the base rate with the weight of `smoothing` rows. `price` is what a rule and each condition cost
    in the description length, in nats. Searches on at most 25,000 random rows (`rows_used_`). Columns the
    binning finds nothing in take no part. Takes missing values; needs 200 rows and 30 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=200, each_class=30)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self,
        runs: int = 5,
        *,
        generations: int = 150,
        population: int = 40,
        most_rules: int = 20,
        smoothing: float = 10.0,
        price: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.runs = runs
        self.generations = generations
        self.population = population
        self.most_rules = most_rules
        self.smoothing = smoothing
        self.price = price
        self.random_state = random_state

    def fit(self, X: Matrix, y: Any, *, names: Iterable[str] | None = None) -> Self:
        """Bin, then evolve. FeasibilityError below the minimum data."""
        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        rows = capped(truth, MOST_ROWS, self.random_state)
        self.rows_used_ = len(rows)
        learnt = learn_attributes(values[rows], truth[rows], self.names_)
        codes = encode(learnt, values[rows])
        telling = [place for place in range(len(learnt)) if np.ptp(codes[:, place]) > 0]
        self.attributes_ = tuple(learnt[place] for place in telling)
        codes = codes[:, telling]
        self.lists_: tuple[tuple[Rule, ...], ...] = ((),) * self.runs
        if telling:
            self.lists_ = tuple(self._search(codes, truth[rows], number) for number in range(self.runs))
        return self

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a positive."""
        return self._walk(self._matrix(X))[0]

    def probability(self, X: Matrix) -> Floats:
        """Probability of a positive."""
        return logistic(self.decision_function(X))

    def contributions(self, X: Matrix) -> Floats:
        """The log-odds of the rules a row meets, less the base rate's, shared among the conditions."""
        return self._walk(self._matrix(X))[1]

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns of the conditions that moved the row most, in log-odds."""
        values = self._matrix(X)
        return strongest(self._walk(values)[1], values, self.names_, top)

    def rules(self) -> tuple[Rule, ...]:
        """The rules of all lists, each counted on the rows it is the first to match in its list.

        `weight` is the rule's log-odds less the base rate's. The last rule of a list, which applies where no
        other does, has no condition.
        """
        return strongest_first(rule for one in self.lists_ for rule in one)

    def to_json(self) -> dict[str, Any]:
        """Parameters and the lists."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "rows_used": self.rows_used_,
            "attributes": [one.to_json() for one in self.attributes_],
            "lists": [[rule.to_json() for rule in one] for one in self.lists_],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.rows_used_ = int(content["rows_used"])
        miner.attributes_ = tuple(Attribute.from_json(one) for one in content["attributes"])
        miner.lists_ = tuple(tuple(Rule.from_json(rule) for rule in one) for one in content["lists"])
        return miner

    def _search(self, codes: Any, truth: Any, number: int) -> tuple[Rule, ...]:
        """One run: the rules of the best list, counted, and the rule of what is left."""
        width = range(codes.shape[1])
        seen = [np.unique(codes[:, place]) for place in width]
        dense = np.column_stack([np.searchsorted(seen[place], codes[:, place]) for place in width])
        appeal = np.array([_information(dense[:, place], truth) for place in width]) + 1e-4
        has_missing = [one.size - 1 in seen[place] for place, one in enumerate(self.attributes_)]
        world = World.of(
            dense.astype(np.int16), truth, [len(one) for one in seen],
            [not one.is_category for one in self.attributes_], has_missing, np.sqrt(appeal),
            smoothing=self.smoothing, price=self.price,
        )  # fmt: skip
        draw = np.random.default_rng([self.random_state, number])
        found, _ = evolve(
            world, draw, population=self.population, generations=self.generations, most_rules=self.most_rules
        )
        return self._counted(world, found, seen)

    def _counted(self, world: World, found: Rules, seen: list[Any]) -> tuple[Rule, ...]:
        rate = self.base_rate_
        base = float(log_odds(np.array([rate]))[0])
        made = []
        for rule, (rows, hits) in zip((*found, b""), world.tally(found), strict=True):
            share = (hits + self.smoothing * rate) / (rows + self.smoothing)
            positive = share >= rate
            made.append(
                counted(
                    self._conditions(world, rule, seen), positive=positive, rows=rows,
                    hits=hits if positive else rows - hits, total=world.rows,
                    share=rate if positive else 1 - rate,
                    weight=float(log_odds(np.array([share]))[0]) - base,
                )
            )  # fmt: skip
        return tuple(made)

    def _conditions(self, world: World, rule: bytes, seen: list[Any]) -> tuple[Condition, ...]:
        if not rule:
            return ()
        bits = np.frombuffer(rule, dtype=np.bool_)
        made: tuple[Condition, ...] = ()
        for number in world.restricted(bits):
            start, end = int(world.starts[number]), int(world.starts[number + 1])
            made += self.attributes_[number].conditions(seen[number][bits[start:end]].tolist())
        return made

    def _walk(self, values: Floats) -> tuple[Floats, Floats]:
        """Log-odds of each row, and the part each column has in them."""
        met = Coverage(values, self.names_)
        base = float(log_odds(np.array([self.base_rate_]))[0])
        total, parts = np.full(len(values), base), np.zeros(values.shape)
        for one in self.lists_:
            left = np.ones(len(values), dtype=np.bool_)
            for rule in one:
                first = left & met.of(rule)
                share = rule.weight / len(self.lists_)
                total[first] += share
                for condition in rule.conditions:
                    parts[first, met.column(condition)] += share / len(rule.conditions)
                left &= ~first
        return total, parts


def _information(codes: Any, truth: Any) -> float:
    """Mutual information of an attribute and the label, in nats."""
    table = np.zeros((int(codes.max()) + 1, 2))
    np.add.at(table, (codes, np.asarray(truth, dtype=np.int64)), 1.0)
    joint = table / table.sum()
    outer = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(joint > 0, joint * np.log(joint / outer), 0.0).sum())
