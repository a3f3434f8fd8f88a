"""Trees and Bayes on the examples of their papers, and the binning they stand on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import risky
from weather import columns, day

from bankmine.mining.arithmetic import log_odds
from bankmine.mining.classification.bayes import NaiveBayes
from bankmine.mining.classification.discretisation import (
    description_length_cuts,
    encode,
    learn_attributes,
)
from bankmine.mining.classification.rules import Rule
from bankmine.mining.classification.tree import DecisionTree
from bankmine.mining.classification.tree_augmented import (
    TreeAugmentedBayes,
    conditional_information,
    spanning_parents,
)

# Chow & Liu (1968), table I: probability of each state x1 x2 x3 x4, in twentieths.
CHOW_LIU = (2, 2, 1, 1, 0, 0, 2, 1, 1, 2, 0, 0, 1, 1, 3, 3)


def test_iris_is_cut_where_the_published_tables_cut_it() -> None:
    """Fayyad and Irani's criterion on Fisher's iris, as every table of it gives the cuts."""
    from sklearn.datasets import load_iris

    X, kind = load_iris(return_X_y=True)
    expected = [[5.55, 6.15], [2.95, 3.35], [2.45, 4.75], [0.8, 1.75]]
    for column, cuts in zip(X.T, expected, strict=True):
        assert description_length_cuts(column, kind) == pytest.approx(cuts)


def test_noise_is_not_cut_and_missing_values_have_a_code_of_their_own() -> None:
    X, y = risky(2000)
    X[::7, 0] = np.nan
    names = ["a", "b", "c", "d"]
    found = learn_attributes(X, y, names)
    assert [len(one.cuts) > 0 for one in found] == [True, True, False, False]
    codes = encode(found, X)
    assert (codes[::7, 0] == found[0].size - 1).all()
    assert codes[1, 0] == np.searchsorted(found[0].cuts, X[1, 0])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40))
def test_the_first_cut_is_the_one_of_least_entropy(rows: list[tuple[int, bool]]) -> None:
    """Against a slow twin that tries every cut."""
    column = np.array([value for value, _ in rows], dtype=float)
    truth = np.array([kind for _, kind in rows])
    cuts = description_length_cuts(column, truth, most_bins=2)
    if not len(cuts):
        return

    def entropy(part: np.ndarray) -> float:
        share = np.array([part.mean(), 1 - part.mean()])
        share = share[share > 0]
        return float(-(share * np.log2(share)).sum() * len(part))

    points = np.unique(column)
    tried = [
        entropy(truth[column <= cut]) + entropy(truth[column > cut]) for cut in (points[1:] + points[:-1]) / 2
    ]
    inside = entropy(truth[column <= cuts[0]]) + entropy(truth[column > cuts[0]])
    assert inside == pytest.approx(min(tried))


def test_a_split_gains_what_quinlan_printed() -> None:
    """Quinlan (1986), section 4: humidity gains .151 bits on his fourteen days, windy .048."""
    X, y, names = columns(times=5)
    for name, gain in (("humidity=high", 0.151), ("wind=weak", 0.048)):
        tree = DecisionTree(2, min_leaf=1, criterion="entropy")
        tree.fit(X[:, [names.index(name)]], y, names=[name])
        assert tree.gain_[0] == pytest.approx(gain, abs=1e-3)


def test_the_tree_of_quinlans_days_parts_all_of_them() -> None:
    X, y, names = columns(times=5)
    tree = DecisionTree(min_leaf=1, criterion="entropy", smoothing=0.0).fit(X, y, names=names)
    assert names[tree.feature_[0]] == "outlook=overcast"
    assert np.array_equal(tree.probability(X), y)


def test_the_tree_of_iris_has_the_published_splits() -> None:
    """Virginica or not: petal width 1.75, then petal length 4.95."""
    from sklearn.datasets import load_iris

    X, kind = load_iris(return_X_y=True)
    tree = DecisionTree(3, min_leaf=1).fit(X, kind == 2, names=["sl", "sw", "length", "width"])
    first = next(rule for rule in tree.rules() if rule.positive)
    assert first.text("virginica").startswith("IF width > 1.75 ")
    cuts = sorted(tree.threshold_[tree.feature_ >= 0])
    assert cuts == pytest.approx([1.75, 4.95])


def test_a_trees_rules_part_the_rows_and_say_what_its_leaves_say() -> None:
    X, y = risky()
    X[::9, 0] = np.nan
    tree = DecisionTree(8).fit(X, y)
    covers = np.array([rule.covers(X, tree.names_) for rule in tree.rules()])
    assert (covers.sum(axis=0) == 1).all()
    base = log_odds(np.array([tree.base_rate_]))[0]
    said = np.array([rule.weight for rule in tree.rules()]) @ covers + base
    assert said == pytest.approx(tree.decision_function(X))


def test_what_the_splits_changed_adds_up_to_the_log_odds() -> None:
    X, y = risky()
    tree = DecisionTree(12).fit(X, y)
    base = log_odds(np.array([tree.base_rate_]))[0]
    assert tree.contributions(X).sum(axis=1) + base == pytest.approx(tree.decision_function(X))


def test_naive_bayes_answers_mitchells_day() -> None:
    """Mitchell (1997), section 6.9.1: sunny, cool, high, strong: no with .0206 / (.0206 + .0053) = .795."""
    X, y, names = columns(times=5)
    miner = NaiveBayes(smoothing=0.0).fit(X, y, names=names)
    asked = day(names, outlook="sunny", temperature="cool", humidity="high", wind="strong")
    assert 1 - miner.probability(asked)[0] == pytest.approx(0.795, abs=5e-4)
    assert [one.name for one in miner.attributes_] == ["outlook", "temperature", "humidity", "wind"]


def test_the_evidence_of_columns_adds_up_to_the_log_odds() -> None:
    X, y = risky()
    for miner in (NaiveBayes(), TreeAugmentedBayes()):
        miner.fit(X, y)
        assert miner.contributions(X).sum(axis=1) + miner.prior_ == pytest.approx(miner.decision_function(X))


def test_chow_and_lius_tree_is_found() -> None:
    """Chow & Liu (1968): informations .079, .189, .0051 nats; the tree x1 – x2 – x3, with x4 on any."""
    states = np.array([[int(bit) for bit in f"{state:04b}"] for state in range(16)], dtype=np.int16)
    codes = np.repeat(states, CHOW_LIU, axis=0)
    codes = np.concatenate([codes, codes])
    truth = np.arange(len(codes)) < len(codes) // 2
    found = conditional_information(codes, truth, [2, 2, 2, 2])
    assert found[0, 1] == pytest.approx(0.079, abs=5e-4)
    assert found[1, 2] == pytest.approx(0.189, abs=5e-4)
    assert found[0, 2] == pytest.approx(0.00005, abs=5e-6)
    assert found[:3, 3] == pytest.approx([0.0051] * 3, abs=5e-5)
    parents = spanning_parents(found)
    assert parents[:3].tolist() == [-1, 0, 1]
    assert parents[3] in (0, 1, 2)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_conditional_information_equals_the_sum_of_its_definition(seed: int) -> None:
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 3, (60, 3)).astype(np.int16)
    truth = draw.random(60) < 0.5
    slow = 0.0
    for c in (False, True):
        rows = codes[truth == c]
        for a in range(3):
            for b in range(3):
                joint = ((rows[:, 0] == a) & (rows[:, 1] == b)).sum()
                if joint:
                    one, other = (rows[:, 0] == a).sum(), (rows[:, 1] == b).sum()
                    slow += joint / 60 * np.log(joint * len(rows) / (one * other))
    assert conditional_information(codes, truth, [3, 3, 3])[0, 1] == pytest.approx(slow, abs=1e-12)


def test_a_column_said_twice_counts_once_in_the_tree_augmented_network() -> None:
    X, y = risky(4000)
    twice = np.column_stack([X, X[:, 0]])
    once = TreeAugmentedBayes().fit(X, y).decision_function(X)
    network = TreeAugmentedBayes().fit(twice, y, names=["a", "b", "c", "d", "a again"])
    assert ("a", "a again") in network.arcs()
    assert np.abs(network.decision_function(twice) - once).mean() < 0.2
    naive = NaiveBayes().fit(twice, y).decision_function(twice)
    assert np.abs(naive - once).mean() > 0.5


def test_columns_independent_within_a_class_get_no_arc() -> None:
    draw = np.random.default_rng(0)
    y = draw.random(400) < 0.5
    X = draw.normal(size=(400, 4)) + y[:, None]
    assert TreeAugmentedBayes().fit(X, y).arcs() == ()
    assert len(TreeAugmentedBayes(arcs_must_pay=False).fit(X, y).arcs()) == 3


def test_a_rule_reads_as_a_sentence_and_counts_what_it_says() -> None:
    X, y, names = columns(times=5)
    rules = NaiveBayes(smoothing=0.0).fit(X, y, names=names).rules()
    overcast = next(rule for rule in rules if "overcast" in rule.text())
    assert overcast.text("play", "no play") == (
        "IF outlook is overcast THEN play (support 28.6 %, confidence 100.0 %, lift 1.56)"
    )
    assert Rule.from_json(overcast.to_json()) == overcast


def test_weights_of_a_tree_count_like_repeated_rows() -> None:
    X, y = risky(900)
    weights = np.where(np.arange(900) < 300, 3.0, 1.0)
    repeated = np.concatenate([np.arange(900), np.arange(300), np.arange(300)])
    weighed = DecisionTree(8, min_leaf=1).fit(X, y, sample_weight=weights)
    plain = DecisionTree(8, min_leaf=1).fit(X[repeated], y[repeated])
    assert weighed.base_rate_ == pytest.approx(plain.base_rate_)
    assert np.median(np.abs(weighed.probability(X) - plain.probability(X))) < 0.02
