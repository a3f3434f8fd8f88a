"""What the study hands over: customers with grade, class and terms, the tables, the figures, the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.evaluation.concentration import concentration
from bankmine.evaluation.stability import population_stability
from bankmine.tasks.behaviour_score.listing import contradictory
from bankmine.tasks.behaviour_score.schedules import schedules_of
from bankmine.tasks.contract import ROW_COLUMNS, Bank, Decision
from bankmine.tasks.rating.classes import DEFAULTED, classes_of, plain_classes, terms
from bankmine.tasks.rating.expected import by_customer
from bankmine.tasks.rating.exposure import BUCKETS
from bankmine.tasks.rating.losses import OPEN
from bankmine.tasks.rating.saying import said, verdict
from bankmine.tasks.rating.settings import CreditClass, Settings
from bankmine.tasks.sql import instants
from bankmine.tasks.study import Answer, Asked, Block, Kept, Shape, Work

if TYPE_CHECKING:
    from bankmine.tasks.rating.rate import Graded, Owed

TABLE = "credit_class"


def answer(
    work: Work, asked: Asked, graded: Mapping[str, Graded], refused: Mapping[str, str], owed: Owed,
    past: Mapping[str, Any] | None, kinds: Mapping[int, str], settings: Settings,
) -> Answer:  # fmt: skip
    """The answer; everything in it is data."""
    table = customers(graded, owed, kinds, settings)
    classes = (*settings.classes, DEFAULTED)
    figures: dict[str, Any] = {
        "customer_by": settings.customer_by, "method": settings.method, "use": asked.use,
        "scales": [_scale_figures(one, settings) for one in graded.values()],
        "refused_scales": [
            {"kind": kind, "reason": why} for kind, why in refused.items() if kind not in graded
        ],
        "borrowed": [
            {"kind": kind, "reason": refused[kind]} for kind in graded if kind in refused
        ],
        "losses": [vars(one) for one in owed.loss], "conversion": vars(owed.converted),
        "workouts": _workouts(owed), "expected": _expected(owed, table), "tested_loss": past,
        "levels": [vars(one) for one in owed.levels.levels], "left_out": dict(owed.left_out),
        "classes": [
            {**one, **_counts(table, one["name"])} for one in plain_classes(classes)
        ],
    }  # fmt: skip
    figures["said"] = said(figures, work.bank.warehouse.currency)
    return Answer(
        blocks=[_block(work, asked, graded, table, classes)], figures=figures,
        verdict=verdict(figures, work.bank.warehouse.currency),
        tables=_tables(table, owed, settings) | _contradictory(work.bank),
        actions={one.name: terms(one) for one in classes},
    )  # fmt: skip


def customers(graded: Mapping[str, Graded], owed: Owed, kinds: Mapping[int, str], settings: Settings) -> Any:
    """Every rated customer and, of every kind, whoever is in default or was written off, ascending by id:
    grade, chances, what is owed, expected loss, class and terms."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for kind, one in graded.items():
        usual = usual_limit(owed, one.now.customer)
        classes = classes_of(one.long.by_grade, settings.classes)
        for row, place in enumerate(one.place.tolist()):
            rows.append(
                {
                    "customer_id": int(one.now.customer[row]), "kind": kind,
                    "grade": one.made.scale.grades[place].name, "chance": float(one.now.chance[row]),
                    "grade_chance": float(one.made.probability[place]),
                    "through_cycle": float(one.long.by_grade[place]), **_terms(classes[place], usual),
                }
            )  # fmt: skip
    rows += [_in_default(who, kinds.get(who, "person")) for who in owed.out.tolist()]
    rows.sort(key=lambda one: one["customer_id"])
    ids = np.array([one["customer_id"] for one in rows], dtype=np.int64)
    loans = owed.loans
    for name, values in (
        ("owed_minor", loans.drawn), ("exposure_minor", owed.parts.exposure),
        ("expected_loss_minor", owed.parts.expected),
    ):  # fmt: skip
        for made, value in zip(rows, by_customer(loans.customer, values, ids).tolist(), strict=True):
            made[name] = round(value)
    return pa.Table.from_pylist(rows, schema=_schema())


def usual_limit(owed: Owed, ids: Any) -> float:
    """The median of what customers of a kind have been lent and may draw, minor units."""
    if not len(ids):
        return 0.0
    whole = by_customer(owed.loans.customer, owed.loans.drawn + owed.loans.undrawn, ids)
    return float(np.median(whole))


def _terms(one: CreditClass, usual: float) -> dict[str, Any]:
    return {
        "credit_class": one.name, "limit_minor": round(one.limit * usual), "price": one.price,
        "surcharge": one.surcharge, "products": list(one.products), "review_months": one.review_months,
    }  # fmt: skip


