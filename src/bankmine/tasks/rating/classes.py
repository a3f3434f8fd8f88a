"""Credit classes: what a grade means for limit, price, products and reviews, one class for each grade.

A grade's class follows from its through-the-cycle chance, for account terms should not swing with each month.
Grades may only get worse classes as they rise, which the rising chances make sure of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bankmine.tasks.contract import Floats
from bankmine.tasks.rating.settings import CreditClass

DEFAULTED = CreditClass(
    name="default", up_to=1.0, limit=0.0, price="none", surcharge=0.0, products=(), review_months=1
)


def class_of(chance: float, classes: Sequence[CreditClass]) -> CreditClass:
    """The first class whose highest chance is not below."""
    return next((one for one in classes if chance <= one.up_to), classes[-1])


def classes_of(chances: Floats, classes: Sequence[CreditClass]) -> list[CreditClass]:
    """The class of each grade."""
    return [class_of(float(one), classes) for one in chances]


def terms(one: CreditClass) -> str:
    """The class's terms in a sentence: what to do with its customers."""
    if not one.products and one.limit == 0:
        said = "No new credit and no higher limit"
    else:
        said = f"Limit up to {one.limit:g} × the usual, price {one.price} (+{one.surcharge:g} points)"
        said += f"; may be offered {', '.join(one.products)}" if one.products else "; no credit is offered"
    every = "month" if one.review_months == 1 else f"{one.review_months} months"
    return f"{said}; review every {every}."


def plain_classes(classes: Sequence[CreditClass]) -> list[dict[str, Any]]:
    """The classes with their terms as plain values."""
    return [{**vars(one), "products": list(one.products), "terms": terms(one)} for one in classes]
