"""Row R2: no label of the simulated bank has a shortcut.

A bank of CUSTOMERS × MONTHS is simulated, loaded and looked at as a data miner would: for each label, the
whole customer catalogue at the cutoff (card fraud: the task's features of a transaction) and the numbers of
the subject's own row. Each feature alone (ranked as it is, upside down, or by the cross-fitted rate of its
twentieths, whichever is best) and a regularised logistic regression (filled, bent, scaled, one-hot;
cross-fitted over customers) are measured against the observable ceiling: the share of the way from ½ to it.
Boosting of trees on the same columns shows that the way can be gone.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import Row

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "5000"))
MONTHS = 36
SEED = int(os.environ.get("BENCH_SEED", "100"))
MOST_ROWS = 8_000  # of one label; card fraud has more, as its frauds are few
MOST_TRANSACTIONS = 60_000
MOST_SINGLE, MOST_LINEAR = 0.85, 0.95
FOLDS = 4
OWN_FIELDS = {
    "application": "SELECT application_id AS subject_id, amount_minor, term_months, stated_income_minor "
    "FROM credit_application",
    "contact": "SELECT contact_id AS subject_id, propensity, cost_minor FROM contact",
    "loan": "SELECT loan_id AS subject_id, principal_minor, term_months, rate, instalment_minor FROM loan",
}


@dataclass(frozen=True)
class Found:
    """Of one label: the ceilings, the best single feature, the linear model, boosting; all AUC."""

    label: str
    rows: int
    positives: int
    oracle: float
    observable: float
    single: float
    feature: str
    linear: float
    boosting: float

    def share(self, auc: float) -> float:
        """The share of the way from ½ to the observable ceiling."""
        return (auc - 0.5) / (self.observable - 0.5)


def run() -> Row:
    """Simulates, loads, measures every label, and judges."""
    folder = Path(os.environ.get("BENCH_FOLDER") or tempfile.mkdtemp(prefix="bankmine-shortcuts-"))
    from benchmarks.shortcut_report import write_report

    found = measure(folder)
    for one in found:
        print(
            f"{one.label:28} rows {one.rows:6} true {one.positives:5} oracle {one.oracle:.3f} "
            f"observable {one.observable:.3f} | single {one.single:.3f} ({one.share(one.single):.0%}, "
            f"{one.feature}) linear {one.linear:.3f} ({one.share(one.linear):.0%}) "
            f"boosting {one.boosting:.3f} ({one.share(one.boosting):.0%})",
            flush=True,
        )
    page = write_report(
        folder / "report", found, single=MOST_SINGLE, linear=MOST_LINEAR, command="python -m benchmarks R2"
    )
    print(f"pictures: {page}", flush=True)
    worst_single = max(found, key=lambda one: one.share(one.single))
    worst_linear = max(found, key=lambda one: one.share(one.linear))
    return Row(
        row="R2",
        bankmine={
            one.label: {
                "observable": round(one.observable, 3),
                "single": f"{one.share(one.single):.0%} {one.feature}",
                "linear": f"{one.share(one.linear):.0%}",
                "boosting": f"{one.share(one.boosting):.0%}",
            }
            for one in found
        },
        reference={"ceilings": "truth/ceilings.json of the same bank"},
        bar=f"single feature ≤ {MOST_SINGLE:.0%}, linear model ≤ {MOST_LINEAR:.0%} of the way, every label",
        met=worst_single.share(worst_single.single) <= MOST_SINGLE
        and worst_linear.share(worst_linear.linear) <= MOST_LINEAR,
        protocol=f"{CUSTOMERS:,} customers × {MONTHS} months, seed {SEED}, calm; folds over customers",
        versions=("lightgbm", "scikit-learn"),
    )


def measure(folder: Path, *, labels: tuple[str, ...] = ()) -> list[Found]:
    """Every label of a bank made in `folder` (used again where it is there already)."""
    from bankmine import pipeline
    from bankmine.bank.civil import Zone
    from bankmine.simulation import ceilings, frame
    from bankmine.sources.preview import preview
    from bankmine.tasks.definitions import DEFINITIONS

    extracts, home = folder / "extracts", folder / "bank"
    if not extracts.exists():
        pipeline.simulate(extracts, customers=CUSTOMERS, months=MONTHS, seed=SEED)
    if not home.exists():
        pipeline.load(pipeline.init(home, mapping="simulated", extracts=extracts))
    bank = pipeline.open_bank(home)
    zone = Zone(frame.TIME_ZONE)
    until = max(at for _, at in (bank.warehouse.coverage(name) for name in ("transaction",)))
    tables = tuple(sorted({name for one in DEFINITIONS.values() for name in (*one.rule.tables, "customer")}))
    found = []
    with preview("simulated", extracts, tables=tables) as connection:
        for name, definition in DEFINITIONS.items():
            if labels and name not in labels:
                continue
            parts = ceilings.labelled_rows(
                extracts / "truth", connection, definition, zone=zone, until=until, parts=10_000
            )
            found.extend(_one(bank, rows, definition) for rows in parts)
    return found


def _one(bank: Any, rows: Any, definition: Any) -> Found:
    from bankmine.simulation.ceilings import predicted

    observed = predicted(rows)
    chosen = _choose(rows, MOST_TRANSACTIONS if definition.name == "card_fraud" else MOST_ROWS)
    label, customer = rows.label[chosen], rows.customer[chosen]
    matrix = _features(bank, rows, chosen, definition)
    fold = (customer * 2_654_435_761 % 2**32) % FOLDS
    trees, linear, names = _prepared(matrix)
    best, single = _best_single(trees, label, fold)
    return Found(
        label=rows.name, rows=int(label.size), positives=int(label.sum()),
        oracle=_auc(rows.label, rows.oracle), observable=_auc(rows.label, observed),
        single=single, feature=names[best],
        linear=_auc(label, _logistic(linear, label, fold)),
        boosting=_auc(label, _boosting(trees, label, fold)),
    )  # fmt: skip


def _choose(rows: Any, most: int) -> Any:
    """All positives and as many negatives, spread evenly over customers; an AUC does not mind."""
    mixed = np.argsort((rows.customer * 2_654_435_761 + rows.cutoff // 1_000_000) % 2**32, kind="stable")
    positives = mixed[rows.label[mixed]][: most // 2]
    negatives = mixed[~rows.label[mixed]][: most - positives.size]
    return np.sort(np.concatenate([positives, negatives]))


def _features(bank: Any, rows: Any, chosen: Any, definition: Any) -> Any:
    import pyarrow as pa

    from bankmine.customers.catalogue import CATALOGUE
    from bankmine.customers.matrix import matrix
    from bankmine.tasks.sql import instants

    def tokens(domain: str, raw: Any) -> Any:
        return bank.keyring.tokens(pa.array(raw).cast(pa.string()), domain)

    transaction = definition.subject_kind == "transaction"
    kind = "transaction" if transaction else "customer"
    customer = tokens("customer", rows.customer[chosen])
    subject = tokens(definition.subject_kind, rows.subject[chosen])
    asked = {
        "subject_kind": pa.array([kind] * len(chosen)),
        "subject_id": subject if transaction else customer,
        "customer_id": customer,
        "cutoff": instants(rows.cutoff[chosen]),
    }
    if transaction:
        asked = _with_seq(bank, pa.table(asked))
    known = int(rows.cutoff.max())
    can = CATALOGUE.available(bank.warehouse, as_of=known)
    names = [name for name in can.names_of(kind) if name != "cutoff_month"]
    made = matrix(bank.warehouse, pa.table(asked), names)
    made = made.select(names)
    return _with_own(bank, made, subject, definition.subject_kind)


def _with_seq(bank: Any, asked: Any) -> Any:
    """Transactions need their place in the total order: the warehouse's own seq."""
    from bankmine.engine.session import Session

    with Session(bank.warehouse) as session:
        session.register("asked", asked.append_column("place", [np.arange(asked.num_rows)]))
        return session.arrow(
            "SELECT a.subject_kind, a.subject_id, a.customer_id, t.event_time AS cutoff, t.seq "
            "FROM asked AS a INNER JOIN customer_transaction AS t ON t.transaction_id = a.subject_id "
            "AND t.customer_id = a.customer_id ORDER BY a.place"
        )


