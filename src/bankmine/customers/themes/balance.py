"""What lies on the accounts: level, low, spread and trend of the balance.

`balance_…` reads the balance after each booking (of whichever account the booking was on); `stated_balance_…`
reads the table of balances, for banks that deliver those.
"""

from __future__ import annotations

from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import Measure, derived, observed
from bankmine.windows import events

THEME = "balance"
CLOSER, RISKIER = Direction.CLOSER, Direction.RISKIER
after_booking = events("transaction").where(status="booked").measure("balance_after_minor")
overdrawn = events("transaction").where(status="booked").below(balance_after_minor=0)
stated = events("balance").measure("balance_minor")


def _level(source_words: str, stem: str) -> list[Measure]:
    return [
        Measure("min", f"{stem}_min", f"Lowest {source_words}", CLOSER),
        Measure("mean", f"{stem}_mean", f"Mean {source_words}", CLOSER),
        Measure("max", f"{stem}_max", f"Highest {source_words}", CLOSER),
    ]


def _features() -> list[Feature]:
    booked = "balance after a booking"
    last = [Measure("last", "balance_last", "Balance after the latest booking", CLOSER)]
    spread = [
        Measure("std", "balance_std", "Standard deviation of the balance after bookings"),
        Measure("first", "balance_first", "Balance after the first booking"),
    ]
    below = [Measure("count", "overdrawn_count", "Number of bookings that left the account below 0", RISKIER)]
    bookings = [Measure("count", "bookings_count", "Number of bookings with a balance")]
    stated_last = [Measure("last", "stated_balance_last", "Latest balance stated", CLOSER)]
    return [
        *observed(THEME, after_booking, last, over=("all",)),
        *observed(THEME, after_booking, _level(booked, "balance"), over=("1mo", "3mo", "12mo")),
        *observed(THEME, after_booking, spread, over=("3mo", "12mo")),
        *observed(THEME, overdrawn, below, over=("3mo", "12mo")),
        *observed(THEME, after_booking, bookings, over=("3mo", "12mo")),
        *observed(THEME, stated, stated_last, over=("all",)),
        *observed(THEME, stated, _level("balance stated", "stated_balance"), over=("3mo", "12mo")),
        derived(
            THEME, "balance_change_3mo", "difference", ["balance_last_all", "balance_first_3mo"],
            unit="minor units", window="3mo", direction=CLOSER,
            sentence="Balance after the latest booking less that after the first of the 3 months before the "
            "cutoff.",
        ),
        derived(
            THEME, "balance_change_12mo", "difference", ["balance_last_all", "balance_first_12mo"],
            unit="minor units", window="12mo", direction=CLOSER,
            sentence="Balance after the latest booking less that after the first of the 12 months before the "
            "cutoff.",
        ),
        derived(
            THEME, "balance_level_3mo", "ratio", ["balance_mean_3mo", "balance_mean_12mo"], unit="ratio",
            window="12mo", direction=CLOSER,
            sentence="Mean balance of the last 3 months as a multiple of that of the last 12.",
        ),
        derived(
            THEME, "overdrawn_share_12mo", "ratio", ["overdrawn_count_12mo", "bookings_count_12mo"],
            unit="share", window="12mo", direction=RISKIER,
            sentence="Share of the bookings of the 12 months before the cutoff that left the account "
            "below 0.",
        ),
        derived(
            THEME, "balance_to_spending_3mo", "ratio", ["balance_mean_3mo", "out_sum_3mo"], unit="ratio",
            window="3mo", direction=CLOSER,
            sentence="Mean balance over the payments made, both of the 3 months before the cutoff.",
        ),
    ]  # fmt: skip


FEATURES = tuple(_features())
