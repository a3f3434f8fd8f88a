"""What payments say of somebody on the other side: strength and rhythm of the ties, and the nearest customer.

A counterparty has no account here; all that is known are the payments customers made to it or got from it,
and who those customers are. The features are windows of transactions under the counterparty's key, and some
of the catalogue's features of the customer it deals with most: like knows like.
"""

from __future__ import annotations

from functools import cache

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import Measure, derived, observed
from bankmine.tasks.contract import Bank
from bankmine.windows import events

THEME, COUNTERPARTY = "ties", "counterparty"
TIES = ("payroll", "supplier", "business_income", "transfer_in", "transfer_out", "gift")
CLOSER = Direction.CLOSER
NEIGHBOUR = (
    "age", "tenure", "customer_kind", "income_sum_12mo", "in_sum_12mo", "out_sum_12mo",
    "products_held_count", "balance_mean_3mo", "customer_occupation", "customer_income_band",
    "company_employees", "company_turnover", "region_average_wage",
)  # fmt: skip
_every = events("transaction", key="counterparty_id").where(status=("authorised", "booked"), category=TIES)
_received = _every.where(direction="out")
_gave = _every.where(direction="in")


@cache
def catalogue() -> Catalogue:
    """The features of ties, and those of the nearest customer with what they rest on."""
    return Catalogue([*CATALOGUE.with_inputs(NEIGHBOUR), *own_features()])


@cache
def own_features() -> tuple[Feature, ...]:
    """The features of ties, of a counterparty at a cutoff."""
    return (*_money(), *_rhythm(), *_kinds())


def tie_features(bank: Bank) -> tuple[str, ...]:
    """Names of those this bank's tables allow, with those of the nearest customer."""
    own = {one.name for one in own_features()}
    can = catalogue().available(bank.warehouse, as_of=bank.cutoff).names
    return tuple(name for name in can if name in own or name in NEIGHBOUR)


def _money() -> list[Feature]:
    made = []
    for source, stem, words in (
        (_received, "tie_received", "payments customers made to it"),
        (_gave, "tie_paid", "payments customers got from it"),
    ):
        count = Measure("count", f"{stem}_count", f"Number of {words}", CLOSER)
        total = Measure("sum", f"{stem}_sum", f"Sum of {words}", CLOSER)
        sizes = [Measure("mean", f"{stem}_mean", f"Mean of {words}"),
                 Measure("max", f"{stem}_max", f"Largest of {words}")]  # fmt: skip
        money = source.measure("base_minor")
        made += observed(THEME, source, [count], over=("3mo", "12mo"), subject=COUNTERPARTY)
        made += observed(THEME, money, [total], over=("3mo", "12mo"), subject=COUNTERPARTY)
        made += observed(THEME, money, sizes, over=("12mo",), subject=COUNTERPARTY)
    return made


def _rhythm() -> list[Feature]:
    last = Measure("recency", "tie_days_since_last", "Days since the last payment to or from it")
    first = Measure("days_since_first", "tie_days_since_first", "Days since the first payment to or from it")
    days = Measure("active_days", "tie_active_days", "Number of days with a payment to or from it", CLOSER)
    return [
        *observed(THEME, _every, [last, first], over=("all",), subject=COUNTERPARTY),
        *observed(THEME, _every, [days], over=("12mo",), subject=COUNTERPARTY),
        derived(
            THEME, "tie_share_recent", "ratio", ["tie_received_count_3mo", "tie_received_count_12mo"],
            unit="share", sentence="Share of a year's payments to it that lie in the last 3 months.",
            window="12mo", subject=COUNTERPARTY,
        ),
    ]  # fmt: skip


def _kinds() -> list[Feature]:
    made = []
    for category, words in (
        ("payroll", "wages customers paid to it"), ("supplier", "invoices customers paid to it"),
        ("business_income", "payments for goods customers got from it"),
    ):  # fmt: skip
        source = _every.where(category=category)
        count = Measure("count", f"tie_{category}_count", f"Number of {words}", CLOSER)
        mean = Measure("mean", f"tie_{category}_mean", f"Mean of {words}")
        made += observed(THEME, source, [count], over=("12mo",), subject=COUNTERPARTY)
        made += observed(THEME, source.measure("base_minor"), [mean], over=("12mo",), subject=COUNTERPARTY)
    return made
