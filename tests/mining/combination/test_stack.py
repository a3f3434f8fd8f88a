"""Stacks: parts learnt out of fold, combined, with a fallback for every set of parts that is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_evidence import CUTOFF, DAY, EVENTS, NETWORK, NOISE, TEXT, TREES, WINDOWS, evidence
from slow_stack import fit_and_answer

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.combination.combiner import area_of
from bankmine.mining.combination.folds import folds_of
from bankmine.mining.combination.learning import Shelf
from bankmine.mining.combination.part import Part
from bankmine.mining.combination.stack import Stack
from bankmine.mining.files import load, save

ALL = (WINDOWS, NETWORK, NOISE, TEXT)


@pytest.fixture(scope="module")
def fitted() -> tuple[Stack, pa.Table, Any]:
    """A stack of four parts, and rows it has not seen."""
    table, truth = evidence(1_500)
    return Stack(ALL, folds=4).fit(table, truth), *evidence(1_500, seed=1)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(2, 4), st.sampled_from([0.2, 1.0, 10.0]))
def test_a_stack_answers_as_one_made_by_hand(seed: int, parts: int, folds: int, C: float) -> None:
    draw = np.random.default_rng(seed)
    rows, new = 300, 25
    blocks = [draw.normal(size=(rows + new, 2)) for _ in range(parts)]
    there = [draw.random(rows + new) < 0.8 for _ in range(parts)]
    truth = draw.random(rows) < 1 / (1 + np.exp(-sum(one[:rows, 0] for one in blocks)))
    groups = draw.integers(0, 150, rows)
    columns = {f"p{p}_{c}": blocks[p][:, c] for p in range(parts) for c in range(2)}
    flags = {f"here{p}": there[p].astype(float) for p in range(parts)}
    table = pa.table({**columns, **flags})
    made = [Part(f"p{p}", (f"p{p}_0", f"p{p}_1"), "Logistic", present=f"here{p}") for p in range(parts)]
    stack = Stack(made, folds=folds, C=C, random_state=seed).fit(table.slice(0, rows), truth, groups=groups)
    by_hand = fit_and_answer(
        [one[:rows] for one in blocks], [one[:rows] for one in there], truth,
        folds_of(truth, groups, folds, seed), [one[rows:] for one in blocks],
        [one[rows:] for one in there], C,
    )  # fmt: skip
    np.testing.assert_allclose(stack.decision_function(table.slice(rows)), by_hand, atol=2e-4)


def test_rows_without_a_part_are_answered_as_by_a_stack_without_it() -> None:
    table, truth = evidence(800, known=0.6)
    other, _ = evidence(400, seed=5, known=0.0)
    whole = Stack((WINDOWS, NETWORK, TEXT), folds=3).fit(table, truth)
    less = Stack((WINDOWS, TEXT), folds=3).fit(table, truth)
    assert (whole.probability(other) == less.probability(other)).all()
    full, _ = evidence(400, seed=5, known=1.0)
    assert (whole.probability(full, without=["network"]) == less.probability(full)).all()


def test_every_set_of_parts_has_a_combiner_that_was_tested(fitted: tuple[Stack, pa.Table, Any]) -> None:
    stack, other, truth = fitted
    fallbacks = {tuple(one["parts"]): one for one in stack.summary()["fallbacks"]}
    assert len(fallbacks) == 16
    known = np.asarray(other.column("known").to_numpy(), dtype=bool)
    for parts, one in fallbacks.items():
        if not parts:
            assert one["auc"] is None
            continue
        absent = [name for name in stack.part_names if name not in parts]
        rows = known if "network" in parts else np.ones(len(known), dtype=bool)
        seen = area_of(truth[rows], stack.decision_function(other, without=absent)[rows])
        assert one["auc"] == pytest.approx(seen, abs=0.06), parts


def test_a_row_without_any_part_gets_the_base_rate(fitted: tuple[Stack, pa.Table, Any]) -> None:
    stack, other, _ = fitted
    chance = stack.probability(other.slice(0, 3), without=stack.part_names)
    np.testing.assert_allclose(chance, stack.base_rate_, rtol=1e-12)


def test_a_part_of_noise_weighs_nearly_nothing_and_no_weight_is_negative() -> None:
    noise, best = [], []
    for seed in range(6):
        stack = Stack((WINDOWS, NETWORK, replace(NOISE, miner="Boosting", settings=TREES)), folds=4)
        table, truth = evidence(1_000, seed=seed)
        weights = stack.fit(table, truth).summary()["parts"]
        noise.append(weights["noise"] * stack.spreads_[2])
        best.append(weights["windows"] * stack.spreads_[0])
        assert min(one.weights.min(initial=0.0) for one in stack.combiners_.values()) >= 0
    assert np.mean(noise) < 0.15 * np.mean(best)


def test_the_stack_ranks_at_least_as_well_as_its_best_part(fitted: tuple[Stack, pa.Table, Any]) -> None:
    stack, other, truth = fitted
    whole = area_of(truth, stack.decision_function(other))
    for name in stack.part_names:
        others = [one for one in stack.part_names if one != name]
        assert whole > area_of(truth, stack.decision_function(other, without=others)) + 0.02


def test_noise_beside_one_part_that_tells_does_no_harm() -> None:
    trees = {"miner": "Boosting", "settings": TREES}
    lost = []
    for seed in range(5):
        table, truth = evidence(1_000, seed=seed)
        other, come_true = evidence(2_000, seed=100 + seed)
        told = Part("told", ("a0",), "Logistic")
        noise = [
            replace(NOISE, name=f"noise {name}", columns=(name,), **trees) for name in ("n0", "n1", "a1")
        ]
        stack = Stack((told, *noise), folds=4).fit(table, truth)
        alone = area_of(come_true, other.column("a0").to_numpy())
        lost.append(alone - area_of(come_true, stack.decision_function(other)))
    assert np.mean(lost) < 0.01
    assert max(lost) < 0.03


def test_the_stack_is_calibrated_where_it_was_not_learnt(fitted: tuple[Stack, pa.Table, Any]) -> None:
    stack, other, truth = fitted
    chance = stack.probability(other)
    for part in np.array_split(np.argsort(chance), 5):
        expected, spread = chance[part].mean(), np.sqrt((chance[part] * (1 - chance[part])).sum())
        assert abs(truth[part].sum() - expected * len(part)) < 3.5 * spread


def test_what_each_part_adds_sums_to_the_answer(fitted: tuple[Stack, pa.Table, Any]) -> None:
    stack, other, _ = fitted
    by_part = stack.parts_of(other)
    moved = np.nansum(by_part.contributions, axis=1)
    for parts, one in stack.combiners_.items():
        mine = (~np.isnan(by_part.log_odds) == [place in parts for place in range(4)]).all(axis=1)
        if mine.any():
            start = one.intercept + float(one.weights @ one.means)
            np.testing.assert_allclose(stack.decision_function(other)[mine], start + moved[mine], atol=1e-9)


def test_reasons_name_features_words_and_dated_events() -> None:
    pytest.importorskip("jax")
    table, truth = evidence(900)
    stack = Stack((WINDOWS, TEXT, EVENTS), folds=2).fit(table, truth)
    stack.combiners_ = {
        parts: replace(one, weights=np.ones(len(one.read))) for parts, one in stack.combiners_.items()
    }
    row = next(place for place, one in enumerate(table.column("events").to_pylist()) if one and len(one) == 3)
    names = [one.feature for one in stack.reasons(table.slice(row, 1), top=20).row(0)]
    assert {"a0", "a1"} <= set(names)
    assert any(name.startswith("purpose=") for name in names)
    told = [name for name in names if name.startswith("events=")]
    assert told
    assert all("enquir" in name and "(bank, car)" in name and name.endswith("1972") for name in told), told
    assert CUTOFF // DAY == 1_000


def test_what_two_parts_say_of_one_feature_is_added_up() -> None:
    table, truth = evidence(600)
    both = Stack((WINDOWS, replace(WINDOWS, name="again", columns=("a0",))), folds=3).fit(table, truth)
    both.combiners_[0, 1] = replace(both.combiners_[0, 1], weights=np.array([0.5, 2.0]))
    by_name = {one.feature: one.contribution for one in both.reasons(table.slice(0, 1), top=5).row(0)}
    assert set(by_name) == {"a0", "a1"}
    first, second = (part.member for part in both.parts_)
    own = first.contributions(_matrix(table, ["a0", "a1"]))[0, 0]
    again = second.contributions(_matrix(table, ["a0"]))[0, 0]
    assert by_name["a0"] == pytest.approx(0.5 * own + 2.0 * again)


def _matrix(table: pa.Table, names: list[str]) -> Any:
    return np.column_stack([table.column(name).to_numpy() for name in names])[:1]


def test_a_saved_stack_answers_and_explains_to_the_last_bit(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    table, truth = evidence(1_000)
    parts = (*ALL, EVENTS, replace(WINDOWS, name="trees", miner="Boosting", settings=TREES))
    stack = Stack(parts, folds=2).fit(table, truth)
    assert not stack.left_out_
    save(stack, tmp_path)
    again = load(tmp_path)
    assert (again.probability(table) == stack.probability(table)).all()
    assert again.reasons(table.slice(0, 50)).to_arrow() == stack.reasons(table.slice(0, 50)).to_arrow()
    assert again.summary() == stack.summary()
    assert again.importance() == stack.importance()
    assert json.loads((tmp_path / "model.json").read_text())["miner"] == "Stack"


def test_equal_data_give_equal_bytes_with_and_without_a_shelf(tmp_path: Path) -> None:
    table, truth = evidence(500)
    shelf = Shelf()
    Stack((WINDOWS, TEXT), folds=3).sharing(shelf).fit(table, truth)
    assert len(shelf.kept) == 2
    shared = Stack(ALL, folds=3).sharing(shelf).fit(table, truth)
    assert len(shelf.kept) == 4
    save(shared, tmp_path / "a")
    save(Stack(ALL, folds=3).fit(table, truth), tmp_path / "b")
    assert (tmp_path / "a" / "model.json").read_bytes() == (tmp_path / "b" / "model.json").read_bytes()
    Stack((WINDOWS,), folds=3).sharing(shelf).fit(table, ~truth)
    assert len(shelf.kept) == 5


def test_a_row_alone_is_answered_as_in_a_batch(fitted: tuple[Stack, pa.Table, Any]) -> None:
    stack, other, _ = fitted
    batch = stack.probability(other.slice(0, 60))
    single = [stack.probability(other.slice(row, 1))[0] for row in range(60)]
    assert batch.tolist() == single


def test_rows_of_a_group_share_a_fold_and_true_ones_are_spread() -> None:
    draw = np.random.default_rng(0)
    groups, truth = draw.integers(0, 200, 1_000), draw.random(1_000) < 0.05
    fold = folds_of(truth, groups, 5, 0)
    assert all(len(set(fold[groups == one])) == 1 for one in np.unique(groups))
    true = [len(np.unique(groups[(fold == one) & truth])) for one in range(5)]
    assert max(true) - min(true) <= 1


def test_weights_of_rows_are_rows_repeated() -> None:
    table, truth = evidence(400)
    twice = np.where(truth, 2, 1)
    repeated = np.repeat(np.arange(400), twice)
    part = (replace(WINDOWS, settings={"C": 1e6}),)
    weighted = Stack(part, folds=2).fit(table, truth, sample_weight=twice, groups=np.arange(400))
    copied = Stack(part, folds=2).fit(table.take(repeated), truth[repeated], groups=repeated)
    assert abs(weighted.decision_function(table) - copied.decision_function(table)).max() < 0.35


def test_a_part_with_too_few_rows_is_left_out_with_a_sentence() -> None:
    table, truth = evidence(600, known=0.03)
    stack = Stack((WINDOWS, NETWORK), folds=3).fit(table, truth)
    assert stack.part_names == ("windows",)
    assert "Logistic was given" in stack.left_out_["network"]
    assert stack.probability(table, without=["network"]).shape == (600,)
    with pytest.raises(FeasibilityError, match="None of 1 parts can be learnt"):
        Stack((NETWORK,), folds=3).fit(table, truth)


def test_a_part_whose_miner_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from bankmine.mining.sequence import classifier

    monkeypatch.setattr(classifier, "find_spec", lambda name: None)
    table, truth = evidence(600)
    stack = Stack((WINDOWS, EVENTS), folds=2).fit(table, truth)
    assert "Install bankmine[deep]" in stack.left_out_["events"]


def test_a_set_that_too_few_rows_have_is_answered_by_a_smaller_one() -> None:
    table, truth = evidence(900, known=0.5)
    flipped = pa.array(np.where(table.column("known").to_numpy() == 1, 0, 1))
    table = table.append_column("unknown", flipped)
    never = replace(WINDOWS, name="other", present="unknown")
    stack = Stack((NETWORK, never), folds=3).fit(table, truth)
    both = next(one for one in stack.summary()["fallbacks"] if len(one["parts"]) == 2)
    assert len(both["read"]) == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Part("x", ("a",), "KMeans"), "names the miner 'KMeans'"),
        (lambda: Part("x", ("a", "b"), "TextLinear"), "names 2 columns"),
        (lambda: Part("x", ()), "names 0 columns"),
        (lambda: Stack(()).fit(*evidence(100)), "given 0 parts"),
        (lambda: Stack((WINDOWS, WINDOWS)).fit(*evidence(100)), "two of one name"),
        (lambda: Stack((WINDOWS,), folds=1).fit(*evidence(100)), "folds = 1"),
        (lambda: Stack((replace(WINDOWS, columns=("zz",)),)).fit(*evidence(100)), "lacks the column 'zz'"),
        (lambda: Stack((replace(WINDOWS, present="zz"),)).fit(*evidence(100)), "whether 'windows' is there"),
        (lambda: Stack((replace(EVENTS, columns=("a0",)),)).fit(*evidence(300)), "not a list of events"),
        (lambda: Stack((WINDOWS,)).fit(evidence(100)[0], np.ones(99)), "for 100 rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_one_line(make: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        make()
    assert "\n" not in str(refused.value)


def test_no_bads_and_too_few_rows_are_refused() -> None:
    table, truth = evidence(100)
    with pytest.raises(FeasibilityError, match="0 positive rows"):
        Stack((WINDOWS,)).fit(table, np.zeros(100))
    with pytest.raises(FeasibilityError, match="given 40 rows"):
        Stack((WINDOWS,)).fit(table.slice(0, 40), truth[:40])


def test_an_unknown_part_cannot_be_left_out(fitted: tuple[Stack, pa.Table, Any]) -> None:
    with pytest.raises(UsageError, match="no part 'bureau'"):
        fitted[0].probability(fitted[1], without=["bureau"])
