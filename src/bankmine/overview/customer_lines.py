"""One customer as lines of text, the most asked first: flags, scores, offers, changes, then the profile."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from bankmine.bank.keys import show_key
from bankmine.customers.listing import MINOR, profile_lines
from bankmine.listing import Listing
from bankmine.report import format as fmt

if TYPE_CHECKING:
    from bankmine.overview.customer_360 import Customer360, ScoreLine

LAST_MOMENTS = 12


def lines(one: Customer360) -> list[str]:
    """All of it as text."""
    head, *rest = profile_lines(one.profile, money=partial(_money, one.currency))
    return [
        head,
        f"Flags: {' · '.join(one.conditions) or 'none'}",
        "",
        *_scores(one),
        *_kept(one),
        *_changes(one),
        *_alike(one),
        *_moments(one),
        *rest,
    ]


def _scores(one: Customer360) -> list[str]:
    if not one.scores:
        return ["Scores: none of this customer at this cutoff or before. `bankmine run` makes scores.", ""]
    found = ["Scores"]
    for score in one.scores:
        found.append(f"  {_score(score)}")
        found += [f"      {reason}" for reason in score.why]
        found += [f"      → {score.action}"] if score.action else []
        found += [f"      before: {score.before}"] if score.before else []
    return [*found, ""]


def _score(score: ScoreLine) -> str:
    what = f"{score.title}: {score.question}" if score.question else score.title
    chance = "" if score.probability is None else f", chance {score.probability:.1%}"
    return f"{what}: {score.grade}{chance}, rank {score.rank:,} of {score.of:,} (as of {score.cutoff})"


def _kept(one: Customer360) -> list[str]:
    found: list[str] = []
    for kept in one.kept:
        columns = tuple(str(shape["label"]) for shape in kept.columns.values())
        rows = tuple(
            tuple(_value(row[name], shape, one.currency) for name, shape in kept.columns.items())
            for row in kept.rows
        )
        found += [f"{kept.task}: {kept.title}", *(f"  {line}" for line in Listing(columns, rows).lines()), ""]
    return found


def _value(value: Any, shape: Mapping[str, Any], currency: str) -> Any:
    """A cell as people read it: money with its currency, shares in percent, keys in sixteen digits."""
    if value is None or shape["kind"] == "text":
        return value
    if shape["kind"] == "key":
        return show_key(value)
    if shape["kind"] == "money":
        return _money(currency, value)
    return fmt.share(value) if shape["kind"] == "share" else value


def _money(currency: str, minor: float) -> str:
    return fmt.money(round(minor), currency)


def _changes(one: Customer360) -> list[str]:
    marked = [change for change in one.changes if change.marked]
    if not one.changes:
        return []
    if not marked:
        return ["Changes: the last month is like the customer's own past and its peers'.", ""]
    rows = tuple(
        (c.name, *(_figure(value, c.unit, one.currency) for value in (c.now, c.usual)), c.own, c.peers)
        for c in marked
    )
    columns = ("feature", "last month", "usual", "against own past", "against peers")
    return ["Changes", *(f"  {line}" for line in Listing(columns, rows).lines()), ""]


def _figure(value: float | None, unit: str, currency: str) -> Any:
    """A figure of the last month; money with its currency."""
    return value if value is None or not unit.startswith(MINOR) else _money(currency, value)


def _alike(one: Customer360) -> list[str]:
    if not one.alike:
        return []
    rows = tuple((show_key(a.customer_id), a.distance, a.by, ", ".join(a.differs)) for a in one.alike)
    columns = ("customer", "distance", "alike by", "differs most in")
    return ["Similar customers", *(f"  {line}" for line in Listing(columns, rows).lines()), ""]


def _moments(one: Customer360) -> list[str]:
    if not one.moments:
        return []
    last = one.moments[-LAST_MOMENTS:]
    return [f"Last moments ({len(last)} of {len(one.moments)})", *(f"  {m.day}  {m.what}" for m in last), ""]
