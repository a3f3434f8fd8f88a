"""One plain sentence for each offer: how likely, against how likely usually, and what speaks for it.

The evidence is the strongest features that raise the chance, in the catalogue's own words with the customer's
values; and, where one stands, the rule over holdings that the customer meets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.report.content import Column, Kind
from bankmine.report.format import amount
from bankmine.tasks.cross_sell.following import Followed

MOST_EVIDENCE = 2
_TAILS = (" before the cutoff", " at the cutoff")
_BARE = ("1 or 0", "code", "ratio", "flags", "share", "minor units")


def sentence(
    name: str,
    chance: float,
    usual: float,
    reasons: Sequence[Mapping[str, Any]],
    catalogue: Mapping[str, Any],
    *,
    currency: str,
    rule: Followed | None = None,
) -> str:
    """`Fund: 1 in 14 like this customer take one within 90 days, usually 1 in 70; for largest transfer …`."""
    speaks = [one for one in reasons if one["contribution"] > 0][:MOST_EVIDENCE]
    told = [evidence(one, catalogue, currency) for one in speaks]
    if rule is not None:
        told.append(
            f"owners of {' and '.join(rule.antecedent)} took one {rule.ratio:.1f} times as often "
            f"({rule.low:.1f}–{rule.high:.1f})"
        )
    why = f"; for {'; '.join(told)}" if told else ""
    odds = f"{one_in(chance)} like this customer take one within 90 days, usually {one_in(usual)}"
    return f"{name[:1].upper()}{name[1:]}: {odds}{why}."


def one_in(chance: float) -> str:
    """A chance as people say it: `1 in 14`; percent above a third."""
    if chance <= 0:
        return "hardly anyone"
    return f"{chance:.0%} of those" if chance > 1 / 3 else f"1 in {round(1 / chance):,}"


def evidence(one: Mapping[str, Any], catalogue: Mapping[str, Any], currency: str) -> str:
    """A reason in the catalogue's words with its value: `days since the last …: 12`."""
    source, _, level = one["feature"].partition("=")
    if source not in catalogue:
        return str(source).replace("_", " ")
    feature = catalogue[source]
    text = str(feature.sentence).split(";")[0].split(":")[0].rstrip(". ")
    for tail in _TAILS:
        text = text.removesuffix(tail)
    what = text[:1].lower() + text[1:]
    return f"{what}: {level.replace('_', ' ') or _value(one['value'], feature.unit, what, currency)}"


def _value(value: float | None, unit: str, what: str, currency: str) -> str:
    if value is None:
        return "none on record"
    if unit == "minor units":
        return amount(round(value), Column(label=what, kind=Kind.MONEY, unit=currency), unit=True)
    if unit == "share":
        return amount(value, Column(label=what, kind=Kind.SHARE), unit=True)
    named = "" if unit in _BARE or what.startswith(unit) else unit
    value = int(value) if float(value).is_integer() else value
    return amount(value, Column(label=what, kind=Kind.NUMBER, unit=named), unit=True)
