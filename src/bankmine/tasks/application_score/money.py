"""The score in money: which decisions of today it would turn round, and what that would have saved.

Expected loss = chance × loss given default × amount (Basel Committee 2005: an explanatory note on the IRB
risk weight functions). Compared at today's approval rate, so that the bank lends to as many as it does now.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.evaluation.intervals import mean_interval
from bankmine.tasks.contract import Floats, Tested, Truth
from bankmine.tasks.study import Asked

RULE = "bank rule"
FOUND = ("applications", "expected_bad", "amount_minor", "expected_loss_minor")


def against_today(asked: Asked, loss_given_default: float) -> dict[str, Any] | None:
    """Today's approvals against as many by the score, on the decided applications whose outcome is open.

    None where nothing was declined. `swapped_in` were declined and are among the safest; `swapped_out` were
    approved and are not. The chances of the declined are those of granted ones who look like them.
    """
    decision = np.asarray(asked.rows.column("decision").to_pylist(), dtype=object)
    judged = np.flatnonzero(np.isin(decision, ("approved", "declined")))
    approved = decision[judged] == "approved"
    if not len(judged) or approved.all() or not approved.any():
        return None
    chance = asked.probability[judged]
    amount = np.asarray(asked.rows.column("value_minor").to_numpy(), dtype=np.float64)[judged]
    subject = np.asarray(asked.rows.column("subject_id").to_numpy(), dtype=np.int64)[judged]
    chosen = np.zeros(len(judged), dtype=np.bool_)
    chosen[np.lexsort([subject, chance])[: int(approved.sum())]] = True
    parts = {
        "today": approved, "by_score": chosen, "swapped_in": chosen & ~approved,
        "swapped_out": approved & ~chosen,
    }  # fmt: skip
    found = {name: _sums(chance, amount, part, loss_given_default) for name, part in parts.items()}
    avoided = found["today"]["expected_loss_minor"] - found["by_score"]["expected_loss_minor"]
    return {
        **found, "approval_rate": float(approved.mean()), "decided": len(judged), "avoided_minor": avoided,
        "swap_share": found["swapped_out"]["applications"] / max(found["today"]["applications"], 1),
    }  # fmt: skip


def _sums(chance: Floats, amount: Floats, part: Truth, given: float) -> dict[str, float]:
    p, money = chance[part], amount[part]
    values = (len(p), p.sum(), money.sum(), given * (p * money).sum())
    return dict(zip(FOUND, map(float, values), strict=True))


def seen_before(tested: Tested, use: str, share: float, given: float, seed: int) -> list[dict[str, Any]]:
    """What refusing that share of the granted test applications would have saved: the score in use, the
    bank's rule, and a draw by lot. A score that says the same of everybody is left to the lot.

    `saved_minor` is loss given default × amount of the bads refused; `low`, `high` a bootstrap over
    customers of the loss saved a granted application, times their number. Empty where the share is nothing.
    """
    count = round(share * len(tested.truth))
    if not count:
        return []
    amount = np.asarray(tested.column("value_minor"), dtype=np.float64)
    customers, subject = tested.column("customer_id"), tested.column("subject_id")
    lot = np.random.default_rng(seed).permutation(len(amount)).astype(np.float64)
    ranking = tested.ranking
    rules = [name for name in (use, RULE) if name in ranking and np.ptp(ranking[name]) > 0]
    rankings = {name: ranking[name] for name in dict.fromkeys(rules)} | {"lot": lot}
    made = []
    for name, order in rankings.items():
        refused = np.zeros(len(amount), dtype=np.bool_)
        refused[np.lexsort([subject, -order])[:count]] = True
        saved = given * amount * (refused & tested.truth)
        found = mean_interval(saved, groups=customers, random_state=seed)
        made.append(
            {
                "by": name, "refused": count, "bad_refused": int((refused & tested.truth).sum()),
                "bad": int(tested.truth.sum()), "rate_refused": float(tested.truth[refused].mean()),
                "rate_kept": float(tested.truth[~refused].mean()), "saved_minor": float(saved.sum()),
                "low": found.low * len(amount), "high": found.high * len(amount),
                "good_refused_minor": float(amount[refused & ~tested.truth].sum()),
            }
        )  # fmt: skip
    return made
