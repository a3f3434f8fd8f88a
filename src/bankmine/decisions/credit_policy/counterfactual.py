"""What would have to be different for a yes: the cheapest change of the request that the policy approves.

Only fields declared changeable in the policy move, within their bounds and by their steps: facts of the
request (amount, term, a co-borrower), never a person's past or a protected attribute, which `reading.py`
refuses to declare. Every combination is tried with everything that hangs on it worked out anew, and the
answer is what the policy itself says of it: no approximation of the policy or the score stands in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from bankmine.decisions.credit_policy.conditions import Field
from bankmine.decisions.credit_policy.deciding import Decided, Decider
from bankmine.decisions.credit_policy.policy import APPROVE
from bankmine.errors import UsageError

MOST_COMBINATIONS = 200_000
Derive = Callable[[Any], Any]


@dataclass(frozen=True)
class Changes:
    """Fields with their new values, what they cost together, and what the policy then says."""

    values: Mapping[str, Any]
    cost: float
    decided: Decided


@dataclass(frozen=True)
class Counterfactual:
    """The decision as it is, and the cheapest changes that approve, cheapest first.

    `tried` is how many combinations the policy was run on.
    """

    applicant: Mapping[str, Any]
    decided: Decided
    changes: tuple[Changes, ...]
    tried: int

    def lines(self) -> Iterator[str]:
        """The answer in lines for people."""
        yield f"Decision: {self.decided.outcome}, reason {self.decided.reason}."
        if self.decided.outcome == APPROVE:
            yield "It is approved as it stands."
        elif not self.changes:
            yield f"None of the {self.tried:,} changes the policy lets an applicant make would approve it."
        for one in self.changes:
            said = ", ".join(
                f"{name} {_shown(self.applicant.get(name))} → {_shown(value)}"
                for name, value in one.values.items()
            )
            limit = one.decided.limit_high
            upto = "" if limit is None else f", up to {_shown(limit)}"
            yield f"Approved with {said} (cost {one.cost:g}; {one.decided.reason}{upto})."


def explain(
    decider: Decider, applicant: Mapping[str, Any], *, derive: Derive | None = None, most: int = 3
) -> Counterfactual:
    """The cheapest changes that approve the applicant, at most `most`, no one of them containing another.

    `derive` takes an Arrow table of applicants and works out anew what hangs on the changed fields (a ratio,
    the score itself). UsageError where nothing may be changed or there are too many combinations.
    """
    decided = decider.decide(applicant)
    if decided.outcome == APPROVE:
        return Counterfactual(applicant, decided, (), 0)
    options = {
        one.name: _options(one, applicant.get(one.name)) for one in decider.policy.fields if one.change
    }
    count = int(np.prod([len(values) for values in options.values()], dtype=np.float64))
    if not options or count > MOST_COMBINATIONS:
        raise UsageError(
            "the policy declares no field an applicant could change" if not options
            else f"the changes allow {count:,} combinations; at most {MOST_COMBINATIONS:,} are tried",
            hint="Give fields of the request change = { low, high, step, cost }, with steps not too fine.",
        )  # fmt: skip
    return Counterfactual(applicant, decided, _cheapest(decider, applicant, options, derive, most), count)


def _options(field: Field, now: Any) -> list[tuple[Any, float]]:
    """Each value the field may take with what it costs to get there, the present one first."""
    change = field.change
    assert change is not None
    if not field.is_number:
        return [(now, 0.0), *((level, change.cost) for level in change.levels if level != now)]
    if now is None or now != now:
        return [(now, 0.0)]
    down = int(np.floor((now - change.low) / change.step + 1e-9))
    up = int(np.floor((change.high - now) / change.step + 1e-9))
    steps = [0, *(sign * size for size in range(1, max(down, up) + 1) for sign in (-1, 1))]
    inside = [one for one in steps if one == 0 or -down <= one <= up]
    whole = field.kind == "whole"
    values = [now + one * change.step for one in inside]
    return [
        (round(value) if whole else value, abs(one) * change.cost)
        for value, one in zip(values, inside, strict=True)
    ]


def _cheapest(
    decider: Decider, applicant: Mapping[str, Any], options: Mapping[str, list[tuple[Any, float]]],
    derive: Derive | None, most: int,
) -> tuple[Changes, ...]:  # fmt: skip
    """Every combination through the policy at once; then by cost, each verified alone."""
    import pyarrow as pa

    combined = list(product(*options.values()))
    cost = np.array([sum(part for _, part in one) for one in combined])
    columns = {name: pa.array([value]).take(pa.array(np.zeros(len(combined), np.int64))) if value is not None
               else pa.nulls(len(combined), pa.float64()) for name, value in applicant.items()}  # fmt: skip
    for place, name in enumerate(options):
        columns[name] = pa.array([one[place][0] for one in combined])
    table = pa.table(columns)
    table = table if derive is None else derive(table)
    approves = np.array([one.outcome == APPROVE for one in decider.answers])[decider.codes(table)]
    found: list[Changes] = []
    for place in np.flatnonzero(approves)[np.argsort(cost[approves], kind="stable")]:
        values = {
            name: one[0] for name, one in zip(options, combined[place], strict=True) if one[1] > 0
        }  # fmt: skip
        if any(set(before.values) <= set(values) for before in found):
            continue
        row = {name: table.column(name)[int(place)].as_py() for name in table.column_names}
        found.append(Changes(values, float(cost[place]), decider.decide(row)))
        if len(found) == most:
            break
    return tuple(found)


def _shown(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "missing" if value is None else str(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"
