"""Dividing money exactly: joint accounts into equal shares, shares into whole minor units.

An account has at most eight owners, so every share is a whole number of 840ths of a minor unit (840 is
divisible by 1 … 8) and nothing is lost. A customer's sum of shares is rounded last, by the method of the
largest remainder (Hamilton): down, and the units left go to the largest fractions, ties to the lower number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.tasks.contract import Ints

PARTS = 840
MOST_OWNERS = 8


def summed_shares(owner: Ints, group: Ints, amount: Ints, owners: Ints, shape: tuple[int, int]) -> Ints:
    """Sums of `amount / owners` in 840ths, by (owner, group): an array of `shape`.

    `owner` and `group` are places. UsageError above eight owners.
    """
    if len(owners) and (owners.max() > MOST_OWNERS or owners.min() < 1):
        raise UsageError(
            f"an account with {int(owners.max())} owners is to be shared", hint="Accounts have 1 to 8 owners."
        )
    total = np.zeros(shape[0] * shape[1], dtype=np.int64)
    np.add.at(total, owner * shape[1] + group, amount * (PARTS // np.maximum(owners, 1)))
    return total.reshape(shape)


def whole(parts: Ints) -> Ints:
    """840ths as whole units, column by column, such that each column keeps its sum.

    `parts` has shape (customers, columns); rows must be in the order of the customers' keys. UsageError where
    a column's sum is not whole: then a share is missing.
    """
    result = parts // PARTS
    left = parts - result * PARTS
    for column in range(parts.shape[1]):
        missing, rest = divmod(int(left[:, column].sum()), PARTS)
        if rest:
            raise UsageError(
                f"the shares of column {column} do not add up to whole amounts",
                hint="An owner of a joint account is missing from the rows.",
            )
        first = np.argsort(-left[:, column], kind="stable")[:missing]
        result[first, column] += 1
    return np.asarray(result, dtype=np.int64)


def concat(parts: list[Any]) -> Ints:
    """Arrays one after another; none gives an empty one."""
    return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)
