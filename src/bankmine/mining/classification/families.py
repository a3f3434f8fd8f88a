"""The families of classifiers by name, so that tasks, pages and benchmarks try the same ones the same way.

Seven say rules of their own (the network through its surrogate); logistic regression and boosting are the bar
they are held against, and get a surrogate's rules when rules are asked for.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.classification.rules import Rule
from bankmine.mining.classification.surrogate import Surrogate, rules_of
from bankmine.mining.contract import Floats, Matrix
from bankmine.mining.files import MINERS


@dataclass(frozen=True)
class Family:
    """A family's miner by its name in `files.MINERS`. `filled`: it wants columns on one scale without gaps.

    `bar` says that it is there to be compared with. `quick` are settings that answer in a fraction of the
    time at nearly the same quality, for many questions in one run. `do_not_use` says where the family was
    measured to fall short of its like (row FAM), and is shown on pages.
    """

    name: str
    words: str
    miner: str
    filled: bool = False
    bar: bool = False
    quick: dict[str, Any] = field(default_factory=dict)
    do_not_use: str = ""

    def make(self, *, random_state: int = 0, quick: bool = False, **settings: Any) -> Any:
        """A new miner; `settings` go before the quick ones."""
        chosen = {**(self.quick if quick else {}), **settings}
        kind = getattr(import_module(MINERS[self.miner]), self.miner)
        if "random_state" in kind._parameter_names():
            chosen.setdefault("random_state", random_state)
        return kind(**chosen)


FAMILIES = {
    one.name: one
    for one in (
        Family("decision tree", "a decision tree of at most 32 leaves (CART)", "DecisionTree"),
        Family("naive Bayes", "naive Bayes on supervised bins", "NaiveBayes"),
        Family(
            "Bayes network", "tree-augmented naive Bayes", "TreeAugmentedBayes",
            do_not_use="Do not use it where what is scored comes from seasons training has not seen: on "
            "bank-marketing, forward in time, it ranks .03 AUC below other Bayes classifiers.",
        ),
        Family(
            "neural network", "a back-propagation network with one hidden layer", "NeuralNetwork",
            filled=True, quick={"networks": 2, "hidden": 8, "max_iter": 30},
        ),
        Family(
            "genetic rules", "rule lists found by a genetic algorithm", "GeneticRules",
            quick={"runs": 3, "generations": 80},
        ),
        Family("rough sets", "rules of rough-set reducts (LEM2)", "RoughSets", quick={"reducts": 10}),
        Family("fuzzy rules", "fuzzy rules with weights", "FuzzyRules"),
        Family(
            "logistic", "logistic regression", "Logistic", filled=True, bar=True, quick={"C": 0.1},
        ),
        Family(
            "boosting", "gradient boosting of trees (LightGBM)", "Boosting", bar=True,
            quick={"n_estimators": 120, "num_leaves": 7},
        ),
    )
}  # fmt: skip


def family(name: str) -> Family:
    """The family of that name; UsageError where there is none."""
    if name not in FAMILIES:
        raise UsageError(
            f"there is no family of classifiers {name!r}", hint=f"There are {', '.join(FAMILIES)}."
        )
    return FAMILIES[name]


@dataclass(frozen=True)
class Tried:
    """A family fitted once: its miner and rules, the wall seconds of the fit, or why it refused.

    `surrogate` is there where the rules are those of a surrogate tree.
    """

    family: str
    miner: Any
    rules: tuple[Rule, ...]
    surrogate: Surrogate | None
    seconds: float
    refusal: str = ""

    @property
    def conditions_a_rule(self) -> float:
        """Mean number of conditions of a rule; 0 without rules."""
        return sum(len(rule.conditions) for rule in self.rules) / max(1, len(self.rules))

    def ranking(self, X: Matrix) -> Floats:
        """What new rows are ranked by."""
        answer: Floats = self.miner.decision_function(X)
        return answer


def attempt(
    name: str,
    X: Matrix,
    y: Any,
    *,
    names: Sequence[str],
    quick: bool = False,
    random_state: int = 0,
    **settings: Any,
) -> Tried:
    """Fit a family and take its rules; too little data is a refusal with its reason, not an error."""
    miner = family(name).make(random_state=random_state, quick=quick, **settings)
    start = time.perf_counter()
    try:
        miner.fit(X, y, names=names)
    except FeasibilityError as error:
        return Tried(name, None, (), None, 0.0, str(error))
    seconds = time.perf_counter() - start
    rules, found = rules_of(miner, X, random_state=random_state)
    return Tried(name, miner, rules, found, seconds)
