"""One plain sentence for each offer: how likely, against how likely usually, and what speaks for it.

The evidence is the strongest features that raise the chance, in the catalogue's own words with the customer's
values; and, where one stands, the rule over holdings that the customer meets. Where the chance is not above
the usual one nothing speaks for it but the margin, and the sentence says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.report.content import Column, Kind
from bankmine.report.format import amount
from bankmine.tasks.cross_sell.following import Followed

MOST_EVIDENCE = 2
_ARTICLE = re.compile(r"\b(a) (?=insurance)")  # a feature's words are filled with the family's name
_TAILS = (", else 0", " before the cutoff", " at the cutoff")
_BARE = ("1 or 0", "code", "ratio", "flags", "share", "minor units")


def sentence(
    name: str,
    chance: float,
    usual: float,
    reasons: Sequence[Mapping[str, Any]],
    catalogue: Mapping[str, Any],
    *,
    currency: str,
    margin_minor: float,
    rule: Followed | None = None,
) -> str:
    """`Fund: 1 in 14 like this customer take one within 90 days, usually 1 in 70; for largest transfer …`, or
    `Fund: less often than usual (1 in 91 against 1 in 79 within 90 days), but worth … when taken`."""
    named = f"{name[:1].upper()}{name[1:]}"
    if chance <= usual:
        often = "less often than usual" if chance < usual else "as often as usual"
        worth = _money(margin_minor, currency)
        odds = f"{one_in(chance)} against {one_in(usual)} within 90 days"
        return f"{named}: {often} ({odds}), but worth {worth} when taken."
    speaks = [one for one in reasons if one["contribution"] > 0][:MOST_EVIDENCE]
    told = [evidence(one, catalogue, currency) for one in speaks]
    if rule is not None:
        told.append(
            f"owners of {' and '.join(rule.antecedent)} took one {rule.ratio:.1f} times as often "
            f"({rule.low:.1f}–{rule.high:.1f})"
        )
    why = f"; for {'; '.join(told)}" if told else ""
    odds = f"{one_in(chance)} like this customer take one within 90 days, usually {one_in(usual)}"
    return f"{named}: {odds}{why}."


def one_in(chance: float) -> str:
    """A chance as people say it: `1 in 14`; percent above a third."""
    if chance <= 0:
        return "hardly anyone"
    return f"{chance:.0%} of those" if chance > 1 / 3 else f"1 in {round(1 / chance):,}"


def evidence(one: Mapping[str, Any], catalogue: Mapping[str, Any], currency: str) -> str:
    """A reason in the catalogue's words with its value: `12 days since the last …`, `age: 31`."""
    source, _, level = one["feature"].partition("=")
    if source not in catalogue:
        return str(source).replace("_", " ")
    feature = catalogue[source]
    text = str(feature.sentence).split(";")[0].split(":")[0].rstrip(". ")
    for tail in _TAILS:
        text = text.removesuffix(tail)
    what = _ARTICLE.sub(r"\1n ", text[:1].lower() + text[1:])
    value = one["value"]
    if not level and value is not None and what.startswith("1 where "):
        return what.removeprefix("1 where ") if value else f"not so that {what.removeprefix('1 where ')}"
    if not level and value is not None and what.startswith("days since "):
        return f"{round(value):,} {'day' if round(value) == 1 else 'days'} {what.removeprefix('days ')}"
    return f"{what}: {level.replace('_', ' ') or _value(one['value'], feature.unit, what, currency)}"


def _value(value: float | None, unit: str, what: str, currency: str) -> str:
    if value is None:
        return "none on record"
    if unit == "minor units":
        return _money(value, currency)
    if unit == "share":
        return amount(value, Column(label=what, kind=Kind.SHARE), unit=True)
    named = "" if unit in _BARE or what.startswith(unit) else unit
    value = int(value) if float(value).is_integer() else value
    return amount(value, Column(label=what, kind=Kind.NUMBER, unit=named), unit=True)


def _money(minor: float, currency: str) -> str:
    return amount(round(minor), Column(label="worth", kind=Kind.MONEY, unit=currency), unit=True)
