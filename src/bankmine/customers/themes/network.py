"""Whom the customer shares something with, just before the cutoff, and who of them was known to be bad.

An application also counts what it itself brings: the phone, device, address and employer on its form. The
columns are those of docs/network.md; rings are looked for over shared phones, devices and addresses alone.
"""

from __future__ import annotations

from bankmine.customers.computed.links_in_time import KINDS
from bankmine.customers.feature import Computed, Direction, Feature, Need

THEME, PROVIDER = "network", "network"
RISKIER, NONE = Direction.RISKIER, Direction.NONE
_LINKS = (
    Need(table="party_link", optional=True),
    Need(table="credit_application", everyone=True),
)
_BADS = tuple(Need(table=name, everyone=True, optional=True) for name in ("loan_event", "feedback"))
_BOOKED = tuple(Need(table=name, optional=True) for name in ("transaction", "counterparty"))
_SHARED = "a phone, device, address, employer, guarantor, household or company"
_COLUMNS = (
    ("component_size", "customers", f"Customers joined by {_SHARED}, directly or through others.", NONE),
    ("component_growth", "customers", "Growth in 90 days of the customers joined.", RISKIER),
    ("ever_component_size", "customers", "Customers ever joined, links that ended counted.", NONE),
    ("neighbours", "customers", f"Customers who share {_SHARED} with this one.", NONE),
    (
        "new_neighbours",
        "customers",
        "Neighbours first joined in the 90 days before the cutoff.",
        RISKIER,
    ),
    (
        "burst",
        "ratio",
        "New neighbours as a multiple of the mean of the three times 90 days before.",
        RISKIER,
    ),
    ("bad_neighbours", "customers", "Neighbours known to be bad by then.", RISKIER),
    ("bad_share", "share", "Share of the neighbours known to be bad by then.", RISKIER),
    ("since_last_bad", "days", "Days since a neighbour last became known to be bad.", NONE),
    ("second_neighbours", "customers", "Customers two steps away.", NONE),
    ("bad_second_neighbours", "customers", "Those two steps away known to be bad by then.", RISKIER),
    ("second_bad_share", "share", "Share of those two steps away known to be bad by then.", RISKIER),
    ("shared_elements", "elements", "Phones, devices, addresses, employers shared with others.", NONE),
    ("cut_short", "flag", "1 where over 200 neighbours were there and only the oldest counted.", NONE),
    ("ring_size", "customers", "Customers joined by phones, devices or addresses given in 60 days.", RISKIER),
    ("ring_growth", "customers", "Growth in 90 days of those joined by what was given in 60.", RISKIER),
    ("ring_strangers", "customers", "Of those who gave the same in 60 days, none of the household.", RISKIER),
    ("neighbours_by_transfer", "customers", "Customers with transfers to or from this one in a year.", NONE),
    ("bad_neighbours_by_transfer", "customers", "Those with transfers known to be bad by then.", RISKIER),
)


def _feature(column: str, unit: str, sentence: str, direction: Direction) -> Feature:
    bads = _BADS if "bad" in column else ()
    booked = _BOOKED if column.endswith("transfer") else ()
    return Feature(
        name=f"net_{column}", theme=THEME, unit=unit, sentence=sentence, direction=direction,
        credit_only=True, source=Computed(PROVIDER, column, (*_LINKS, *bads, *booked)),
    )  # fmt: skip


FEATURES = (
    *(_feature(*one) for one in _COLUMNS),
    *(
        _feature(f"neighbours_by_{kind}", "customers", f"Neighbours joined by the kind of link {kind}.", NONE)
        for kind in KINDS
    ),
)
