"""What the behaviour score looks at: the course of the loan, the customer's money, what the bureau reports.

Two lists of patterns over the catalogue: a light one for tasks that ask the question besides their own work,
and the whole one. Whatever of them a bank's tables do not allow is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from bankmine.customers.catalogue import CATALOGUE
from bankmine.tasks.contract import Bank
from bankmine.tasks.features import NEVER

PAST_DUE = "loan_days_past_due"
SEQUENCE = "seq_loan"
COLLATERAL = ("loan_collateral_value", "loan_collateral_kind", "loan_to_value")
LIGHT = (
    PAST_DUE, "loan_unpaid_instalments", "loan_left_share", "loan_is_line", "loan_term_share", "loan_rate",
    "loan_amount", "loan_age", "loan_days_since_last_paid", "loan_days_late_max_3mo",
    "loan_days_late_max_12mo", "loan_overdue_count_12mo", "loan_days_past_due_max_12mo",
    "loans_days_past_due_max", "loans_overdue_count_12mo", "loans_in_debt_count", "loans_running_count",
    "loan_instalment_sum", "income_days_since_last_all", "income_sum_3mo", "income_mean_12mo",
    "income_lateness_12mo", "balance_last_all", "balance_min_3mo", "overdrawn_count_3mo",
    "employer_days_since_change", "customer_kind",
)  # fmt: skip
MORE = (
    *COLLATERAL, "loan_term_months", "loan_instalment", "loan_principal_left", "loan_unpaid",
    "loan_due_next_days", "loan_due_next_amount", "loan_days_late_mean_*", "loan_days_late_max_6mo",
    "loan_days_late_rise", "loan_overdue_*", "loan_restructured_*", "loan_days_past_due_max_*",
    "loan_prepaid_*", "loan_drawn_*", "loan_left_share_*", "loans_open_count", "loans_principal_left_sum",
    "loans_unpaid_sum", "loans_due_soon_sum", "loans_days_late_max_*", "loans_overdue_count_*",
    "loans_written_off_*", "loans_due_to_income", "tenure", "customer_income_band", "customer_occupation",
    "overdrawn_share_12mo", "overdraft_limit_sum", "balance_min_12mo", "balance_mean_3mo",
    "balance_change_3mo", "slope_of_balance_6mo", "income_sum_1mo", "income_sum_change_3mo",
    "income_sum_level_1mo_of_12mo", "in_sum_3mo", "in_change_3mo", "out_sum_3mo", "out_change_3mo",
    "saved_share_3mo", "net_sum_3mo", "savings_held_count",
)  # fmt: skip
BUREAU = (
    "bureau_enquiry_count_*", "bureau_loan_issued_*", "bureau_overdue_*", "bureau_unfollowed_*",
    "bureau_followed_share_*", "bureau_days_since_last_*",
)  # fmt: skip


def names(bank: Bank, *, subject: str, light: bool, without: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the lists above that can be had for `subject` ("loan", "account"), in the catalogue's order.

    The loan's course as a sequence is among them unless `light`; `without` are patterns.
    """
    patterns = LIGHT if light else (*LIGHT, *MORE, *BUREAU, SEQUENCE)
    can = CATALOGUE.available(bank.warehouse, as_of=bank.cutoff)
    return tuple(
        one.name
        for one in can.features
        if one.subject in ("customer", subject) and one.name not in NEVER
        and any(fnmatchcase(one.name, pattern) for pattern in patterns)
        and not any(fnmatchcase(one.name, pattern) for pattern in without)
    )  # fmt: skip


def windows(names: Sequence[str]) -> tuple[str, ...]:
    """The names without the sequence."""
    return tuple(name for name in names if name != SEQUENCE)
