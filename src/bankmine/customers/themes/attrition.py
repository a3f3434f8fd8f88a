"""How a customer draws away: salary, balances, payments to other banks, cards, screens, complaints, prices.

Leaving shows long before an account is closed: first the salary goes elsewhere, then the balance, then the
card lies still. What speaks of it is never a level but a change against the customer's own past, so most
features here are a window set against a longer or an earlier one: a lateness against the own rhythm, a
balance against that of months ago, a share of this month against the year's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import Measure, derived, observed, shares, versioned, when
from bankmine.customers.themes.balance import after_booking, stated
from bankmine.customers.themes.dialogue import complaints, digital
from bankmine.customers.themes.money import income, out
from bankmine.windows import events

THEME = "attrition"
CLOSER, FARTHER, NONE = Direction.CLOSER, Direction.FARTHER, Direction.NONE
MONEY, RATIO = "minor units", "ratio"
by_card = out.having("card_id")
ordered = out.where(channel="order")
to_banks = out.having("counterparty_bank")
sent = out.where(channel="transfer").having("counterparty_bank")
logins = digital.where(event="login")
surveys = events("interaction").where(kind="survey").measure("rating", scale=10)
calls = events("interaction").where(kind=("call", "chat"))
moves = events("bureau_event").where(kind="address_change")
_MONTHS = {"1mo": "month", "3mo": "3 months", "6mo": "6 months", "12mo": "12 months"}


def _change(stem: str, words: str, recent: str, both: str, *, direction: Direction = CLOSER) -> Feature:
    """The recent window less the part of the longer before it, as a fraction of both (of equal lengths)."""
    return derived(
        THEME, f"{stem}_change_{recent}", "change", [f"{stem}_{recent}", f"{stem}_{both}"], unit=RATIO,
        window=both, direction=direction,
        sentence=f"{words} of the last {_MONTHS[recent]} less that of the {_MONTHS[recent]} before, as a "
        "fraction of both: from −1 (stopped) to 1 (begun).",
    )  # fmt: skip


def _level(stem: str, words: str, recent: str, whole: str, *, direction: Direction = CLOSER) -> Feature:
    """The recent window as a part of a longer one that holds it."""
    return derived(
        THEME, f"{stem}_level_{recent}_of_{whole}", "ratio", [f"{stem}_{recent}", f"{stem}_{whole}"],
        unit=RATIO, window=whole, direction=direction,
        sentence=f"{words} of the last {_MONTHS[recent]} as a part of that of the last {_MONTHS[whole]}.",
    )  # fmt: skip


def _lateness(stem: str, words: str) -> Feature:
    return derived(
        THEME, f"{stem}_lateness_12mo", "ratio", [f"{stem}_days_since_last_all", f"{stem}_gap_mean_12mo"],
        unit=RATIO, window="12mo", direction=FARTHER,
        sentence=f"Days since the last {words} as a multiple of the customer's own mean gap of 12 months: "
        "above 1 it is overdue.",
    )  # fmt: skip


def _salary() -> list[Feature]:
    gap = Measure("gap_mean", "income_gap_mean", "Mean days between salaries and pensions")
    some = [
        Measure("sum", "income_sum", "Sum of salary and pension received", CLOSER),
        Measure("count", "income_count", "Number of payments of salary and pension", CLOSER),
    ]
    share = [
        derived(
            THEME, f"income_share_{span}", "ratio", [f"income_sum_{span}", f"in_sum_{span}"], unit="share",
            window=span, direction=CLOSER,
            sentence=f"Share of salary and pension in the money received {when(span)}.",
        )
        for span in ("1mo", "3mo")
    ]  # fmt: skip
    return [
        *observed(THEME, income, [gap], over=("12mo",)),
        *observed(THEME, income, some, over=("1mo", "6mo")),
        *share,
        derived(
            THEME, "income_share_drop_3mo", "difference", ["income_share_3mo", "income_share_12mo"],
            unit="share", window="12mo", direction=CLOSER,
            sentence="Share of salary and pension in the money received in the last 3 months less that "
            "in the last 12.",
        ),
        _lateness("income", "salary or pension"),
        _change("income_sum", "Salary and pension", "3mo", "6mo"),
        _level("income_sum", "Salary and pension", "1mo", "12mo"),
    ]  # fmt: skip


def _balances() -> list[Feature]:
    """What is there now against 3, 6 and 11 months ago, so that a year of coverage is enough."""
    total = [Measure("sum", "stated_total", "Sum of the balances stated", CLOSER)]
    made = observed(THEME, stated, total, over=("1mo",))
    for delay, stem in (("3mo", "3mo"), ("6mo", "6mo"), ("11mo", "11mo")):
        before = Measure("sum", f"stated_total_{stem}_before", "Sum of the balances stated", CLOSER)
        made += observed(THEME, stated, [before], over=("1mo",), delay=delay)
        made.append(
            derived(
                THEME, f"stated_total_to_{stem}_before", "ratio",
                ["stated_total_1mo", f"stated_total_{stem}_before_1mo"], unit=RATIO, window="12mo",
                direction=CLOSER,
                sentence="Balances stated in the last month as a multiple of those stated "
                f"{stem.removesuffix('mo')} months earlier.",
            )
        )  # fmt: skip
    slope = [Measure("trend", "stated_slope", "Slope over the civil months of the balances stated", CLOSER)]
    earlier = [
        Measure("last", "balance_last_3mo_before", "Balance after the booking that was the latest", CLOSER)
    ]
    months = [Measure("max", "balance_max", "Highest balance after a booking", CLOSER)]
    return [
        *made,
        *observed(THEME, stated, slope, over=("3mo", "6mo", "12mo")),
        *observed(THEME, after_booking, earlier, over=("12mo",), delay="3mo"),
        *observed(THEME, after_booking, months, over=("6mo",)),
        derived(
            THEME, "balance_left_of_max_6mo", "ratio", ["balance_last_all", "balance_max_6mo"], unit=RATIO,
            window="6mo", direction=CLOSER,
            sentence="Balance after the latest booking as a part of the highest of the last 6 months.",
        ),
        derived(
            THEME, "balance_to_3mo_before", "ratio", ["balance_last_all", "balance_last_3mo_before_12mo"],
            unit=RATIO, window="12mo", direction=CLOSER,
            sentence="Balance after the latest booking as a multiple of that after the latest booking "
            "3 months earlier.",
        ),
        derived(
            THEME, "slope_of_balance_6mo", "ratio", ["stated_slope_6mo", "stated_total_6mo_before_1mo"],
            unit="a month", window="12mo", direction=CLOSER,
            sentence="Monthly slope of the balances stated in the last 6 months as a fraction of those "
            "stated 6 months ago.",
        ),
    ]  # fmt: skip


def _other_banks() -> list[Feature]:
    sums = [
        Measure("sum", "to_banks_sum", "Payments made to accounts at named banks", NONE),
        Measure("max", "to_banks_max", "Largest payment made to an account at a named bank", FARTHER),
    ]
    wires = [
        Measure("sum", "sent_sum", "Transfers made by hand to accounts at named banks", FARTHER),
        Measure("count", "sent_count", "Number of transfers made by hand to accounts at named banks"),
        Measure("max", "sent_max", "Largest transfer made by hand to an account at a named bank", FARTHER),
    ]
    banks = [Measure("distinct", "banks_paid_distinct", "Number of different banks paid to", unit="banks")]
    return [
        *observed(THEME, to_banks, sums, over=("1mo", "3mo", "6mo", "12mo")),
        *observed(THEME, sent, wires, over=("1mo", "3mo", "6mo", "12mo")),
        *observed(THEME, to_banks.distinct("counterparty_bank"), banks, over=("3mo", "12mo")),
        derived(
            THEME, "to_banks_share_3mo", "ratio", ["to_banks_sum_3mo", "out_sum_3mo"], unit="share",
            window="3mo", direction=FARTHER,
            sentence="Share of the money paid out in the 3 months before the cutoff that went to accounts at "
            "named banks.",
        ),
        derived(
            THEME, "sent_share_3mo", "ratio", ["sent_sum_3mo", "out_sum_3mo"], unit="share", window="3mo",
            direction=FARTHER,
            sentence="Share of the money paid out in the 3 months before the cutoff that was sent by hand to "
            "accounts at named banks.",
        ),
        derived(
            THEME, "sent_to_received_3mo", "ratio", ["sent_sum_3mo", "in_sum_3mo"], unit=RATIO, window="3mo",
            direction=FARTHER,
            sentence="Transfers made by hand to named banks over the money received, both of the 3 months "
            "before the cutoff.",
        ),
        _change("sent_sum", "Sum of transfers made by hand to named banks", "3mo", "6mo", direction=FARTHER),
        _level("sent_sum", "Sum of transfers made by hand to named banks", "3mo", "12mo", direction=FARTHER),
        _level("sent_max", "Largest transfer made by hand to a named bank", "1mo", "12mo", direction=FARTHER),
    ]  # fmt: skip


def _orders() -> list[Feature]:
    paid = [
        Measure("count", "orders_paid_count", "Number of payments by standing order", CLOSER),
        Measure("sum", "orders_paid_sum", "Sum of payments by standing order", CLOSER),
    ]
    ended = "standing_order.category", "standing_order.amount_minor"
    return [
        *observed(THEME, ordered, paid, over=("1mo", "3mo", "6mo")),
        _change("orders_paid_count", "Number of payments by standing order", "3mo", "6mo"),
        _level("orders_paid_sum", "Sum of payments by standing order", "1mo", "6mo"),
        versioned(
            THEME, "standing_orders_ended_count", "count(*) FILTER (days_since_end < 90)", zero=True,
            relation="order_ended", columns=ended, unit="orders", direction=FARTHER,
            sentence="Number of the customer's standing orders that ended in the 90 days before the cutoff.",
        ),
        versioned(
            THEME, "standing_order_days_since_end", "min(days_since_end)", relation="order_ended",
            columns=ended, unit="days", direction=CLOSER,
            sentence="Days since one of the customer's standing orders ended.",
        ),
    ]  # fmt: skip


def _cards() -> list[Feature]:
    last = Measure("recency", "by_card_days_since_last", "Days since the last payment by card", FARTHER)
    gap = Measure("gap_mean", "by_card_gap_mean", "Mean days between payments by card")
    used = [
        Measure("count", "by_card_count", "Number of payments by card", CLOSER),
        Measure("sum", "by_card_sum", "Sum of payments by card", CLOSER),
    ]
    cards = Measure("distinct", "cards_used_distinct", "Number of different cards used", CLOSER, unit="cards")
    return [
        *observed(THEME, by_card, [last], over=("all",)),
        *observed(THEME, by_card, [gap], over=("12mo",)),
        *observed(THEME, by_card, used, over=("1mo", "3mo", "6mo", "12mo")),
        *observed(THEME, by_card.distinct("card_id"), [cards], over=("3mo", "12mo")),
        _lateness("by_card", "payment by card"),
        _change("by_card_count", "Number of payments by card", "3mo", "6mo"),
        _level("by_card_count", "Number of payments by card", "1mo", "6mo"),
        _level("by_card_sum", "Sum of payments by card", "3mo", "12mo"),
    ]


def _screens() -> list[Feature]:
    seen = Measure("active_days", "digital_days_count", "Number of days in the app or on the site", CLOSER)
    gap = Measure("gap_mean", "digital_gap_mean", "Mean days between steps in the app or on the site")
    entered = Measure("count", "logins_count", "Number of log-ins", CLOSER)
    return [
        *observed(THEME, digital, [seen], over=("6mo",)),
        *observed(THEME, digital, [gap], over=("12mo",)),
        *observed(THEME, logins, [entered], over=("1mo", "3mo", "6mo")),
        _lateness("digital", "step on a screen"),
        _change("digital_days_count", "Number of days on a screen", "3mo", "6mo"),
        _change("logins_count", "Number of log-ins", "3mo", "6mo"),
        _level("logins_count", "Number of log-ins", "1mo", "6mo"),
    ]


def _said() -> list[Feature]:
    more = [Measure("count", "complaints_count", "Number of complaints", FARTHER)]
    rated = [
        Measure("last", "rating_last", "Rating given in the latest survey", CLOSER),
        Measure("mean", "rating_mean", "Mean rating given in surveys", CLOSER),
        Measure("min", "rating_min", "Lowest rating given in a survey", CLOSER),
    ]
    called = [Measure("count", "calls_count", "Number of calls to the bank")]
    flag = ["customer_flag.flag"]
    return [
        *observed(THEME, complaints, more, over=("1mo", "6mo")),
        *observed(THEME, surveys, rated[:1], over=("all",)),
        *observed(THEME, surveys, rated[1:], over=("6mo",)),
        *observed(THEME, calls, called, over=("1mo", "6mo")),
        versioned(
            THEME, "complaint_open_days", "max(days_since_set) FILTER (flag = 'complaint_open')",
            relation="customer_flag", columns=flag, unit="days", direction=FARTHER,
            sentence="Days for which a complaint of the customer has been open; missing where none is.",
        ),
    ]  # fmt: skip


def _record() -> list[Feature]:
    moved = Measure("recency", "address_change_days_since_last", "Days since the credit bureau reported "
                    "another address")  # fmt: skip
    return observed(THEME, moves, [moved], over=("all",))


def _prices() -> list[Feature]:
    columns = ["rate_history.customer_rate", "rate_history.transfer_rate", "holding.product_code",
               "product.family"]  # fmt: skip
    return [
        versioned(
            THEME, "savings_rate_held", "CAST(round(max(customer_rate) * 10000) AS BIGINT)", relation="rate",
            columns=columns, unit="basis points", direction=CLOSER,
            sentence="Highest rate a year paid on a savings account or deposit the customer holds.",
        ),
        versioned(
            THEME, "savings_rate_gap", "CAST(round(max(transfer_rate - customer_rate) * 10000) AS BIGINT)",
            relation="rate", columns=columns, unit="basis points", direction=FARTHER,
            sentence="Most by which what such money is worth to the bank exceeds the rate paid, among the "
            "savings accounts and deposits the customer holds.",
        ),
    ]  # fmt: skip


def bank_features(banks: Sequence[str]) -> tuple[Feature, ...]:
    """The share of each named bank in the transfers made by hand; names are the bank's own business."""
    return tuple(
        shares(
            THEME, sent, by="counterparty_bank", levels=banks, stem="sent_bank_share",
            phrase="the money sent by hand to named banks", over=("3mo", "12mo"),
        )
    )  # fmt: skip


def _every() -> Iterable[Feature]:
    for part in (_salary, _balances, _other_banks, _orders, _cards, _screens, _said, _record, _prices):
        yield from part()


FEATURES = tuple(_every())
