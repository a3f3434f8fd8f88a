"""What each customer allows the bank to do: by purpose and channel, with withdrawal and expiry.

Contacts of campaigns keep to it, so it is drawn before them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.frame import DAY, NEVER, Frame, Ints, Truth
from bankmine.simulation.offers import CONTACT_CHANNELS
from bankmine.simulation.people import People

PURPOSES = ("marketing", "profiling", "bureau", "partner_data")
CHANNELS = (*CONTACT_CHANNELS, "any")
# Purpose, channel, share that agrees.
_ASKED = (
    *((0, place, share) for place, share in enumerate((0.82, 0.78, 0.55, 0.80, 0.70))),
    (1, CHANNELS.index("any"), 0.72),
    (2, CHANNELS.index("any"), 0.93),
    (3, CHANNELS.index("any"), 0.24),
)
_ENDS_AFTER = 3 * 365  # days, of those given for a time


@dataclass(frozen=True)
class Consents:
    """Shape (n, asked): day given (NEVER: refused), withdrawn and expiring (NEVER)."""

    given: Ints
    withdrawn: Ints
    expires: Ints

    def may_be_told(self, channel: int, days: Ints) -> Truth:
        """Whether each customer allows marketing through a contact channel on a day of their own (n,)."""
        until = np.minimum(self.withdrawn[:, channel], self.expires[:, channel])
        return np.asarray((self.given[:, channel] <= days) & (days < until))

    def tables(self, frame: Frame, who: People) -> dict[str, pa.Table]:
        """Extract `consents`: one row a consent given."""
        person, asked = np.nonzero(self.given < frame.days)
        purpose, channel = (np.array([one[part] for one in _ASKED])[asked] for part in (0, 1))
        given, withdrawn = self.given[person, asked], self.withdrawn[person, asked]
        at = given * DAY + 9 * 3600 + (who.number[person] * 37) % (8 * 3600)
        ended = np.where(withdrawn < frame.days, withdrawn * DAY + 19 * 3600, NEVER)
        expires = self.expires[person, asked]
        return {
            "consents": pa.table(
                {
                    "customer": columns.key(who.number[person]),
                    "purpose": columns.code(purpose, PURPOSES),
                    "channel": columns.code(channel, CHANNELS),
                    "given_at": columns.when(at),
                    "withdrawn_at": columns.when(ended),
                    "expires_at": columns.when(np.where(expires < NEVER, expires * DAY, NEVER)),
                }
            )
        }


def consents_of(frame: Frame, who: People) -> Consents:
    """Draws the consents of one community; they are asked for on joining, or when the law came."""
    draw = frame.random(who.community, "consents")
    shape = (who.count, len(_ASKED))
    share = np.array([one[2] for one in _ASKED])
    agrees = draw.random(shape) < share
    given = np.maximum(who.joined, -700)[:, None] + np.zeros(shape, dtype=np.int64)
    later = given + 30 + (draw.exponential(11 * 365.0, shape)).astype(np.int64)
    timed = draw.random(shape) < 0.15
    expires = np.where(timed & agrees, given + _ENDS_AFTER, NEVER)
    return Consents(
        np.where(agrees, given, NEVER), np.where(agrees & (later < expires), later, NEVER), expires
    )