def _in_default(who: int, kind: str) -> dict[str, Any]:
    return {
        "customer_id": who, "kind": kind, "grade": DEFAULTED.name, "chance": 1.0, "grade_chance": 1.0,
        "through_cycle": 1.0, **_terms(DEFAULTED, 0.0),
    }  # fmt: skip


def _schema() -> Any:
    import pyarrow as pa

    texts, whole = ("kind", "grade", "credit_class", "price"), ("customer_id", "owed_minor", "exposure_minor",
        "expected_loss_minor", "limit_minor", "review_months")  # fmt: skip
    names = ("customer_id", "kind", "grade", "credit_class", "chance", "grade_chance", "through_cycle",
             "owed_minor", "exposure_minor", "expected_loss_minor", "limit_minor", "price", "surcharge",
             "products", "review_months")  # fmt: skip
    types = dict.fromkeys(texts, pa.string()) | dict.fromkeys(whole, pa.int64())
    types["products"] = pa.list_(pa.string())
    return pa.schema([(name, types.get(name, pa.float64())) for name in names])


def _block(work: Work, asked: Asked, graded: Mapping[str, Graded], table: Any, classes: Any) -> Block:
    """One row a customer, most expected loss first; the reasons are those of the worst loan."""
    import pyarrow as pa

    count, ids = table.num_rows, table.column("customer_id")
    expected = np.asarray(table.column("expected_loss_minor").to_numpy(), dtype=np.float64)
    grade = table.column("credit_class").to_pylist()
    rows = {
        "subject_kind": pa.array(["customer"] * count, pa.string()), "subject_id": ids, "customer_id": ids,
        "cutoff": instants(np.full(count, work.bank.cutoff, np.int64)), "seq": pa.nulls(count, pa.int64()),
        "value_minor": table.column("owed_minor"),
    }  # fmt: skip
    worst = {
        int(who): int(row)
        for one in graded.values()
        for who, row in zip(one.now.customer.tolist(), one.now.worst.tolist(), strict=True)
    }
    lists = asked.reasons.combine_chunks() if hasattr(asked.reasons, "combine_chunks") else asked.reasons
    none = len(lists)  # who is in default needs no reason
    lists = pa.concat_arrays([lists, pa.array([[]], lists.type)])
    take = pa.array([worst.get(one, none) for one in ids.to_pylist()], pa.int64())
    return Block(
        rows=pa.table({name: rows[name] for name in ROW_COLUMNS}),
        probability=np.asarray(table.column("grade_chance").to_numpy(), dtype=np.float64),
        reasons=lists.take(take),
        decision=Decision(
            value=expected, unit="minor units", grade=grade, order=-expected,
            actions={one.name: terms(one) for one in classes if one.name in set(grade)},
        ),
    )  # fmt: skip


def _scale_figures(one: Graded, settings: Settings) -> dict[str, Any]:
    """A kind's scale, its tests, its long run and its moves as plain values."""
    made, long = one.made, one.long
    now = np.bincount(one.place, minlength=len(made.scale.grades))
    classes = classes_of(long.by_grade, settings.classes)
    spread = concentration(now) if now.sum() else None
    moved = _stability(one)
    grades = [
        vars(grade) | {
            "now": int(now[place]), "through_cycle": float(long.by_grade[place]),
            "through_cycle_low": float(long.by_grade_low[place]),
            "through_cycle_high": float(long.by_grade_high[place]), "credit_class": classes[place].name,
        }
        for place, grade in enumerate(made.scale.grades)
    ]  # fmt: skip
    return {
        "kind": made.kind, "source": made.source, "moved_by": made.by, "rows": made.rows, "bads": made.bads,
        "grades": grades, "now": int(now.sum()), "herfindahl": spread.herfindahl if spread else None,
        "trial": one.trial, "cohorts": [dict(each) for each in long.cohorts], "tendency": long.tendency,
        "tendency_low": long.low, "tendency_high": long.high, "graded_mean": long.graded_mean,
        "graded_cohorts": len(np.unique(one.rows.cutoff)), "cycle": long.sentence, "year": one.year,
        "run": one.run, "stability": moved,
        "mean_chance": float(made.probability[one.place].mean()) if len(one.place) else None,
    }  # fmt: skip


def _stability(one: Graded) -> dict[str, Any] | None:
    """How far the grades of now lie from those of the test rows; None where nobody owes now."""
    if not len(one.place):
        return None
    then = one.made.places(one.rows.chance)
    found = population_stability(then.astype(str), one.place.astype(str))
    return {"value": found.value, "chance": found.chance, "verdict": found.verdict, "shifted": found.shifted}


def _workouts(owed: Owed) -> dict[str, int]:
    states = owed.defaults.state
    return {"defaults": len(states), "open": int((states == OPEN).sum()),
            "counted": sum(one.workouts for one in owed.loss)}  # fmt: skip


