"""Is a policy whole? Gaps, overlaps and rows nobody reaches, exactly, each with an applicant that shows it.

Exact means: over every applicant the declared fields allow, not over those seen so far. Beside it stands
what the observed applicants say: how many each row decides, and how many none does. A row that is reachable
in principle and has decided nobody is no fault, but worth a look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from bankmine.decisions.credit_policy.boxes import Box, bits_of, intersection, runs_of
from bankmine.decisions.credit_policy.conditions import Cells, span_words
from bankmine.decisions.credit_policy.covering import MOST_STEPS, Covering, Gaps
from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.policy import UNIQUE
from bankmine.errors import FeasibilityError
from bankmine.listing import Listing

GAP, OVERLAP, UNREACHABLE = "gap", "overlap", "unreachable"
MOST_SHOWN, MOST_FAULTS = 20, 1_000


@dataclass(frozen=True)
class Fault:
    """A gap, an overlap or a row nobody reaches: `where` in words, `rows` it concerns, `witness` an
    applicant.

    An unreachable row has no witness of its own: its witness is an applicant that meets it and that an
    earlier row takes.
    """

    kind: str
    rows: tuple[str, ...]
    where: str
    witness: Mapping[str, Any]

    def line(self) -> str:
        """The fault in a line."""
        who = ", ".join(f"{name} {_value(value)}" for name, value in self.witness.items())
        if self.kind == GAP:
            said = f"no row holds where {self.where}"
        elif self.kind == OVERLAP:
            said = f"rows {' and '.join(self.rows)} both hold where {self.where}"
        else:
            said = f"row {self.rows[0]} decides nobody: {self.where}"
        return f"{self.kind}: {said}. For example: {who}"


@dataclass(frozen=True)
class Check:
    """What a check found; `counts` has for each answer how many observed applicants it was given to.

    `not_settled` says in sentences what could not be told beside the faults found.
    """

    decider: Decider
    faults: tuple[Fault, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    applicants: int = 0
    not_settled: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether there is no fault."""
        return not self.faults

    @property
    def unused(self) -> tuple[str, ...]:
        """Rows that could decide somebody and decided none of those observed."""
        dead = {one.rows[0] for one in self.faults if one.kind == UNREACHABLE}
        names = [row.name for row in self.decider.policy.rows]
        return tuple(name for name in names if self.applicants and not self.counts[name] and name not in dead)

    def lines(self) -> Iterator[str]:
        """The check in lines for people."""
        policy = self.decider.policy
        yield (
            f"{policy.name}, version {policy.version}: {len(policy.rows)} rows over {len(policy.fields)} "
            f"fields, hit policy {policy.hit}."
        )
        if self.good:
            kind = "exactly one row" if policy.hit == UNIQUE else "a row"
            yield f"Every applicant the fields allow is decided by {kind}, and every row can be reached."
        yield from (one.line() for one in self.faults[:MOST_SHOWN])
        if len(self.faults) > MOST_SHOWN:
            yield f"... and {len(self.faults) - MOST_SHOWN} more faults."
        yield from self.not_settled
        if self.applicants:
            yield from self._observed()

    def _observed(self) -> Iterator[str]:
        yield f"On {self.applicants:,} observed applicants:"
        outcome = {answer.row or answer.reason: answer for answer in self.decider.answers}
        rows = tuple(
            (name, outcome[name].outcome, outcome[name].reason, count, f"{count / self.applicants:.1%}")
            for name, count in self.counts.items()
            if count or outcome[name].row
        )
        yield from Listing(("row", "outcome", "reason", "applicants", "share"), rows).lines()
        if self.unused:
            yield f"Decided nobody here: {', '.join(self.unused)}."


def check(decider: Decider, applicants: Any = None) -> Check:
    """Checks exactly, and counts over an Arrow table of applicants where one is given.

    FeasibilityError where the rows are too entangled to tell within `MOST_STEPS` steps (about a second) and
    no fault was found by then; where one was, the check says what it could not tell.
    """
    found, open_ = _faults(decider, Covering(decider.boxes, [cells.count for cells in decider.cells]))
    if open_ and not found:
        raise FeasibilityError(
            f"the rows are so entangled that {MOST_STEPS:,} steps do not suffice to check them",
            hint="Split the table, use fewer fields in its rows, or end it with a row for everybody else.",
        )
    faults = tuple(found)
    if applicants is None:
        return Check(decider, faults, not_settled=tuple(open_))
    counted = np.bincount(decider.codes(applicants), minlength=len(decider.answers))
    names = [answer.row or answer.reason for answer in decider.answers]
    counts = dict(zip(names, counted.tolist(), strict=True))
    return Check(decider, faults, counts, applicants.num_rows, tuple(open_))


