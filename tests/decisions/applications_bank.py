"""A small made-up bank with applications, and a finished run over them as the lifecycle leaves it behind."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.bank.catalogue import TABLES
from bankmine.bank.civil import DAY, Zone
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing
from bankmine.config import render_config
from bankmine.customers.matrix import matrix
from bankmine.folder import BankFolder
from bankmine.lifecycle.labelled import save_model
from bankmine.lifecycle.run import load_run
from bankmine.lifecycle.scores import score_table, write_scores
from bankmine.lifecycle.supervised import Model
from bankmine.mining.classification.logistic import Logistic
from bankmine.preparation.preparation import Preparation
from bankmine.tasks.contract import Decision

ZONE, ROWS, SPLIT = "Europe/Prague", 1_600, 1_200
START, END = date(2022, 1, 1), date(2025, 1, 1)
FEATURES = ("app_amount", "app_term_months", "app_stated_income", "app_instalment_to_income")
PRODUCTS = ("LOAN-CONS", "MTG-HOME", "CRD-GOLD")


def _full(name: str, columns: dict[str, Any], rows: int) -> pa.Table:
    made = {}
    for column in TABLES[name].all_columns:
        if column.name != "load_number":
            value = columns.get(column.name)
            made[column.name] = (pa.nulls(rows) if value is None else pa.array(value)).cast(
                column.arrow_type()
            )
    return pa.table(made)


def make_bank(folder: Path, seed: int = 0) -> BankFolder:
    """Applications of three years, riskier with the instalment's share of income; a fifth refused."""
    draw, zone = np.random.default_rng(seed), Zone(ZONE)
    start, end = zone.midnight(START), zone.midnight(END)
    at = np.sort(draw.integers(start + DAY, end - DAY, ROWS))
    ids, customer = np.arange(1, ROWS + 1), draw.integers(1, 1_000, ROWS)
    product = draw.choice(PRODUCTS, ROWS, p=[0.6, 0.2, 0.2])
    amount = (draw.lognormal(13, 0.7, ROWS)).astype(int) + 10_000
    term = draw.integers(6, 72, ROWS)
    income = (draw.lognormal(12, 0.4, ROWS)).astype(int)
    share = amount / term / income
    bad = draw.random(ROWS) < 1 / (1 + np.exp(3.2 - 4 * np.minimum(share, 1.5)))
    declined = draw.random(ROWS) < np.clip(0.1 + 0.6 * (share - 0.2), 0.05, 0.9)
    known = at + np.where(bad, 110, 370) * DAY
    applications = _full("credit_application", {
        "application_id": ids, "customer_id": customer, "product_code": product, "amount_minor": amount,
        "term_months": pa.array(term, mask=product == "CRD-GOLD"), "stated_income_minor": income,
        "channel": draw.choice(["branch", "app"], ROWS),
        "decision": np.where(declined, "declined", "approved"),
        "decided_at": at + DAY // 2, "bad": pa.array(bad, mask=declined | (known >= end)),
        "bad_known_at": pa.array(known, mask=declined | (known >= end)), "event_time": at, "known_at": at,
        "seq": ids, "cancelled": [False] * ROWS,
    }, ROWS)  # fmt: skip
    people = np.arange(1, 1_001)
    customers = _full("customer", {
        "customer_id": people, "kind": ["person"] * 1_000, "valid_from": np.full(1_000, start),
        "known_at": np.full(1_000, start),
    }, 1_000)  # fmt: skip
    prices = _full("rate_history", {
        "product_code": list(PRODUCTS), "customer_rate": [0.12, 0.05, 0.2], "transfer_rate": [0.03] * 3,
        "valid_from": [start] * 3, "known_at": [start] * 3,
    }, 3)  # fmt: skip
    tables = {"credit_application": applications, "customer": customers, "rate_history": prices}
    _write(folder / "warehouse", tables, start, end)
    (folder / "keys").mkdir()
    text = render_config(
        name="made up", mapping="simulated", extracts=str(folder), time_zone=ZONE, currency="EUR",
        keys="keys", tasks={},
    )  # fmt: skip
    (folder / "bankmine.toml").write_text(text)
    bank = BankFolder(folder)
    _run(bank, end, at, bad, declined)
    return bank


def _write(folder: Path, tables: dict[str, pa.Table], start: int, end: int) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    Warehouse.create(folder, time_zone=ZONE, currency="EUR", key_identity="test")
    with writing(folder) as writer:
        for name, content in tables.items():
            writer.append(name, content)
        loads = {
            name: TableLoad(rows=one.num_rows, read=one.num_rows, coverage=(start, end))
            for name, one in tables.items()
        }
        writer.commit(Load(1, "one", "made_up", "one", None, "2025-01-01T00:00:00+00:00", loads))


def _run(bank: BankFolder, end: int, at: np.ndarray, bad: np.ndarray, declined: np.ndarray) -> None:
    """A logistic regression on the oldest granted, tested on later ones; the newest are scored."""
    customers = bank.warehouse
    from bankmine.engine.session import Session

    with Session(customers, end) as session:
        rows = session.arrow(
            "SELECT 'application' AS subject_kind, application_id AS subject_id, customer_id, "
            "event_time AS cutoff FROM credit_application ORDER BY application_id"
        )
    features = matrix(customers, rows, FEATURES).select(list(FEATURES))
    granted, old = ~declined, at < end - 375 * DAY
    train = np.flatnonzero(granted & old & (np.arange(ROWS) < 500))
    test = np.flatnonzero(granted & old & (np.arange(ROWS) >= 500))
    now = np.flatnonzero(~old)
    preparation = Preparation.for_linear().fit(features.take(train), bad[train])
    miner = Logistic().fit(preparation.transform(features.take(train)).values, bad[train])
    model = Model("logistic", preparation, miner, {}, len(train))
    folder = bank.results_folder / "application_score" / "made"
    (folder / "model").mkdir(parents=True)
    save_model(model, folder / "model")
    chance = model.scores(features)[0]
    tested = rows.take(test).drop_columns(["subject_kind"])
    tested = tested.append_column("came_true", pa.array(bad[test])).append_column(
        "probability", pa.array(chance[test])
    )
    write_scores(tested, folder / "tested.parquet")
    write_scores(pa.concat_tables([tested.select(["subject_id"])]), folder / "inputs.parquet")
    write_scores(tested.select(["subject_id"]), folder / "whole.parquet")
    decision = Decision(
        value=chance[now], unit="chance", grade=["accept"] * len(now), order=chance[now], actions={}
    )
    scores = score_table(
        task="application_score",
        horizon="a year",
        rows=rows.take(now),
        probability=chance[now],
        decision=decision,
    )
    write_scores(scores, folder / "scores.parquet")
    (folder / "features.json").write_text(json.dumps([{"name": name} for name in FEATURES]))
    about = {
        "format": 1, "run_id": "made", "task": "application_score", "title": "Application score",
        "summary": [], "cutoff": "2025-01-01", "cutoff_us": end, "subject_kind": "application",
        "figures": {"candidates": []}, "verdict": "Use it.", "use": "logistic",
    }  # fmt: skip
    (folder / "metrics.json").write_text(json.dumps(about))
    from bankmine.lifecycle import publish

    publish(load_run(folder))