def _with_own(bank: Any, made: Any, subject: Any, kind: str) -> Any:
    import pyarrow as pa

    from bankmine.engine.session import Session

    if kind not in OWN_FIELDS:
        return made
    with Session(bank.warehouse) as session:
        session.register("asked", pa.table({"subject_id": subject, "place": np.arange(len(subject))}))
        own = session.arrow(
            f"SELECT a.place, any_value(o) AS o FROM asked AS a LEFT JOIN ({OWN_FIELDS[kind]}) AS o "
            "ON o.subject_id = a.subject_id GROUP BY a.place ORDER BY a.place"
        )
    fields = own.column("o").combine_chunks()
    for place, field in enumerate(fields.type):
        if field.name != "subject_id":
            made = made.append_column(f"own_{field.name}", fields.field(place))
    return made


def _prepared(matrix: Any) -> tuple[Any, Any, tuple[str, ...]]:
    """Columns for trees, columns for the linear model, names of the former."""
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    plain = Selection(most_missing=0.995, most_correlation=None, most_common=0.9999)
    for_trees = Preparation.for_trees(selection=plain).fit(matrix).transform(matrix)
    for_linear = Preparation.for_linear(selection=Selection(most_missing=0.9)).fit(matrix).transform(matrix)
    return for_trees.values, for_linear.values, for_trees.names


