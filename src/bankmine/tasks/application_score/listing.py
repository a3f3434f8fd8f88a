"""The list of applications: chance, grade, points, the three sub-scores and what each says, the next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bankmine.tasks.application_score.card import Card
from bankmine.tasks.application_score.evidence import SUB_SCORES
from bankmine.tasks.contract import Floats
from bankmine.tasks.study import Asked, Kept, Shape

MOST = 1_000
TIMES = 1.5  # a sub-score speaks against an applicant from so many times its usual chance on
SAYS = {
    "need": "needs the money badly", "willingness": "has not always paid", "ability": "can hardly carry it",
}  # fmt: skip


def applications(asked: Asked, subs: Mapping[str, Asked], card: Card | None) -> Kept:
    """The first MOST scored applications, the riskiest first."""
    import pyarrow as pa

    rows, decision = asked.rows, asked.decision
    order = np.lexsort([rows.column("subject_id").to_numpy(), np.asarray(decision.order, np.float64)])[:MOST]
    columns: dict[str, Any] = {
        "application": rows.column("subject_id").to_numpy()[order],
        "customer_id": rows.column("customer_id").to_numpy()[order],
        "decision": rows.column("decision").take(order),
        "amount_minor": rows.column("value_minor").to_numpy()[order],
        "probability": asked.probability[order],
        "grade": [decision.grade[one] for one in order],
    }
    shapes = {
        "application": Shape("Application", "key"),
        "decision": Shape("Decided"), "amount_minor": Shape("Asked for", "money"),
        "probability": Shape("Chance of bad", "share"), "grade": Shape("Grade"),
    }  # fmt: skip
    if card is not None:
        columns["points"] = card.points[order]
        columns["codes"] = [card.codes[one] for one in order]
        shapes["points"] = Shape("Points", "number", 0)
    for name in SUB_SCORES:
        if name in subs:
            columns[name] = aligned(asked, subs[name])[order]
            shapes[name] = Shape(name.capitalize(), "share")
    if subs:
        chances = {name: aligned(asked, one)[order] for name, one in subs.items()}
        columns["says"] = says(chances, usual(subs))
        shapes["says"] = Shape("The sub-scores say")
    if card is not None:
        shapes["codes"] = Shape("Points lost most")
    return Kept(
        table=pa.table(columns), title="The applications",
        sentence="The riskiest first; need, willingness and ability are chances by their own evidence alone.",
        columns=shapes, shown=20,
    )  # fmt: skip


def aligned(asked: Asked, other: Asked) -> Floats:
    """Another question's chances in the order of the first one's scored rows."""
    place = {who: at for at, who in enumerate(other.rows.column("subject_id").to_pylist())}
    return other.probability[[place[one] for one in asked.rows.column("subject_id").to_pylist()]]


def usual(subs: Mapping[str, Asked]) -> dict[str, float]:
    """The mean chance each sub-score gives the scored applications."""
    return {name: float(one.probability.mean()) for name, one in subs.items()}


def says(chances: Mapping[str, Floats], means: Mapping[str, float]) -> list[str]:
    """For each application the sub-scores that speak against it, in words; empty where none does."""
    rows = len(next(iter(chances.values()), ()))
    made: list[Sequence[str]] = [
        [
            f"{SAYS[name]} ({chances[name][row] / means[name]:.1f} times the usual)"
            for name in chances
            if means[name] > 0 and chances[name][row] >= TIMES * means[name]
        ]
        for row in range(rows)
    ]
    return ["; ".join(one) for one in made]
