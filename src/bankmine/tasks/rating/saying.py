"""The rating in sentences: what stands, with its numbers and intervals, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.tasks.contract import exponent_of

LEVEL = 0.05
PLURAL = {"person": "persons", "company": "companies"}


def said(figures: Mapping[str, Any], currency: str) -> list[str]:
    """Key sentences, most important first."""
    made = [owed_sentence(figures["expected"], currency)]
    made += [scale_sentence(one) for one in figures["scales"]]
    made += [f"{PLURAL[one['kind']].capitalize()} are not rated: {one['reason']}"
             for one in figures["refused_scales"]]  # fmt: skip
    past = figures["tested_loss"]
    made += [tested_loss(past, currency), tested_chances(past, currency)] if past else []
    made += [left_out(figures["left_out"], currency)] if figures["left_out"]["loans"] else []
    return made


def owed_sentence(expected: Mapping[str, Any], currency: str) -> str:
    """What is owed and expected to be lost: of loans that run, of those in default, of those beside them."""
    made = (
        f"{expected['customers']:,} borrowers owe {amount(expected['owed_minor'], currency)}. Expected to be "
        f"lost: {amount(expected['expected_minor'], currency)} within a year of "
        f"{expected['running_loans']:,} loans that run{', ' if expected['beside_loans'] else ' and '}"
        f"{amount(expected['in_default_minor'], currency)} of {expected['in_default_loans']:,} loans already "
        "in default"
    )
    if not expected["beside_loans"]:
        return made + "."
    return (
        f"{made}, and {amount(expected['beside_minor'], currency)} of {expected['beside_loans']:,} other "
        "loans of customers in default or written off "
        f"({amount(expected['beside_certain_minor'], currency)} if all of these were to default)."
    )


def left_out(found: Mapping[str, Any], currency: str) -> str:
    """Loans whose schedules cannot be believed."""
    if not found["loans"]:
        return "No running loan has a schedule that contradicts itself: none is left out."
    return (
        f"{found['loans']:,} running loans of {found['customers']:,} customers, who owe "
        f"{amount(found['owed_minor'], currency)} by them, have schedules that contradict themselves: they "
        "are left out of every figure. The table of contradictory schedules names them; repair the source."
    )


def tested_chances(found: Mapping[str, Any], currency: str) -> str:
    """Loans' chances a year ago against what came, by count and by money."""
    one = found["said_and_came"][0]
    money = (amount(one[name], currency) for name in ("said_minor", "came_minor", "low_minor", "high_minor"))
    said, came, low, high = money
    judged = {
        "fits": "within what chance allows", "too few": "too few to judge",
        "too low": "more than was said", "too high": "fewer than was said",
    }  # fmt: skip
    return (
        f"Loans' chances tested at {found['cutoff']}{_by_whom(found)}: {one['said']:.0f} of {one['loans']:,} "
        f"loans were said to default, {one['came']} ({one['low']:.0f}–{one['high']:.0f}) did, "
        f"{judged[one['by_count']]}; {said} was said to be owed by them then, {came} ({low}–{high}) was, "
        f"{judged[one['by_money']].replace('fewer', 'less')}."
    )


def scale_sentence(one: Mapping[str, Any]) -> str:
    """A kind's scale: how many grades, from which chance to which, made of what."""
    grades = one["grades"]
    lower, higher = grades[0]["probability"], grades[-1]["probability"]
    whose = "" if one["source"] == "own" else (
        f" (the persons' scale; own defaults, {one['bads']} of {one['rows']:,}, move the chances only)"
    )  # fmt: skip
    return (
        f"{PLURAL[one['kind']].capitalize()}: {len(grades)} grades from {lower:.2%} to {higher:.1%} a "
        f"year{whose}; through the cycle {one['tendency']:.2%} ({one['tendency_low']:.2%}–"
        f"{one['tendency_high']:.2%}) default. {trial_sentence(one['trial'])}"
    )


