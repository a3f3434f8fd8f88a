"""Patterns of evidence among applications: who can be scored, and how well, where something is missing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.tasks.application_score.parts import BUREAU
from bankmine.tasks.combination import TOGETHER, coverage, name_of, worth
from bankmine.tasks.contract import Tested, Truth
from bankmine.tasks.study import Asked

if TYPE_CHECKING:
    from bankmine.tasks.combination import Read

THIN_FILE = 2  # loans or enquiries the bureau knows of, up to which a file is thin
CONSENT, ISSUED, ENQUIRIES = "bureau_consent", "bureau_loan_issued_count_24mo", "bureau_enquiry_count_24mo"
NEW_DAYS = 90  # of being a customer, up to which the bank itself knows little


def masks(features: Any) -> dict[str, Truth]:
    """Which rows have which pattern of evidence; they overlap. All rows first."""
    found: dict[str, Truth] = {"all applications": np.ones(features.num_rows, dtype=np.bool_)}
    names = features.column_names
    if BUREAU in names:
        known = _values(features, BUREAU)
        found["bureau known"] = known > 0
        found["no bureau report"] = ~(known > 0)
    if CONSENT in names:
        none = ~(_values(features, CONSENT) > 0)
        read = _values(features, BUREAU) > 0 if BUREAU in names else np.zeros(len(none), dtype=np.bool_)
        found["no consent for the bureau"] = none & ~read
        found["consent for this report alone"] = none & read
    if ISSUED in names and ENQUIRIES in names:
        seen = np.nan_to_num(_values(features, ISSUED)) + np.nan_to_num(_values(features, ENQUIRIES))
        known = _values(features, BUREAU) > 0 if BUREAU in names else np.ones(len(seen), dtype=np.bool_)
        found["thin file"] = known & (seen <= THIN_FILE)
    if "tenure" in names:
        found["new customer"] = ~(_values(features, "tenure") > NEW_DAYS)
    if "text_purpose" in names:
        found["no text"] = np.array([not one for one in features.column("text_purpose").to_pylist()])
    return found


def covered(tested: Tested, features: Any, use: str, seed: int) -> list[dict[str, Any]]:
    """Share scorable and AUC of each pattern among the tested applications."""
    found = masks(features)
    scorable = _any_evidence(features)
    return [
        asdict(one)
        for one in coverage(tested, found, candidate=use, scorable=scorable, seed=seed)
        if one.rows or one.pattern == "all applications"
    ]


def worth_of(asked: Asked, parts: tuple[Read, ...], seed: int) -> list[dict[str, Any]]:
    """What each part adds to the stack; empty where there is no stack."""
    ranking, names = asked.tested.ranking, [name_of(one) for one in parts]
    other = {name: f"without {name}" for name in names}
    if len(names) == 2:
        other = dict(zip(names, reversed(names), strict=True))
    if TOGETHER not in ranking or any(one not in ranking for one in other.values()):
        return []
    areas = {name: one["metrics"]["auc"] for name, one in asked.figures["candidates"].items()}
    none = {"low": None, "high": None}
    return [
        {
            **asdict(one),
            **{f"alone_{side}": areas.get(one.part, none)[side] for side in none},
        }
        for one in worth(asked.tested, names, seed=seed)
    ]


def _any_evidence(features: Any) -> Truth:
    """Rows of which at least one value besides the form's own is known."""
    known = np.zeros(features.num_rows, dtype=np.bool_)
    for name in features.column_names:
        if not name.startswith("app_"):
            known |= np.asarray(features.column(name).is_valid().to_numpy(), dtype=np.bool_)
    return known


def _values(features: Any, name: str) -> Any:
    import pyarrow as pa

    column = features.column(name).cast(pa.float64())
    return np.asarray(column.fill_null(float("nan")).to_numpy(), dtype=np.float64)
