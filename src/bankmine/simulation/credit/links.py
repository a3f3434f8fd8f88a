"""Who is linked with whom: households, employers, owners of companies, guarantors, shared phones and devices.

Households share innocently; rings share across households. A link of two applicants begins with the second
one's application.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.credit.applications import Applications
from bankmine.simulation.credit.loans import Credits
from bankmine.simulation.credit.requests import Requests
from bankmine.simulation.frame import DAY, NEVER, Frame, Ints
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.people import People

KINDS = ("phone", "device", "address", "employer", "guarantor", "household", "owner")
SCHEMA_LINKS = pa.schema(
    [("from_party", pa.int64()), ("to_party", pa.int64()), ("kind", columns.CODE),
     ("valid_from", pa.date32()), ("valid_to", pa.date32())]
)  # fmt: skip
_Link = tuple[Ints, Ints, Ints, Ints, str]  # places from and to, first day, day after the last, kind


def links_of(frame: Frame, who: People, asked: Requests, forms: Applications, credits_: Credits) -> pa.Table:
    """Extract `links` as known at the period's end."""
    found = [_households(who), _employed(who), _owners(frame, who), _guarantors(asked, forms, credits_)]
    for kind, token in (("phone", forms.phone), ("device", forms.device), ("address", forms.address)):
        found.append(_shared(asked, token, kind, forms))
    rows = [np.stack([*link[:4], np.full(link[0].size, KINDS.index(link[4]))]) for link in found]
    one, other, since, until, kind_ = np.concatenate(rows, axis=1)
    keep = np.flatnonzero((since < np.minimum(until, frame.days)) & (one != other))
    keep = keep[np.lexsort((since[keep], kind_[keep], other[keep], one[keep]))]
    new = np.ones(keep.size, dtype=np.bool_)
    new[1:] = (np.diff(one[keep]) != 0) | (np.diff(other[keep]) != 0) | (np.diff(kind_[keep]) != 0)
    keep = keep[new]  # two loans of one guarantor are one link
    ends = np.where(until[keep] < frame.days, until[keep], NEVER)
    return pa.table(
        {
            "from_party": columns.key(who.number[one[keep]]),
            "to_party": columns.key(who.number[other[keep]]),
            "kind": columns.code(kind_[keep], KINDS),
            "valid_from": columns.day(since[keep]),
            "valid_to": columns.day(ends),
        },
        schema=SCHEMA_LINKS,
    )


def _households(who: People) -> _Link:
    one = np.flatnonzero(np.diff(who.household) == 0)
    since = np.maximum(who.joined[one], who.joined[one + 1])
    return one, one + 1, since, np.full(one.size, NEVER), "household"


def _employed(who: People) -> _Link:
    one = np.flatnonzero((who.employer_place >= 0) & (who.employer_place < who.count) & ~who.company)
    firm = who.employer_place[one]
    return one, firm, np.maximum(who.joined[one], who.joined[firm]), who.employer_fails[one], "employer"


def _owners(frame: Frame, who: People) -> _Link:
    """Somebody of the community owns each company, most often one of the self-employed."""
    firm = np.flatnonzero(who.company)
    people = np.flatnonzero(~who.company)
    if not people.size or not firm.size:
        return firm[:0], firm[:0], firm[:0], firm[:0], "owner"
    lots = Keyed(frame.random(who.community, "owners"))
    able = people[np.isin(who.life[people], (3, 6))]
    able = able if able.size else people
    owner = able[(lots.uniform("owner", firm) * able.size).astype(np.int64)]
    since = np.maximum(who.joined[firm], who.joined[owner])
    return owner, firm, since, np.full(firm.size, NEVER), "owner"


def _guarantors(asked: Requests, forms: Applications, credits_: Credits) -> _Link:
    which = np.flatnonzero(credits_.granted & (forms.guarantor >= 0))
    since = credits_.begins[which] // DAY
    return forms.guarantor[which], asked.person[which], since, credits_.course.closed[which], "guarantor"


def _shared(asked: Requests, token: Ints, kind: str, forms: Applications) -> _Link:
    """Each application is linked to the one before it with the same token and another applicant."""
    which = np.flatnonzero((token > 0) & ~asked.held)
    which = which[np.lexsort((forms.second[which], token[which]))]
    same = np.flatnonzero((np.diff(token[which]) == 0) & (np.diff(asked.person[which]) != 0))
    one, other = which[same], which[same + 1]
    first, last = asked.person[one], asked.person[other]
    since = forms.second[other] // DAY
    return np.minimum(first, last), np.maximum(first, last), since, np.full(one.size, NEVER), kind
