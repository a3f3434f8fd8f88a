"""Rough sets, genetic search, fuzzy rules and the network on the worked examples of their papers."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import risky
from weather import NAMES, days

from bankmine.errors import UsageError
from bankmine.mining.classification.bitsets import code_sets, count, packed, unpacked
from bankmine.mining.classification.fuzzy import FuzzyRules, rule_weight, triangles
from bankmine.mining.classification.genetic import GeneticRules
from bankmine.mining.classification.genetic_search import World, crossover, evolve, fitting_cuts
from bankmine.mining.classification.network import NeuralNetwork
from bankmine.mining.classification.rough import core, dependency, lem2, lower, reducts, upper
from bankmine.mining.classification.rough_sets import RoughSets

# Pawlak's patients: headache, muscle pain, temperature (0 normal, 1 high, 2 very high), and flu.
PATIENTS = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 2], [0, 1, 0], [1, 0, 1], [0, 1, 2]])
FLU = np.array([True, True, True, False, False, True])

# Grzymala-Busse's cases with a conflict: temperature (high, very high, normal), headache, nausea, and flu.
CASES = np.array([[1, 1, 0], [2, 0, 0], [2, 1, 0], [0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0]])
FLU_OF_CASES = np.array(["yes", "yes", "no", "no", "maybe", "maybe", "no"])
T, H, N = 0, 1, 2


def test_pawlaks_patients_have_two_reducts_and_the_temperature_as_core() -> None:
    """Pawlak (2004): two of six cannot be told apart, so four of six are certain."""
    assert dependency(PATIENTS, FLU) == pytest.approx(4 / 6)
    assert lower(PATIENTS, FLU).tolist() == [True, False, True, False, False, True]
    assert upper(PATIENTS, FLU).tolist() == [True, True, True, False, True, True]
    assert reducts(PATIENTS, FLU) == [(0, 2), (1, 2)]
    assert core(PATIENTS, FLU) == (2,)


def test_lem2_finds_the_published_rules_of_a_table_with_a_conflict() -> None:
    """Possible rules from the upper approximations (Grzymala-Busse's worked example of three concepts)."""
    found = {kind: lem2(CASES, upper(CASES, kind == FLU_OF_CASES)) for kind in ("yes", "no", "maybe")}
    assert found["yes"] == [((N, 0), (T, 1)), ((T, 2), (H, 0))]
    assert found["no"] == [((N, 0), (H, 1)), ((T, 0), (H, 0))]
    assert found["maybe"] == [((N, 1),)]


def test_lem2_finds_the_published_rules_of_quinlans_days() -> None:
    table, played = days()
    codes = np.column_stack([np.unique(column, return_inverse=True)[1] for column in table.T])
    levels = [np.unique(column) for column in table.T]

    def said(concept: np.ndarray) -> set[frozenset[str]]:
        return {frozenset(f"{NAMES[a]} {levels[a][c]}" for a, c in rule) for rule in lem2(codes, concept)}

    assert said(~played) == {
        frozenset({"outlook sunny", "humidity high"}), frozenset({"outlook rain", "wind strong"}),
    }  # fmt: skip
    assert {frozenset({"outlook overcast"}), frozenset({"humidity normal", "wind weak"})} <= said(played)
    assert len(said(played)) == 4


def test_a_concept_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(UsageError, match="approximation"):
        lem2(CASES, FLU_OF_CASES == "yes")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 100_000))
def test_lem2_covers_the_concept_exactly_and_no_condition_or_rule_is_idle(seed: int) -> None:
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 3, (30, 4))
    concept = lower(codes, draw.random(30) < 0.6)
    rules = lem2(codes, concept)

    def met(rule: tuple[tuple[int, int], ...]) -> np.ndarray:
        return np.asarray(np.logical_and.reduce([codes[:, a] == c for a, c in rule]))

    covered = np.logical_or.reduce([met(rule) for rule in rules]) if rules else np.zeros(30, dtype=bool)
    assert np.array_equal(covered, concept)
    for rule in rules:
        for less in combinations(rule, len(rule) - 1):
            assert not less or (met(less) & ~concept).any()
    for place in range(len(rules)):
        others = [met(rule) for number, rule in enumerate(rules) if number != place]
        assert not np.array_equal(np.logical_or.reduce(others) if others else np.zeros(30, bool), concept)


def test_gabils_crossover_gives_the_published_children() -> None:
    """De Jong, Spears & Gordon (1993) in Mitchell (1997), section 9.3: cuts after bits 1 and 8, 1 and 3."""
    bits = [np.array(list(one.replace(" ", "")), dtype=int).astype(bool) for one in
            ("10 01 1 11 10 0", "01 11 0 10 01 0")]  # fmt: skip
    assert fitting_cuts((1, 8), 5, 10) == [(1, 3), (1, 8), (6, 8)]
    children = crossover(bits[0], bits[1], (1, 8), (1, 3))
    said = ["".join(map(str, child.astype(int))) for child in children]
    assert said == ["11 10 0".replace(" ", ""), "00 01 1 11 11 0 10 01 0".replace(" ", "")]


def test_the_genetic_search_finds_a_planted_rule() -> None:
    draw = np.random.default_rng(1)
    X = draw.integers(0, 4, (1200, 6)).astype(float)
    planted = (X[:, 2] >= 2) & (X[:, 4] <= 1)
    y = draw.random(1200) < np.where(planted, 0.9, 0.1)
    miner = GeneticRules(2, generations=60).fit(X, y)
    assert np.array_equal(miner.probability(X) > 0.5, planted)
    used = {condition.feature for rule in miner.rules() for condition in rule.conditions}
    assert used == {"x2", "x4"}


