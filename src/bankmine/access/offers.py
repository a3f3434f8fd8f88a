"""What may be offered a customer now: the published run's offers, unless flags or consents forbid it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bankmine.customers.conditions import NO_SALE
from bankmine.errors import NotFound
from bankmine.governance import Permission

if TYPE_CHECKING:
    from bankmine.access.view import View

TASK, TABLE = "cross_sell", "offers"
MOST = 10


def offers_of(view: View, customer_id: str) -> Mapping[str, Any]:
    """The run, the best product ("" for none), why none, and the offers, best first.

    NotFound for a customer who is unknown or out of the scope; Forbidden without `offers:read`.
    """
    view.person.require(Permission.OFFERS_READ)
    seen = view.glance(customer_id)
    if seen is None:
        raise NotFound(f"there is no customer {customer_id[:40]!r}", hint="Give one within your scope.")
    source = view.list(TASK, TABLE)
    barred = sorted(NO_SALE & set(seen.row.get("flags") or ()))
    found = [] if barred else source.rows({}, None, 1, MOST, search=seen.customer_id).rows
    names = [one.name for one in source.columns]
    offers = [dict(zip(names, row, strict=True)) for row in found]
    offers = [
        {name: value for name, value in one.items() if name != "customer_id"}
        for one in offers
        if one["customer_id"] == seen.customer_id
    ]
    reason = f"flag_{barred[0]}" if barred else "offer" if offers else "nothing_pays"
    return {
        "run_id": source.run.run_id, "outcome": offers[0]["product"] if offers else "none", "reason": reason,
        "offers": offers, "flags": barred,
    }  # fmt: skip
