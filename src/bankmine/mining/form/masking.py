"""Partial forms to train on: every form again with some of its fields taken away.

A model trained on whole forms alone answers a partial one badly: an empty field never occurred. The number of
fields kept is drawn evenly from none to all, so that every stage of filling in a form weighs the same
(Saar-Tsechansky and Provost 2007 call such a model one of reduced features, here in one model for all).
"""

from __future__ import annotations

import numpy as np

from bankmine.mining.contract import Floats, Ints

STREAM = 2  # a stream of chance of its own: a caller's data may stem from the same seed


def masked_copies(codes: Floats, copies: int, *, random_state: int) -> tuple[Floats, Ints]:
    """The forms, then `copies` masked ones of each: (rows × (copies + 1), fields), and the row each is of.

    A field that was not known stays so.
    """
    draw = np.random.default_rng([random_state, STREAM])
    rows, width = codes.shape
    whose = np.tile(np.arange(rows), copies + 1)
    made = np.tile(codes, (copies + 1, 1))
    count = rows * copies
    kept = draw.integers(0, width + 1, size=count)
    luck = draw.random((count, width)).argsort(axis=1).argsort(axis=1)
    made[rows:][luck >= kept[:, None]] = np.nan
    return made, whose
