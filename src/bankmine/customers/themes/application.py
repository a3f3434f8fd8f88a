"""An application for credit as the subject: what is asked for, and what the applicant asked for before."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bankmine.customers.feature import Direction, Feature, Own
from bankmine.customers.themes import Measure, derived, observed
from bankmine.windows import events

THEME = "application"
APPLICATION, TABLE = "application", "credit_application"
RISKIER, MONEY = Direction.RISKIER, "minor units"
WINDOWS = ("1mo", "3mo", "6mo", "12mo", "24mo")
_OWN = (
    ("app_amount", "amount_minor", MONEY, "Amount asked for."),
    ("app_term_months", "term_months", "months", "Term asked for."),
    ("app_stated_income", "stated_income_minor", MONEY, "Monthly income as the applicant states it."),
    ("app_product", "product_code", "code", "Product asked for."),
    ("app_channel", "channel", "code", "Channel of the application."),
    ("app_ip_country", "ip_country", "code", "Country of the internet address the form came from."),
)


def _itself() -> list[Feature]:
    made = [
        Feature(
            name=name,
            theme=THEME,
            unit=unit,
            sentence=sentence,
            source=Own(column, TABLE),
            subject=APPLICATION,
        )
        for name, column, unit, sentence in _OWN
    ]
    made.append(
        Feature(
            name="app_has_session",
            theme=THEME,
            unit="sessions",
            subject=APPLICATION,
            sentence="1 where the form was filled in on a screen of the bank, else 0.",
            source=Own("session_id", TABLE, given=True),
        )
    )
    return made


def _ratios() -> list[Feature]:
    def made(name: str, operation: str, inputs: list[str], unit: str, sentence: str) -> Feature:
        return derived(
            THEME,
            name,
            operation,
            inputs,
            unit=unit,
            sentence=sentence,
            direction=RISKIER,
            subject=APPLICATION,
        )

    return [
        made(
            "app_amount_to_income",
            "ratio",
            ["app_amount", "app_stated_income"],
            "ratio",
            "Amount asked for in months of the income stated.",
        ),
        made(
            "app_instalment",
            "ratio",
            ["app_amount", "app_term_months"],
            MONEY,
            "Amount asked for over the months asked for: a month's repayment without interest.",
        ),
        made(
            "app_instalment_to_income",
            "ratio",
            ["app_instalment", "app_stated_income"],
            "ratio",
            "A month's repayment without interest as a fraction of the income stated.",
        ),
        made(
            "app_income_to_paid_income",
            "ratio",
            ["app_stated_income", "income_mean_12mo"],
            "ratio",
            "Income stated as a multiple of the mean salary or pension seen on the accounts in 12 months.",
        ),
    ]


def _before() -> list[Feature]:
    earlier = events(TABLE)
    counted = [
        Measure("count", "app_earlier_count", "Number of the customer's earlier applications", RISKIER)
    ]
    refused = [
        Measure("count", "app_declined_count", "Number of the customer's applications declined", RISKIER)
    ]
    withdrawn = [Measure("count", "app_withdrawn_count", "Number of the customer's applications withdrawn")]
    asked = [Measure("mean", "app_earlier_mean", "Mean amount of the customer's earlier applications")]
    last = [Measure("recency", "app_days_since_last", "Days since the customer's last application")]
    of_application = partial(observed, THEME, subject=APPLICATION)
    return [
        *of_application(earlier, counted, over=WINDOWS),
        *of_application(earlier.where(decision="declined"), refused, over=WINDOWS),
        *of_application(earlier.where(decision="withdrawn"), withdrawn, over=("12mo", "24mo")),
        *of_application(earlier.measure("amount_minor"), asked, over=("24mo",)),
        *of_application(earlier, last, over=("all",)),
        derived(
            THEME,
            "app_amount_to_earlier",
            "ratio",
            ["app_amount", "app_earlier_mean_24mo"],
            unit="ratio",
            subject=APPLICATION,
            direction=RISKIER,
            sentence="Amount asked for as a multiple of the mean asked for in the 24 months before.",
        ),
    ]


FEATURES = tuple(replace(one, credit_only=True) for one in (*_itself(), *_ratios(), *_before()))
