"""Changing a bin by hand: a new version of the card, with what the change does shown before anybody signs it.

An edit never alters a card: it gives another one, whose history says what was changed, by whom, why, and what
it did to the information, the ranking and the approvals of the rows it was shown on.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Matrix, labels
from bankmine.mining.scorecard.binning import Binning
from bankmine.mining.scorecard.columns import Column
from bankmine.mining.scorecard.points import count_swaps
from bankmine.mining.scorecard.prebins import Truth
from bankmine.mining.scorecard.rules import Code, plain_code
from bankmine.mining.scorecard.scorecard import Scorecard


@dataclass(frozen=True)
class Effect:
    """A change seen on the rows it was shown on.

    `auc` ranks bads by few points. `swapped_pairs` stand the other way round. Approved are rows with at least
    `cutoff` points; `swapped_in` were refused before and `swapped_out` approved before, each with its bads.
    """

    information_before: float
    information_after: float
    auc_before: float
    auc_after: float
    swapped_pairs: int
    pairs: int
    cutoff: float
    approved_before: int
    approved_after: int
    swapped_in: int
    swapped_in_bads: int
    swapped_out: int
    swapped_out_bads: int

    def __str__(self) -> str:
        return (
            f"information value {self.information_before:.3f} → {self.information_after:.3f}, "
            f"AUC {self.auc_before:.4f} → {self.auc_after:.4f}, "
            f"{self.swapped_pairs:,} of {self.pairs:,} pairs swapped; at {self.cutoff:g} points "
            f"{self.approved_before:,} → {self.approved_after:,} approved, "
            f"{self.swapped_in:,} in ({self.swapped_in_bads:,} bad), "
            f"{self.swapped_out:,} out ({self.swapped_out_bads:,} bad)"
        )


@dataclass(frozen=True)
class Edit:
    """The changed card and its effect."""

    card: Scorecard
    effect: Effect


def edit(
    card: Scorecard,
    X: Matrix,
    y: Any,
    column: str,
    *,
    author: str,
    reason: str,
    edges: Sequence[float] | None = None,
    groups: Sequence[Sequence[Code]] | None = None,
    cutoff: float | None = None,
) -> Edit:
    """`card` with other bins for one column, counted and fitted anew on `X` and the label `y` (1 = bad).

    Give `edges` (rising, each the lower end of a bin) for numbers, `groups` (every level of the card once)
    for categories. `cutoff` is the score from which people are approved; by default the median of the card's
    scores. The columns of the card stay; a column whose coefficient would turn negative is a UsageError.
    """
    _signed(author, reason)
    columns = card._card_columns(X)
    truth = labels(y, len(columns[0]))
    place = _place(card, column)
    old = card.binnings_[place]
    new = _rebinned(old, edges, groups).recounted(columns[place], truth)
    binnings = [
        new if i == place else binning.recounted(columns[i], truth)
        for i, binning in enumerate(card.binnings_)
    ]
    changed = _fitted(card, columns, binnings, truth)
    _refuse_lost(card.card_names, changed)
    before = old.recounted(columns[place], truth).information_value
    effect = _effect(card.score(X), changed.score(X), truth, cutoff, (before, new.information_value))
    _remember(card, changed, column, author, reason, (_cut_of(old), _cut_of(new)), effect)
    return Edit(changed, effect)


def without(
    card: Scorecard, X: Matrix, y: Any, column: str, *, author: str, reason: str, cutoff: float | None = None
) -> Edit:
    """`card` without one of its columns, the others counted and fitted anew on `X` and the label `y`.

    UsageError for the last column, and where another one's coefficient would turn negative without it.
    """
    _signed(author, reason)
    columns = card._card_columns(X)
    truth = labels(y, len(columns[0]))
    place = _place(card, column)
    if len(columns) == 1:
        raise UsageError(f"{column!r} is the card's only column", hint="Keep it, or fit another card.")
    kept = [i for i in range(len(columns)) if i != place]
    binnings = [card.binnings_[i].recounted(columns[i], truth) for i in kept]
    changed = _fitted(card, [columns[i] for i in kept], binnings, truth)
    _refuse_lost([card.card_names[i] for i in kept], changed)
    old = card.binnings_[place]
    before = old.recounted(columns[place], truth).information_value
    effect = _effect(card.score(X), changed.score(X), truth, cutoff, (before, 0.0))
    _remember(card, changed, column, author, reason, (_cut_of(old), "left out"), effect)
    return Edit(changed, effect)


def recounted(card: Scorecard, X: Matrix, y: Any) -> Scorecard:
    """The card's bins counted and fitted anew on other rows, such as the earlier ones; a column whose
    coefficient turns negative there is left out."""
    columns = card._card_columns(X)
    truth = labels(y, len(columns[0]))
    binnings = [one.recounted(columns[i], truth) for i, one in enumerate(card.binnings_)]
    return _fitted(card, columns, binnings, truth)


def _signed(author: str, reason: str) -> None:
    if not author.strip() or not reason.strip():
        raise UsageError("A change by hand has no author or no reason", hint="Give both.")


def _fitted(card: Scorecard, columns: list[Column], binnings: list[Binning], truth: Truth) -> Scorecard:
    changed = copy.copy(card)
    changed.screened_ = list(card.screened_)
    changed._learn_card(columns, binnings, truth, None)
    return changed


def _refuse_lost(names: Sequence[str], changed: Scorecard) -> None:
    if len(changed.binnings_) != len(names):
        lost = sorted(set(names) - set(changed.card_names))
        raise UsageError(
            f"With these bins {lost[0]!r} would have the wrong sign in the regression",
            hint="Choose other bins, or fit the card without the column.",
        )


def _remember(
    card: Scorecard, changed: Scorecard, column: str, author: str, reason: str, cuts: tuple[Any, Any],
    effect: Effect,
) -> None:  # fmt: skip
    """Writes the change into the new card's history."""
    entry = {
        "version": card.version + 1, "column": column, "author": author, "reason": reason,
        "before": cuts[0], "after": cuts[1], "effect": asdict(effect),
    }  # fmt: skip
    changed.history_ = [*card.history_, entry]


