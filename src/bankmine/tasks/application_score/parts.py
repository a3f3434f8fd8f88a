"""The parts of the stack: each kind of evidence with its miner, as far as tables and outcomes allow.

What few outcomes cannot teach is left out, and the page says so: from a handful of bads trees and a network
of sequences learn nothing but noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from bankmine.tasks.application_score.evidence import (
    CONTRADICTIONS,
    NETWORK,
    PARTS,
    SEQUENCE,
    SEQUENCE_COLUMN,
    TEXT,
    TEXT_COLUMN,
    WINDOWS,
    columns_of,
    numbers_of,
)
from bankmine.tasks.combination import both, events, linear, name_of, text, transitions, trees
from bankmine.tasks.contract import Bank
from bankmine.tasks.study import Asked

if TYPE_CHECKING:
    from bankmine.tasks.combination import Read

TREES_BADS = 80  # bads to learn from, below which the parts of numbers are read by a straight line
SEQUENCE_BADS = 80
TEXT_BADS = 40
BUREAU = "bureau_known"
STRAIGHT = {"C": 0.003}
LITTLE = {"n_estimators": 120, "num_leaves": 3, "learning_rate": 0.05, "min_data_in_leaf": 30}
WORDS = MappingProxyType(
    {
        "enquiry": ("enquiry", "enquiries"), "loan_issued": ("loan issued", "loans issued"),
        "repaid": ("loan repaid", "loans repaid"), "overdue": ("payment overdue", "payments overdue"),
        "address_change": ("change of address", "changes of address"),
        "employer_change": ("change of employer", "changes of employer"),
        "provident_fund_change": ("change of the provident fund", "changes of the provident fund"),
    }
)  # fmt: skip


def parts_of(bank: Bank, names: Sequence[str], bads: int) -> tuple[Read, ...]:
    """The parts that this bank's evidence and that many bads to learn from allow, windows first.

    From enough bads numbers are read by trees and by a straight line, bureau items by a network and by
    which follows which: with a few hundred bads each sees a little that the other does not.
    """
    made: list[Read] = []
    for part in (WINDOWS, CONTRADICTIONS, NETWORK):
        columns = numbers_of(names, part=part)
        if not columns:
            continue
        if bads >= TREES_BADS:
            made.append(_numbers(part, columns))
        else:
            made.append(linear(part, columns, settings={"C": 0.01}))
    if SEQUENCE_COLUMN in names and BUREAU in names and bads >= SEQUENCE_BADS:
        network = events(SEQUENCE, SEQUENCE_COLUMN, bank=bank, present=BUREAU, words=WORDS)
        order = transitions(f"{SEQUENCE}, order", SEQUENCE_COLUMN, present=BUREAU, words=WORDS)
        made.append((network, order))
    if TEXT_COLUMN in names and bads >= TEXT_BADS:
        made.append(text(TEXT, TEXT_COLUMN))
    return tuple(made)


def _numbers(part: str, columns: Sequence[str]) -> Read:
    """Windows read twice; the smaller parts by trees alone."""
    if part == WINDOWS:
        return both(part, columns, settings=LITTLE, straight=STRAIGHT)
    return trees(part, columns, settings=LITTLE)


def left_out(names: Sequence[str], parts: Sequence[Read], bads: int) -> dict[str, str]:
    """Why a kind of evidence is no part, by name."""
    taken, said = {name_of(one) for one in parts}, {}
    least = {SEQUENCE: SEQUENCE_BADS, TEXT: TEXT_BADS}
    for part in PARTS:
        if part in taken:
            continue
        if not columns_of(names, part=part) or (part == SEQUENCE and BUREAU not in names):
            said[part] = f"The bank's tables hold no evidence of the kind {part}."
        else:
            said[part] = f"{bads} bads to learn from are too few for {part}: it needs {least.get(part, 1)}."
    return said


def not_learnt(asked: Asked, parts: Sequence[Read]) -> dict[str, str]:
    """Parts that the rows did not allow to be learnt alone, and why."""
    refused = asked.figures.get("not_tried", {})
    return {
        one: f"{one.capitalize()} could not be learnt: {refused[one]}"
        for one in map(name_of, parts)
        if one in refused
    }
