"""References of the scorecard rows, run in the interpreter that has optbinning (BENCH_PEERS).

`python -m benchmarks.scorecard_peers quality FOLDER` ranks the test rows of every fold of a frame,
`… speed FOLDER` bins every column of a matrix. Results are files in the folder.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np


def quality(folder: Path) -> None:
    """`frame.parquet` with the label `bad`, `folds.npy` of 0/1 (folds, rows): 1 is a training row."""
    import pandas as pd

    frame = pd.read_parquet(folder / "frame.parquet")
    truth = frame.pop("bad").to_numpy().astype(int)
    folds = np.load(folder / "folds.npy")
    wanted = json.loads((folder / "wanted.json").read_text(encoding="utf-8"))
    categorical = wanted["categorical"]
    said = {name: np.full(folds.shape, np.nan) for name in wanted["peers"]}
    for number, train in enumerate(folds == 1):
        for name in wanted["peers"]:
            said[name][number, ~train] = PEERS[name](frame, truth, train, categorical)
    np.savez(folder / "said.npz", **said)


def _optbinning(frame: Any, truth: Any, train: Any, categorical: list[str]) -> Any:
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression

    process = BinningProcess(list(frame.columns), categorical_variables=categorical)
    card = Scorecard(process, LogisticRegression(max_iter=1000))
    card.fit(frame[train], truth[train])
    return card.predict_proba(frame[~train])[:, 1]


def _logistic(frame: Any, truth: Any, train: Any, categorical: list[str]) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    plain = [name for name in frame.columns if name not in categorical]
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), categorical), (StandardScaler(), plain)
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=1000))
    model.fit(frame[train], truth[train])
    return model.predict_proba(frame[~train])[:, 1]


def _lightgbm(frame: Any, truth: Any, train: Any, categorical: list[str]) -> Any:
    import lightgbm

    kept = frame.copy()
    for name in categorical:
        kept[name] = kept[name].astype("category")
    model = lightgbm.LGBMClassifier(
        n_estimators=150, learning_rate=0.04, num_leaves=15, min_child_samples=20, n_jobs=1, verbose=-1
    )
    model.fit(kept[train], truth[train])
    return model.predict_proba(kept[~train])[:, 1]


PEERS = {"optbinning": _optbinning, "logistic": _logistic, "LightGBM": _lightgbm}


def speed(folder: Path) -> None:
    """`values.npy` (columns, rows) and `bad.npy`; information value and seconds, free and monotone."""
    from optbinning import OptimalBinning

    values, bad = np.load(folder / "values.npy"), np.load(folder / "bad.npy").astype(int)
    found: dict[str, Any] = {}
    OptimalBinning().fit(values[0][:1000], bad[:1000])  # imports and warms up the solver
    for name, trend in (("free", None), ("monotone", "auto_asc_desc")):
        began, informations = time.perf_counter(), []
        for column in values:
            one = OptimalBinning(
                max_n_bins=6, min_bin_size=0.05, monotonic_trend=trend, prebinning_method="quantile",
                max_n_prebins=100, min_prebin_size=0.005, solver="cp",
            )  # fmt: skip
            one.fit(column, bad)
            one.binning_table.build()
            informations.append(float(one.binning_table.iv))
        found[name] = {"wall_s": time.perf_counter() - began, "iv": informations}
    (folder / "speed.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    {"quality": quality, "speed": speed}[sys.argv[1]](Path(sys.argv[2]))
    installed = {name: version(name) for name in ("optbinning", "scikit-learn", "ortools")}
    (Path(sys.argv[2]) / "versions.json").write_text(json.dumps(installed), encoding="utf-8")
