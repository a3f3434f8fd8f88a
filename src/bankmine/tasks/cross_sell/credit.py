"""Credit classes of a published rating: to a class that allows no loan, no loan is offered.

Where the bank has published no rating, or one of a later day, offers are as they were before: a customer
without a class is not barred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bankmine.tasks.contract import Ints
from bankmine.tasks.cross_sell.offering import Chosen
from bankmine.tasks.study import Work

RATING, TABLE = "rating", "credit_class"
CREDIT = ("card", "loan", "mortgage")


@dataclass(frozen=True)
class CreditClasses:
    """The class of each rated customer with the credit families it allows, as of the rating's cutoff."""

    cutoff: str
    by_customer: Mapping[int, tuple[str, tuple[str, ...]]]

    def barred(self, family: str, customers: Ints) -> list[str]:
        """For each customer why the family is not offered by credit class; empty where it may be."""
        if family not in CREDIT:
            return [""] * len(customers)
        return [self._reason(family, one) for one in customers.tolist()]

    def apply(self, family: str, customers: Ints, chosen: Chosen) -> Chosen:
        """What is offered, with the credit class among the reasons of refusal."""
        reasons = self.barred(family, customers)
        both = [
            "; ".join(part for part in (one, other) if part)
            for one, other in zip(chosen.refused, reasons, strict=True)
        ]
        return replace(chosen, refused=both)

    def sentence(self, refused: Sequence[str]) -> str:
        """How many refusals rest on a credit class, for the page."""
        count = sum("credit class" in one for one in refused)
        return (
            f"{len(self.by_customer):,} customers have a credit class from the rating of {self.cutoff}; it "
            f"keeps {count:,} offers of cards, loans or mortgages away."
        )

    def _reason(self, family: str, customer: int) -> str:
        name, products = self.by_customer.get(customer, ("", CREDIT))
        return (
            "" if family in products else f"credit class {name} allows no {family} (rating of {self.cutoff})"
        )


NONE = CreditClasses("", {})
NO_RATING = "No rating is published for this day or before: credit classes keep no offer away."


def credit_classes(work: Work) -> CreditClasses:
    """The published rating's classes; NONE where there is no rating."""
    run = work.published(RATING)
    table = run.table(TABLE) if run is not None else None
    if run is None or table is None:
        return NONE
    rows = table.select(["customer_id", "credit_class", "products"]).to_pylist()
    return CreditClasses(
        run.cutoff, {one["customer_id"]: (one["credit_class"], tuple(one["products"])) for one in rows}
    )
