"""What follows from a chance of default: expected loss in money, four grades, one action each."""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.tasks.contract import Bank, Decision, Floats, Ints, Scored
from bankmine.tasks.sql import micros

LOSS_SHARE = 0.45  # of what is owed at default: the foundation approach's share for senior unsecured claims
FROM = (0.20, 0.08, 0.03)  # chance from which a grade holds
GRADES = ("act", "call", "watch", "fine")
ACTIONS = {
    "act": "Call this week and agree on a plan; no new drawing, no top-up; put aside the expected loss.",
    "call": "Call before the next due day; freeze unused limits; look at collateral again.",
    "watch": "Keep limits as they are; look again next month and after the next action.",
    "fine": "Leave alone; a top-up or higher limit may be offered under the policy.",
}


def loss_share(bank: Bank) -> float:
    """The stated share of the principal that a default costs (`loss_share` of the settings)."""
    return float(bank.settings.get("loss_share", LOSS_SHARE))


def grade_of(chance: float) -> str:
    """The grade of one chance of default."""
    return GRADES[sum(chance < one for one in FROM)]


def graded(bank: Bank, scored: Scored) -> Decision:
    """Expected loss as the value, ranked by it; the grade by the chance alone, so that money hides none.

    The summary counts the rows at the run's cutoff.
    """
    owed = np.asarray(scored.column("value_minor"), dtype=np.float64)
    chance = np.asarray(scored.probability, dtype=np.float64)
    share = loss_share(bank)
    expected = np.round(chance * owed * share)
    place = (chance[:, None] < np.array(FROM)[None, :]).sum(axis=1)
    order = np.empty(len(chance))
    order[np.lexsort([-chance, -expected])] = np.arange(len(chance))
    here = micros(scored.rows.column("cutoff")) == bank.cutoff
    return Decision(
        value=expected, unit="minor units", grade=[GRADES[one] for one in place], order=order,
        actions=ACTIONS, summary=_summary(owed[here], chance[here], expected[here], place[here], share),
    )  # fmt: skip


def _summary(owed: Floats, chance: Floats, expected: Floats, place: Ints, share: float) -> dict[str, Any]:
    return {
        "subjects": len(chance), "owed_minor": float(owed.sum()), "loss_share": share,
        "expected_defaults": float(chance.sum()), "expected_loss_minor": float(expected.sum()),
        "by_grade": {word: int((place == at).sum()) for at, word in enumerate(GRADES)},
        "expected_loss_minor_by_grade": {
            word: float(expected[place == at].sum()) for at, word in enumerate(GRADES)
        },
    }  # fmt: skip
