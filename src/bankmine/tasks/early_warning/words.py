"""What the run says of itself in sentences: key statements and the verdict, each figure with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.tasks.contract import exponent_of
from bankmine.tasks.early_warning.judge import PAST_DUE, RANDOM, REGISTER
from bankmine.tasks.early_warning.worth import WORTH

TOLD = (90, 180)  # days before default


def lead_row(figures: Mapping[str, Any], days: int, name: str) -> Mapping[str, Any] | None:
    """The share on a list so many days before; None where it was not judged."""
    lead = figures["lead"]
    rows = [] if isinstance(lead, Mapping) else lead
    return next((one for one in rows if one["days"] == days and one["list"] == name), None)


def share(row: Mapping[str, Any]) -> str:
    """A share with its interval."""
    return f"{row['share']:.0%} ({row['low']:.0%}–{row['high']:.0%})"


def lead_sentence(figures: Mapping[str, Any]) -> str:
    """The lead time, beside the lists as long."""
    if isinstance(figures["lead"], Mapping):
        return f"The lead time could not be measured: {figures['lead']['refused']}"
    told = []
    for days in TOLD:
        rows = [lead_row(figures, days, name) for name in (REGISTER, PAST_DUE, RANDOM)]
        if all(rows):
            own, late, chance = (one for one in rows if one)
            told.append(
                f"{days} days before it is {own['share']:.0%} of {own['defaulters']}, days past due alone "
                f"{late['share']:.0%}, the random list {chance['share']:.0%}"
            )
    return "; ".join([_early_sentence(figures["early"]), *told]) + "."


def _early_sentence(early: Sequence[Mapping[str, Any]]) -> str:
    """The one test: early looks together, and what the register shows more."""
    rows = {one["list"]: one for one in early}
    own, late, chance = (rows[name] for name in (REGISTER, PAST_DUE, RANDOM))
    return (
        f"90 to 270 days before default {share(own)} of {own['defaulters']} later defaulters are on the "
        f"register: {more(late)} against a list as long by days past due alone, {more(chance)} against a "
        "random one"
    )


def more(row: Mapping[str, Any]) -> str:
    """In percentage points, how much more the register shows, with the interval."""
    value, low, high = (100 * row[name] for name in ("less", "less_low", "less_high"))
    return f"{value:+.0f} points ({low:+.0f} to {high:+.0f})"


def _hits_sentence(week: Mapping[str, Mapping[str, Any]], currency: str) -> str:
    """What five days of work on the register reach, beside the lists."""
    own, late, chance = (week[name] for name in (REGISTER, PAST_DUE, RANDOM))
    unit = 10 ** exponent_of(currency)
    through = own.get("worked", own["days"])
    work = "Five days' work" if through == own["days"] else f"{through:.1f} days' work, all there is,"
    return (
        f"{work} in the register's order ({own['cases']} cases) reach {_hit(own)} later defaulters "
        f"an analyst-day, who owe {currency} {own['owed_minor'] / unit:,.0f}; by days past due alone "
        f"{_hit(late)}, who owe {late['owed_minor'] / unit:,.0f}; at random {chance['hits']:.2f}. Of them "
        f"default only 90 to 365 days later, while there is time to act: {_hit(own, 'early_')}, "
        f"{_hit(late, 'early_')} and {chance['early_hits']:.2f}."
    )


def order_sentence(figures: Mapping[str, Any]) -> str:
    """That the order of work reaches clearly fewer defaulters than another list; empty where it does not."""
    hits = figures["hits"]
    if isinstance(hits, Mapping):
        return ""
    for days in sorted({one["days"] for one in hits}):
        rows = {one["list"]: one for one in hits if one["days"] == days}
        ahead = [f"{_hit(one)} by {name}" for name, one in rows.items() if one["less_high"] < 0]
        if ahead:
            own = rows[REGISTER]
            return (
                f" But its order of work is by money, not numbers: in the first {own['cases']} cases it "
                f"reaches fewer later defaulters an analyst-day, {_hit(own)} against {' and '.join(ahead)}."
            )
    return ""


def trade_sentence(figures: Mapping[str, Any], currency: str) -> str:
    """What a week's work in the register's order reaches against days past due alone, in plain words."""
    hits = figures["hits"]
    if isinstance(hits, Mapping):
        return ""
    week = {one["list"]: one for one in hits if one["days"] == 5}
    own, late = week[REGISTER], week[PAST_DUE]
    unit = 10 ** exponent_of(currency)
    numbers = _than(own["hits"], late["hits"], late["less_low"], late["less_high"])
    early = _than(own["early_hits"], late["early_hits"], late["early_less_low"], late["early_less_high"])
    share = own["owed_minor"] / late["owed_minor"] - 1 if late["owed_minor"] else 0.0
    owed = f"{abs(share):.0%} {'more' if share >= 0 else 'less'}"
    return (
        "The trade: against days past due alone the same hours in the register's order reach "
        f"{numbers} later defaulters and {early} with 90 days or more to go; those it reaches owe {owed} "
        f"({currency} {own['owed_minor'] / unit:,.0f} against {late['owed_minor'] / unit:,.0f} an "
        "analyst-day). The order is by expected saving less cost for each hour, not by numbers"
        + (
            "; to reach as many defaulters as can be, work by days past due."
            if late["less_high"] < 0
            else "."
        )
    )


def early_title(week: Mapping[str, Mapping[str, Any]]) -> str:
    """Whether the register reaches more borrowers with time left than the lists beside it, beyond chance."""
    own, late, even = (week[name] for name in (REGISTER, PAST_DUE, RANDOM))
    ahead = [name for name, one in ((PAST_DUE, late), ("a random list", even)) if one["early_less_low"] > 0]
    reached = f"{own['early_hits']:.2f} borrowers with time left an analyst-day"
    if ahead:
        return f"In its order of work the register reaches {reached}, more than {' and '.join(ahead)}"
    return (
        f"In its order of work the register reaches {reached}, not clearly more than days past due alone "
        f"({late['early_hits']:.2f}) or a random list ({even['early_hits']:.2f})"
    )


def how_level_was_set(figures: Mapping[str, Any]) -> str:
    """How the level of the chances was set, before the test and for the register of now."""
    if not figures["level_defaults"]:
        return "Too few defaulted after an earlier look to set the level by them: it is as learnt."
    return (
        f"The level is set by {figures['level_defaults']:,} borrowers who defaulted after an earlier look "
        f"learnt from, before the test: hazards × {figures['level']:.2f}; for the register of now, by all "
        f"looks, × {figures['level_now']:.2f}."
    )


def _than(own: float, other: float, low: float, high: float) -> str:
    """More, fewer, or not clearly either."""
    told = f"({own:.2f} against {other:.2f} an analyst-day)"
    if low > 0:
        return f"more {told}"
    return f"fewer {told}" if high < 0 else f"about as many {told}"


def level_sentence(figures: Mapping[str, Any]) -> str:
    """That the chances of the longest horizon are too high or too low; empty where they are not clearly."""
    if not figures["likelihood"]:
        return ""
    last = figures["likelihood"][-1]
    said, seen, low, high = (last[one] for one in ("predicted", "observed", "observed_low", "observed_high"))
    if low <= said <= high:
        return ""
    return (
        f"The chances are too {'high' if said > seen else 'low'}: within {last['months']} months "
        f"{said:.1%} were predicted at the test looks, {seen:.1%} ({low:.1%}–{high:.1%}) defaulted. The "
        "level was set on looks before them, which foretold too little of it: take expected loss and saving "
        "with that margin."
    )


def _hit(row: Mapping[str, Any], of: str = "") -> str:
    return f"{row[f'{of}hits']:.2f} ({row[f'{of}low']:.2f}–{row[f'{of}high']:.2f})"


def key_statements(figures: Mapping[str, Any], currency: str) -> list[str]:
    """A few sentences with their numbers, most important first."""
    unit = 10 ** exponent_of(currency)
    made = [
        f"{figures['entries']:,} of {figures['borrowers']:,} borrowers are on the register; they carry "
        f"{currency} {figures['expected_minor'] / unit:,.0f} of {figures['expected_all_minor'] / unit:,.0f} "
        f"of the expected loss of twelve months. Actions on {figures['acted']:,} of them are to save "
        f"{currency} {figures['saving_minor'] / unit:,.0f} for {figures['cost_minor'] / unit:,.0f} "
        f"(stated shares, {figures['hours']:,.0f} hours).",
    ]
    level = level_sentence(figures)
    if level:
        made.append(level)
    hits = figures["hits"]
    if not isinstance(hits, Mapping):
        week = {one["list"]: one for one in hits if one["days"] == 5}
        made.append(_hits_sentence(week, currency))
    worth = [one["signal"].replace("_", " ") for one in figures["signals"] if one["verdict"] == WORTH]
    made.append(
        f"{len(worth)} of {len(figures['signals'])} signals are worth watching here: {', '.join(worth)}."
        if worth else "No signal is worth watching here."
    )  # fmt: skip
    return made


def verdict_of(figures: Mapping[str, Any]) -> str:
    """What to use."""
    first = "Use the register." if figures["works"] else (
        "Use days past due alone: the register does not show clearly more defaulters early."
    )  # fmt: skip
    beside = figures.get("behaviour") or {}
    more = ""
    if "more" in beside:
        area = f"AUC {beside['auc']:.3f} against {beside['behaviour_auc']:.3f} of the behaviour score"
        if beside["more_high"] < 0:
            more = f" To rank by chance the behaviour score is better ({area})."
        else:
            more = f" Its chances rank {'better than' if beside['more_low'] > 0 else 'as well as'} the " \
                f"behaviour score's ({area})."  # fmt: skip
    level = level_sentence(figures)
    return f"{first} {lead_sentence(figures)}{order_sentence(figures)}{more}{' ' if level else ''}{level}"
