"""How often and how lately a customer pays: recency, frequency, rhythm, breadth."""

from __future__ import annotations

from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import MONTHS, Measure, derived, observed
from bankmine.windows import events

THEME = "activity"
DONE = ("authorised", "booked")
every = events("transaction").where(status=DONE)
paid_in = every.where(direction="in")
paid_out = every.where(direction="out")
CLOSER, FARTHER = Direction.CLOSER, Direction.FARTHER


def _frequency() -> list[Feature]:
    count = [Measure("count", "transactions_count", "Number of transactions not declined", CLOSER)]
    days = [Measure("active_days", "active_days_count", "Number of days with a transaction", CLOSER)]
    into = [Measure("count", "in_count", "Number of payments received", CLOSER)]
    out = [Measure("count", "out_count", "Number of payments made", CLOSER)]
    declined = [Measure("count", "declined_count", "Number of transactions declined", Direction.RISKIER)]
    return [
        *observed(THEME, every, count, over=(*MONTHS, "all")),
        *observed(THEME, every, days, over=(*MONTHS, "all")),
        *observed(THEME, paid_in, into, over=MONTHS),
        *observed(THEME, paid_out, out, over=MONTHS),
        *observed(THEME, events("transaction").where(status="declined"), declined, over=("3mo",)),
    ]


def _recency() -> list[Feature]:
    made = []
    for source, what, words in (
        (every, "transaction", "transaction"), (paid_in, "in", "payment received"),
        (paid_out, "out", "payment made"),
    ):  # fmt: skip
        since_last = Measure("recency", f"{what}_days_since_last", f"Days since the last {words}", FARTHER)
        made += observed(THEME, source, [since_last], over=("all",))
    first = Measure("days_since_first", "transaction_days_since_first", "Days since the first transaction")
    return made + observed(THEME, every, [first], over=("all",))


def _rhythm() -> list[Feature]:
    gaps = [
        Measure("gap_mean", "transaction_gap_mean", "Mean days between transactions", FARTHER),
        Measure("gap_std", "transaction_gap_std", "Standard deviation of the days between transactions"),
    ]
    return [
        *observed(THEME, every, gaps, over=("12mo", "all")),
        derived(
            THEME, "transactions_change_3mo", "change", ["transactions_count_3mo", "transactions_count_6mo"],
            unit="ratio", window="6mo", direction=CLOSER,
            sentence="Transactions of the last 3 months less those of the 3 months before, as a fraction "
            "of both: from −1 (stopped) to 1 (begun).",
        ),
        derived(
            THEME, "transaction_lateness_all", "ratio",
            ["transaction_days_since_last_all", "transaction_gap_mean_all"], unit="ratio", window="all",
            direction=FARTHER,
            sentence="Days since the last transaction as a multiple of the customer's own mean gap.",
        ),
    ]  # fmt: skip


def _breadth() -> list[Feature]:
    made = []
    for column, stem, words in (
        ("merchant_id", "merchants", "merchants paid"),
        ("counterparty_id", "counterparties", "counterparties"),
        ("terminal_id", "terminals", "terminals used"), ("city", "cities", "cities with a transaction"),
        ("country", "countries", "countries with a transaction"),
    ):  # fmt: skip
        measure = Measure("distinct", f"{stem}_distinct", f"Number of different {words}", CLOSER, unit=stem)
        made += observed(THEME, every.distinct(column), [measure], over=("1mo", "6mo"))
    made.append(
        derived(
            THEME, "merchants_per_payment_6mo", "ratio", ["merchants_distinct_6mo", "out_count_6mo"],
            unit="ratio", window="6mo",
            sentence="Different merchants for each payment made in the 6 months before the cutoff: "
            "1 where none is visited twice, near 0 where few merchants get all.",
        )
    )  # fmt: skip
    return made


FEATURES = (*_frequency(), *_recency(), *_rhythm(), *_breadth())
