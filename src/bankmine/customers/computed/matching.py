"""Which enquiries at other lenders were answered by a loan, and which were not.

The rule. An enquiry asks for credit unless its reason is a review of what runs already. A loan issued by an
institution answers the oldest enquiry of that institution still waiting that is at most `FOLLOWED_DAYS` old
(the day of the enquiry itself counts); each loan answers one enquiry, each enquiry is answered once. As the
time allowed is the same for all, serving the oldest first answers as many as can be answered (earliest
deadline first; Horn 1974). Where the report does not name institutions, all of them count as one.

An enquiry without a loan is *unfollowed* (refused elsewhere, or thought better of) only once its time is over
at the report; until then it is *open* and says nothing. Everything is as known at the row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
FOLLOWED_DAYS = 30
REVIEWS = ("account review", "review")


@dataclass(frozen=True)
class Matched:
    """For each item (m,): the place of the loan that answers an enquiry, or of the enquiry that a loan
    answers (−1: none); and whether it is an enquiry that is followed, unfollowed, or open still."""

    partner: Ints
    followed: Bools
    unfollowed: Bools
    open: Bools


def match(
    row: Ints, institution: Ints, time: Ints, asks: Bools, issued: Bools, seen_at: Ints,
    *, within: int = FOLLOWED_DAYS,
) -> Matched:  # fmt: skip
    """Matches the enquiries (`asks`) and loans (`issued`) of each row.

    All of shape (m,); `seen_at` is the instant (µs) up to which the item's row has been told. Times of one
    local day count as one instant where the report knows days only.
    """
    from bankmine.customers.computed.matching_kernel import answer

    points = np.flatnonzero(asks | issued)
    order = points[np.lexsort((issued[points], time[points], institution[points], row[points]))]
    change = (np.diff(row[order], prepend=-1) != 0) | (np.diff(institution[order], prepend=0) != 0)
    found = np.full(len(order), -1, np.int64)
    answer(
        np.cumsum(change), np.ascontiguousarray(time[order]), np.ascontiguousarray(issued[order]),
        within * DAY, np.empty(len(order), np.int64), found,
    )  # fmt: skip
    partner = np.full(len(row), -1, np.int64)
    partner[order] = np.where(found >= 0, order[found], -1)
    waiting = asks & (partner < 0)
    over = seen_at - time > within * DAY
    return Matched(partner, asks & (partner >= 0), waiting & over, waiting & ~over)
