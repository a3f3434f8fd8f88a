"""What is measured of every customer each month by windows over events: features of a catalogue of its own.

They go through the same kernel and the same honesty tests as all features. Months are civil; the look at the
end of a month sees that month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from bankmine.bank.warehouse import Warehouse
from bankmine.customers.catalogue import Catalogue
from bankmine.customers.feature import Direction, Feature, Windowed
from bankmine.windows import Events, events, windows

THEME = "early warning"
WAGES = ("salary", "pension")
OF_OTHERS = (*WAGES, "business_income", "transfer_in")
_DONE = events("transaction").where(status=("authorised", "booked"))
_IN = _DONE.where(direction="in").measure("base_minor")
_OUT = _DONE.where(direction="out").measure("base_minor")
_BUREAU = events("bureau_event")


def _feature(name: str, source: Events, aggregate: str, span: str, unit: str, sentence: str) -> Feature:
    (one,) = windows(source, over=[span], aggregate=[aggregate])
    return Feature(
        name=name, theme=THEME, unit=unit, sentence=sentence, window=span, direction=Direction.RISKIER,
        source=Windowed(replace(one, name=name)),
    )  # fmt: skip


_MONEY, _DAYS, _COUNT = "minor units", "days", "count"
FEATURES = (
    _feature("wages", _IN.where(category=WAGES), "sum", "1mo", _MONEY, "Salary and pension of the month."),
    _feature("wage_age", _IN.where(category=WAGES), "recency", "12mo", _DAYS, "Days since the last wage."),
    _feature("takings", _IN.where(category="business_income"), "sum", "1mo", _MONEY, "Takings of the month."),
    _feature("received", _IN.where(category=OF_OTHERS), "sum", "1mo", _MONEY,
             "Wages, takings and transfers received in the month."),
    _feature("spent", _OUT, "sum", "1mo", _MONEY, "Payments made in the month."),
    _feature("cash", _OUT.where(channel="cash"), "sum", "1mo", _MONEY, "Cash withdrawn in the month."),
    _feature("declined", events("transaction").where(status="declined"), "count", "1mo", _COUNT,
             "Payments declined in the month."),
    _feature("overdrawn_days", _DONE.below(balance_after_minor=0), "active_days", "1mo", _DAYS,
             "Days of the month on which a booking left an account below zero."),
    _feature("reported", _BUREAU, "count", "24mo", _COUNT, "Items of the bureau in two years."),
    _feature("enquiries", _BUREAU.where(kind="enquiry"), "count", "6mo", _COUNT,
             "Enquiries of other institutions in six months."),
    _feature("new_loans", _BUREAU.where(kind="loan_issued"), "count", "6mo", _COUNT,
             "Loans issued elsewhere in six months."),
    _feature("overdue", _BUREAU.where(kind="overdue"), "count", "12mo", _COUNT,
             "Loans elsewhere reported overdue in twelve months."),
    _feature("moves", _BUREAU.where(kind="address_change"), "count", "6mo", _COUNT,
             "Changes of address reported in six months."),
    _feature("jobs", _BUREAU.where(kind="employer_change"), "count", "6mo", _COUNT,
             "Changes of employer reported in six months."),
)  # fmt: skip
NAMES = tuple(one.name for one in FEATURES)
TABLES = tuple(dict.fromkeys(need.table for one in FEATURES for need in one.needs))


@cache
def catalogue() -> Catalogue:
    """The monthly measures as a catalogue; one object, so that matrices are shared."""
    return Catalogue(FEATURES)


def available(warehouse: Warehouse, as_of: int) -> Sequence[str]:
    """The measures this bank's tables allow."""
    return tuple(catalogue().available(warehouse, as_of=as_of).names_of("customer"))
