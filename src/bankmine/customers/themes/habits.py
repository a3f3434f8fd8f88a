"""How a customer pays: channels, what for, when; shares among levels that are fixed here.

A bank with other channels or categories gets its own with `Catalogue.with_levels`; what is not listed
counts as "other", so that a level that appears later changes no other share.
"""

from __future__ import annotations

from collections.abc import Sequence

from bankmine.customers.feature import Feature
from bankmine.customers.themes import Measure, derived, observed, shares, slug
from bankmine.customers.themes.activity import every, paid_out
from bankmine.customers.themes.money import out

THEME = "habits"
CHANNELS = ("bank", "card", "cash", "phone", "transfer", "web")
CATEGORIES = (
    "groceries", "household", "insurance", "inter_bank", "leasing", "leisure", "loan_payment", "payment",
    "penalty_interest", "purchase", "statement_fee",
)  # fmt: skip
SPANS = ("3mo", "12mo")


def level_features(channels: Sequence[str], categories: Sequence[str]) -> tuple[Feature, ...]:
    """The share features of the levels given."""
    by_channel = shares(
        THEME, every, by="channel", levels=channels, stem="channel_share",
        phrase="the number of transactions", over=SPANS,
    )  # fmt: skip
    by_category = shares(
        THEME, out, by="category", levels=categories, stem="category_share",
        phrase="the money paid out", over=("6mo",),
    )  # fmt: skip
    level_names = [f"category_share_{slug(level)}_6mo" for level in (*categories, "other")]
    channel_names = [f"channel_share_{slug(level)}_12mo" for level in (*channels, "other")]
    return (
        *by_channel,
        *by_category,
        derived(
            THEME, "category_concentration_6mo", "concentration", level_names, unit="index", window="6mo",
            sentence="How far the money paid out in the 6 months before the cutoff goes to one category "
            "(Herfindahl index of the category shares): 1 where one takes all.",
        ),
        derived(
            THEME, "channel_concentration_12mo", "concentration", channel_names, unit="index", window="12mo",
            sentence="How far the customer keeps to one channel (Herfindahl index of the channel shares of "
            "the 12 months before the cutoff): 1 where one is used for all.",
        ),
    )  # fmt: skip


def _timing() -> list[Feature]:
    weekend = [Measure("count", "weekend_count", "Number of payments made on a Saturday or Sunday")]
    night = [Measure("count", "night_count", "Number of payments made between midnight and 6:59")]
    shares_of_count = [
        derived(
            THEME, f"{stem}_share_{span}", "ratio", [f"{stem}_count_{span}", f"out_count_{span}"],
            unit="share", window=span,
            sentence=f"Share of the payments of the {span.removesuffix('mo')} months before the cutoff that "
            f"were made {words}.",
        )
        for stem, words in (("weekend", "on a Saturday or Sunday"), ("night", "between midnight and 6:59"))
        for span in SPANS
    ]  # fmt: skip
    return [
        *observed(THEME, paid_out, weekend, over=SPANS, only="weekend"),
        *observed(THEME, paid_out, night, over=SPANS, only="night"),
        *shares_of_count,
    ]


TIMING = tuple(_timing())