def effect_of(before: Scorecard, after: Scorecard, X: Matrix, y: Any, cutoff: float | None = None) -> Effect:
    """What several changes did together, on rows; the information is that of all columns."""
    truth = labels(y, len(before._card_columns(X)[0]))
    information = [
        sum(
            one.recounted(column, truth).information_value
            for one, column in zip(card.binnings_, columns, strict=True)
        )
        for card, columns in ((card, card._card_columns(X)) for card in (before, after))
    ]
    return _effect(before.score(X), after.score(X), truth, cutoff, (information[0], information[1]))


def auc(points: Floats, truth: Truth) -> float:
    """Chance that a bad has fewer points than a good, ties counting half; NaN with one class."""
    bads, goods = np.sort(points[truth]), points[~truth]
    if not len(bads) or not len(goods):
        return float("nan")
    below = np.searchsorted(bads, goods, "left") + np.searchsorted(bads, goods, "right")
    return float(below.sum() / 2 / (len(bads) * len(goods)))


def _place(card: Scorecard, column: str) -> int:
    if column not in card.card_names:
        raise UsageError(f"The card has no column {column!r}", hint=f"It has {', '.join(card.card_names)}.")
    return card.card_names.index(column)


def _rebinned(
    old: Binning, edges: Sequence[float] | None, groups: Sequence[Sequence[Code]] | None
) -> Binning:
    """The binning with other cuts and no counts yet."""
    wanted = "edges" if old.edges is not None else "groups"
    if (edges is None) == (old.edges is not None) or (groups is None) == (old.edges is None):
        raise UsageError(
            f"The bins of {old.name!r} were not given as {wanted}", hint=f"Give {wanted} and nothing else."
        )
    kept = {**vars(old), "trend": "by hand", "prices": ()}
    if edges is not None:
        cuts = tuple(float(edge) for edge in edges)
        if not all(isfinite(cut) for cut in cuts) or any(a >= b for a, b in pairwise(cuts)):
            raise UsageError(
                f"The edges of {old.name!r} do not rise: {', '.join(plain_code(cut) for cut in cuts)}",
                hint="Give finite numbers, each greater than the one before.",
            )
        return Binning(**{**kept, "edges": cuts, **_empty(len(cuts) + 1, old)})
    levels = [level for group in groups or () for level in group]
    known = [level for group in old.groups for level in group]
    if sorted(map(str, levels)) != sorted(map(str, known)) or not all(groups or ()):
        odd = sorted({str(one) for one in levels} ^ {str(one) for one in known})
        raise UsageError(
            f"The groups of {old.name!r} do not hold every level once ({', '.join(odd) or 'repeated'})",
            hint=f"The levels are {', '.join(str(one) for one in known)}.",
        )
    return Binning(**{**kept, "groups": tuple(map(tuple, groups or ())), **_empty(len(groups or ()), old)})


def _empty(ordinary: int, old: Binning) -> dict[str, Floats]:
    bins = ordinary + len(old) - old.ordinary
    return {"bads": np.zeros(bins), "goods": np.zeros(bins)}


def _effect(
    before: Floats, after: Floats, truth: Truth, cutoff: float | None, information: tuple[float, float]
) -> Effect:
    line = float(np.median(before)) if cutoff is None else cutoff
    was, now = before >= line, after >= line
    into, out = now & ~was, was & ~now
    return Effect(
        *information,
        auc(before, truth), auc(after, truth),
        count_swaps(before, after), len(before) * (len(before) - 1) // 2,
        line, int(was.sum()), int(now.sum()),
        int(into.sum()), int((into & truth).sum()), int(out.sum()), int((out & truth).sum()),
    )  # fmt: skip


def _cut_of(binning: Binning) -> list[Any]:
    if binning.edges is not None:
        return list(binning.edges)
    return [list(group) for group in binning.groups]
