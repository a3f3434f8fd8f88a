"""Who is known to be bad, and from when until when: what was known may be taken back.

A verdict is withdrawn, a wrong booking is corrected: from then on the party is no longer known to be bad, and
at the instants between it still was. So each party has spans of time, and a cutoff asks which of them stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Ints
from bankmine.mining.network.links import FOREVER, UNKNOWN, whole_numbers


@dataclass(frozen=True)
class Bads:
    """The spans of party p are those at places `first[p]` to `first[p + 1]`, in order of time and apart.

    A party is known to be bad at a cutoff T when `since ≤ T < until` for one of its spans. `first` has shape
    (parties + 1,), `since` and `until` one entry a span.
    """

    first: Ints
    since: Ints
    until: Ints

    @classmethod
    def of(cls, party: Any, since: Any, until: Any, *, parties: int) -> Bads:
        """From spans in any order; those of a party that overlap or touch are one, empty ones none.

        A begin of UNKNOWN or FOREVER says never; an end of UNKNOWN says not yet. UsageError for
        a party that does not exist.
        """
        who, begin, end = (whole_numbers(one) for one in (party, since, until))
        if who.size and not (who.min() >= 0 and who.max() < parties):
            raise UsageError(
                "A span of being bad is of a party that does not exist", hint=f"Give 0 to {parties - 1}."
            )
        end = np.where(end == UNKNOWN, FOREVER, end)
        real = (begin != UNKNOWN) & (begin < end)
        order = np.lexsort((begin[real], who[real]))
        who, begin, end = (one[real][order] for one in (who, begin, end))
        fresh = np.ones(len(who), dtype=np.bool_)
        reach = FOREVER
        for place in range(len(who)):
            if place and who[place] == who[place - 1] and begin[place] <= reach:
                fresh[place] = False
                reach = max(reach, int(end[place]))
            else:
                reach = int(end[place])
            end[place] = reach
        starts = np.flatnonzero(fresh)
        lasts = np.append(starts[1:], len(who))[: len(starts)] - 1
        first = np.searchsorted(who[starts], np.arange(parties + 1))
        return cls(first.astype(np.int64), begin[starts], end[lasts])

    @property
    def parties(self) -> int:
        """How many parties there are."""
        return len(self.first) - 1

    def more(self, parties: int) -> Bads:
        """With further parties behind, up to so many, who were never bad."""
        added = np.full(parties - self.parties, self.first[-1])
        return Bads(np.concatenate([self.first, added]), self.since, self.until)

    def began(self, party: Ints, when: Any) -> Ints:
        """Since when each party had been known to be bad at each instant, FOREVER where it was not.

        `party` is −1 for nobody; shapes (n,).
        """
        who = np.asarray(party, dtype=np.int64)
        at = np.broadcast_to(np.asarray(when, dtype=np.int64), who.shape)
        owner = np.repeat(np.arange(self.parties), np.diff(self.first))
        order = np.lexsort((np.r_[np.zeros(len(owner)), np.ones(len(who))], np.r_[self.since, at],
                            np.r_[owner, who]))  # fmt: skip
        last = np.full(len(who), -1)  # the last span of the order before each query
        last[order[order >= len(owner)] - len(owner)] = (np.cumsum(order < len(owner)) - 1)[
            order >= len(owner)
        ]
        mine = (last >= 0) & (np.append(owner, -2)[last] == who)
        stands = mine & (at < np.append(self.until, 0)[last])
        return np.where(stands, np.append(self.since, 0)[last], FOREVER).astype(np.int64)


def bads_of(parties: int, given: Any) -> Bads:
    """Spans from what was given: Bads as they are, an instant for each party (FOREVER or UNKNOWN: never),
    None for nobody.

    UsageError where there is not one for each party.
    """
    if isinstance(given, Bads):
        if given.parties != parties:
            raise UsageError(
                f"Spans of being bad are given for {given.parties} parties", hint=f"Give {parties}."
            )
        return given
    times = np.full(parties, FOREVER) if given is None else whole_numbers(given)
    if times.shape != (parties,):
        raise UsageError(
            f"Times of being bad have shape {times.shape}",
            hint=f"Give one for each of {parties} parties.",
        )
    return Bads.of(np.arange(parties), times, np.full(parties, FOREVER), parties=parties)
