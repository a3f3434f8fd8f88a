"""The card itself: points that add up, learnt from every outcome known at the cutoff of the run.

The candidate "scorecard" of the question is tested on what followed its training; this is the same card
fitted anew on all of it, printed whole, with the points and the reason codes of every application scored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bankmine.errors import FeasibilityError
from bankmine.tasks.application_score.past import Past
from bankmine.tasks.application_score.question import scorecard
from bankmine.tasks.contract import Bank, Floats
from bankmine.tasks.study import Kept, LearntCard, Shape

CODES = 3


@dataclass(frozen=True)
class Card:
    """The fitted miner, the points of each scored row, and the bins that cost it most."""

    miner: Any
    points: Floats
    codes: list[str]
    learnt: LearntCard


def card_of(
    bank: Bank, past: Past, features: Any, scored: Any, columns: tuple[str, ...], units: dict[str, str]
) -> Card | None:
    """The card of the past applied to the scored rows' features; None where too few outcomes allow one."""
    candidate = scorecard(bank, columns)
    try:
        preparation = candidate.preparation().fit(features.select(list(columns)), past.bad, units=units)
        made = preparation.transform(features)
        miner = candidate.miner().fit(made.values, past.bad, names=made.names)
    except FeasibilityError:
        return None
    values = preparation.transform(scored).values
    codes = miner.reason_codes(values, top=CODES)
    words = ["; ".join(_words(one) for one in row) for row in codes]
    return Card(miner, miner.score(values), words, _learnt(miner, made, past))


def _learnt(miner: Any, made: Any, past: Past) -> LearntCard:
    """The card with its own columns of the rows it was fitted on."""
    import pyarrow as pa

    values = {name: made.values[:, list(made.names).index(name)] for name in miner.card_names}
    own = {name: past.rows.column(name) for name in ("customer_id", "cutoff")}
    return LearntCard(miner, pa.table({**values, **own, "bad": pa.array(past.bad)}))


def _words(code: Any) -> str:
    column, value = named(code.column, code.attribute)
    return f"{column} {value}: −{code.lost:g}"


def named(column: str, attribute: str) -> tuple[str, str]:
    """Column and value as people read them; a level's own column (`product=LOAN`) is said by the level."""
    name, _, level = column.partition("=")
    words = name.replace("_", " ")
    if not level:
        return words, attribute
    return words, {"under 1": f"not {level}", "1 or more": level}.get(attribute, attribute)


def card_table(card: Card) -> Kept:
    """Every line of the printed card."""
    import pyarrow as pa

    lines = card.miner.lines()
    base = {"column": "base points", "attribute": "", "points": float(card.miner.base_points_)}
    rows = [base] + [
        {
            **dict(zip(("column", "attribute"), named(one.column, one.attribute), strict=True)),
            "points": one.points,
            "applications": int(one.rows), "bad_rate": one.bad_rate if one.rows else None,
            "low": one.low if one.rows else None, "high": one.high if one.rows else None,
            "weight": one.weight_of_evidence if one.rows else None,
        }
        for one in lines
        if one.rows or "=" not in one.column
    ]  # fmt: skip
    schema = pa.schema(
        [("column", pa.string()), ("attribute", pa.string()), ("points", pa.float64()),
         ("applications", pa.int64()),
         *((name, pa.float64()) for name in ("bad_rate", "low", "high", "weight"))]
    )  # fmt: skip
    miner = card.miner
    return Kept(
        table=pa.Table.from_pylist(rows, schema=schema),
        title="The card",
        sentence=f"Points add up, more points are less risk: {miner.base_score:g} points are odds of "
        f"{miner.base_odds:g} good to 1 bad, {miner.pdo:g} more double them. Amounts are in the currency's "
        "major unit.",
        columns={
            "column": Shape("Column"), "attribute": Shape("Value"), "points": Shape("Points", "number", 0),
            "applications": Shape("Applications", "number", 0), "bad_rate": Shape("Bad", "share"),
            "low": Shape("Low", "share"), "high": Shape("High", "share"),
            "weight": Shape("Weight of evidence", "number", 2),
        },
        shown=60,
    )  # fmt: skip
