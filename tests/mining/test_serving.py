"""Boosting served by onnxruntime decides every split as LightGBM does, at the edges of every threshold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples import risky

from bankmine.errors import UsageError
from bankmine.mining.classification.boosting import Boosting
from bankmine.mining.classification.calibration import Calibrated, Isotonic, Platt
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.serving.boosted import ServedBoosting
from bankmine.mining.serving.trees import ZERO, trees_of


def made(seed: int = 0) -> tuple[Any, Any, Boosting]:
    """Columns with and without missing values, one of codes, one of large amounts; and a fitted miner."""
    draw = np.random.default_rng(seed)
    X, y = risky(2500, seed)
    X[draw.random(2500) < 0.2, 1] = np.nan
    codes = draw.integers(0, 70, 2500).astype(float)
    codes[draw.random(2500) < 0.05] = np.nan
    amounts = np.round(np.exp(draw.normal(12, 2, 2500)), 2)
    X = np.column_stack([X, codes, amounts])
    y = y ^ ((codes % 3 == 0) & (draw.random(2500) < 0.5)) ^ (amounts > 1e6)
    names = ["a", "b", "c", "d", "code", "amount"]
    return X, y, Boosting(40, categorical=["code"]).fit(X, y, names=names)


def edges(X: Any, miner: Boosting) -> Any:
    """Rows that hold, for every threshold, its value, the doubles beside it and its 32-bit neighbours."""
    rows = []
    draw = np.random.default_rng(1)
    for tree in trees_of(miner.booster_text_):
        for node in np.flatnonzero((tree.decision & 1) == 0).tolist():
            value, column = tree.threshold[node], tree.feature[node]
            if abs(value) > 1e30:  # a split of missing from not missing
                continue
            single = np.float32(value)
            near = [value, np.nextafter(value, np.inf), np.nextafter(value, -np.inf), float(single)]
            near += [float(np.nextafter(single, np.float32(to))) for to in (np.inf, -np.inf)]
            block = X[draw.integers(0, len(X), len(near))].copy()
            block[:, column] = near
            rows.append(block)
    return np.concatenate(rows)


def test_the_answer_is_lightgbms_at_the_edges_of_every_threshold() -> None:
    X, _, miner = made()
    served = ServedBoosting.of(miner)
    rows = np.concatenate([edges(X, miner), X])
    assert len(rows) > 5_000
    assert np.abs(served.log_odds(rows) - miner.decision_function(rows)).max() < 1e-12


def test_thresholds_of_32_bits_would_have_flipped_some() -> None:
    X, _, miner = made()
    rows = edges(X, miner)
    flipped = np.abs(miner.decision_function(rows.astype(np.float32)) - miner.decision_function(rows)) > 1e-6
    assert flipped.any()


def test_values_that_lightgbm_reads_as_zero_are_read_so() -> None:
    draw = np.random.default_rng(2)
    X = np.round(draw.normal(size=(3000, 2)))
    y = (X[:, 0] == 0) ^ (X[:, 1] < 0) ^ (draw.random(3000) < 0.1)
    miner = Boosting(10).fit(X, y)
    splits = np.concatenate([tree.threshold for tree in trees_of(miner.booster_text_)])
    assert (np.abs(splits) < 1e-30).any()
    tiny = [sign * value for value in (0.0, 1e-40, 1e-36, ZERO, np.nextafter(ZERO, 1.0)) for sign in (1, -1)]
    rows = np.array([[one, other] for one in tiny for other in tiny])
    assert np.abs(ServedBoosting.of(miner).log_odds(rows) - miner.decision_function(rows)).max() < 1e-12


def test_missing_values_and_categories_not_seen_go_where_lightgbm_sends_them() -> None:
    X, _, miner = made()
    served = ServedBoosting.of(miner)
    for column in range(6):
        for value in (np.nan, 0.0, -1.0, 71.0, 400.0):
            rows = X[:300].copy()
            rows[:, column] = value
            assert np.abs(served.log_odds(rows) - miner.decision_function(rows)).max() < 1e-12
    rows = np.full((1, 6), np.nan)
    assert abs(served.one(rows[0]) - miner.probability(rows)[0]) < 1e-12


def test_a_booster_of_a_single_leaf_is_served() -> None:
    X, y = risky(400)
    miner = Boosting(3, min_data_in_leaf=399).fit(X, y)
    assert np.allclose(ServedBoosting.of(miner).probability(X), miner.probability(X), atol=1e-12)


@pytest.mark.parametrize("calibrator", [None, Platt(), Isotonic()], ids=["none", "Platt", "isotonic"])
def test_the_calibrator_is_put_behind(calibrator: Any, tmp_path: Path) -> None:
    X, y, miner = made()
    whole = Calibrated(miner, calibrator).fit(X, y)
    served = ServedBoosting.of(whole)
    assert np.abs(served.probability(X) - whole.probability(X)).max() < 1e-9
    assert served.one(X[7]) == served.probability(X[7:8])[0]
    served.save(tmp_path)
    again = ServedBoosting.load(tmp_path)
    assert again.probability(X).tobytes() == served.probability(X).tobytes()
    assert again.names == ("a", "b", "c", "d", "code", "amount")


def test_a_row_alone_answers_as_in_a_batch() -> None:
    X, _, miner = made()
    served = ServedBoosting.of(miner)
    assert [served.one(row) for row in X[:200]] == served.probability(X[:200]).tolist()


def test_serving_loads_no_training_library(tmp_path: Path) -> None:
    ServedBoosting.of(made()[2]).save(tmp_path)
    code = (
        "import sys; sys.modules.update(lightgbm=None, sklearn=None, onnx=None)\n"
        "from bankmine.mining.serving.boosted import ServedBoosting\n"
        "from pathlib import Path; import numpy as np\n"
        f"print(ServedBoosting.load(Path({str(tmp_path)!r})).one(np.zeros(6)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_cannot_be_served_is_refused(tmp_path: Path) -> None:
    X, y = risky(400)
    miner = Boosting(5).fit(X, y)
    served = ServedBoosting.of(miner)
    with pytest.raises(UsageError, match="has no served form"):
        ServedBoosting.of(Logistic().fit(X, y))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"shape \(3,\)"):
        served.one(np.zeros(3))
    with pytest.raises(UsageError, match=r"shape \(2, 3\)"):
        served.probability(np.zeros((2, 3)))
    with pytest.raises(UsageError, match=r"no served\.json"):
        ServedBoosting.load(tmp_path)
    with pytest.raises(UsageError, match="objective"):
        trees_of(miner.booster_text_.replace("objective=binary", "objective=regression"))
