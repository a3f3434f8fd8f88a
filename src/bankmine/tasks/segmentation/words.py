"""Names of segments in plain words, from what their customers live on.

A trait is a column of the style whose mean in the segment differs from the others' by at least half a
standard deviation (Cohen's d). What a segment does more than others makes the name, strongest first; what it
does less is said only where little else can be. A name stays with its segment from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

LEAST_EFFECT = 0.5
LESS = 0.6  # what is missing says less than what is there
SPAN = re.compile(r"_(all|\d+(?:mo|d))$")
WINDOW = re.compile(r"_(\d+)(mo|d)$")
PHRASES: dict[str, tuple[str, str, str]] = {
    # front of the feature's name: (subject of talk, phrase when high, phrase when low)
    "bought_abroad_share": ("place", "pays abroad", "never abroad"),
    "bought_cities": ("places", "many cities", "few cities"),
    "bought_mean": ("size", "large purchases", "small purchases"),
    "bought_night_share": ("night", "at night", "by day"),
    "bought_weekend_share": ("days", "at weekends", "on weekdays"),
    "cash_share": ("way of paying", "cash", "hardly cash"),
    "active_days": ("activity", "active on many days", "active on few days"),
    "channel_share_card": ("way of paying", "pays by card", "no card payments"),
    "channel_share_cash": ("way of paying", "uses cash", "little cash"),
    "channel_share_transfer": ("way of paying", "pays by transfer", "few transfers"),
    "in_sum": ("income", "much money in", "little money in"),
    "merchants_distinct": ("breadth", "many merchants", "few merchants"),
    "out_mean": ("size", "large payments", "small payments"),
    "terminals_distinct": ("breadth", "many terminals", "few terminals"),
    "transaction_days_since_first": ("age", "long known", "new"),
    "transaction_days_since_last": ("recency", "quiet lately", "active lately"),
    "transaction_gap": ("rhythm", "long pauses", "short pauses"),
    "transactions_count": ("activity", "many transactions", "few transactions"),
}
NAMED = {
    "bought_mean": "mean purchase", "bought_cities": "cities bought in", "bought_count": "purchases",
    "out_mean": "mean payment made", "in_sum": "money received", "out_sum": "money paid",
    "active_days_count": "days with a transaction", "transactions_count": "transactions",
    "merchants_distinct": "merchants paid", "terminals_distinct": "terminals used",
    "cash_share": "share of cash",
}  # fmt: skip
WHERE = {"abroad_share": "abroad", "night_share": "at night", "weekend_share": "at weekends"}
SHARE = "bought_share_"
COMPANIES = "companies"
LIKE_MOST = "like most customers"


def talk(feature: str) -> tuple[str, str, str]:
    """Subject of talk and the two phrases of a feature; made from its name where there are none."""
    front = SPAN.sub("", feature)
    if front.startswith(SHARE):
        bought = front.removeprefix(SHARE).replace("_", " ")
        bought = "other things" if bought == "other" else bought
        return bought, bought, f"little {bought}"
    fronts = [one for one in PHRASES if front.startswith(one)]
    if fronts:
        return PHRASES[max(fronts, key=len)]
    plain = front.replace("_", " ")
    return plain, f"high {plain}", f"low {plain}"


def said_name(feature: str) -> str:
    """The same for prose: the window in words, and no "sum" or "count" where the unit says it.

    "income in 12 months" for `income_sum_12mo`; what the segments were found by keeps its name.
    """
    span = WINDOW.search(feature)
    if span is None or feature.startswith(("bought_", "cash_share")):
        return plain_name(feature)
    front = feature[: span.start()]
    what = NAMED.get(front, front.removesuffix("_sum").removesuffix("_count").replace("_", " "))
    number, unit = int(span[1]), {"mo": "month", "d": "day"}[span[2]]
    return f"{what} in {number} {unit}s" if number > 1 else f"{what} in a {unit}"


def plain_name(feature: str) -> str:
    """What a feature is about, for axes and tables."""
    front = SPAN.sub("", feature)
    if front.startswith(SHARE):
        return f"share of {front.removeprefix(SHARE).replace('_', ' ')}"
    bare = front.removeprefix("bought_")
    if bare.endswith("_share"):
        return NAMED.get(front, f"share {WHERE.get(bare, bare.removesuffix('_share').replace('_', ' '))}")
    return NAMED.get(front, bare.replace("_", " "))


def names(profiles: Sequence[Any], *, most: int = 3) -> list[str]:
    """One name a segment, all different: as many traits as needed to tell them apart."""
    chosen = [_traits(profile) for profile in profiles]
    found = [_name(traits, most) for traits in chosen]
    for extra in range(most + 1, most + 4):
        twice = {name for name in found if found.count(name) > 1}
        found = [
            _name(traits, extra) if name in twice else name
            for name, traits in zip(found, chosen, strict=True)
        ]
    return different(found)


def different(found: Sequence[str]) -> list[str]:
    """The names, those that occur before with a number behind."""
    seen: dict[str, int] = {}
    made = []
    for name in found:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return made


def kept_names(fresh: Sequence[str], ids: Sequence[int], before: Mapping[int, str]) -> list[str]:
    """A segment that carries on an earlier one's id keeps its name; a new one must not take a name in use."""
    used = {before[one] for one in ids if one in before}
    made: list[str] = []
    for name, one in zip(fresh, ids, strict=True):
        if one in before:
            made.append(before[one])
            continue
        number, free = 2, name
        while free in used or free in made:
            free, number = f"{name} ({number})", number + 1
        made.append(free)
    return made


def _traits(profile: Any) -> list[str]:
    """Phrases of the outstanding traits, the most telling first, one for each subject of talk."""
    told = sorted(
        (trait for trait in profile.traits if abs(trait.effect) >= LEAST_EFFECT),
        key=lambda trait: -(trait.effect if trait.effect > 0 else -trait.effect * LESS),
    )
    phrases: dict[str, str] = {}
    for trait in told:
        subject, high, low = talk(trait.feature)
        phrases.setdefault(subject, high if trait.effect > 0 else low)
    return list(dict.fromkeys(phrases.values()))


def _name(phrases: Sequence[str], most: int) -> str:
    return ", ".join(phrases[:most]) if phrases else LIKE_MOST
