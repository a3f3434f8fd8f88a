"""CSC: a million applicants scored by a scorecard, by boosting and by a stack; one applicant at a time.

Forty made-up columns, a tenth missing, about a tenth bad. The scorecard, boosting and a stack (card,
boosted windows and a boosted network that a third of the rows lack) score the same matrix in memory, one
thread each; LightGBM's own `predict` of the same trees is the reference and takes turns with them. What an
applicant waits for is measured one row at a time; a stack that reads a text and a list of events beside is
timed so too, and per row in batches. Every point of the card is checked: score, SQL, Python and JSON on the
same rows.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rows import Row, alternate, timed

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "2"))
COLUMNS, NETWORK, TRAINING, CALLS, BATCH = 40, 12, 20_000, 2_000, 20_000
DAY = 86_400_000_000
NAMES = tuple(f"x{place}" for place in range(COLUMNS))
TREES = {"n_estimators": 120, "num_leaves": 15}
MOST_SECONDS, MOST_TIMES, MOST_MS = 30.0, 1.25, 10.0
BAR = (
    f"1 M applicants: each at most {MOST_SECONDS:g} s of one core, boosting at most {MOST_TIMES:g} times "
    f"LightGBM's own predict; one applicant: p99 at most {MOST_MS:g} ms of one core; "
    "score = SQL = Python = JSON"
)


def made_up(rows: int, seed: int) -> tuple[Any, Any, Any]:
    """Columns (rows, columns), whether the network is known, and the label."""
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(rows, COLUMNS))
    X[:, ::4] = np.round(np.exp(X[:, ::4]), 2)
    known = draw.random(rows) < 2 / 3
    odds = 0.7 * X[:, 1] + 0.5 * X[:, 2] * X[:, 3] + 0.8 * X[:, -1] * known + 0.1 * X[:, 4] - 2.8
    truth = draw.random(rows) < 1 / (1 + np.exp(-odds))
    X[draw.random(X.shape) < 0.1] = np.nan
    return X, known, truth


def table_of(X: Any, known: Any) -> Any:
    """The matrix as the table a stack reads; columns share the matrix' memory where they can."""
    import pyarrow as pa

    columns = {name: np.ascontiguousarray(X[:, place]) for place, name in enumerate(NAMES)}
    return pa.table({**columns, "known": known.astype(np.float64)})


def fitted() -> tuple[Any, Any, Any]:
    """The three miners, fitted on rows of their own."""
    from bankmine.mining.classification.boosting import Boosting
    from bankmine.mining.combination.part import Part
    from bankmine.mining.combination.stack import Stack
    from bankmine.mining.scorecard.scorecard import Scorecard

    X, known, truth = made_up(TRAINING, 1)
    card = Scorecard(resamples=3).fit(X, truth, names=NAMES)
    boosting = Boosting(300).fit(X, truth, names=NAMES)
    stack = Stack(
        (
            Part("card", NAMES[:-NETWORK], "Scorecard", {"resamples": 3}),
            Part("windows", NAMES[:-NETWORK], "Boosting", TREES),
            Part("network", NAMES[-NETWORK:], "Boosting", TREES, present="known"),
        ),
        folds=3,
    ).fit(table_of(X, known), truth)
    return card, boosting, stack


def mixed_stack() -> tuple[Any, Any]:
    """A stack of boosted windows, a text and a list of events, and rows it has not seen."""
    from bankmine.mining.combination.part import Part
    from bankmine.mining.combination.stack import Stack

    table, truth = _with_texts(4_000, 2)
    parts = (
        Part("windows", NAMES, "Boosting", TREES),
        Part("text", ("purpose",), "TextLinear"),
        Part("events", ("events",), "SequenceNetwork", {"epochs": 3, "hidden": 16, "longest": 60}),
    )
    return Stack(parts, folds=2).fit(table, truth), _with_texts(min(BATCH, ROWS), 3)[0]


def _with_texts(rows: int, seed: int) -> tuple[Any, Any]:
    import pyarrow as pa

    X, known, truth = made_up(rows, seed)
    draw = np.random.default_rng(seed)
    words = ("roof", "house", "car", "holiday", "debts", "card", "stock", "school", "tax", "oven")
    purpose = [" ".join(draw.choice(words, 8)) for _ in range(rows)]
    count = draw.integers(0, 60, rows)
    when = 4_000 * DAY - np.concatenate([np.sort(draw.integers(1, 700 * DAY, one))[::-1] for one in count])
    kinds = np.array(["enquiry", "loan_issued", "repaid", "overdue"])[draw.integers(0, 4, len(when))]
    events = pa.StructArray.from_arrays(
        [pa.array(when), pa.array(kinds), pa.array(draw.random(len(when)))], names=["when", "kind", "amount"]
    )
    offsets = pa.array(np.concatenate([[0], np.cumsum(count)]).astype(np.int32))
    table = table_of(X, known).append_column("purpose", pa.array(purpose))
    table = table.append_column("events", pa.ListArray.from_arrays(offsets, events))
    return table.append_column("cutoff", pa.array(np.full(rows, 4_000 * DAY))), truth


