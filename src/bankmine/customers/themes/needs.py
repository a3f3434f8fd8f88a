"""Traces of a need: what changed in a customer's life, what they look at, what they were asked and answered.

A need is rarely said; it shows as a first purchase for a child, money paid over the counter, a payment in
that is out of the ordinary, a new employer, a product's page looked at (life-event marketing; Berry and
Linoff 2011, chapter 4). Nearly each is a value of the last weeks beside the same value of the past.

`family_features` makes those that speak of one product family, for the product and offer codes of a bank.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bankmine.bank.tables.reference import PRODUCT_FAMILIES
from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import Measure, derived, observed, shares, versioned, when
from bankmine.customers.themes.activity import paid_in, paid_out
from bankmine.customers.themes.balance import stated
from bankmine.customers.themes.money import INCOME, into, out
from bankmine.windows import events

THEME = "needs"
CLOSER, RISKIER = Direction.CLOSER, Direction.RISKIER
SPENDING = (
    "children", "education", "electronics", "health", "household", "insurance", "investment", "rent",
    "travel", "utilities",
)  # fmt: skip
SHOWING = ("campaign", "product")  # pages that show a product
EARLIER = "60mo"  # how far back a first purchase may lie
screens = events("digital_event")
shown = screens.where(page=SHOWING)
treated = events("contact").where(arm="treated")
earned = paid_in.where(category=INCOME)


def _spending() -> list[Feature]:
    """What for: how often lately, against the months before, and since when."""
    made = []
    for category in SPENDING:
        bought = paid_out.where(category=category)
        stem, words = f"{category}_payments", f"for {category}"
        often = [Measure("count", f"{stem}_count", f"Number of payments {words}")]
        made += observed(THEME, bought, often, over=("3mo", "6mo", "12mo", "all"))
        first = [Measure("days_since_first", f"{category}_payment_days_since_first",
                         f"Days since the first payment {words}")]  # fmt: skip
        made += observed(THEME, bought, first, over=("all",), valid=EARLIER)
        made += _lately(f"{stem}_change_3mo", f"{stem}_count", f"Payments {words}")
        made += [
            derived(
                THEME, f"{stem}_share_{span}", "ratio", [f"{stem}_count_{span}", f"out_count_{span}"],
                unit="share", window=span,
                sentence=f"Share of payments {words} among those made {when(span)}.",
            )
            for span in ("3mo", "12mo", "all")
        ]  # fmt: skip
    return made


def _lately(name: str, stem: str, words: str) -> list[Feature]:
    return [
        derived(
            THEME, name, "change", [f"{stem}_3mo", f"{stem}_6mo"], unit="ratio", window="6mo",
            sentence=f"{words} in the last 3 months less those of the 3 months before, as a fraction of "
            "both: from −1 (stopped) to 1 (begun).",
        )
    ]  # fmt: skip


def _windfalls() -> list[Feature]:
    """Largest sums in and out over several spans, so that one can tell when they came."""
    transfers = into.where(category="transfer_in")
    counter = out.where(channel="branch")
    largest_in = [Measure("max", "transfer_in_max", "Largest transfer received")]
    largest_out = [Measure("max", "counter_out_max", "Largest payment made over the counter")]
    counter_last = [
        Measure("recency", "counter_out_days_since_last", "Days since the last payment made over the counter")
    ]
    against = [
        derived(
            THEME, f"transfer_in_max_to_usual_{span}", "ratio", [f"transfer_in_max_{span}", "out_mean_all"],
            unit="ratio", window=span,
            sentence=f"Largest transfer received {when(span)}, as a multiple of the mean payment made.",
        )
        for span in ("1mo", "3mo", "6mo", "9mo", "all")
    ]  # fmt: skip
    return [
        *observed(THEME, transfers, largest_in, over=("1mo", "3mo", "6mo", "9mo", "all")),
        *observed(THEME, counter, largest_out, over=("9mo",)),
        *observed(THEME, counter, counter_last, over=("all",)),
        *against,
    ]


def _work() -> list[Feature]:
    """Salary that changes, stops or comes from another payer; benefits."""
    pay = earned.measure("base_minor")
    payers = Measure("distinct", "income_payers_distinct", "Number of different payers of salary or pension",
                     unit="payers")  # fmt: skip
    mean = [Measure("mean", "income_mean", "Mean payment of salary or pension")]
    last = [Measure("recency", "income_days_since_last", "Days since the last salary or pension")]
    aid = events("transaction").where(category="benefit", direction="in")
    aided = [Measure("recency", "benefit_days_since_last", "Days since the last benefit received")]
    return [
        *observed(THEME, earned.distinct("counterparty_id"), [payers], over=("3mo", "6mo", "12mo")),
        *observed(THEME, pay, mean, over=("3mo", "12mo", "all")),
        *observed(THEME, earned, last, over=("all",)),
        *observed(THEME, aid, aided, over=("all",)),
        derived(
            THEME, "income_level_3mo", "ratio", ["income_mean_3mo", "income_mean_all"], unit="ratio",
            window="all", direction=CLOSER,
            sentence="Mean salary of the last 3 months as a multiple of that of all records.",
        ),
    ]  # fmt: skip


def _thrift() -> list[Feature]:
    """How far the money reaches: what lies here against what is spent; interest paid; savings."""
    paid_interest = out.where(category="interest")
    saved = paid_out.where(category="savings")
    return [
        *observed(
            THEME, paid_interest, [Measure("count", "interest_paid_count", "Number of times interest was "
            "paid to the bank", RISKIER)], over=("3mo", "all"),
        ),
        *observed(
            THEME, saved, [Measure("count", "savings_payments_count", "Number of payments into savings",
            CLOSER)], over=("3mo", "12mo", "all"),
        ),
        *observed(THEME, stated, [
            Measure("mean", "stated_balance_mean", "Mean balance stated", CLOSER),
            Measure("min", "stated_balance_min", "Lowest balance stated", CLOSER),
        ], over=("all",)),
        derived(
            THEME, "stated_balance_to_spending_3mo", "ratio", ["stated_balance_mean_3mo", "out_sum_3mo"],
            unit="ratio", window="3mo", direction=CLOSER,
            sentence=f"Mean balance stated over the payments made, both {when('3mo')}.",
        ),
        derived(
            THEME, "stated_balance_to_income_all", "ratio", ["stated_balance_mean_all", "income_mean_all"],
            unit="ratio", window="all", direction=CLOSER,
            sentence="Mean balance stated over the mean salary or pension, both of all records.",
        ),
        derived(
            THEME, "stated_low_to_usual_all", "ratio", ["stated_balance_min_all", "out_mean_all"],
            unit="ratio", window="all", direction=CLOSER,
            sentence="Lowest balance stated as a multiple of the mean payment made, both of all records.",
        ),
    ]  # fmt: skip


def _screens() -> list[Feature]:
    """What is looked at on screens, and how much of life is there."""
    rates = screens.where(page="rates")
    online = paid_out.where(channel="online")
    seen = [Measure("count", "product_pages_count", "Number of product pages looked at")]
    kinds = Measure("distinct", "product_pages_distinct", "Number of different products looked at",
                    unit="products")  # fmt: skip
    compared = [Measure("count", "rates_pages_count", "Number of times rates were looked at")]
    days = [Measure("active_days", "digital_days_count", "Number of days in the app or on the site", CLOSER)]
    bought = [Measure("count", "online_count", "Number of payments made online")]
    return [
        *observed(THEME, shown, seen, over=("7d", "30d", "90d")),
        *observed(THEME, shown.distinct("product_code"), [kinds], over=("90d",)),
        *observed(THEME, rates, compared, over=("30d", "90d")),
        *observed(THEME, screens, days, over=("12mo", "all")),
        *observed(THEME, online, bought, over=("all",)),
        *observed(THEME, paid_out, [Measure("count", "out_count", "Number of payments made")], over=("all",)),
        *shares(
            THEME, screens, by="channel", levels=("app",), stem="digital_channel_share",
            phrase="the steps in the app or on the site", over=("all",),
        ),
        derived(
            THEME, "digital_days_per_payment_all", "ratio", ["digital_days_count_all", "out_count_all"],
            unit="days a payment", window="all",
            sentence="Days in the app or on the site for each payment made, both of all records.",
        ),
        derived(
            THEME, "online_share_all", "ratio", ["online_count_all", "out_count_all"], unit="share",
            window="all", sentence="Share of payments made online among all payments made.",
        ),
    ]  # fmt: skip


def _asked() -> list[Feature]:
    """Contacts received and how they were answered; credit applied for."""
    sent = [Measure("count", "contacts_count", "Number of campaign contacts")]
    said = [Measure("count", "contact_answers_count", "Number of campaign contacts answered so far")]
    yes = [Measure("count", "contacts_accepted_count", "Number of campaign contacts accepted so far")]
    forms = [Measure("count", "applications_count", "Number of applications for credit")]
    last = [Measure("recency", "application_days_since_last", "Days since the last application for credit")]
    refused = [Measure("count", "applications_declined_count", "Number of applications for credit declined")]
    calls = [Measure("count", "calls_count", "Number of calls to the bank")]
    applied = events("credit_application")
    return [
        *observed(THEME, treated, sent, over=("30d", "90d", "6mo")),
        *observed(THEME, treated.having("response"), said, over=("6mo",)),
        *observed(THEME, treated.where(response="accepted"), yes, over=("12mo", "all")),
        *observed(THEME, applied, forms, over=("3mo", "12mo", "all")),
        *observed(THEME, applied, last, over=("all",)),
        *observed(THEME, applied.where(decision="declined"), refused, over=("12mo",)),
        *observed(THEME, events("interaction").where(kind=("call", "chat")), calls, over=("3mo",)),
    ]


_CHANGES = (
    ("moved", "region_id", "region the customer lives in"), ("hired", "employer_id", "employer"),
    ("band_changed", "income_band", "band of income"), ("works_otherwise", "occupation", "occupation"),
)  # fmt: skip


def _changes() -> list[Feature]:
    """How long ago a fact about the customer last changed, as far as the bank has heard."""
    change = partial(versioned, THEME, relation="customer_change", unit="days")
    return [
        change(
            name=f"{column.removesuffix('_id')}_days_since_change",
            expression=f"min(asked_day - since_day) FILTER ({name})",
            columns=[f"customer.{column}"],
            sentence=f"Days since the {words} last changed, as far as the bank has heard.",
        )
        for name, column, words in _CHANGES
    ]


def _given_up() -> list[Feature]:
    family = partial(versioned, THEME, relation="family")
    columns = ["holding.closed_on", "product.family"]
    return [
        family(
            name=f"{one}_days_since_given_up", columns=columns, unit="days",
            expression=f"min(asked_day - closed_on) FILTER (family = '{one}')",
            sentence=f"Days since a product of the family {one} was last given up.",
        )
        for one in PRODUCT_FAMILIES
    ]  # fmt: skip


def family_features(
    family: str, *, products: Sequence[str], offers: Sequence[str] = ()
) -> tuple[Feature, ...]:
    """The features that speak of one product family: its pages looked at, its offers, its applications.

    `products` are the family's product codes, `offers` the codes of offers for them. The names begin with
    the family: `fund_pages_count_30d`.
    """
    pages = shown.where(product_code=products)
    applied = events("credit_application").where(product_code=products)
    often = [Measure("count", f"{family}_pages_count", f"Number of pages of {family} products looked at")]
    last = [
        Measure("recency", f"{family}_page_days_since_last",
                f"Days since a page of a {family} product was last looked at")
    ]  # fmt: skip
    forms = [
        Measure("recency", f"{family}_application_days_since_last",
                f"Days since a {family} product was last applied for")
    ]  # fmt: skip
    made = [
        *observed(THEME, pages, often, over=("7d", "30d", "90d")),
        *observed(THEME, pages, last, over=("all",)),
        *observed(THEME, applied, forms, over=("all",)),
    ]
    if offers:
        contacted = treated.where(offer_id=offers)
        told = [
            Measure("recency", f"{family}_contact_days_since_last",
                    f"Days since a {family} product was last offered")
        ]  # fmt: skip
        yes = [Measure("count", f"{family}_accepted_count", f"Offers of {family} products accepted")]
        made += observed(THEME, contacted, told, over=("all",))
        made += observed(THEME, contacted.where(response="accepted"), yes, over=("90d",))
    return tuple(made)


FEATURES = (
    *_spending(), *_windfalls(), *_work(), *_thrift(), *_screens(), *_asked(), *_changes(), *_given_up(),
)  # fmt: skip
