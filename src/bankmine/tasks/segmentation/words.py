"""Names of segments in plain words, from what sets them apart.

A trait is a feature whose mean in the segment differs from the others' by at least half a standard deviation
(Cohen's d on the prepared scale). Each feature has a phrase for high and one for low; the strongest traits of
different subjects of talk make the name. "New" and "long known" are said only of a large effect (0.8) and
medians at least 90 days apart. The traits in the name also suggest what the segment is good for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEAST_EFFECT = 0.5
AGE, LEAST_AGE_EFFECT, LEAST_AGE_DAYS = "transaction_days_since_first", 0.8, 90.0
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
SUGGESTIONS = {
    "quiet lately": "Reactivation: write with a reason to come back.",
    "few transactions": "Reactivation: offer what makes this the main account, such as a standing order.",
    "active on few days": "Reactivation: offer what makes this the main account, such as a standing order.",
    "few payments": "Reactivation: offer what makes this the main account, such as a standing order.",
    "new": "Welcome: first steps, salary transfer, standing orders.",
    "high balance": "A talk about savings and investment.",
    "saves": "A talk about savings and investment.",
    "much money in": "A talk about savings and investment.",
    "often overdrawn": "A talk about an overdraft or a cheaper loan, after a check of what they can bear.",
    "swinging balance": "A buffer: savings plan or arranged overdraft, after a check of what they can bear.",
    "low balance": "A savings plan with small steps; no credit without a check of what they can bear.",
    "pays by card": "A card offer: higher limit, rewards or insurance on the card.",
    "many merchants": "A card offer: rewards where they shop.",
    "many terminals": "A card offer: rewards where they shop.",
    "no card payments": "A first card, with help to use it.",
    "uses cash": "A card or the app in place of cash.",
    "uses the branch": "Show the app in the branch.",
    "pays online": "Offers in the app only; card protection for online payments.",
    "pays by transfer": "Standing orders and the app for their transfers.",
    "salary or pension in": "Products for the main account: savings plan, arranged overdraft.",
    "no salary in": "Invite them to bring their salary here.",
    "high spending": "A card offer: higher limit and rewards for large spenders.",
    "large payments": "A talk about how they pay large sums: instalments or savings towards them.",
    "many payments": "Service for active customers: flat fee and rewards.",
    "many transactions": "Service for active customers: flat fee and rewards.",
    "active on many days": "Service for active customers: flat fee and rewards.",
    "long known": "A thank-you to loyal customers.",
}


def talk(feature: str) -> tuple[str, str, str]:
    """Subject of talk and the two phrases of a feature; made from its name where there are none."""
    fronts = [front for front in PHRASES if feature.startswith(front)]
    if fronts:
        return PHRASES[max(fronts, key=len)]
    plain = feature.replace("_", " ")
    return plain, f"high {plain}", f"low {plain}"


def names(
    profiles: Sequence[Any], gaps: Sequence[Mapping[str, float]] | None = None, *, most: int = 3
) -> list[str]:
    """One name a segment, all different: as many traits as needed to tell them apart, at least two.

    `gaps` has each segment's medians less those of all others, in the features' own units.
    """
    apart = gaps if gaps is not None else [{} for _ in profiles]
    chosen = [_traits(profile, own) for profile, own in zip(profiles, apart, strict=True)]
    found = [_name(traits, most) for traits in chosen]
    for extra in range(most + 1, most + 4):
        twice = {name for name in found if found.count(name) > 1}
        found = [
            _name(traits, extra) if name in twice else name
            for name, traits in zip(found, chosen, strict=True)
        ]
    twice = {name for name in found if found.count(name) > 1}
    return [f"{name} ({number})" if name in twice else name for number, name in enumerate(found, start=1)]


def suggestion(name: str) -> str:
    """What a segment of that name suggests: by its strongest trait that suggests anything."""
    plain = name.rsplit(" (", 1)[0] if name.endswith(")") else name
    for phrase in plain.split(", "):
        if phrase in SUGGESTIONS:
            return f"{SUGGESTIONS[phrase]} Keep a hold-out group and measure against it."
    return "No offer suggests itself: look at the traits, try one treatment, measure it against a hold-out."


def _counts(trait: Any, gaps: Mapping[str, float]) -> bool:
    """Whether a trait is strong enough to be named."""
    if not trait.feature.startswith(AGE):
        return bool(abs(trait.effect) >= LEAST_EFFECT)
    days = abs(gaps.get(trait.feature, 0.0))
    return bool(abs(trait.effect) >= LEAST_AGE_EFFECT and days >= LEAST_AGE_DAYS)


def _traits(profile: Any, gaps: Mapping[str, float]) -> list[str]:
    """Phrases of the outstanding traits, strongest first, one for each subject of talk."""
    phrases: dict[str, str] = {}
    for trait in profile.traits:
        if not _counts(trait, gaps):
            continue
        subject, high, low = talk(trait.feature)
        phrases.setdefault(subject, high if trait.effect > 0 else low)
    return list(phrases.values())


def _name(phrases: Sequence[str], most: int) -> str:
    return ", ".join(phrases[:most]) if phrases else "like most customers"
