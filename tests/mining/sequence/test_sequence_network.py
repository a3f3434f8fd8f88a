"""The miner: repeatable, saved without pickle, served without jax, early stopping, refusals."""

from __future__ import annotations

import subprocess
import sys
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_sequences import ordered, random_sequences

from bankmine.errors import ConfigurationError, FeasibilityError, UsageError
from bankmine.mining.files import load, save
from bankmine.mining.sequence.classifier import SequenceNetwork
from bankmine.mining.sequence.events import Sequences

needs_deep = pytest.mark.skipif(util.find_spec("equinox") is None, reason="the extra `deep` is not installed")
SMALL = {"hidden": 4, "epochs": 2, "longest": 12}


@pytest.fixture(scope="module")
def fitted() -> tuple[SequenceNetwork, Sequences, Any]:
    pytest.importorskip("equinox", reason="the extra `deep` is not installed")
    X, y = ordered(260, 1)
    return SequenceNetwork(**SMALL).fit(X, y, validation=ordered(80, 2)), X, y


def test_a_saved_network_answers_the_same_to_the_bit(fitted: Any, tmp_path: Path) -> None:
    miner, X, _ = fitted
    assert {path.name for path in save(miner, tmp_path)} == {"model.json", "model.onnx"}
    again = load(tmp_path)
    assert again.decision_function(X).tobytes() == miner.decision_function(X).tobytes()
    assert again.reasons(X.take([3])).row(0) == miner.reasons(X.take([3])).row(0)
    assert (again.losses_, again.epoch_, again.base_rate_) == (miner.losses_, miner.epoch_, miner.base_rate_)


def test_a_saved_network_answers_without_jax(fitted: Any, tmp_path: Path) -> None:
    save(fitted[0], tmp_path)
    code = (
        "import sys; sys.modules.update(jax=None, equinox=None, optax=None, onnx=None)\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from made_up_sequences import ordered\n"
        "from pathlib import Path; from bankmine.mining.files import load\n"
        f"print(load(Path({str(tmp_path)!r})).probability(ordered(5, 1)[0]).sum())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert abs(float(done.stdout) - fitted[0].probability(ordered(5, 1)[0]).sum()) < 1e-9


def test_importing_the_miner_loads_no_heavy_library() -> None:
    heavy = "{'jax', 'onnx', 'onnxruntime', 'optax'}"
    code = f"import sys, bankmine.mining.sequence.classifier; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(fitted: Any) -> None:
    miner, X, y = fitted
    again = SequenceNetwork(**SMALL).fit(X, y, validation=ordered(80, 2))
    assert again.onnx_ == miner.onnx_
    assert SequenceNetwork(**SMALL, random_state=1).fit(X, y).onnx_ != miner.onnx_


def test_probabilities_come_in_scikit_learns_shape_and_long_rows_are_counted(fitted: Any) -> None:
    miner, X, _ = fitted
    both = miner.predict_proba(X)
    assert both.shape == (260, 2)
    assert np.allclose(both.sum(axis=1), 1)
    assert miner.cut_short_ == int((X.lengths > 12).sum()) > 0
    assert np.array_equal(miner.probability(X), miner.probability(X.tail(12)))


def test_rows_without_events_kinds_not_seen_and_missing_values_are_answered(fitted: Any) -> None:
    miner, X, _ = fitted
    empty = X.keep(np.zeros(len(X.when), dtype=bool))
    assert np.ptp(miner.probability(empty)) == 0
    from dataclasses import replace

    strange = replace(
        X, kinds=tuple(f"new {kind}" for kind in X.kinds), values=np.full(X.values.shape, np.nan)
    )
    assert np.isfinite(miner.probability(strange)).all()
    assert miner.reasons(empty.take([0])).row(0) == []
    assert miner.probability(X.take(np.array([], dtype=np.int64))).shape == (0,)


def test_all_events_at_one_instant_are_learnt_from() -> None:
    pytest.importorskip("equinox", reason="the extra `deep` is not installed")
    from dataclasses import replace

    X, y = ordered(220, 3)
    once = replace(X, when=np.full(len(X.when), int(X.cutoff[0]) - 1))
    assert np.isfinite(SequenceNetwork(**SMALL).fit(once, y).probability(once)).all()


@needs_deep
def test_balancing_keeps_the_base_rate() -> None:
    X, y = ordered(400, 4)
    few = y & (np.arange(400) % 5 == 0)
    miner = SequenceNetwork(hidden=4, epochs=1, balanced=True).fit(X, few)
    assert abs(miner.probability(X).mean() - few.mean()) < 0.05


@needs_deep
def test_a_row_of_weight_zero_is_as_if_absent_from_the_loss() -> None:
    X, y = ordered(300, 5)
    weight = (np.arange(300) % 3 > 0).astype(float)
    turned = np.where(weight > 0, y, ~y)
    one, other = (SequenceNetwork(**SMALL).fit(X, label, sample_weight=weight) for label in (y, turned))
    assert np.array_equal(one.probability(X), other.probability(X))


@needs_deep
@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda X, y: (X.take(slice(0, 150)), y[:150]), FeasibilityError, "given 150 rows"),
        (lambda X, y: (X, np.zeros(len(X))), FeasibilityError, "0 positive rows"),
        (lambda X, y: (X.keep(np.zeros(len(X.when), dtype=bool)), y), FeasibilityError, "rows with events"),
        (lambda X, y: (X, y[:-1]), UsageError, "label has shape"),
        (lambda X, y: (X, y + 1), UsageError, "other than 0 and 1"),
    ],
)
def test_what_cannot_be_learnt_is_refused(change: Any, error: type[Exception], said: str) -> None:
    X, y = change(*ordered(240, 6))
    with pytest.raises(error, match=said):
        SequenceNetwork(**SMALL).fit(X, y)


@pytest.mark.parametrize(
    "settings", [{"hidden": 0}, {"cell": "rnn"}, {"learning_rate": 0.0}, {"epochs": 1.5}]
)
def test_parameters_that_cannot_be_meant_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="was given"):
        SequenceNetwork(**settings).fit(*ordered(240, 6))


@needs_deep
def test_training_that_diverges_is_no_network() -> None:
    with pytest.raises(FeasibilityError, match="diverged in epoch 1"):
        SequenceNetwork(**{**SMALL, "learning_rate": 1e30}).fit(*ordered(240, 6))


def test_a_matrix_is_no_sequence() -> None:
    with pytest.raises(UsageError, match="was given ndarray"):
        SequenceNetwork().fit(np.zeros((300, 3)), np.zeros(300))  # type: ignore[arg-type]


def test_an_unfitted_network_says_so() -> None:
    with pytest.raises(UsageError, match="is not fitted"):
        SequenceNetwork().probability(random_sequences([3]))


def test_without_the_extra_deep_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bankmine.mining.sequence.classifier.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"Install bankmine\[deep\]"):
        SequenceNetwork().fit(*ordered(240, 6))
