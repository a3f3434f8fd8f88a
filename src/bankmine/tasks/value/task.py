"""Value: what each customer is worth, today and in the years to come.

Where the bank has balances and rates: profit of the last twelve months that sums to the bank's result, and
lifetime value from balances, margins and survival. Where it has only purchases: how often a customer will buy
again and for how much. Either way the run shows what it would have foreseen earlier against what came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.tasks.contract import Bank, Feasibility, Goal, Needs, Shown
from bankmine.tasks.study import Answer, Study, Work
from bankmine.tasks.value import settings as value_settings
from bankmine.tasks.value.ledger import NEEDED, USABLE
from bankmine.tasks.value.settings import Settings


class Value(Study):
    """Subject: a customer whose relation is not ended."""

    name = "value"
    title = "Value"
    sentence = "What each customer is worth, today and in the years to come"
    needs = Needs(
        tables=("transaction",),
        usable=("customer", *NEEDED, *(one for one in USABLE if one != "transaction")),
        customer_kind="any",
    )
    horizon_words = "the horizon"
    settings = value_settings.SENTENCES
    whole_numbers = value_settings.WHOLE
    goal = Goal(
        question="What did each customer earn the bank in the last twelve months, and what will it earn?",
        success="Value foreseen a year ago against the same accounting a year later: bias within 10 %, rank "
        "correlation of at least .6, less error than last year's profit repeated.",
        owner="Head of controlling with the heads of retail and of corporate banking",
        use="Whom to keep at which cost, who gets an adviser, what a campaign may cost; not whom to refuse.",
        plan="Book every item to customers until they sum to the bank's result; foresee balances, margins, "
        "losses and survival; check the same a year earlier.",
        feasibility=Feasibility(subjects=100, history_days=365),
    )

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """Also refuses shares and rates out of range, and unknown words."""
        super().check_settings(given)
        value_settings.check(given)

    def study(self, work: Work) -> Answer:
        """By accounts where the bank has balances and rates, else by purchases."""
        settings = Settings.of(work.bank.settings)
        if (settings.basis or basis_of(work.bank)) == "accounts":
            from bankmine.tasks.value.by_accounts import study

            return study(work, settings, self)
        from bankmine.tasks.value.by_purchases import study as by_purchases

        return by_purchases(work, settings, self)

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The 80/20 curve, the bank's result, who moved, and the back-test."""
        from bankmine.tasks.value.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """What was earned, how concentrated it is, and how well the forecast did."""
        return list(figures["said"])


def basis_of(bank: Bank) -> str:
    """ "accounts" where the bank has accounts, balances and rates; else "purchases"."""
    return "accounts" if all(bank.warehouse.has(one) for one in NEEDED) else "purchases"


TASK = Value()