def one_by_one(answer: Callable[[int], Any], calls: int = CALLS) -> dict[str, float]:
    """Median and 99th percentile of the calls, and the latter in CPU time, ms, after a few to warm up."""
    wall, cpu = [], []
    for number in range(calls + 20):
        begin, used = time.perf_counter_ns(), time.process_time_ns()
        answer(number)
        cpu.append(time.process_time_ns() - used)
        wall.append(time.perf_counter_ns() - begin)
    p50, p99 = np.quantile(wall[20:], [0.5, 0.99]) / 1e6
    held = float(np.quantile(cpu[20:], 0.99)) / 1e6
    return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3), "p99_cpu_ms": round(held, 3)}


def at_edges(card: Any, X: Any) -> Any:
    """The rows with a fifth of the card's values put exactly on an edge of its bins."""
    from bankmine.mining.scorecard.expression import Under

    X, draw = X.copy(), np.random.default_rng(5)
    for choice in card.expression().choices:
        edges = [test.edge for test, _ in choice.cases if isinstance(test, Under)]
        rows = np.flatnonzero(draw.random(len(X)) < 0.2)
        if edges:
            X[rows, NAMES.index(choice.column)] = draw.choice(edges, len(rows))
    return X


def points_agree(card: Any, X: Any) -> dict[str, int]:
    """Rows on which SQL, Python or JSON say other points than the score."""
    import duckdb
    import pyarrow as pa

    from bankmine.mining.scorecard.export import to_python, to_sql
    from bankmine.mining.scorecard.expression import evaluate, from_json, to_json

    score, tree = card.score(X), card.expression()
    applicants = pa.table({name: X[:, place] for place, name in enumerate(NAMES)})
    with duckdb.connect() as connection:
        connection.register("applicants", applicants)
        sql = connection.sql(to_sql(tree, "applicants")).fetchnumpy()["points"]
    place: dict[str, Any] = {}
    exec(to_python(tree), place)
    written = from_json(json.loads(json.dumps(to_json(tree))))
    used = [choice.column for choice in tree.choices]
    values = zip(*(applicants.column(name).to_pylist() for name in used), strict=True)
    python, from_file = np.empty(len(X)), np.empty(len(X))
    for number, one in enumerate(values):
        row = dict(zip(used, one, strict=True))
        python[number], from_file[number] = place["score"](row), evaluate(written, row)
    return {
        "rows": len(X), "sql_apart": int((sql != score).sum()), "python_apart": int((python != score).sum()),
        "json_apart": int((from_file != score).sum()),
    }  # fmt: skip


def run() -> Row:
    """The row."""
    card, boosting, stack = fitted()
    X, known, _ = made_up(ROWS, 7)
    table, native = table_of(X, known), boosting.booster_
    batch = alternate(
        {
            "scorecard": lambda: card.probability(X),
            "boosting": lambda: boosting.probability(X),
            "stack": lambda: stack.probability(table),
            "LightGBM": lambda: native.predict(X, num_threads=1),
        },
        ROUNDS,
    )
    apart = float(np.abs(boosting.probability(X[:50_000]) - native.predict(X[:50_000], num_threads=1)).max())
    mixed, others = mixed_stack()
    _, cpu, _ = timed(lambda: mixed.probability(others))
    single = {
        "scorecard": one_by_one(lambda row: card.probability(X[row : row + 1])),
        "boosting": one_by_one(lambda row: boosting.probability(X[row : row + 1])),
        "stack": one_by_one(lambda row: stack.probability(table.slice(row, 1))),
        "stack with a text and events": one_by_one(
            lambda row: mixed.probability(others.slice(row % others.num_rows, 1))
        ),
        "LightGBM": one_by_one(lambda row: native.predict(X[row : row + 1], num_threads=1)),
    }
    reference = {"LightGBM": {**batch.pop("LightGBM"), **single.pop("LightGBM")}}
    agree = points_agree(card, at_edges(card, X))
    times = round(batch["boosting"]["cpu_s"] / reference["LightGBM"]["cpu_s"], 2)
    return Row(
        row="CSC",
        bankmine={
            "million": batch, "one": single, "boosting_over_LightGBM": times,
            "text_and_events_us_a_row": round(1e6 * cpu / others.num_rows, 1), "card_points": agree,
            "largest_difference_to_LightGBM": apart,
        },
        reference=reference,
        bar=BAR,
        met=_met(batch, single, times, agree) and apart <= 1e-12,
        protocol=f"{ROWS:,} rows × {COLUMNS} columns of doubles in memory, a tenth missing; boosting of 300 "
        "trees of 31 leaves, stack of a card and two boosted parts, one missing in a third of the rows; "
        f"CPU seconds, medians of {ROUNDS} turns, one thread; one applicant: {CALLS:,} rows one by one",
        versions=("lightgbm", "onnxruntime", "duckdb", "numpy", "pyarrow"),
    )  # fmt: skip


def _met(batch: Any, single: Any, times: float, agree: dict[str, int]) -> bool:
    fast = all(one["cpu_s"] <= MOST_SECONDS for one in batch.values()) and times <= MOST_TIMES
    soon = all(one["p99_cpu_ms"] <= MOST_MS for one in single.values())
    return fast and soon and not any(agree[name] for name in ("sql_apart", "python_apart", "json_apart"))


if __name__ == "__main__":
    print(run().line())
