"""Which evidence feeds which part of the score and which of the three sub-scores, declared in one table.

A part is a kind of evidence with a model of its own (windows, sequence, text, network); the sub-scores ask
why a credit may go bad: is it needed too badly, is there the will to pay, is there the ability. A name may
hold `*`. What the table does not name is not read: age, gender, marital status and the place of living are
not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from bankmine.tasks.contract import Bank

WINDOWS, SEQUENCE, TEXT, CONTRADICTIONS, NETWORK = PARTS = (
    "windows", "sequence", "text", "contradictions", "network",
)  # fmt: skip
NEED, WILLINGNESS, ABILITY = SUB_SCORES = ("need", "willingness", "ability")


TEXT_COLUMN, SEQUENCE_COLUMN = "text_purpose", "seq_bureau"


class Evidence(NamedTuple):
    """Columns of the catalogue by name or pattern, the part that reads them, and the sub-score they feed."""

    pattern: str
    part: str
    sub_score: str


FLAGS = ("bureau_known", "bureau_consent")  # say whether evidence is there; no model reads them
TABLE = (
    Evidence("app_amount", WINDOWS, NEED),
    Evidence("app_term_months", WINDOWS, NEED),
    Evidence("app_product", WINDOWS, NEED),
    Evidence("app_earlier_*", WINDOWS, NEED),
    Evidence("app_declined_count_*", WINDOWS, NEED),
    Evidence("app_withdrawn_count_*", WINDOWS, NEED),
    Evidence("app_days_since_last_all", WINDOWS, NEED),
    Evidence("app_amount_to_earlier", WINDOWS, NEED),
    Evidence("bureau_enquiry_count_*", WINDOWS, NEED),
    Evidence("bureau_days_since_last_enquiry", WINDOWS, NEED),
    Evidence("bureau_unfollowed_enquiry_count_*", WINDOWS, NEED),
    Evidence("bureau_open_enquiry_count", WINDOWS, NEED),
    Evidence("bureau_followed_share_*", WINDOWS, NEED),
    Evidence("bureau_lenders_count_*", WINDOWS, NEED),
    Evidence("bureau_issued_to_asked_*", WINDOWS, NEED),
    Evidence("bureau_loan_issued_*", WINDOWS, NEED),
    Evidence("bureau_days_since_last_loan_issued", WINDOWS, NEED),
    Evidence("text_purpose", TEXT, NEED),
    Evidence("seq_bureau", SEQUENCE, NEED),
    Evidence("bureau_overdue_count_*", WINDOWS, WILLINGNESS),
    Evidence("bureau_overdue_sum_*", WINDOWS, WILLINGNESS),
    Evidence("bureau_days_since_last_overdue", WINDOWS, WILLINGNESS),
    Evidence("bureau_repaid_*", WINDOWS, WILLINGNESS),
    Evidence("bureau_days_since_last_repaid", WINDOWS, WILLINGNESS),
    Evidence("bureau_address_change_*", WINDOWS, WILLINGNESS),
    Evidence("bureau_employer_change_*", WINDOWS, WILLINGNESS),
    Evidence("days_past_due_max_*", WINDOWS, WILLINGNESS),
    Evidence("loans_in_debt_count", WINDOWS, WILLINGNESS),
    Evidence("overdrawn_count_*", WINDOWS, WILLINGNESS),
    Evidence("tenure", WINDOWS, WILLINGNESS),
    Evidence("app_channel", WINDOWS, WILLINGNESS),
    Evidence("app_has_session", WINDOWS, WILLINGNESS),
    Evidence("text_*", CONTRADICTIONS, WILLINGNESS),
    Evidence("net_component_*", NETWORK, WILLINGNESS),
    Evidence("net_neighbours*", NETWORK, WILLINGNESS),
    Evidence("net_new_neighbours", NETWORK, WILLINGNESS),
    Evidence("net_burst", NETWORK, WILLINGNESS),
    Evidence("net_bad_*", NETWORK, WILLINGNESS),
    Evidence("net_second_*", NETWORK, WILLINGNESS),
    Evidence("net_since_last_bad", NETWORK, WILLINGNESS),
    Evidence("net_ever_component_size", NETWORK, WILLINGNESS),
    Evidence("app_stated_income", WINDOWS, ABILITY),
    Evidence("app_amount_to_income", WINDOWS, ABILITY),
    Evidence("app_instalment", WINDOWS, ABILITY),
    Evidence("app_instalment_to_income", WINDOWS, ABILITY),
    Evidence("app_income_to_paid_income", WINDOWS, ABILITY),
    Evidence("bureau_provident_fund_change_*", WINDOWS, ABILITY),
    Evidence("bureau_days_since_last_provident_fund_change", WINDOWS, ABILITY),
    Evidence("income_mean_3mo", WINDOWS, ABILITY),
    Evidence("income_sum_3mo", WINDOWS, ABILITY),
    Evidence("income_count_3mo", WINDOWS, ABILITY),
    Evidence("income_days_since_last_all", WINDOWS, ABILITY),
    Evidence("in_sum_3mo", WINDOWS, ABILITY),
    Evidence("out_sum_3mo", WINDOWS, ABILITY),
    Evidence("saved_share_3mo", WINDOWS, ABILITY),
    Evidence("stated_balance_mean_3mo", WINDOWS, ABILITY),
    Evidence("stated_balance_min_3mo", WINDOWS, ABILITY),
    Evidence("stated_balance_to_income_all", WINDOWS, ABILITY),
    Evidence("stated_balance_to_spending_3mo", WINDOWS, ABILITY),
    Evidence("bureau_facilities_open_*", WINDOWS, ABILITY),
    Evidence("loans_running_count", WINDOWS, ABILITY),
    Evidence("loan_principal_sum", WINDOWS, ABILITY),
    Evidence("loan_instalment_sum", WINDOWS, ABILITY),
    Evidence("employer_days_since_change", WINDOWS, ABILITY),
    Evidence("customer_kind", WINDOWS, ABILITY),
    Evidence("customer_occupation", WINDOWS, ABILITY),
    Evidence("customer_education", WINDOWS, ABILITY),
    Evidence("customer_income_band", WINDOWS, ABILITY),
    Evidence("company_employees", WINDOWS, ABILITY),
    Evidence("company_turnover", WINDOWS, ABILITY),
)


def evidence_of(name: str) -> Evidence | None:
    """The first line of the table that names a column; None where none does."""
    return next((one for one in TABLE if fnmatchcase(name, one.pattern)), None)


def columns_of(
    names: Iterable[str], *, part: str | None = None, sub_score: str | None = None
) -> tuple[str, ...]:
    """Those of the names that feed a part, a sub-score, or both, in their order."""
    found = ((name, evidence_of(name)) for name in names)
    return tuple(
        name
        for name, one in found
        if one is not None and part in (None, one.part) and sub_score in (None, one.sub_score)
    )


def numbers_of(
    names: Iterable[str], *, part: str | None = None, sub_score: str | None = None
) -> tuple[str, ...]:
    """The same without texts and sequences, which only their own miners read."""
    return tuple(
        name
        for name in columns_of(names, part=part, sub_score=sub_score)
        if name != TEXT_COLUMN and not name.startswith("seq_")
    )


def readable(bank: Bank) -> tuple[str, ...]:
    """The columns of the table, and the flags, that this bank's tables allow, in the catalogue's order."""
    from bankmine.customers.catalogue import CATALOGUE

    can = CATALOGUE.available(bank.warehouse, as_of=bank.cutoff)
    return tuple(name for name in can.names if evidence_of(name) is not None or name in FLAGS)


def counted(names: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many columns each part gives each sub-score."""
    return {
        part: {sub: len(columns_of(names, part=part, sub_score=sub)) for sub in SUB_SCORES} for part in PARTS
    }
