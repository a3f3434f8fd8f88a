"""Learning one part of a stack: out of fold for the combiner, once on all rows for answering.

What is learnt from the same rows is learnt once: a `Shelf` keeps the fitted parts by what went into them, so
stacks that differ by a part share the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import import_module
from inspect import signature
from typing import Any

import numpy as np

from bankmine.errors import BankmineError, ConfigurationError, FeasibilityError
from bankmine.mining.combination.part import (
    Mask,
    Part,
    Reading,
    inputs,
    log_odds_of,
    picked,
    present,
    reading,
)
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import MINERS, plain
from bankmine.mining.sequence.events import Sequences

KEPT = 64  # fitted parts on a shelf: the oldest leave first


@dataclass
class Learnt:
    """A fitted part. `held` are its out-of-fold log-odds of the training rows, NaN where they lack it."""

    part: Part
    reading: Reading
    member: Any
    held: Floats = field(default_factory=lambda: np.zeros(0))

    def log_odds(self, table: Any) -> Floats:
        """Log-odds of each row, NaN where it lacks the part."""
        here = present(self.part, self.reading, table)
        return log_odds_of(self.member, inputs(self.part, self.reading.columns, table), here)


@dataclass
class Shelf:
    """Fitted parts by what they were learnt from."""

    kept: dict[str, Learnt | str] = field(default_factory=dict)

    def put(self, key: str, found: Learnt | str) -> None:
        """Keeps it; the oldest gives way."""
        while len(self.kept) >= KEPT:
            self.kept.pop(next(iter(self.kept)))
        self.kept[key] = found


@dataclass(frozen=True)
class Rows:
    """What all parts of a stack are learnt from."""

    table: Any
    truth: Mask
    weight: Floats | None
    fold: Ints


def learn(part: Part, rows: Rows, *, random_state: int, shelf: Shelf | None) -> Learnt | str:
    """The fitted part, or a sentence why it cannot be learnt from these rows."""
    found = reading(part, rows.table)
    if not found.columns:
        return f"{part.name} is left out: preparation kept none of its {len(part.columns)} columns."
    here = present(part, found, rows.table)
    given = inputs(part, found.columns, rows.table)
    key = _key(part, found, given, here, rows, random_state) if shelf is not None else ""
    if shelf is not None and key in shelf.kept:
        return shelf.kept[key]
    try:
        learnt: Learnt | str = _learn(part, found, given, here, rows, random_state)
    except (FeasibilityError, ConfigurationError) as error:
        learnt = f"{part.name} is left out: {_said(error)}"
    if shelf is not None:
        shelf.put(key, learnt)
    return learnt


def _learn(part: Part, found: Reading, given: Any, here: Mask, rows: Rows, random_state: int) -> Learnt:
    held = np.full(len(here), np.nan)
    for number in range(int(rows.fold.max()) + 1):
        outside, inside = here & (rows.fold != number), here & (rows.fold == number)
        if inside.any():
            member = _fitted(part, found.columns, given, outside, rows, random_state)
            held[inside] = member.decision_function(picked(given, inside))
    return Learnt(part, found, _fitted(part, found.columns, given, here, rows, random_state), held)


def _fitted(
    part: Part, columns: Sequence[str], given: Any, rows: Mask, all_rows: Rows, random_state: int
) -> Any:
    """A new member on some rows; one that takes no weights counts each row once."""
    make = getattr(import_module(MINERS[part.miner]), part.miner)
    member = make(**{"random_state": random_state, **part.settings})
    takes = signature(member.fit).parameters
    how: dict[str, Any] = {}
    if "names" in takes:
        how["names"] = columns
    if "sample_weight" in takes and all_rows.weight is not None:
        how["sample_weight"] = all_rows.weight[rows]
    return member.fit(picked(given, rows), all_rows.truth[rows], **how)


def _said(error: BankmineError) -> str:
    return f"{error.what.rstrip('.')}. {error.hint}".strip()


def _key(part: Part, found: Reading, given: Any, here: Mask, rows: Rows, random_state: int) -> str:
    """A hash of all that the fitted part depends on."""
    told = blake2b(digest_size=20)
    about = (sorted(plain(part.to_json()).items()), found, random_state)
    told.update(repr(about).encode())
    for one in _arrays(given):
        told.update(repr((one.shape, one.dtype)).encode())
        told.update(np.ascontiguousarray(one).data)
    weight = np.zeros(0) if rows.weight is None else rows.weight
    for one in (here, rows.truth, weight, rows.fold):
        told.update(np.ascontiguousarray(one).data)
    return told.hexdigest()


def _arrays(given: Any) -> list[Any]:
    if isinstance(given, Sequences):
        named = np.frombuffer(repr((given.kinds, given.columns)).encode(), dtype=np.uint8)
        return [given.offsets, given.when, given.kind, given.values, given.cutoff, named]
    if given.dtype == object:
        return [np.frombuffer("\x00".join(text or "\x01" for text in given).encode(), dtype=np.uint8)]
    return [given]
