"""Label definitions: for each question one SQL file that says what the truth is, and its rule of time.

A task reads its label here, and so do the ceilings of a simulated bank, so that both mean the same. Each
statement reads `asked_rows` (row_number, subject_id, customer_id, cutoff, label_end, first_day, end_day and
what the question adds) and bank tables as views, and gives `row_number, label` and, where a label has a time
of its own, `known_at`. A null label is not yet known.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bankmine.tasks.labels import LabelRule
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One question's truth. `subject_kind`: what a row is about; `rule`: horizon, delay and tables;
    `metric`: the figure by which rankings of it are usually compared."""

    name: str
    sentence: str
    subject_kind: str
    rule: LabelRule
    metric: str = "auc"

    @property
    def sql(self) -> str:
        """The statement."""
        return statement(FOLDER, self.name)


def _rule(horizon_days: int, delay_days: int, *tables: str) -> LabelRule:
    return LabelRule(horizon_days=horizon_days, delay_days=delay_days, tables=tables)


DEFINITIONS = {
    one.name: one
    for one in (
        Definition(
            name="inactivity", subject_kind="customer", rule=_rule(90, 1, "transaction"),
            sentence="The customer makes no payment in the next 90 days.",
        ),
        Definition(
            name="closure", subject_kind="customer", rule=_rule(90, 1, "customer"),
            sentence="The customer ends the relation in the next 90 days.",
        ),
        Definition(
            name="next_product", subject_kind="customer", rule=_rule(90, 1, "holding", "product"),
            sentence="The customer opens a product of the family in the next 90 days.",
        ),
        Definition(
            name="response", subject_kind="contact", rule=_rule(60, 1, "contact"),
            sentence="The contact is answered with yes within 60 days.",
        ),
        Definition(
            name="dissatisfaction", subject_kind="interaction", rule=_rule(0, 1, "interaction"),
            sentence="The survey is answered in the lowest two fifths of its scale.",
        ),
        Definition(
            name="application_default", subject_kind="application", rule=_rule(370, 0, "credit_application"),
            sentence="The credit applied for is 90 days past due within twelve months of granting.",
        ),
        Definition(
            name="loan_default", subject_kind="loan", rule=_rule(365, 1, "loan_event"),
            sentence="The loan is 90 days past due, or written off, at some time in the next 365 days.",
        ),
        Definition(
            name="application_fraud", subject_kind="application", rule=_rule(0, 30, "feedback"),
            sentence="An investigation confirms that the application was false.",
        ),
        Definition(
            name="card_fraud", subject_kind="transaction", rule=_rule(0, 7, "transaction", "feedback"),
            sentence="An investigation confirms that the card transaction was fraud.",
            metric="average_precision",
        ),
        Definition(
            name="laundering", subject_kind="account", rule=_rule(60, 0, "feedback"),
            sentence="An investigation finds in the next 60 days that the account launders money.",
        ),
    )
}  # fmt: skip

# Signs of leaving without an account being closed; a simulated bank keeps no truth about these.
SIGNS = {
    one.name: one
    for one in (
        Definition(
            name="balance_rundown", subject_kind="customer", rule=_rule(90, 1, "balance"),
            sentence="Less than a quarter of what usually lies on the customer's accounts is left then.",
        ),
        Definition(
            name="salary_moved", subject_kind="customer", rule=_rule(90, 1, "transaction"),
            sentence="A regular salary or pension comes no more after 30 days, up to 90.",
        ),
        Definition(
            name="card_unused", subject_kind="customer", rule=_rule(90, 1, "transaction"),
            sentence="A card in use lies still after 30 days, up to 90.",
        ),
        Definition(
            name="wallet_moved", subject_kind="customer", rule=_rule(90, 1, "transaction"),
            sentence="As much as usually comes in is sent to other banks in the next 90 days.",
        ),
    )
}  # fmt: skip

# An overdraft that is not paid down; a simulated bank keeps no truth about it.
OVERDRAFT = Definition(
    name="overdraft_default", subject_kind="account", rule=_rule(180, 1, "transaction"),
    sentence="Within 180 days the account is overdrawn without a break for 90 days, or beyond its limit "
    "for 30.",
)  # fmt: skip
