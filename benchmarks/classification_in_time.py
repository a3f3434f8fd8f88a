"""T7: bank marketing in order of time, without the length of the call: AUC within blocks.

Ten blocks of equal size. Before each block every contender is fitted anew on earlier rows only. Ours is
chosen before each block among a few candidates (two miners, three lengths of history, and their vote) by the
mean AUC within the blocks before it; the first two blocks serve for choosing only. The base rate moves from 3
% to 47 %, which is why short histories are among the candidates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.classification_data import BLOCKS, bank_marketing, block, blocks_before, prepared
from benchmarks.rows import Row

Floats = NDArray[np.float64]
HISTORIES = {"all": BLOCKS, "two blocks": 2, "one block": 1}
MINERS = ("logistic", "boosting")
FIRST = 3
RESAMPLES = 300


def run() -> Row:
    """Scores of every contender on every block; the choice; the difference with its interval."""
    from bankmine.evaluation.metrics import auc

    frame, truth = bank_marketing()
    rows = len(truth)
    ours: dict[str, dict[int, Floats]] = {}
    peers: dict[str, dict[int, Floats]] = {}
    for number in range(1, BLOCKS):
        for name, score in _ours(frame, truth, number).items():
            ours.setdefault(name, {})[number] = score
        for name, score in _peers(frame, truth, number).items():
            peers.setdefault(name, {})[number] = score
        print(f"block {number + 1} of {BLOCKS}", flush=True)
    truths = {number: truth[block(rows, number)] for number in range(1, BLOCKS)}
    areas = {
        name: {number: auc(truths[number], score) for number, score in scores.items()}
        for name, scores in {**ours, **peers}.items()
    }
    picked = {number: _choice(areas, list(ours), number) for number in range(FIRST, BLOCKS)}
    own = {number: ours[name][number] for number, name in picked.items()}
    means = {name: float(np.mean([areas[name][number] for number in picked])) for name in areas}
    best = max(peers, key=lambda name: means[name])
    value = float(np.mean([areas[name][number] for number, name in picked.items()]))
    low, high = _interval(truths, own, peers[best])
    return Row(
        row="T7",
        bankmine={
            "within_block_auc": round(value, 4), "minus_best": [round(one, 4) for one in
                                                                 (value - means[best], low, high)],
            "by_block": {str(number + 1): round(areas[name][number], 3) for number, name in picked.items()},
            "chosen": {str(number + 1): name for number, name in picked.items()},
            "candidates": {name: round(means[name], 4) for name in ours},
        },
        reference={
            **{name: round(means[name], 4) for name in peers}, "best": best,
            "best_by_block": {str(number + 1): round(areas[best][number], 3) for number in picked},
        },
        bar="mean AUC within blocks 4 to 10 ≥ the best of LightGBM, logistic regression, random forest",
        met=value >= means[best],
        protocol="ten blocks in order of time, no duration; all refitted before each block, peers on all "
        "earlier rows; ours chosen on earlier blocks only; 95 % interval by 300 resamples of rows in blocks",
        versions=("scikit-learn", "lightgbm"),
    )  # fmt: skip


def _ours(frame: Any, truth: Any, number: int) -> dict[str, Floats]:
    """Each miner on each history, and the mean of their ranks."""
    from bankmine.mining.classification.families import FAMILIES, attempt

    rows = len(truth)
    test, found = block(rows, number), {}
    for words, blocks in HISTORIES.items():
        train = blocks_before(rows, number, blocks)
        sides = prepared(frame, truth, train)
        for name in MINERS:
            filled = FAMILIES[name].filled
            X, names = (sides.filled, sides.filled_names) if filled else (sides.native, sides.native_names)
            one = attempt(name, X[train], truth[train], names=names, quick=True)
            found[f"{name}, {words}"] = one.ranking(X[test])
    found["vote"] = np.mean([_ranks(score) for score in found.values()], axis=0)
    return found


def _peers(frame: Any, truth: Any, number: int) -> dict[str, Floats]:
    """The references on all earlier rows."""
    import lightgbm
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    rows = len(truth)
    train, test = blocks_before(rows, number), block(rows, number)
    sides = prepared(frame, truth, train)
    models = {
        "LightGBM": (lightgbm.LGBMClassifier(random_state=0, n_jobs=1, verbose=-1), sides.native),
        "logistic regression": (LogisticRegression(max_iter=1000), sides.filled),
        "random forest": (RandomForestClassifier(300, random_state=0, n_jobs=1), sides.filled),
    }
    return {
        name: np.asarray(model.fit(X[train], truth[train]).predict_proba(X[test])[:, 1])
        for name, (model, X) in models.items()
    }


def _choice(areas: dict[str, dict[int, float]], names: list[str], number: int) -> str:
    """The candidate with the best mean AUC within the blocks before; the first of equals."""
    return max(names, key=lambda name: np.mean([areas[name][before] for before in range(1, number)]))


def _ranks(score: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(score) / len(score))


def _interval(
    truths: dict[int, Any], own: dict[int, Floats], other: dict[int, Floats]
) -> tuple[float, float]:
    """95 % of the resamples of the mean difference; rows are drawn anew within each block and class."""
    draw = np.random.default_rng(0)
    found = []
    for _ in range(RESAMPLES):
        gaps = []
        for number, score in own.items():
            truth = truths[number]
            rows = np.concatenate(
                [draw.choice(part, len(part)) for part in (np.flatnonzero(truth), np.flatnonzero(~truth))]
            )
            gaps.append(_area(truth[rows], score[rows]) - _area(truth[rows], other[number][rows]))
        found.append(np.mean(gaps))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def _area(truth: Any, score: Floats) -> float:
    """AUC from ranks (Mann and Whitney)."""
    from scipy.stats import rankdata

    positives = int(truth.sum())
    total = rankdata(score)[truth].sum() - positives * (positives + 1) / 2
    return float(total / (positives * (len(truth) - positives)))
