"""Rating: each customer who owes, in a grade whose chance, loss and account terms are stated and tested.

Loans' chances of default (the behaviour score's question) are brought to customers, put on a master scale
for persons and one for companies, and joined with measured losses and exposures to an expected loss. Grades
make credit classes, whose terms other tasks read: cross-selling offers no loan to a class that allows none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.tasks.behaviour_score.question import LoanDefaults
from bankmine.tasks.contract import Bank, Feasibility, Goal, Needs, Shown
from bankmine.tasks.rating import settings as rating_settings
from bankmine.tasks.study import Answer, Study, Work


class Rating(Study):
    """Subject: a customer with a loan or line that runs at the cutoff."""

    name = "rating"
    title = "Rating"
    sentence = "Which grade each borrower is in, what it is expected to lose, and on which terms to lend"
    remembers = True
    needs = Needs(
        tables=("loan", "loan_event", "customer"),
        usable=tuple(dict.fromkeys((*LoanDefaults.needs.usable, "collateral"))), customer_kind="any",
    )  # fmt: skip
    horizon_words = "365 days"
    settings = rating_settings.SENTENCES
    whole_numbers = tuple(one for one in rating_settings.WHOLE if one != "review_months")
    goal = Goal(
        question="How likely is each borrower to default within a year, what would be lost, and on which "
        "terms may the bank lend?",
        success="Expected loss against what the year lost; no grade's chance refused by Jeffreys' test on "
        "customers that did not make the scale.",
        owner="Head of credit risk",
        use="Limits, prices, reviews by credit class; provisions; whom other tasks may offer credit.",
        plan="Loans' chances forward in time; grades made of what came true and tested on other customers "
        "or the next year; losses and exposures measured from work-outs, else stated.",
        feasibility=Feasibility(subjects=200, positives=15, history_days=90),
        adverse=True,
    )

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """Also refuses numbers out of range, unknown words and classes that cannot be meant."""
        super().check_settings(given)
        rating_settings.check(given)

    def study(self, work: Work) -> Answer:
        """Asks for loans' chances, makes and tests the scales, measures losses, grades and classes."""
        from bankmine.tasks.rating.rate import rate

        return rate(work)

    def show(self, about: Mapping[str, Any]) -> Shown:
        """Scales, cohorts, moves, losses, expected loss and the terms of the classes."""
        from bankmine.tasks.rating.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """Grades, expected loss, and how both stood their tests."""
        return list(figures["said"])


TASK = Rating()
