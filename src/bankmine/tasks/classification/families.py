"""The families side by side on one class: how well they rank and mean their chances, and what they say.

Discrimination and calibration come from the question itself, on its test rows. Rules are taken from each
family fitted once more on a part of the rows the final model learns from, since rules are for reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bankmine.mining.classification.families import FAMILIES, Tried, attempt
from bankmine.mining.classification.rules import Rule
from bankmine.tasks.candidates import family
from bankmine.tasks.classification.question import COLUMNS, InClass
from bankmine.tasks.contract import Bank
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Asked, Work

MOST_ROWS = 5_000
SHOWN_RULES = 8


def rules_of_class(work: Work, question: InClass, asked: Asked) -> dict[str, dict[str, Any]]:
    """What each family of the question says: rules in words, their number and size, the rows learnt from."""
    bank = work.bank
    rows = _training_rows(question, bank, asked)
    names = tuple(question.features(bank))
    features = work.matrix(rows, names)
    truth, _ = question.label(bank, rows)
    units = {name: _unit(question, bank, name) for name in names}
    matrices: dict[bool, Any] = {}
    found = {}
    for name in question.families:
        filled = FAMILIES[name].filled
        if filled not in matrices:
            preparation = family(bank, name, most_columns=COLUMNS).preparation()
            matrices[filled] = preparation.fit(features, truth, units=units).transform(features)
        matrix = matrices[filled]
        tried = attempt(name, matrix.values, truth, names=matrix.names, quick=True, random_state=bank.seed)
        found[name] = _said(tried, rows.num_rows, question.wanted)
    return found


def side_by_side(asked: Asked, said: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One line a family: rank, calibration, rules."""
    lines = []
    for name, one in asked.figures["candidates"].items():
        rules = said.get(name, {})
        area, brier = one["metrics"]["auc"], one["metrics"]["brier"]
        lines.append(
            {
                "family": name, "words": one["words"], "baseline": one["baseline"],
                "bar": name in FAMILIES and FAMILIES[name].bar, "auc": area["value"], "low": area["low"],
                "high": area["high"], "brier": brier["value"],
                "calibration_error": asked.figures["task"]["calibration_error"][name],
                "rules": rules.get("rules"), "conditions": rules.get("conditions"),
                "fidelity": rules.get("fidelity"), "rows": rules.get("rows"),
            }
        )  # fmt: skip
    return lines


def _training_rows(question: InClass, bank: Bank, asked: Asked) -> Any:
    """A seeded part of the customers at the cutoffs whose class is known."""
    rows = question.population(bank, asked.plan)
    cutoffs = micros(rows.column("cutoff"))
    known = question.looks.rule.known_at(cutoffs, bank.warehouse.zone) <= bank.cutoff
    places = np.flatnonzero(known)
    if len(places) > MOST_ROWS:
        draw = np.random.default_rng(bank.seed)
        places = np.sort(draw.choice(places, MOST_ROWS, replace=False))
    return rows.take(places)


def _unit(question: InClass, bank: Bank, name: str) -> str:
    return str(question.catalogue(bank)[name].unit)


def _said(tried: Tried, rows: int, wanted: str) -> dict[str, Any]:
    """Plain values of a family's rules, the most telling first."""
    if tried.refusal:
        return {"rules": None, "refusal": tried.refusal, "rows": rows, "texts": []}
    return {
        "rules": len(tried.rules),
        "conditions": tried.conditions_a_rule,
        "fidelity": tried.surrogate.fidelity if tried.surrogate else None,
        "without": tried.surrogate.without if tried.surrogate else None,
        "rows": rows,
        "texts": _texts(tried.rules, wanted),
    }


def _texts(rules: Sequence[Rule], wanted: str) -> list[str]:
    """The rules that speak for the class with the most weight and at least a hundredth of the rows."""
    speaking = [rule for rule in rules if rule.positive and rule.conditions and rule.support >= 0.005]
    against = [rule for rule in rules if not rule.positive and rule.conditions and rule.support >= 0.005]
    chosen = [*speaking[: SHOWN_RULES - 2], *against[:2]]
    return list(dict.fromkeys(rule.text(wanted, f"not {wanted}") for rule in chosen))
