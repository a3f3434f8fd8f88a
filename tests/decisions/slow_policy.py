"""The slow, obvious reading of a decision table: every row is asked of every value, with plain
comparisons.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bankmine.decisions.credit_policy.conditions import Field
from bankmine.decisions.credit_policy.deciding import Decided
from bankmine.decisions.credit_policy.policy import Policy


def allowed(field: Field, value: Any) -> bool:
    """Whether the field may have the value at all."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return field.missing
    if field.kind == "category":
        return value in field.levels or field.others
    return field.low <= value <= field.high and (field.kind == "number" or float(value).is_integer())


def decide(policy: Policy, applicant: Mapping[str, Any]) -> Decided:
    """The answer, row by row."""
    for field in policy.fields:
        if not allowed(field, applicant.get(field.name)):
            return Decided("refer", "", f"invalid_{field.name}", None, None, None)
    held = [
        row for row in policy.rows
        if all(one.holds(policy.by_name[name], applicant.get(name)) for name, one in row.when.items())
    ]  # fmt: skip
    if not held or (policy.hit == "unique" and len(held) > 1):
        return Decided("refer", "", "several_rows" if held else "no_row", None, None, None)
    low, high = held[0].limit or (None, None)
    return Decided(held[0].outcome, held[0].name, held[0].reason, low, high, held[0].rate)