def _best_single(values: Any, label: Any, fold: Any) -> tuple[int, float]:
    """The best column of one half of the customers, measured on the other, both ways round.

    The best of hundreds on the rows it is measured on would be flattered by chance.
    """
    found = []
    for half in (0, 1):
        own, other = fold % 2 == half, fold % 2 != half
        told = [_single(values[own, place], label[own], fold[own] // 2) for place in range(values.shape[1])]
        best = int(np.argmax(told))
        found.append((best, _single(values[other, best], label[other], fold[other] // 2)))
    return found[0][0], float(np.mean([auc for _, auc in found]))


def _single(values: Any, label: Any, fold: Any) -> float:
    """The best that one column can do alone."""
    filled = np.where(np.isnan(values), np.nanmin(values) - 1 if np.isfinite(values).any() else 0, values)
    plain = _auc(label, filled)
    edges = np.unique(np.quantile(filled, np.linspace(0, 1, 21)[1:-1]))
    place = np.searchsorted(edges, filled, side="right")
    rate = np.zeros(label.size)
    for number in np.unique(fold):
        rest, own = fold != number, fold == number
        total = np.bincount(place[rest], minlength=edges.size + 1)
        hits = np.bincount(place[rest], weights=label[rest], minlength=edges.size + 1)
        rate[own] = ((hits + label.mean() * 20) / (total + 20))[place[own]]
    return max(plain, 1 - plain, _auc(label, rate))


def _logistic(values: Any, label: Any, fold: Any) -> Any:
    from sklearn.linear_model import LogisticRegression

    found = np.zeros(label.size)
    for number in range(FOLDS):
        rest, own = fold != number, fold == number
        model = LogisticRegression(C=0.02, max_iter=400).fit(values[rest], label[rest])
        found[own] = model.predict_proba(values[own])[:, 1]
    return found


def _boosting(values: Any, label: Any, fold: Any) -> Any:
    import lightgbm

    found = np.zeros(label.size)
    settings = {
        "objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "min_data_in_leaf": 30,
        "feature_fraction": 0.5, "verbose": -1, "seed": 0, "num_threads": 1, "deterministic": True,
    }  # fmt: skip
    for number in range(FOLDS):
        rest, own = fold != number, fold == number
        data = lightgbm.Dataset(values[rest], label[rest].astype(np.int8), params={"verbose": -1})
        found[own] = lightgbm.train(settings, data, num_boost_round=200).predict(values[own])
    return found


def _auc(label: Any, score: Any) -> float:
    from bankmine.evaluation.metrics import metric

    return float(metric("auc").prepare(label, score).value())
