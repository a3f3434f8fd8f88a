"""TXM: text miners on data made by others: bank customers' questions (English) and comments (Chinese).

banking77 (Casanueva et al. 2020; 77 intents, its own test half, which has no times) and the labelled half of
the bank comments of CCF BDCI 2021 (three classes of feeling, 86 % neutral; five folds by a fixed shuffle).
The baseline is the network of sorted terms and the commonest class; published figures stand beside them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.rows import SHARED_DATA, Row, timed

BAR = "TF-IDF with a linear head above the network of sorted terms on both, and ≥ .86 on banking77"
_PUBLISHED = {
    "BERT fixed": 0.8719,
    "BERT tuned": 0.9366,
    "USE": 0.9281,
    "ConveRT": 0.9301,
    "USE + ConveRT": 0.9336,
}


def banking77() -> dict[str, Any]:
    """Accuracy on the test half with its bootstrap interval."""
    import pyarrow.csv as csv

    train, test = (csv.read_csv(SHARED_DATA / "banking77" / f"{name}.csv.gz") for name in ("train", "test"))
    truth = np.array(test["category"].to_pylist())
    result = {}
    for name, miner in _miners().items():
        seconds, _, fitted = timed(partial(miner.fit, train["text"], train["category"]))
        right = fitted.predict(test["text"]) == truth
        result[name] = {"accuracy": _interval(right.astype(float)), "fit_s": round(seconds, 1)}
    return result


def comments() -> dict[str, Any]:
    """Macro F1 and Cohen's kappa out of fold."""
    import pyarrow.parquet as pq
    from sklearn.metrics import cohen_kappa_score, f1_score

    table = pq.ParquetFile(SHARED_DATA / "bdci2021-bank-comments-zh" / "train.parquet").read()
    texts, truth = table["text"].to_pylist(), np.array(table["class"].to_pylist())
    fold = np.random.default_rng(5).permutation(truth.size) % 5
    result: dict[str, Any] = {
        "commonest class": {
            "macro_f1": round(float(f1_score(truth, np.full(truth.size, 2), average="macro")), 4),
            "kappa": 0.0,
        }
    }
    for name, miner in _miners().items():
        told = np.empty_like(truth)
        for one in range(5):
            learn = np.flatnonzero(fold != one)
            miner.fit([texts[row] for row in learn], truth[learn])
            told[fold == one] = miner.predict([texts[row] for row in np.flatnonzero(fold == one)])
        draws = np.random.default_rng(6).integers(0, truth.size, (200, truth.size))
        spread = [f1_score(truth[rows], told[rows], average="macro") for rows in draws]
        result[name] = {
            "macro_f1": [round(float(f1_score(truth, told, average="macro")), 4),
                         *(round(float(edge), 4) for edge in np.quantile(spread, (0.025, 0.975)))],
            "kappa": round(float(cohen_kappa_score(truth, told)), 4),
        }  # fmt: skip
    return result


def _miners() -> dict[str, Any]:
    from bankmine.mining.text.linear import TextLinear
    from bankmine.mining.text.sorted_terms import SortedTermNetwork

    return {"TF-IDF, linear": TextLinear(), "sorted terms, network": SortedTermNetwork()}


def _interval(values: Any) -> list[float]:
    """Mean with its 95 % bootstrap interval."""
    draws = np.random.default_rng(7).choice(values, (1_000, values.size)).mean(axis=1)
    return [round(float(one), 4) for one in (values.mean(), *np.quantile(draws, (0.025, 0.975)))]


def run() -> Row:
    """The row."""
    english, chinese = banking77(), comments()
    linear, network = "TF-IDF, linear", "sorted terms, network"
    met = (
        english[linear]["accuracy"][0] >= 0.86
        and english[linear]["accuracy"][1] > english[network]["accuracy"][2]
        and chinese[linear]["macro_f1"][0] > chinese[network]["macro_f1"][0]
    )
    return Row(
        row="TXM",
        bankmine={"banking77": english, "bank comments (zh)": chinese},
        reference={"banking77, published (Casanueva et al. 2020)": _PUBLISHED},
        bar=BAR,
        met=met,
        protocol="banking77: its own training and test half; comments: five folds; standard settings",
        versions=("scikit-learn", "rjieba", "numpy"),
    )


if __name__ == "__main__":
    print(run().line())
