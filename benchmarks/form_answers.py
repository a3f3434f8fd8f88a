"""FRM: partial forms answered: ranking against a model a subset of fields and against filling in; latency.

The bank-marketing forms in the order they were taken: the first 60 % train, the rest are tested, with a
random part of their fields filled in. References in the same run, all LightGBM with the same trees: one model
for each subset of fields ("reduced features", Saar-Tsechansky and Provost 2007: exact, but 2^fields models);
one model of whole forms given the empty fields as missing; the same given medians and commonest answers.
"""

from __future__ import annotations

import csv
import gzip
import os
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.evaluation.metrics import auc
from bankmine.mining.form.asking import Action
from bankmine.mining.form.fields import encode
from bankmine.mining.form.model import FormModel
from benchmarks.rows import SHARED_DATA, Row

FIELDS = ("age", "job", "marital", "education", "default", "balance", "housing", "loan")
NUMBERS = ("age", "balance")
SUBSETS, ANSWERS = 24, 2_000
TREES = {"num_leaves": 8, "learning_rate": 0.08, "min_data_in_leaf": 20, "verbosity": -1, "num_threads": 1,
         "deterministic": True, "objective": "binary", "seed": 0}  # fmt: skip
ROUNDS = 60


def run() -> Row:
    """Both measures."""
    table, label = _forms()
    rows = min(int(os.environ.get("BENCH_ROWS", table.num_rows)), table.num_rows)
    table, label = table.slice(0, rows), label[:rows]
    cut = int(rows * 0.6)
    train, test = table.slice(0, cut), table.slice(cut)
    start = perf_counter()
    form = FormModel.fit(
        train, {"subscribes": label[:cut]}, actions=[Action("call", {"subscribes": 100.0}, 10.0)], unit="EUR"
    )
    fitted = perf_counter() - start
    ranked = _ranked(form, train, label[:cut], test, label[cut:])
    times = _latency(form, test)
    bar = "p99 of an answer ≤ 5 ms; mean AUC ≥ one model a subset − .01, and above filling in"
    mean = {name: float(np.mean(values)) for name, values in ranked.items()}
    met = times["p99_ms"] <= 5 and mean["form"] >= mean["a model a subset"] - 0.01
    return Row(
        row="FRM",
        bankmine={**times, "fit_s": round(fitted, 2), "kind": form.models["subscribes"].kind,
                  "mean_auc": round(mean.pop("form"), 4)},
        reference={name: round(value, 4) for name, value in mean.items()},
        bar=bar,
        met=bool(met and all(mean[name] < np.mean(ranked["form"]) for name in ("filled in",))),
        protocol=f"bank-marketing bank-full, 8 form fields, first 60 % train, rest tested; {SUBSETS} random "
        f"subsets of fields; {ANSWERS:,} answers one by one with reasons and the worth of each empty field",
        versions=("lightgbm", "numpy", "pyarrow"),
    )  # fmt: skip


def _forms() -> tuple[Any, Any]:
    with gzip.open(SHARED_DATA / "bank-marketing" / "bank-full.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    columns = {
        name: pa.array([float(row[name]) for row in rows] if name in NUMBERS else [row[name] for row in rows])
        for name in FIELDS
    }
    return pa.table(columns), np.array([row["y"] == "yes" for row in rows])


def _ranked(form: FormModel, train: Any, label: Any, test: Any, truth: Any) -> dict[str, list[float]]:
    """AUC of each contender on each random subset of fields."""
    import lightgbm

    codes, asked = encode(form.fields, train), encode(form.fields, test)
    texts = [place for place, one in enumerate(form.fields) if one.is_text]
    whole = lightgbm.train(TREES, lightgbm.Dataset(codes, label, categorical_feature=texts), ROUNDS)
    usual = np.array(
        [np.bincount(c.astype(int)).argmax() if i in texts else np.median(c) for i, c in enumerate(codes.T)]
    )
    found: dict[str, list[float]] = {
        name: [] for name in ("form", "a model a subset", "missing at answering", "filled in")
    }
    draw = np.random.default_rng(0)
    for size in np.resize(np.arange(1, len(FIELDS)), SUBSETS).tolist():
        kept = np.sort(draw.permutation(len(FIELDS))[:size])
        partial = np.full_like(asked, np.nan)
        partial[:, kept] = asked[:, kept]
        empty = {
            name: test[name] if place in kept else pa.nulls(test.num_rows, test[name].type)
            for place, name in enumerate(FIELDS)
        }
        own = lightgbm.train(
            TREES,
            lightgbm.Dataset(
                codes[:, kept], label, categorical_feature=[i for i, k in enumerate(kept) if k in texts]
            ),
            ROUNDS,
        )
        found["form"].append(auc(truth, form.probabilities(pa.table(empty))[:, 0]))
        found["a model a subset"].append(auc(truth, own.predict(asked[:, kept])))
        found["missing at answering"].append(auc(truth, whole.predict(partial)))
        found["filled in"].append(auc(truth, whole.predict(np.where(np.isnan(partial), usual, partial))))
    return found


def _latency(form: FormModel, test: Any) -> dict[str, float]:
    """Milliseconds of single answers to partly filled forms, by the clock and of processor time."""
    draw = np.random.default_rng(1)
    rows = test.slice(0, ANSWERS).to_pylist()
    times, work = [], []
    for row in rows:
        kept = draw.permutation(len(FIELDS))[: draw.integers(0, len(FIELDS) + 1)]
        given = {FIELDS[place]: row[FIELDS[place]] for place in kept}
        start, busy = perf_counter(), process_time()
        form.answer(given)
        work.append((process_time() - busy) * 1000)
        times.append((perf_counter() - start) * 1000)
    found = {f"p{level}_ms": round(float(np.percentile(times, level)), 3) for level in (50, 99)}
    return {**found, "p99_cpu_ms": round(float(np.percentile(work, 99)), 3)}
