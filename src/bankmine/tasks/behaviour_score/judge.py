"""How good the behaviour score is beside its usual metrics: by kind of loan, and in money found."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.combination import TOGETHER, worth
from bankmine.tasks.contract import Bank, Floats, Tested, Truth
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
TOP = 0.1  # of the list, that is worked
RESAMPLES = 300
LEAST = 10  # defaults of a kind below which no figure is given


def worth_of(bank: Bank, tested: Tested, parts: tuple[str, ...]) -> list[dict[str, Any]]:
    """What windows and the sequence add to each other; empty where they were not tried together."""
    if TOGETHER not in tested.ranking or any(part not in tested.ranking for part in parts):
        return []
    return [asdict(one) for one in worth(tested, parts, seed=bank.seed)]


def by_kind(bank: Bank, tested: Tested) -> list[dict[str, Any]]:
    """AUC of the model and of the best baseline for persons, companies, loans and lines; None below LEAST."""
    from bankmine.evaluation.intervals import interval

    groups = tested.column("customer_id")
    found = []
    for name, mask in _kinds(bank, tested).items():
        truth = tested.truth[mask]
        row: dict[str, Any] = {"kind": name, "rows": int(mask.sum()), "defaults": int(truth.sum())}
        for side, candidate in (("model", tested.model), ("baseline", tested.best_baseline)):
            row[side] = None
            if min(truth.sum(), (~truth).sum()) >= LEAST:
                seen = interval("auc", truth, tested.ranking[candidate][mask], groups=groups[mask],
                                resamples=RESAMPLES, random_state=bank.seed)  # fmt: skip
                row[side] = {"value": seen.value, "low": seen.low, "high": seen.high}
        found.append(row)
    return found


def money_found(tested: Tested, *, seed: int) -> dict[str, Any]:
    """Share of the principal of loans that defaulted in the first tenth of the list, of each cutoff.

    Lists by chance × principal: of the model and of the best baseline; by principal alone. The interval of
    the difference resamples customers, the same for both lists.
    """
    owed = np.asarray(tested.column("value_minor"), dtype=np.float64)
    lost = np.where(tested.truth, owed, 0.0)
    lists = {
        tested.model: tested.probability[tested.model] * owed,
        tested.best_baseline: tested.probability[tested.best_baseline] * owed,
        "principal alone": owed,
    }
    tops = {name: in_top(order, tested.cutoffs) for name, order in lists.items()}
    weights = _weights(tested.column("customer_id"), seed)
    total = weights @ lost
    drawn = {name: (weights @ (lost * top)) / np.maximum(total, 1.0) for name, top in tops.items()}
    best = max(
        (one for one in lists if one != tested.model), key=lambda name: float((lost * tops[name]).sum())
    )
    gain = drawn[tested.model] - drawn[best]
    months = max(1, len(np.unique(tested.cutoffs)))
    return {
        "top": TOP, "lost_minor_a_month": float(lost.sum()) / months, "against": best,
        "share": {
            name: {
                "value": float((lost * top).sum()) / max(float(lost.sum()), 1.0),
                "low": float(np.quantile(drawn[name], 0.025)), "high": float(np.quantile(drawn[name], 0.975)),
            }
            for name, top in tops.items()
        },
        "gain": {
            "value": float((lost * tops[tested.model]).sum() - (lost * tops[best]).sum())
            / max(float(lost.sum()), 1.0),
            "low": float(np.quantile(gain, 0.025)), "high": float(np.quantile(gain, 0.975)),
        },
    }  # fmt: skip


def in_top(order: Floats, cutoffs: Any) -> Truth:
    """The first TOP of each cutoff's list, at least one row; ties by place."""
    top = np.zeros(len(order), dtype=np.bool_)
    for at in np.unique(cutoffs):
        rows = np.flatnonzero(cutoffs == at)
        best = rows[np.argsort(-order[rows], kind="stable")]
        top[best[: max(1, round(len(rows) * TOP))]] = True
    return top


def _weights(groups: Any, seed: int) -> Floats:
    """How often each row counts in each resample of whole groups; (RESAMPLES, rows)."""
    _, which = np.unique(np.asarray(groups), return_inverse=True)
    size = int(which.max()) + 1
    draw = np.random.default_rng(seed)
    counts = draw.multinomial(size, np.full(size, 1 / size), size=RESAMPLES)
    return np.asarray(counts[:, which], dtype=np.float64)


def _kinds(bank: Bank, tested: Tested) -> dict[str, Truth]:
    with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow(statement(FOLDER, "kinds"))
        bank.note("kinds", session.statements)
    loans = np.asarray(found.column("loan_id").to_numpy(), dtype=np.int64)
    place = np.searchsorted(loans, np.asarray(tested.column("subject_id"), dtype=np.int64))
    line = np.asarray(found.column("is_line").to_numpy(zero_copy_only=False), dtype=np.bool_)[place]
    company = np.array(found.column("customer_kind").to_pylist(), dtype=object)[place] == "company"
    return {"persons": ~company, "companies": company, "loans": ~line, "lines of credit": line}
