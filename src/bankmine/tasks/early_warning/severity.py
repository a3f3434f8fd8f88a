"""How bad: what would be lost at default, by simple terms that the bank states.

Loss given default is a stated share of what collateral does not cover, collateral counts at a stated share of
its value, and a line is drawn further before it defaults. Nothing here is learnt: see the task rating for
figures that are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.tasks.contract import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Shares from 0 to 1: `loss_share` of what is not covered, at least `least_loss` of what is owed;
    `home_value`, `goods_value`: what collateral brings of its value; `drawn_at_default`: of the undrawn."""

    loss_share: float = 0.65
    least_loss: float = 0.05
    home_value: float = 0.7
    goods_value: float = 0.4
    drawn_at_default: float = 0.5


@dataclass(frozen=True)
class Severity:
    """For each borrower, minor units: what is owed, what would be owed at default, what would be lost."""

    owed: Floats
    at_default: Floats
    lost: Floats
    lost_undrawn: Floats


def severity(credits_: Mapping[str, Any], customers: Ints, losses: Losses) -> Severity:
    """Loss given default of the borrowers' credits, summed. Collateral counts at a stated share of its value;
    at least `least_loss` of what is owed is lost."""
    open_ = (credits_["principal"] > 0) & ~credits_["written_off"]
    owed = np.where(open_, credits_["principal"], 0.0)
    limit = np.where(open_ & credits_["line"], np.nan_to_num(credits_["limit"]), 0.0)
    more = np.maximum(limit - owed, 0.0) * losses.drawn_at_default * (limit > 0)
    value = np.where(np.nan_to_num(credits_["home"]) > 0, losses.home_value, losses.goods_value)
    covered = np.nan_to_num(credits_["secured"]) * value
    lost = _lost(owed + more, covered, losses)
    extra = lost - _lost(owed, covered, losses)
    place = np.searchsorted(customers, credits_["customer_id"]).clip(max=max(len(customers) - 1, 0))
    known = customers[place] == credits_["customer_id"]

    def total(values: Floats) -> Floats:
        found = np.bincount(place[known], weights=values[known], minlength=len(customers))
        return np.asarray(found, dtype=np.float64)

    return Severity(total(owed), total(owed + more), total(lost), total(extra))


def _lost(at_default: Floats, covered: Floats, losses: Losses) -> Floats:
    uncovered = np.maximum(at_default - covered, 0.0)
    return np.asarray(np.maximum(losses.loss_share * uncovered, losses.least_loss * at_default))
