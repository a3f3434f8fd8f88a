"""Segmentation: which kinds of customers the bank has, by how they live, and what follows for each kind.

Customers are clustered on consumption (what they buy, where, when, how large, by which way) and then
described by how they bank, which was held out. Beside the segments found stand those the bank defines by SQL.
See `docs/segments.md`; this file says what is asked, `analysis` does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bankmine.errors import ConfigurationError
from bankmine.tasks.contract import Bank, Feasibility, Goal, Needs, Shown
from bankmine.tasks.segmentation.rules import fingerprint
from bankmine.tasks.study import Answer, Study, Work


class Segmentation(Study):
    """Subject: a customer with a transaction in the window before the cutoff."""

    name = "segmentation"
    title = "Segments"
    sentence = "Which kinds of customers the bank has, by how they live, and what suits each"
    remembers = True
    needs = Needs(
        tables=("transaction",),
        usable=("balance", "company", "consent", "contact", "customer", "customer_flag", "digital_event",
                "holding", "loan", "product", "standing_order"),
        customer_kind="any",
    )  # fmt: skip
    settings = MappingProxyType(
        {
            "clusters": "numbers of segments to try, such as [3, 4, 5]; 3 to 9 by default",
            "customer_kind": "person, company or any (the default)",
            "adoption_months": "how many months after a suggestion count in its test; by default 6, or 3 "
            "where the data are shorter",
        }
    )
    whole_numbers = ("adoption_months",)
    goal = Goal(
        question="Which kinds of customers does the bank have, told apart by how they live, and what should "
        "be offered to each?",
        success="Adoption of what is suggested to a segment over adoption by all others who lacked it, "
        "measured on the months that followed; the gain of a campaign by its hold-out.",
        owner="Head of marketing",
        use="A name and a portrait for each segment, each customer's segment with the reasons, and for each "
        "segment the offers that stood a test on the past.",
        plan="Cluster on consumption; use the largest number of segments that is found again on other "
        "draws of customers; describe them by what was held out; refuse what is not found again.",
        feasibility=Feasibility(subjects=100, history_days=90),
    )

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """ConfigurationError for a setting the task does not have, or one that cannot be meant."""
        super().check_settings(given)
        numbers = given.get("clusters", (3,))
        if not isinstance(numbers, list | tuple) or not numbers or any(
            not isinstance(one, int) or one < 2 for one in numbers
        ):  # fmt: skip
            raise ConfigurationError(
                f"tasks.segmentation.clusters is {numbers!r}", hint="Give numbers from 2 on: [3, 4, 5]."
            )
        kind = given.get("customer_kind", "any")
        if kind not in ("person", "company", "any"):
            raise ConfigurationError(
                f"tasks.segmentation.customer_kind is {kind!r}", hint="Give person, company or any."
            )

    def depends_on(self, bank: Bank) -> str:
        """The bank's own segment rules are part of what a run rests on."""
        return fingerprint(bank.warehouse.folder.parent)

    def catalogue(self, bank: Bank) -> Any:
        """The shipped catalogue with the features of consumption under the bank's own levels."""
        from bankmine.tasks.segmentation.living import catalogue_of

        return catalogue_of(bank)

    def study(self, work: Work) -> Answer:
        """Clusters, describes, compares with the predefined segments, looks back, suggests and tests."""
        from bankmine.tasks.segmentation.analysis import analyse

        return analyse(self, work)

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.segmentation.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How many segments, how stable, the largest ones, and the best suggestion."""
        rand = figures["stability"]["adjusted_rand"]
        head = (
            f"{len(figures['segments'])} segments of {figures['rows']:,} customers; found again with an "
            f"adjusted Rand index of {rand['mean']:.2f} ({rand['low']:.2f}–{rand['high']:.2f})"
        )
        shares = [f"{one['share']:.0%} {one['name']}" for one in figures["segments"]]
        said = [head + ".", "; ".join(shares) + "."]
        best = next((one for one in figures["suggestions"] if one["stands"]), None)
        if best:
            said.append(best["sentence"])
        return said


TASK = Segmentation()