def _faults(decider: Decider, covering: Covering) -> tuple[list[Fault], list[str]]:
    """The faults, and in sentences what the steps allowed did not suffice to tell."""
    gaps = covering.gaps()
    if decider.policy.hit == UNIQUE:
        faults, open_ = list(islice(_overlaps(decider, covering), MOST_FAULTS)), []
        if len(faults) == MOST_FAULTS:
            open_ = [f"There may be more overlaps than the {MOST_FAULTS:,} found."]
    else:
        faults, open_ = _unreachable(decider, covering, gaps)
    if not gaps.all_boxes:
        open_.append(f"There may be more gaps than the {len(gaps.boxes):,} found.")
    return [*faults, *(_gap(decider, box) for box in gaps.boxes)], open_


def _gap(decider: Decider, box: Box) -> Fault:
    return Fault(GAP, (), words(decider.cells, box), witness(decider.cells, box))


def _overlaps(decider: Decider, covering: Covering) -> Iterator[Fault]:
    names = [row.name for row in decider.policy.rows]
    for later, met in enumerate(covering.meets()):
        for earlier in bits_of(met & (1 << later) - 1):
            both = intersection(decider.boxes[earlier], decider.boxes[later])
            assert both is not None
            yield Fault(
                OVERLAP, (names[earlier], names[later]), words(decider.cells, both),
                witness(decider.cells, both),
            )  # fmt: skip


def _unreachable(decider: Decider, covering: Covering, gaps: Gaps) -> tuple[list[Fault], list[str]]:
    """Rows that decide nobody, with the earlier rows that decide instead; and what is not settled."""
    faults, unsure = [], 0
    for place in range(len(decider.boxes)):
        if gaps.first >> place & 1:
            continue
        taken = covering.taken(place)
        unsure += taken.free is None and not gaps.all_first
        if taken.free is False or (taken.free is None and gaps.all_first):
            faults.append(_dead(decider, place, list(bits_of(taken.takers)) if taken.free is False else []))
    said = f"Of {unsure:,} rows it is not settled whether they can decide anybody."
    return faults, [said] if unsure else []


def _dead(decider: Decider, place: int, takers: Sequence[int]) -> Fault:
    names = [row.name for row in decider.policy.rows]
    who = [names[one] for one in takers]
    where = f"{', '.join(who) or 'earlier rows'} {'takes' if len(who) == 1 else 'take'} everybody it would"
    return Fault(UNREACHABLE, (names[place], *who), where, witness(decider.cells, decider.boxes[place]))


def witness(cells: Sequence[Cells], box: Box) -> dict[str, Any]:
    """One applicant of a box, in numbers as short as can be written."""
    return {one.field.name: one.example(next(bits_of(bits))) for one, bits in zip(cells, box, strict=True)}


def words(cells: Sequence[Cells], box: Box) -> str:
    """A box as a person writes it; fields that may be anything are left out."""
    said = [
        f"{one.field.name} {_bits_words(one, bits)}"
        for one, bits in zip(cells, box, strict=True)
        if bits != (1 << one.count) - 1
    ]
    return " and ".join(said) or "anything holds"


def _bits_words(cells: Cells, bits: int) -> str:
    parts: list[str] = []
    if cells.field.is_number:
        runs = runs_of(bits & ((1 << cells.valued) - 1))
        parts = [span_words(cells.field, cells.span(one)[0], cells.span(last)[1]) for one, last in runs]
    else:
        named = (*cells.field.levels, "others")
        parts = [named[cell] for cell in bits_of(bits & ((1 << cells.valued) - 1))]
    if cells.field.missing and bits >> cells.valued & 1:
        parts.append("missing")
    return " or ".join(parts)


def _value(value: Any) -> str:
    if value is None:
        return "missing"
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
