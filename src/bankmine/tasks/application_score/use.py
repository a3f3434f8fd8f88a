"""Stated need against use: is what was borrowed then paid for what it was said to be for?

A purpose is read from the application's words (`mining.text.facts`), and each has the categories of payments
it should show in. A credit was used as stated where the payments of these categories grew, from the 90 days
before the application to the 90 after it, by a tenth of the amount asked for. Beside it stands how often the
same is seen of customers who stated another purpose: without a difference, payments say nothing of purposes
in this bank. This looks at what followed the application, so it is no feature of the score.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.engine.session import Session
from bankmine.mining.text.facts import PURPOSE, facts
from bankmine.tasks.application_score.past import LEAST_GROUP, Past, bad_rate
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.sql import instants, micros, statement

FOLDER = Path(__file__).parent
CATEGORIES = MappingProxyType(
    {
        "home": ("household", "rent", "electronics", "furniture"),
        "car": ("fuel", "transport", "vehicle", "car"),
        "education": ("education",),
        "wedding": ("restaurant", "clothing", "travel"),
        "medical": ("health",),
        "business": ("supplier", "payroll"),
        "holiday": ("travel",),
        "debt": ("loan_payment",),
    }
)
TEXT = "text_purpose"
LEAST_SHARE = 0.1  # of the amount asked for, by which the payments must grow
SPAN_DAYS = 90
MOST_ROWS = 4_000  # the newest applications; a quick budget looks at fewer
QUICK_ROWS = 600


def stated_against_use(bank: Bank, past: Past, features: Any) -> list[dict[str, Any]] | None:
    """For each purpose stated: how many credits were used so, how many of other purposes look alike, and
    the bad rates; None without texts or transactions."""
    if TEXT not in features.column_names or not bank.warehouse.has("transaction"):
        return None
    rows = _looked_at(bank, past)
    texts = features.column(TEXT).take(rows).to_pylist()
    stated = np.array([_purpose(one) or "" for one in texts], dtype=object)
    grown = _grown(bank, past, rows)
    every = (
        _told(bank, past, rows, purpose, stated == purpose, grown[:, number])
        for number, purpose in enumerate(CATEGORIES)
    )
    return [one for one in every if one is not None]


def _told(
    bank: Bank, past: Past, rows: Ints, purpose: str, said: Truth, grown: Truth
) -> dict[str, Any] | None:
    if said.sum() < LEAST_GROUP or not (~said).any():
        return None
    own, other = rows[said & grown], rows[said & ~grown]
    seen = [[int((side & grown).sum()), int((side & ~grown).sum())] for side in (said, ~said)]
    return {
        "purpose": purpose, "applications": int(said.sum()), "used_share": float(grown[said].mean()),
        "others_share": float(grown[~said].mean()), "p_value": _fisher(seen),
        "used": bad_rate(past.bad[own], past.customers[own], bank.seed),
        "not_used": bad_rate(past.bad[other], past.customers[other], bank.seed),
    }  # fmt: skip


def _fisher(seen: list[list[int]]) -> float:
    """Chance of at least so many of the stated purpose where payments say nothing of it (Fisher 1922)."""
    from scipy.stats import fisher_exact

    return float(fisher_exact(seen, alternative="greater")[1])


def _looked_at(bank: Bank, past: Past) -> Ints:
    """The newest applications whose 90 days before are covered."""
    covered = bank.warehouse.coverage("transaction")
    first = (covered[0] if covered else 0) + SPAN_DAYS * DAY
    found = np.flatnonzero(micros(past.rows.column("cutoff")) >= first)
    return found[-(QUICK_ROWS if bank.budget.settings == 1 else MOST_ROWS) :]


def _purpose(text: str | None) -> str | None:
    """The one purpose a text states; None where it states none or several."""
    found = {one.word for one in facts(text) if one.kind == PURPOSE}
    return next(iter(found)) if len(found) == 1 else None


def _grown(bank: Bank, past: Past, rows: Ints) -> Truth:
    """Whether the payments of each purpose's categories grew enough, shape (rows, purposes)."""
    import pyarrow as pa

    names, width = list(CATEGORIES), len(CATEGORIES)
    row = np.repeat(rows, width)
    asked = pa.table(
        {
            "row_number": np.arange(len(row)),
            "customer_id": past.customers[row],
            "at": instants(micros(past.rows.column("cutoff"))[row]),
            "purpose": pa.array(names).take(pa.array(np.tile(np.arange(width), len(rows)))),
        }
    )
    pairs = [(name, one) for name, every in CATEGORIES.items() for one in every]
    kinds = pa.table({"purpose": [one for one, _ in pairs], "category": [one for _, one in pairs]})
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        session.register("asked_rows", asked)
        session.register("purpose_categories", kinds)
        found = session.arrow(statement(FOLDER, "use"))
        bank.note("use", session.statements)
    grown: Floats = (_money(found, "after_minor") - _money(found, "before_minor")).reshape(len(rows), width)
    return np.asarray(grown >= LEAST_SHARE * past.amount[rows][:, None], dtype=np.bool_)


def _money(found: Any, name: str) -> Floats:
    import pyarrow as pa

    return np.asarray(found.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)