def test_the_search_never_loses_its_best_list() -> None:
    X, y = risky(800)
    codes = np.column_stack([np.digitize(column, [-0.5, 0.5]) for column in X.T]).astype(np.int16)
    world = World.of(
        codes, y, [3] * 4, [True] * 4, [False] * 4, np.ones(4), smoothing=10.0, price=0.5
    )  # fmt: skip
    _, history = evolve(world, np.random.default_rng(0), population=20, generations=25, most_rules=8)
    assert all(later <= sooner for sooner, later in pairwise(history))
    assert history[-1] < history[0]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 100_000), st.integers(1, 200))
def test_counts_of_bits_equal_counts_of_rows(seed: int, rows: int) -> None:
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 3, (rows, 2)).astype(np.int16)
    sets = code_sets(codes, [3, 3])
    assert count(sets[1] & sets[4]) == ((codes[:, 0] == 1) & (codes[:, 1] == 1)).sum()
    flags = draw.random(rows) < 0.5
    assert np.array_equal(unpacked(packed(flags), rows), flags)


def test_wang_and_mendels_rule_degrees() -> None:
    """Wang & Mendel (1992): x1 is .8 in B1 and x2 .7 in S1 and y .9 in CE, so the rule's degree is .504."""
    x1, x2, y = (triangles(0, np.linspace(0, 1, n), [""] * n) for n in (5, 7, 5))
    at = {"x1": 0.80, "x2": (2 - 0.3) / 6, "y": 0.5 + 0.1 / 4}
    degrees = [
        term.degree(np.array([[value]]))[0]
        for term, value in ((x1[3], at["x1"]), (x2[2], at["x2"]), (y[2], at["y"]))
    ]
    assert degrees == pytest.approx([0.8, 0.7, 0.9])
    assert np.prod(degrees) == pytest.approx(0.504)
    assert x1[4].degree(np.array([[0.80]]))[0] == pytest.approx(0.2)


def test_the_weight_of_a_rule_is_the_difference_of_its_confidences() -> None:
    """Ishibuchi & Yamamoto (2005): CF = c(A ⇒ class) − c(A ⇒ other); classes of equal weight here."""
    assert rule_weight(6.0, 2.0, 10, 10) == pytest.approx(0.75 - 0.25)
    assert rule_weight(2.0, 8.0, 10, 40) == pytest.approx(0.0)
    assert rule_weight(0.0, 0.0, 10, 10) == 0.0


def test_degrees_of_a_columns_terms_add_up_to_one() -> None:
    X, _ = risky(500)
    from bankmine.mining.classification.fuzzy import partition

    for terms in (2, 3, 5):
        found = partition(X, 0, terms)
        assert np.sum([term.degree(X) for term in found], axis=0) == pytest.approx(np.ones(500))


def test_fuzzy_contributions_add_up_to_the_log_odds_less_their_mean() -> None:
    X, y = risky()
    miner = FuzzyRules(most_rules=40).fit(X, y)
    rest = miner.decision_function(X) - miner.contributions(X).sum(axis=1)
    assert np.ptp(rest) < 1e-9


def test_back_propagation_learns_the_symmetry_of_1986() -> None:
    """Rumelhart, Hinton & Williams (1986): two hidden units tell whether six inputs mirror each other.

    Their solution: weights equal in size and opposite in sign about the middle of the string.
    """
    X = np.array([[int(bit) for bit in f"{state:06b}"] for state in range(64)], dtype=float)
    y = (X[:, ::-1] == X).all(axis=1)
    rows = np.concatenate([np.repeat(np.flatnonzero(y), 7), np.flatnonzero(~y)])
    fits = []
    for seed in range(6):
        miner = NeuralNetwork(
            2, alpha=1e-3, networks=1, solver="lbfgs", max_iter=3000, random_state=seed
        ).fit(X[rows], y[rows])
        fits.append((float((miner.predict(X) == y).mean()), miner))
    accuracy, best = max(fits, key=lambda one: one[0])
    assert accuracy == 1.0
    weights = best.layers_[0][0]
    mirrored = np.abs(weights + weights[::-1]).max() / np.abs(weights).max()
    assert mirrored < 0.05


def test_integrated_gradients_add_up_to_the_change_of_the_log_odds() -> None:
    X, y = risky()
    miner = NeuralNetwork(6, networks=2, max_iter=15).fit(X, y)
    middle = miner.decision_function(X.mean(axis=0)[None, :])[0]
    change = miner.decision_function(X) - middle
    assert np.abs(miner.contributions(X).sum(axis=1) - change).max() < 0.02


def test_a_networks_rules_say_how_far_they_speak_for_it() -> None:
    X, y = risky()
    found = NeuralNetwork(6, networks=1, max_iter=15).fit(X, y).surrogate_
    assert found.without < found.fidelity <= 1
    assert len(found.rules) > 2


def test_rough_set_votes_follow_their_rules() -> None:
    X, y = risky()
    miner = RoughSets(3).fit(X, y)
    alone = miner.decision_function(X[:50])
    assert alone == pytest.approx(miner.decision_function(X)[:50])
    base = np.log(miner.base_rate_ / (1 - miner.base_rate_))
    assert miner.contributions(X).sum(axis=1) + base == pytest.approx(miner.decision_function(X))
    assert all(set(names) <= set(miner.names_) for names in miner.reduct_names())
