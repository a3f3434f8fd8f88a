"""A reason of a score as a person reads it: what the feature is, its value with unit, and which way it goes.

The words are the feature's own sentence in the catalogue, made short.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import Column, Kind
from bankmine.report.format import amount

FLAG = "1 where "
MONEY = "value"  # key of the sentences of reasons that move an amount of money and no chance
UNITLESS = ("1 or 0", "code", "ratio", "flags", "share", "minor units")
TAILS = (" before the cutoff", " before the transaction", " at the cutoff")


def reason_words(
    one: Mapping[str, Any], features: Mapping[str, Mapping[str, Any]], currency: str, *, labelled: bool
) -> str:
    """`days since the last payment made: 214; raises the chance`.

    `one` is a reason of the scores; `features` are the run's features by name. Without a label a reason says
    whether the value is typical of the row's segment; one of an amount of money, that it raises or lowers
    the value. A missing value is said to be missing.
    """
    labelled = labelled or one.get("sentence_key") == MONEY
    source, _, level = one["feature"].partition("=")
    about = features.get(source, {"sentence": source.replace("_", " "), "unit": ""})
    what = short(about["sentence"])
    shown = level.replace("_", " ") if level else value_words(one["value"], about, what, currency)
    return f"{what}: {shown}{'; ' if labelled else ', '}{_side(one, labelled=labelled)}"


def short(sentence: str) -> str:
    """A catalogue sentence without its full stop, asides and the cutoff all features share."""
    text = sentence.split(";")[0].rstrip(". ")
    if text.startswith(FLAG):
        text = text.removeprefix(FLAG).removesuffix(", else 0")
    for tail in TAILS:
        text = text.removesuffix(tail)
    return text[:1].lower() + text[1:]


def value_words(value: float | None, about: Mapping[str, Any], what: str, currency: str) -> str:
    """The value in its unit; yes or no for a flag; the unit is left out where the words begin with it."""
    unit = str(about["unit"])
    if value is None:
        return "missing"
    if str(about["sentence"]).startswith(FLAG) and value in (0, 1):
        return "yes" if value else "no"
    if unit == "minor units":
        return amount(round(value), Column(label=what, kind=Kind.MONEY, unit=currency), unit=True)
    if unit == "share":
        return amount(value, Column(label=what, kind=Kind.SHARE), unit=True)
    named = "" if unit in UNITLESS or what.startswith(unit) else unit
    whole = int(value) if float(value).is_integer() else value
    return amount(whole, Column(label=what, kind=Kind.NUMBER, unit=named), unit=True)


def _side(one: Mapping[str, Any], *, labelled: bool) -> str:
    contribution = one["contribution"]
    if labelled:
        of = "value" if one.get("sentence_key") == MONEY else "chance"
        return f"raises the {of}" if contribution > 0 else f"lowers the {of}"
    return "typical of the segment" if contribution >= 0 else "unlike the segment"