def _expected(owed: Owed, table: Any) -> dict[str, Any]:
    loans, parts, rated = owed.loans, owed.parts, owed.rated
    out = np.isin(loans.customer, owed.out)
    running, bad, beside = rated & ~out, rated & loans.in_default, rated & out & ~loans.in_default
    return {
        "customers": table.num_rows, "loans": int(rated.sum()),
        "owed_minor": float(loans.drawn[rated].sum()),
        "exposure_minor": float(parts.exposure[rated].sum()),
        "running_loans": int(running.sum()), "running_owed_minor": float(loans.drawn[running].sum()),
        "running_exposure_minor": float(parts.exposure[running].sum()),
        "expected_minor": float(parts.expected[running].sum()),
        "crossed_minor": float(owed.crossed.expected[running].sum()),
        "in_default_loans": int(bad.sum()), "in_default_owed_minor": float(loans.drawn[bad].sum()),
        "in_default_minor": float(parts.expected[bad].sum()),
        "beside_loans": int(beside.sum()), "beside_owed_minor": float(loans.drawn[beside].sum()),
        "beside_minor": float(parts.expected[beside].sum()),
        "beside_certain_minor": float(owed.certain.expected[beside].sum()),
        "not_rated_loans": int((~rated).sum()),
        "not_rated_minor": float(loans.drawn[~rated].sum()),
    }  # fmt: skip


def _counts(table: Any, name: str) -> dict[str, Any]:
    inside = np.array([one == name for one in table.column("credit_class").to_pylist()], dtype=np.bool_)
    sums = {
        key: float(np.asarray(table.column(key).to_numpy(), dtype=np.float64)[inside].sum())
        for key in ("owed_minor", "expected_loss_minor")
    }
    return {"customers": int(inside.sum()), **sums}


def _tables(table: Any, owed: Owed, settings: Settings) -> dict[str, Kept]:
    by = "the worst of its loans" if settings.customer_by == "worst" else "the mean of its loans by money"
    return {
        TABLE: Kept(
            table=table, title="Every rated customer with grade, class and terms",
            sentence=f"A customer's own chance is that of {by}; the grade's is calibrated to what came true.",
            columns={
                "customer_id": Shape("Customer", "key"), "kind": Shape("Kind"), "grade": Shape("Grade"),
                "credit_class": Shape("Class"), "chance": Shape("Own chance", "share"),
                "grade_chance": Shape("Grade's chance", "share"),
                "through_cycle": Shape("Through the cycle", "share"), "owed_minor": Shape("Owed", "money"),
                "exposure_minor": Shape("Exposure", "money"),
                "expected_loss_minor": Shape("Expected loss", "money"),
                "limit_minor": Shape("Limit", "money"), "price": Shape("Price"),
                "products": Shape("May be offered"), "review_months": Shape("Review, months", "number", 0),
            },
        ),
        "expected_loss": Kept(
            table=_loan_table(owed), title="Expected loss of every loan",
            sentence="The loan's chance, moved as the grade moves its customer's and to the rate at which "
            "loans default, × share lost × what will be owed; the chance is 1 where the loan is in default.",
            columns={
                "loan_id": Shape("Loan", "key"), "customer_id": Shape("Customer", "key"),
                "coverage": Shape("Coverage"), "owed_minor": Shape("Owed", "money"),
                "exposure_minor": Shape("Exposure", "money"), "loss": Shape("Share lost", "share"),
                "chance": Shape("Chance", "share"), "expected_loss_minor": Shape("Expected loss", "money"),
            },
        ),
    }  # fmt: skip


def _contradictory(bank: Bank) -> dict[str, Kept]:
    """Loans whose schedules contradict themselves, as the behaviour score lists them."""
    kept, _ = contradictory(bank, *schedules_of(bank))
    if kept is None:
        return {}
    return {
        "contradictory": replace(kept, sentence="In no grade, loss or exposure since: repair the source.")
    }


def _loan_table(owed: Owed) -> Any:
    """Rated loans, most expected loss first."""
    import pyarrow as pa

    kept = np.flatnonzero(owed.rated)
    kept = kept[np.lexsort([owed.loans.loan[kept], -owed.parts.expected[kept]])]
    loans, parts = owed.loans, owed.parts
    return pa.table(
        {
            "loan_id": loans.loan[kept], "customer_id": loans.customer[kept],
            "coverage": pa.array([BUCKETS[one] for one in loans.bucket[kept].tolist()], pa.string()),
            "owed_minor": np.round(loans.drawn[kept]).astype(np.int64),
            "exposure_minor": np.round(parts.exposure[kept]).astype(np.int64),
            "loss": parts.loss[kept], "chance": parts.chance[kept],
            "expected_loss_minor": np.round(parts.expected[kept]).astype(np.int64),
        }
    )  # fmt: skip
