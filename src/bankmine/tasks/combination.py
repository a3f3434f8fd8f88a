"""Evidence combined: parts of a stack, candidates of them alone, together and without each, their worth.

The candidates are ordinary ones: tuned, tested, judged and shuffled like any other. They learn each part of
the same rows once, whichever of them asks first. What a part is worth is measured on the test rows: how far
the AUC falls when the stack does without it, with an interval over customers; a part whose interval spans
zero is not worth its cost, and the sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from bankmine.errors import UsageError
from bankmine.tasks.contract import Bank, Candidate, Tested, Truth, exponent_of

if TYPE_CHECKING:
    from bankmine.evaluation.intervals import Interval
    from bankmine.mining.combination.part import Part

    Read: TypeAlias = Part | tuple[Part, ...]  # a part, or several that read one kind of evidence

TOGETHER = "together"
QUICK_FOLDS, USUAL_FOLDS = 2, 5
RESAMPLES = 200
LEAST_POSITIVES = 10  # of a pattern of evidence, for an AUC to be given
TREES = {
    "n_estimators": 120, "num_leaves": 5, "learning_rate": 0.05, "feature_fraction": 0.5, "lambda_l2": 10.0,
}  # fmt: skip
EVENTS, QUICK_EVENTS = {"hidden": 16, "epochs": 12, "longest": 60}, {"hidden": 8, "epochs": 3, "longest": 16}


def trees(
    name: str,
    columns: Sequence[str],
    *,
    present: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Part:
    """A part of numbers and categories read by boosted trees, which take missing values as they are."""
    return _part(name, columns, "Boosting", {**TREES, **(settings or {})}, present)


def linear(
    name: str,
    columns: Sequence[str],
    *,
    present: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Part:
    """A part of numbers and categories read by a logistic regression, filled, bent and scaled before."""
    return _part(name, columns, "Logistic", {"C": 0.1, **(settings or {})}, present)


def card(
    name: str,
    columns: Sequence[str],
    *,
    present: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Part:
    """A part of numbers and categories read by a scorecard."""
    return _part(name, columns, "Scorecard", dict(settings or {}), present)


def text(
    name: str, column: str, *, present: str | None = None, settings: Mapping[str, Any] | None = None
) -> Part:
    """A part that is a text, read by its words."""
    return _part(name, (column,), "TextLinear", {"C": 1.0, "least_texts": 3, **(settings or {})}, present)


def events(
    name: str, column: str, *, bank: Bank, present: str | None = None,
    settings: Mapping[str, Any] | None = None, words: Mapping[str, tuple[str, str]] | None = None,
) -> Part:  # fmt: skip
    """A part that is a list of dated events, read by a GRU; small and few epochs where the budget is quick.

    `words` names kinds of events, singular and plural, for reasons.
    """
    usual = QUICK_EVENTS if quick(bank) else EVENTS
    return _part(name, (column,), "SequenceNetwork", {**usual, **(settings or {})}, present, words)


def transitions(
    name: str, column: str, *, present: str | None = None, settings: Mapping[str, Any] | None = None,
    words: Mapping[str, tuple[str, str]] | None = None,
) -> Part:  # fmt: skip
    """A part that is a list of dated events, read by how often one kind follows another."""
    return _part(name, (column,), "Transitions", dict(settings or {}), present, words)


def quick(bank: Bank) -> bool:
    """Whether the budget tries one setting of each miner."""
    return bank.budget.settings == 1


def both(
    name: str, columns: Sequence[str], *, present: str | None = None,
    settings: Mapping[str, Any] | None = None, straight: Mapping[str, Any] | None = None,
) -> tuple[Part, Part]:  # fmt: skip
    """One kind of evidence read twice: by boosted trees (`settings`) and a logistic regression (`straight`).

    From few positives a straight line often tells more, from many the trees do: the combiner weighs them.
    """
    line = linear(f"{name}, linear", columns, present=present, settings=straight)
    return trees(name, columns, present=present, settings=settings), line


def alone(bank: Bank, part: Read) -> Candidate:
    """One part alone; rows that lack it get the base rate."""
    name = name_of(part)
    return _candidate(bank, name, f"{name} alone", _each(part))


def together(bank: Bank, parts: Sequence[Read], *, name: str = TOGETHER) -> Candidate:
    """All parts, combined."""
    said = ", ".join(map(name_of, parts))
    every = tuple(one for part in parts for one in _each(part))
    return _candidate(bank, name, f"a stack of {len(parts)} parts: {said}", every)


def without(bank: Bank, parts: Sequence[Read], name: str) -> Candidate:
    """All parts but one; UsageError where there is none of that name or no other."""
    left = [part for part in parts if name_of(part) != name]
    if len(left) != len(parts) - 1 or not left:
        raise UsageError(
            f"{name!r} cannot be left out of {', '.join(map(name_of, parts))}",
            hint="Name one of at least two parts.",
        )
    every = tuple(one for part in left for one in _each(part))
    return _candidate(bank, f"without {name}", f"the stack without {name}", every)


def all_ways(bank: Bank, parts: Sequence[Read], *, baseline: bool = False) -> tuple[Candidate, ...]:
    """Each part alone, all together, and, only to be measured, all without each (of three parts or more; of
    two they are the parts alone). A tuple of parts is one kind of evidence, named by its first. `baseline`
    makes the parts alone what the stack has to beat."""
    single = tuple(replace(alone(bank, part), baseline=baseline) for part in parts)
    if len(parts) == 1:
        return single
    fewer = [without(bank, parts, name_of(part)) for part in parts] if len(parts) > 2 else []
    measured = tuple(replace(one, only_measured=True) for one in fewer)
    return (*single, together(bank, parts), *measured)


@dataclass(frozen=True)
class Worth:
    """What a part adds: the stack's AUC minus that without the part, with its interval; `alone` is the
    part's own AUC, None where it was not tested alone."""

    part: str
    gain: float
    low: float
    high: float
    alone: float | None
    pays: bool
    sentence: str