def trial_sentence(trial: Mapping[str, Any] | str) -> str:
    """How a scale made this way did on customers that did not make it."""
    if isinstance(trial, str):
        return trial
    low = [one["grade"] for one in trial["grades"] if one["too_low"] < LEVEL]
    high = [one["grade"] for one in trial["grades"] if one["too_high"] < LEVEL]
    where = (
        f"on {trial['rows']:,} customers of a year later"
        if trial["how"] == "forward" else f"on {trial['rows']:,} other customers (halves; too short a record "
        "for the next year's)"
    )  # fmt: skip
    verdicts = [f"too low in grade {', '.join(low)}"] if low else []
    verdicts += [f"too high in grade {', '.join(high)}"] if high else []
    return (
        f"Tested {where}: {trial['observed']:.2%} defaulted, {trial['said']:.2%} said (Jeffreys p = "
        f"{trial['jeffreys']:.3f}); of {len(trial['grades'])} grades "
        f"{'the chance is ' + ' and '.join(verdicts) if verdicts else 'none is off'}."
    )


def tested_loss(found: Mapping[str, Any], currency: str) -> str:
    """Expected loss a year ago against what came."""
    came = found["lost_minor"] + found["open_minor"]
    inside = found["lost_low"] <= found["expected_minor"] <= found["lost_high"]
    return (
        f"Expected loss tested at {found['cutoff']}{_by_whom(found)}: "
        f"{amount(found['expected_minor'], currency)} expected, {amount(came, currency)} ("
        f"{amount(found['lost_low'], currency)}–{amount(found['lost_high'], currency)}) came, "
        f"{amount(found['open_minor'], currency)} of it still open; "
        f"{'within' if inside else 'outside'} what chance allows."
    )


def _by_whom(found: Mapping[str, Any]) -> str:
    """What a test that is not forward in time rests on, in brackets with its space."""
    return "" if found["forward"] else " (scale and level by other customers of the same year)"


def verdict(figures: Mapping[str, Any], currency: str) -> str:
    """What to use."""
    trials = [(one["kind"], one["trial"]) for one in figures["scales"]]
    off = [
        PLURAL[kind] for kind, one in trials
        if isinstance(one, Mapping) and (
            one["jeffreys"] < LEVEL or any(grade["too_low"] < LEVEL for grade in one["grades"])
        )
    ]  # fmt: skip
    blind = [PLURAL[kind] for kind, one in trials if isinstance(one, str)]
    said = "Use the grades and classes."
    if off:
        said = (
            f"Use the order of the grades. Do not take the chances of {' and '.join(off)} as they are: on "
            "customers that did not make the scale more defaulted than it says."
        )
    dear = [
        PLURAL[kind] for kind, one in trials
        if isinstance(one, Mapping) and any(grade["too_high"] < LEVEL for grade in one["grades"])
    ]  # fmt: skip
    if dear:
        said += f" In some grades of {' and '.join(dear)} fewer defaulted than the chance says."
    if blind:
        said += f" The scale of {' and '.join(blind)} could not be tested: take its chances as a guess."
    past = figures["tested_loss"]
    if past and not past["lost_low"] <= past["expected_minor"] <= past["lost_high"]:
        side = "less" if past["expected_minor"] < past["lost_low"] else "more"
        said += f" Expected loss was {side} than what came. Do not provision by it without a margin."
        if not past["measured"]:
            said += " No loss could be measured then: the shares lost were stated ones."
    if past:
        said += _chances_verdict(past["said_and_came"][0])
    return said


def _chances_verdict(one: Mapping[str, Any]) -> str:
    """A sentence on loans' chances, with its space."""
    if one["by_count"] == "too few":
        return " Too few loans defaulted to judge the loans' chances."
    if one["by_count"] == "fits":
        return " As many loans defaulted as their chances said."
    times = one["said"] / max(one["came"], 1)
    return (
        f" Loans' chances are {one['by_count']}: {times:.1f} defaults were said for one that came. Use their "
        "order, not their level."
    )


def amount(minor: float, currency: str) -> str:
    """An amount in words: CNY 1.24 m."""
    value = minor / 10 ** exponent_of(currency)
    for size, unit in ((1e9, "bn"), (1e6, "m")):
        if abs(value) >= size:
            return f"{currency} {value / size:,.2f} {unit}"
    return f"{currency} {value:,.0f}"
