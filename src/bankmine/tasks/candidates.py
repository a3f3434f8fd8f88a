"""The preparations and miners tasks try, each with what it is in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from bankmine.tasks.contract import Bank, Candidate, exponent_of

SEGMENT_BOOSTING = {"n_estimators": 100, "num_leaves": 7, "learning_rate": 0.05}
_MEMBERS = {"Boosting": "boosted model", "Logistic": "logistic regression"}


def prior() -> Candidate:
    """Everybody alike."""
    return Candidate(
        name="prior", words="everybody gets the share of training", preparation=_for_trees, miner=_prior,
        baseline=True,
    )  # fmt: skip


def rule(column: str, *, name: str, words: str) -> Candidate:
    """One column alone, as a probability that only rises or only falls with it."""
    return Candidate(
        name=name, words=words, preparation=_for_trees, miner=partial(_single_rule, column),
        baseline=True, columns=(column,),
    )  # fmt: skip


def logistic(bank: Bank, *, settings: tuple[Mapping[str, Any], ...] = ({"C": 0.1}, {"C": 1.0})) -> Candidate:
    """Logistic regression on filled, bent and scaled columns."""
    return Candidate(
        name="logistic", words="logistic regression", miner=partial(_logistic, random_state=bank.seed),
        preparation=partial(_for_linear, exponent_of(bank.warehouse.currency)), settings=settings,
        calibrate=True,
    )  # fmt: skip


def boosting(
    bank: Bank, *, settings: tuple[Mapping[str, Any], ...], columns: tuple[str, ...] | None = None
) -> Candidate:
    """Gradient boosting of trees; missing values and tails are left to the trees.

    One thread a fit: with two, LightGBM takes four times the processor time and is no faster on small data;
    fits of different settings run beside each other instead.
    """
    make = partial(_boosting, random_state=bank.seed, num_threads=1)
    return Candidate(
        name="boosting", words="gradient boosting of trees (LightGBM)", miner=make,
        preparation=partial(_for_trees, exponent_of(bank.warehouse.currency)), settings=settings,
        columns=columns, calibrate=True, parallel=True,
    )  # fmt: skip


def per_segment(
    bank: Bank,
    *,
    miner: str = "Boosting",
    clusters: tuple[int, ...] = (3,),
    settings: Mapping[str, Any] | None = None,
    columns: tuple[str, ...] | None = None,
    most_columns: int | None = None,
) -> Candidate:
    """One model a segment: the training rows are clustered and each cluster gets a `miner` of its own.

    `miner` is "Boosting" or "Logistic", `settings` its own, `clusters` the numbers of clusters the tuning
    folds choose among. A cluster with too few rows or events takes the model of all, and the words say so.
    Put it beside the one model for all: the same gate decides which is used.
    """
    chosen = dict(settings or (SEGMENT_BOOSTING if miner == "Boosting" else {"C": 0.1}))
    trees = miner == "Boosting"
    return Candidate(
        name="per segment", words=f"one {_MEMBERS[miner]} for each cluster of customers (where a cluster has "
        "too few, under 400 rows or 50 of either kind, the model of all)",
        preparation=partial(
            _for_trees if trees else _for_linear, exponent_of(bank.warehouse.currency), most_columns
        ),
        miner=partial(_per_segment, miner=miner, settings=chosen, random_state=bank.seed),
        settings=tuple({"n_clusters": number} for number in clusters), columns=columns, calibrate=True,
        parallel=trees,
    )  # fmt: skip


def family(
    bank: Bank, name: str, *, settings: tuple[Mapping[str, Any], ...] = ({},), most_columns: int = 40,
    quick: bool = False, columns: tuple[str, ...] | None = None,
) -> Candidate:  # fmt: skip
    """A family of classifiers by its name in `mining.classification.families`, on the columns that tell most.

    `quick` takes the family's quick settings; `settings` are tried on top of them. Rules over hundreds of
    columns are read by nobody, so the `most_columns` of highest information value take part.
    """
    from bankmine.mining.classification.families import family as named

    found = named(name)
    prepare = _for_linear if found.filled else _for_trees
    return Candidate(
        name=name, words=found.words, settings=settings, columns=columns, calibrate=True,
        preparation=partial(prepare, exponent_of(bank.warehouse.currency), most_columns),
        miner=partial(_of_family, name, quick=quick, random_state=bank.seed),
    )  # fmt: skip


def tree(bank: Bank, **how: Any) -> Candidate:
    """A decision tree small enough to read."""
    return family(bank, "decision tree", **how)


def naive_bayes(bank: Bank, **how: Any) -> Candidate:
    """Naive Bayes on supervised bins."""
    return family(bank, "naive Bayes", **how)


def bayes_network(bank: Bank, **how: Any) -> Candidate:
    """Tree-augmented naive Bayes."""
    return family(bank, "Bayes network", **how)


def neural_network(bank: Bank, **how: Any) -> Candidate:
    """A back-propagation network with one hidden layer."""
    return family(bank, "neural network", **how)


def genetic_rules(bank: Bank, **how: Any) -> Candidate:
    """Rule lists found by a genetic algorithm."""
    return family(bank, "genetic rules", **how)


def rough_sets(bank: Bank, **how: Any) -> Candidate:
    """Rules of rough-set reducts."""
    return family(bank, "rough sets", **how)


def fuzzy_rules(bank: Bank, **how: Any) -> Candidate:
    """Fuzzy rules with weights."""
    return family(bank, "fuzzy rules", **how)


def _of_family(name: str, **settings: Any) -> Any:
    from bankmine.mining.classification.families import family as named

    return named(name).make(**settings)


def _for_trees(exponent: int = 2, most_columns: int | None = None) -> Any:
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    limits = Selection(most_missing=0.6, most_correlation=None, most_common=0.9999, most_columns=most_columns)
    return Preparation.for_trees(currency_exponent=exponent, selection=limits)


def _for_linear(exponent: int, most_columns: int | None = None) -> Any:
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    limits = Selection(most_missing=0.6, most_columns=most_columns)
    return Preparation.for_linear(currency_exponent=exponent, selection=limits)


def _prior() -> Any:
    from bankmine.mining.classification.baselines import Prior

    return Prior()


def _single_rule(column: str) -> Any:
    from bankmine.mining.classification.baselines import SingleRule

    return SingleRule(column)


def _logistic(**settings: Any) -> Any:
    from bankmine.mining.classification.logistic import Logistic

    return Logistic(**settings)


def _boosting(**settings: Any) -> Any:
    from bankmine.mining.classification.boosting import Boosting

    return Boosting(**settings)


def _per_segment(**settings: Any) -> Any:
    from bankmine.mining.classification.per_segment import PerSegment

    return PerSegment(**settings)
