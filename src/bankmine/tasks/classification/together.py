"""All classes together: each customer's most probable class, how often that is right, and strangers'."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import mean_interval
from bankmine.mining.form.model import FormModel
from bankmine.tasks.classification.classes import NO_CLASS, Looks
from bankmine.tasks.contract import Bank, Decision, Floats, Ints
from bankmine.tasks.sql import statement
from bankmine.tasks.study import Asked, Block

FOLDER = Path(__file__).parent
FIELDS = {
    "age": "How old are you?",
    "occupation": "What is your occupation?",
    "income_band": "In which band is your monthly income?",
    "education": "What is your highest education?",
}
LEAST_STRANGERS = 300


def shares(chances: Sequence[Floats]) -> Floats:
    """Chances of one against the rest as chances of all classes, shape (rows, classes), adding up to 1."""
    table = np.column_stack(list(chances))
    total = table.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, table / np.where(total > 0, total, 1.0), 1.0 / table.shape[1]))


def tested_together(bank: Bank, looks: Looks, names: Sequence[str], asked: Sequence[Asked]) -> dict[str, Any]:
    """Share of test rows put into the class they turned out to be in, against the two naive answers.

    "as before" says the class of the period just ended; "the largest" the one most were in before the test.
    The interval of the difference resamples customers.
    """
    tested, places = asked[0].tested, common_rows(asked)
    customers = np.asarray(tested.column("customer_id"), dtype=np.int64)[places[0]]
    cutoffs = tested.cutoffs[places[0]]
    truth = looks.of(customers, cutoffs)
    before = looks.of(customers, cutoffs, earlier=True)
    chance = shares([one.tested.probability[one.use][here] for one, here in zip(asked, places, strict=True)])
    foreseen = np.asarray(names, dtype=object)[chance.argmax(axis=1)]
    kept = truth != NO_CLASS
    right, stay = (foreseen == truth)[kept], (before == truth)[kept]
    how = {"groups": customers[kept], "random_state": bank.seed, "by": "customer"}
    own = mean_interval(right.astype(np.float64), name="right", **how)
    gap = mean_interval(right.astype(np.float64) - stay, name="right, less as before", **how)
    largest = largest_before(names, before, cutoffs)
    return {
        "rows": int(kept.sum()),
        "right": {"value": own.value, "low": own.low, "high": own.high},
        "as_before": float(stay.mean()),
        "more_than_before": {"value": gap.value, "low": gap.low, "high": gap.high},
        "largest": float((truth[kept] == largest).mean()),
        "table": [
            {"class": name, "foreseen": other, "rows": int(((truth == name) & (foreseen == other)).sum())}
            for name in names
            for other in names
        ],
        "moved": _moved(truth[kept], before[kept], foreseen[kept]),
    }


def largest_before(names: Sequence[str], before: Any, cutoffs: Ints) -> str:
    """The class most were in over the period that ended at the test's first cutoff."""
    then = before[cutoffs == cutoffs.min()]
    return max(names, key=lambda name: int((then == name).sum()))


def common_rows(asked: Sequence[Asked]) -> list[Ints]:
    """Positions, in each question, of the test rows all questions share, in one order.

    Questions on large banks may each be tested on a part of the customers.
    """
    keys = [
        list(zip(np.asarray(one.tested.column("customer_id")).tolist(), one.tested.cutoffs.tolist(),
                 strict=True))
        for one in asked
    ]  # fmt: skip
    shared = sorted(set(keys[0]).intersection(*keys[1:]))
    found = []
    for rows in keys:
        place = {key: number for number, key in enumerate(rows)}
        found.append(np.array([place[key] for key in shared], dtype=np.int64))
    return found


def _moved(truth: Any, before: Any, foreseen: Any) -> dict[str, Any]:
    """Of the customers who changed class, how many were put into the new one; "as before" finds none."""
    changed = truth != before
    return {
        "rows": int(changed.sum()),
        "found": float((foreseen == truth)[changed].mean()) if changed.any() else None,
    }