def worth(
    tested: Tested, parts: Sequence[str], *, whole: str = TOGETHER, group: str = "customer_id", seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[Worth, ...]:  # fmt: skip
    """What each part adds to the stack `whole` on the test rows, in the order of the parts.

    Customers are resampled as a whole and the same for both sides. UsageError where the candidate without a
    part was not tested.
    """
    from bankmine.evaluation.intervals import paired_difference
    from bankmine.evaluation.metrics import auc

    groups, found = tested.column(group), []
    for part in parts:
        other = _beside(tested, part, parts, whole)
        gain = paired_difference(
            "auc", tested.truth, tested.ranking[whole], tested.ranking[other], groups=groups,
            resamples=resamples, by="customer", random_state=seed,
        )  # fmt: skip
        own = auc(tested.truth, tested.ranking[part]) if part in tested.ranking else None
        found.append(
            Worth(part, gain.value, gain.low, gain.high, own, gain.low > 0, _worth_words(part, gain, own))
        )
    return tuple(found)


@dataclass(frozen=True)
class Covered:
    """A pattern of evidence among the test rows: its rows, their share, the share of these that a candidate
    can score by more than the base rate, their AUC with its interval (None below ten of either class)."""

    pattern: str
    rows: int
    share: float
    scorable: float
    positives: int
    auc: float | None
    low: float | None
    high: float | None


def coverage(
    tested: Tested, patterns: Mapping[str, Truth], *, candidate: str = TOGETHER,
    scorable: Truth | None = None, group: str = "customer_id", seed: int = 0, resamples: int = RESAMPLES,
) -> tuple[Covered, ...]:  # fmt: skip
    """Share scorable and AUC of each pattern of evidence, masks over the test rows, which may overlap.

    `scorable` marks the rows that have any evidence at all; without it all have.
    """
    known = np.ones(len(tested.truth), dtype=np.bool_) if scorable is None else np.asarray(scorable)
    found = []
    for name, mask in patterns.items():
        rows = np.flatnonzero(mask)
        read = rows[known[rows]]
        seen = _area(tested, read, candidate, group, seed, resamples)
        share = len(read) / len(rows) if len(rows) else 0.0
        found.append(
            Covered(
                name, len(rows), len(rows) / max(len(tested.truth), 1), share,
                int(tested.truth[rows].sum()), *seen,
            )
        )  # fmt: skip
    return tuple(found)


def patterns_of(present: Mapping[str, Truth]) -> dict[str, Truth]:
    """The sets of parts that rows have, as masks by name ("bureau and text", "nothing"), most parts first."""
    names = list(present)
    rows = len(next(iter(present.values()))) if names else 0
    found: dict[str, Truth] = {}
    for size in range(len(names), -1, -1):
        for some in combinations(names, size):
            mask = np.ones(rows, dtype=np.bool_)
            for name in names:
                mask &= np.asarray(present[name]) == (name in some)
            if mask.any():
                found[" and ".join(some) or "nothing"] = mask
    return found


def _each(part: Read) -> tuple[Part, ...]:
    return part if isinstance(part, tuple) else (part,)


def name_of(part: Read) -> str:
    """What a kind of evidence is called: as its first part."""
    return _each(part)[0].name


def _part(
    name: str, columns: Sequence[str], miner: str, settings: Mapping[str, Any], present: str | None,
    words: Mapping[str, tuple[str, str]] | None = None,
) -> Part:  # fmt: skip
    from bankmine.mining.combination.part import Part

    return Part(name, tuple(columns), miner, dict(settings), present, dict(words or {}))


def _candidate(bank: Bank, name: str, words: str, parts: tuple[Part, ...]) -> Candidate:
    named = [
        column for part in parts for column in (*part.columns, *([part.present] if part.present else []))
    ]
    return Candidate(
        name=name, words=words, columns=tuple(dict.fromkeys(named)), calibrate=True, out_of_fold=True,
        preparation=partial(_mixed, parts, exponent_of(bank.warehouse.currency)),
        miner=partial(_stack, parts, QUICK_FOLDS if quick(bank) else USUAL_FOLDS, bank.seed),
    )  # fmt: skip


def _mixed(parts: tuple[Part, ...], exponent: int) -> Any:
    from bankmine.preparation.mixed import Mixed, Reads
    from bankmine.tasks.candidates import _for_linear, _for_trees

    settings = {"trees": _for_trees(exponent).settings, "linear": _for_linear(exponent).settings}
    reads = [Reads(one.columns, one.way, settings.get(one.way), one.present) for one in parts]
    return Mixed(reads)


def _stack(parts: tuple[Part, ...], folds: int, seed: int, **settings: Any) -> Any:
    from bankmine.mining.combination.stack import Stack

    return Stack(parts, **{"folds": folds, "random_state": seed, **settings}).sharing(_shelf())


@cache
def _shelf() -> Any:
    """Parts fitted in this process, the last few: candidates on the same rows share them."""
    from bankmine.mining.combination.learning import Shelf

    return Shelf()


def _beside(tested: Tested, part: str, parts: Sequence[str], whole: str) -> str:
    """The candidate that does without a part: of two parts that is the other one alone."""
    others = [one for one in parts if one != part]
    name = others[0] if len(parts) == 2 else f"without {part}"
    for one in (whole, name):
        if one not in tested.ranking:
            raise UsageError(
                f"The candidate {one!r} was not tested", hint="Try the stack and the stack without each part."
            )
    return name


def _worth_words(part: str, gain: Interval, own: float | None) -> str:
    seen = f"{part} adds {gain.value:+.3f} AUC ({gain.low:+.3f} to {gain.high:+.3f}) to the other parts"
    single = "" if own is None else f"; alone it has {own:.3f}"
    if gain.low == gain.high == 0:
        return f"{part} adds nothing to the other parts, which leave it without weight{single}."
    if gain.low > 0:
        return f"{seen}{single}."
    if gain.high < 0:
        return f"{seen}{single}: it does harm, leave it out."
    return f"{seen}{single}: the interval spans zero, so it is not worth its cost."


def _area(
    tested: Tested, rows: Any, candidate: str, group: str, seed: int, resamples: int
) -> tuple[float | None, float | None, float | None]:
    from bankmine.evaluation.intervals import interval

    truth = tested.truth[rows]
    if min(int(truth.sum()), int((~truth).sum())) < LEAST_POSITIVES:
        return None, None, None
    seen = interval(
        "auc", truth, tested.ranking[candidate][rows], groups=tested.column(group)[rows],
        resamples=resamples, random_state=seed,
    )  # fmt: skip
    return seen.value, seen.low, seen.high
