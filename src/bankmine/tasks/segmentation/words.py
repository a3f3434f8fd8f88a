"""Names of segments in plain words, from what sets them apart.

A trait is a feature whose mean in the segment differs from the others' by at least half a standard deviation
(Cohen's d on the prepared scale). Each feature has a phrase for high and one for low; the strongest traits of
different subjects of talk make the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LEAST_EFFECT = 0.5
PHRASES: dict[str, tuple[str, str, str]] = {
    # front of the feature's name: (subject of talk, phrase when high, phrase when low)
    "income_": ("income", "salary or pension in", "no salary in"),
    "in_sum": ("income", "much money in", "little money in"),
    "in_count": ("income", "many payments in", "few payments in"),
    "in_gap_variation": ("rhythm of income", "irregular income", "regular income"),
    "transactions_count": ("activity", "many transactions", "few transactions"),
    "active_days": ("activity", "active on many days", "active on few days"),
    "out_count": ("activity", "many payments", "few payments"),
    "out_sum": ("spending", "high spending", "low spending"),
    "out_mean": ("size", "large payments", "small payments"),
    "out_max": ("size", "large payments", "small payments"),
    "out_days_since_last": ("recency", "quiet lately", "active lately"),
    "transaction_days_since_last": ("recency", "quiet lately", "active lately"),
    "transaction_days_since_first": ("age", "long known", "new"),
    "transaction_gap": ("rhythm", "long pauses", "short pauses"),
    "balance_mean": ("balance", "high balance", "low balance"),
    "balance_std": ("swings", "swinging balance", "steady balance"),
    "overdrawn": ("balance", "often overdrawn", "never overdrawn"),
    "saved_share": ("saving", "saves", "spends what comes in"),
    "merchants_distinct": ("breadth", "many merchants", "few merchants"),
    "terminals_distinct": ("breadth", "many terminals", "few terminals"),
    "counterparties_distinct": ("breadth", "many counterparties", "few counterparties"),
    "channel_share_card": ("channel", "pays by card", "no card payments"),
    "channel_share_cash": ("channel", "uses cash", "little cash"),
    "channel_share_transfer": ("channel", "pays by transfer", "few transfers"),
    "channel_share_online": ("channel", "pays online", "seldom online"),
    "channel_share_branch": ("channel", "uses the branch", "seldom in the branch"),
    "weekend_share": ("timing", "pays at weekends", "pays on weekdays"),
    "night_share": ("timing", "pays at night", "pays by day"),
    "standing_orders": ("orders", "standing orders", "no standing orders"),
    "products_held": ("holdings", "many products", "few products"),
}


def talk(feature: str) -> tuple[str, str, str]:
    """Subject of talk and the two phrases of a feature; made from its name where there are none."""
    fronts = [front for front in PHRASES if feature.startswith(front)]
    if fronts:
        return PHRASES[max(fronts, key=len)]
    plain = feature.replace("_", " ")
    return plain, f"high {plain}", f"low {plain}"


def names(profiles: Sequence[Any], *, most: int = 3) -> list[str]:
    """One name a segment, all different: as many traits as needed to tell them apart, at least two."""
    chosen = [_traits(profile) for profile in profiles]
    found = [_name(traits, most) for traits in chosen]
    for extra in range(most + 1, most + 4):
        twice = {name for name in found if found.count(name) > 1}
        found = [
            _name(traits, extra) if name in twice else name
            for name, traits in zip(found, chosen, strict=True)
        ]
    twice = {name for name in found if found.count(name) > 1}
    return [f"{name} ({number})" if name in twice else name for number, name in enumerate(found, start=1)]


def _traits(profile: Any) -> list[str]:
    """Phrases of the outstanding traits, strongest first, one for each subject of talk."""
    phrases: dict[str, str] = {}
    for trait in profile.traits:
        if abs(trait.effect) < LEAST_EFFECT:
            continue
        subject, high, low = talk(trait.feature)
        phrases.setdefault(subject, high if trait.effect > 0 else low)
    return list(phrases.values())


def _name(phrases: Sequence[str], most: int) -> str:
    return ", ".join(phrases[:most]) if phrases else "like most customers"