def together(
    bank: Bank, looks: Looks, names: Sequence[str], asked: Sequence[Asked], *, as_before: bool
) -> tuple[Block, Any, dict[str, Any]]:
    """The block of the class foreseen, its table, and what it counts.

    With `as_before` the class foreseen is that of the period just ended, the most probable one only for
    those who had none: what to do where the test says that the families do worse than that.
    """
    import pyarrow as pa

    rows = asked[0].rows
    customers = np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64)
    chance = shares([one.probability for one in asked])
    best = chance.argmax(axis=1)
    top = chance[np.arange(len(best)), best]
    foreseen = np.asarray(names, dtype=object)[best]
    now = looks.of(customers, np.full(len(customers), bank.cutoff), earlier=True)
    if as_before:
        foreseen = np.where(now != NO_CLASS, now, foreseen)
        places = {name: place for place, name in enumerate(names)}
        own = np.array([places.get(name, -1) for name in foreseen.tolist()])
        top = np.where(own >= 0, chance[np.arange(len(own)), own], 0.0)
    table = pa.table(
        {
            "customer_id": customers,
            "now": pa.array(now.tolist(), pa.string()),
            "foreseen": pa.array(foreseen.tolist(), pa.string()),
            "chance": top,
            "second": pa.array(_second(names, chance), pa.string()),
            "changes": foreseen != now,
            "value_minor": rows.column("value_minor"),
        }
    )
    order = np.lexsort([customers, -top, ~(foreseen != now)])
    decision = Decision(
        value=np.round(top * 100, 4), unit="percent", grade=foreseen.tolist(), order=-top,
        actions={name: f"Serve as {name}." for name in names},
        summary={"customers": len(customers)},
    )  # fmt: skip
    block = Block(rows=rows, decision=decision, question="class", probability=top)
    return block, table.take(pa.array(order)), _counts(names, now, foreseen, chance)


def learn_form(bank: Bank, looks: Looks, since: int) -> FormModel | str:
    """The class of a stranger from form fields, learnt from the customers at the newest known look.

    A sentence why not where the bank keeps no such fields or has too few customers.
    """
    year = int(bank.warehouse.zone.show(since)[:4])
    with Session(bank.warehouse, since, until=since, memory=bank.memory, threads=bank.threads) as session:
        forms = session.arrow(statement(FOLDER, "forms"), {"year": year})
        bank.note("forms", [statement(FOLDER, "forms")])
    customers = np.asarray(forms.column("customer_id").to_numpy(), dtype=np.int64)
    classes = looks.of(customers, np.full(len(customers), since))
    kept = np.flatnonzero(classes != NO_CLASS)
    if len(kept) < LEAST_STRANGERS:
        return f"{len(kept)} customers have a form and a class; a form needs {LEAST_STRANGERS}."
    try:
        return FormModel.fit(
            forms.take(kept).drop_columns(["customer_id"]), classes[kept].tolist(), questions=FIELDS,
            about={"learnt_at": bank.warehouse.zone.show(since), "classes": looks.definition.name},
            random_state=bank.seed,
        )  # fmt: skip
    except FeasibilityError as error:
        return f"{error.what}. {error.hint}"


def form_figures(form: FormModel) -> dict[str, Any]:
    """How well the form ranks each class on forms it had not seen, with all fields filled in."""
    from bankmine.evaluation.metrics import auc

    found = {}
    for name, held in form.held_out.items():
        full = held.known == held.known.max(initial=0)
        if held.truth[full].any() and not held.truth[full].all():
            found[name] = auc(held.truth[full], held.probability[full])
    return {"auc": found, "fields": [one.name for one in form.fields], "left_out": dict(form.left_out)}


def _second(names: Sequence[str], chance: Floats) -> list[str]:
    """The second most probable class with its chance, in words."""
    order = np.argsort(-chance, axis=1, kind="stable")
    if chance.shape[1] < 2:
        return [""] * len(chance)
    rows = np.arange(len(chance))
    return [f"{names[place]} {share:.0%}" for place, share in
            zip(order[:, 1].tolist(), chance[rows, order[:, 1]].tolist(), strict=True)]  # fmt: skip


def _counts(names: Sequence[str], now: Any, foreseen: Any, chance: Floats) -> dict[str, Any]:
    """Customers of each class now, put into it, and expected in it."""
    return {
        name: {
            "now": int((now == name).sum()),
            "foreseen": int((foreseen == name).sum()),
            "expected": float(chance[:, place].sum()),
        }
        for place, name in enumerate(names)
    }


def newest_look(bank: Bank, looks: Looks, cutoffs: Sequence[int]) -> int:
    """The last cutoff whose class is known at the run's cutoff."""
    at: Ints = np.array([one for one in cutoffs if one != bank.cutoff], dtype=np.int64)
    known = at[looks.rule.known_at(at, bank.warehouse.zone) <= bank.cutoff]
    return int(known.max())
