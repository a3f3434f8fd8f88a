"""The published card of points, changed by hand and fitted anew on the run's own rows.

Cuts of a column are given anew, or the column is left out; the card is counted and fitted by the miner's own
code (`mining/scorecard/editing.py`), old against new on the rows it was fitted on, and forward: both cards
fitted on the earlier applications and ranked on the later ones. A card speaks of the whole bank.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.errors import FeasibilityError, Forbidden, NotFound, UsageError
from bankmine.evaluation.area import Compared, compare_areas
from bankmine.governance import Permission
from bankmine.lifecycle.cards import card_of_run
from bankmine.mining.scorecard.editing import Effect, edit, effect_of, recounted, without
from bankmine.mining.scorecard.export import to_python, to_sql
from bankmine.mining.scorecard.expression import to_json
from bankmine.tasks.application_score.card import named

if TYPE_CHECKING:
    from bankmine.access.columns import Bools, Ints
    from bankmine.access.view import View
    from bankmine.mining.scorecard.scorecard import Scorecard

TASK = "application_score"
EARLIER, LEAST_BADS, MOST_CUTS = 0.7, 10, 15
FORMATS = ("sql", "py", "json")
Changes = Mapping[str, Sequence[float] | None]
"""By column its new cuts, rising, or None where it is left out."""


@dataclass(frozen=True)
class Line:
    """One bin: `low` and `high` hold its bad rate at 95 %; None without rows."""

    label: str
    points: float
    rows: int
    bad_rate: float | None
    low: float | None
    high: float | None
    weight: float


@dataclass(frozen=True)
class ColumnSeen:
    """A column before and after; `after` is empty where it is left out."""

    name: str
    title: str
    cuts: tuple[float, ...]
    left_out: bool
    changed: bool
    before: tuple[Line, ...]
    after: tuple[Line, ...]
    information_before: float
    information_after: float


@dataclass(frozen=True)
class Trial:
    """A changed card. `forward` compares new with old on the later applications, None with too few bads."""

    card: Scorecard
    columns: tuple[ColumnSeen, ...]
    effect: Effect
    forward: Compared | None
    later: tuple[int, int]
    same: bool
    version: str


@dataclass(frozen=True)
class Bench:
    """The card and the rows it was fitted on."""

    run_id: str
    card: Scorecard
    rows: Any
    bad: Bools
    customers: Ints
    later: Bools


def bench(view: View) -> Bench:
    """The card as of the view's date. Forbidden without `credit:read` or for whoever sees a part of the bank;
    NotFound without a run, or with one that kept no rows."""
    view.person.require(Permission.CREDIT_READ)
    if not view.everything:
        raise Forbidden("a card speaks of the whole bank", hint="Ask somebody who sees all of it.")
    run = view.state.usable(view.cutoff).get(TASK)
    if run is None:
        raise NotFound(f"no run of {TASK} was made by {view.day}", hint="Run the task, or look later.")
    made: Bench = view.place.seen.get(("card", str(run.folder)), lambda: _made(run))
    return made


def _made(run: Any) -> Bench:
    kept = card_of_run(run)
    when = np.asarray(kept.rows.column("cutoff").cast("int64").to_numpy(), np.int64)
    edge = np.quantile(when, EARLIER) if len(when) else 0
    return Bench(
        run.run_id, kept.miner, kept.rows, np.asarray(kept.rows.column("bad").to_numpy(zero_copy_only=False)),
        kept.rows.column("customer_id").to_numpy(), when > edge,
    )  # fmt: skip


def trial(view: View, changes: Changes, *, author: str, reason: str) -> Trial:
    """The card with those changes. UsageError, in one line, for cuts that cannot stand."""
    made = bench(view)
    key = json.dumps({name: cuts and list(cuts) for name, cuts in changes.items()}, sort_keys=True)
    found: Trial = view.place.seen.get(
        ("card trial", made.run_id, key, author, reason), lambda: _tried(made, changes, author, reason)
    )
    return found


def _tried(made: Bench, changes: Changes, author: str, reason: str) -> Trial:
    card = changed_card(made, changes, author=author, reason=reason)
    effect = effect_of(made.card, card, made.rows, made.bad)
    same = card is made.card
    return Trial(
        card, tuple(_columns(made.card, card)), effect, None if same else _forward(made, card),
        (int(made.later.sum()), int((made.later & made.bad).sum())), same, version(card),
    )  # fmt: skip


def changed_card(made: Bench, changes: Changes, *, author: str, reason: str) -> Scorecard:
    """The card after all changes, each in its history; the card itself where nothing changes."""
    unknown = sorted(set(changes) - set(made.card.card_names))
    if unknown:
        raise UsageError(f"the card has no column {unknown[0][:60]!r}", hint="Take a column of the card.")
    card = made.card
    for name, cuts in changes.items():
        if cuts is None:
            card = without(card, made.rows, made.bad, name, author=author, reason=reason).card
            continue
        wanted = tuple(float(one) for one in cuts)
        if len(wanted) > MOST_CUTS:
            raise UsageError(f"{name} has {len(wanted)} cuts", hint=f"Give at most {MOST_CUTS}.")
        if wanted != _cuts(made.card, name):
            card = edit(card, made.rows, made.bad, name, edges=wanted, author=author, reason=reason).card
    return card


def version(card: Scorecard) -> str:
    """Names the points of a card: sixteen digits of the SHA-256 of its tree."""
    text = json.dumps(to_json(card.expression()), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def as_file(card: Scorecard, form: str) -> str:
    """The card as SQL, Python or JSON; each says the same points. UsageError for another form."""
    if form == "sql":
        return f"{to_sql(card.expression(), 'applications')}\n"
    if form == "py":
        return f"{to_python(card.expression())}\n"
    if form == "json":
        content = {"card": to_json(card.expression()), "history": card.history_}
        return f"{json.dumps(content, indent=1, ensure_ascii=False)}\n"
    raise UsageError(f"there is no form {form[:20]!r}", hint=f"Take {', '.join(FORMATS)}.")


def _forward(made: Bench, card: Scorecard) -> Compared | None:
    """New against old, both fitted on the earlier applications and ranked on the later ones."""
    early, late = np.flatnonzero(~made.later), np.flatnonzero(made.later)
    counts = [(int(made.bad[part].sum()), int((~made.bad[part]).sum())) for part in (early, late)]
    if min(min(one) for one in counts) < LEAST_BADS:
        return None
    scores = [
        recounted(one, made.rows.take(early), made.bad[early]).score(made.rows.take(late))
        for one in (card, made.card)
    ]
    try:
        return compare_areas(
            made.bad[late], -scores[0], -scores[1], groups=made.customers[late], unit="customer"
        )
    except FeasibilityError:
        return None


def _columns(before: Scorecard, after: Scorecard) -> list[ColumnSeen]:
    old, new = _lines(before), _lines(after)
    information = [{one.name: one.information_value for one in card.binnings_} for card in (before, after)]
    found = []
    for name in before.card_names:
        left_out = name not in new
        cuts = () if left_out else _cuts(after, name)
        found.append(
            ColumnSeen(
                name, named(name, "")[0] + (f": {name.partition('=')[2]}" if "=" in name else ""), cuts,
                left_out, left_out or cuts != _cuts(before, name), old[name], new.get(name, ()),
                information[0][name], information[1].get(name, 0.0),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: -one.information_before)


def _lines(card: Scorecard) -> dict[str, tuple[Line, ...]]:
    made: dict[str, list[Line]] = {}
    for one in card.lines():
        known = one.rows > 0
        made.setdefault(one.column, []).append(
            Line(
                one.attribute, float(one.points), int(one.rows), one.bad_rate if known else None,
                one.low if known else None, one.high if known else None, float(one.weight_of_evidence),
            )
        )  # fmt: skip
    return {name: tuple(lines) for name, lines in made.items()}


def _cuts(card: Scorecard, name: str) -> tuple[float, ...]:
    return tuple(card.binnings_[card.card_names.index(name)].edges or ())
