"""Credits from granting to the end: what is lent, how it runs, its rows, its money, its collateral.

Declined and withdrawn requests run too, as they would have run: the truth keeps what became of them, no table
does. Credits infect each other through guarantors: who guarantees stops paying more often for a year after
falling into default.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.catalogue import CODES, product
from bankmine.simulation.credit.applications import APPROVED, DECLINED, WITHDRAWN, Applications
from bankmine.simulation.credit.course import Course, Happened, course_of
from bankmine.simulation.credit.default_cause import chance_of, guarantor_fell, guarantor_weight
from bankmine.simulation.credit.requests import CARD, HONEST, MORTGAGE, Requests, rank_of
from bankmine.simulation.credit.schedule import (
    DISBURSED,
    DRAWN,
    EVENTS,
    LINE_MONTHS,
    PAID,
    PREPAID,
    WRITTEN_OFF,
    Terms,
)
from bankmine.simulation.entries import CATEGORIES, CHANNELS, Entries, entries, joined
from bankmine.simulation.frame import DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.people import FIRST_CUSTOMER, People

FIRST_LOAN, EACH = 7_000_000_000, 8
STATUSES = ("running", "running_in_debt", "finished", "written_off")
COLLATERAL = ("home", "vehicle", "equipment")
_SELLER = 9_000_000_300
_FALSE_SPEND, _SPEND = 0.96, 0.8
SCHEMA_LOANS = pa.schema(
    [("loan", pa.int64()), ("account", pa.int64()), ("customer", pa.int64()), ("application", pa.int64()),
     ("product", columns.CODE), ("granted_on", pa.date32()), ("principal", pa.int64()),
     ("term_months", pa.int32()), ("instalment", pa.int64()), ("rate", pa.float64()),
     ("status", columns.CODE), ("valid_from", columns.TIMESTAMP)]
)  # fmt: skip
SCHEMA_LOAN_EVENTS = pa.schema(
    [("event_no", pa.int64()), ("loan", pa.int64()), ("customer", pa.int64()),
     ("happened_at", columns.TIMESTAMP), ("kind", columns.CODE), ("amount", pa.int64()),
     ("principal_after", pa.int64()), ("due_next_on", pa.date32()), ("due_next", pa.int64()),
     ("days_past_due", pa.int32())]
)  # fmt: skip
SCHEMA_COLLATERAL = pa.schema(
    [("loan", pa.int64()), ("kind", columns.CODE), ("value", pa.int64()), ("valued_on", pa.date32()),
     ("lien_rank", pa.int32())]
)  # fmt: skip


class Accounts(Protocol):
    """What is asked of the accounts: each customer's main one and first credit card (places, -1 for none),
    owners, first days and comfortable balances of all, raw numbers."""

    @property
    def main(self) -> Ints: ...
    @property
    def credit(self) -> Ints: ...
    @property
    def owner(self) -> Ints: ...
    @property
    def opened(self) -> Ints: ...
    @property
    def target(self) -> Ints: ...
    @property
    def number(self) -> Ints: ...


@dataclass(frozen=True)
class Credits:
    """One place for each request. `granted`: lent by us; `number`: raw key, 0 where not; `begins`: second of
    granting (hypothetical where not granted); `chance` (c, months): monthly to stop paying; `static`: fixed
    part of its log-odds; `infected` (c, months): guarantor fell."""

    granted: Truth
    number: Ints
    begins: Ints
    terms: Terms
    chance: Floats
    infected: Truth
    course: Course


def decided(asked: Requests, forms: Applications, leave: Leaving) -> Applications:
    """The decisions, after two limits: nobody has more than EACH credits, and leavers withdraw."""
    ends = np.minimum(leave.closed, leave.rundown_from)[asked.person] - 1
    late = ~asked.held & (forms.decided // DAY + 8 >= ends)
    decision = np.where(late & (forms.decision == APPROVED), WITHDRAWN, forms.decision)
    full = rank_of(asked.person, decision == APPROVED) >= EACH
    return replace(forms, decision=np.where(full & (decision == APPROVED), DECLINED, decision))


def credits_of(
    frame: Frame, who: People, leave: Leaving, asked: Requests, forms: Applications, log_odds: Floats
) -> Credits:
    """Grants and lets run. `log_odds` (c, months): all causes but guarantors."""
    lots = Keyed(frame.random(who.community, "credits"))
    granted = forms.decision == APPROVED
    begins = np.where(asked.held, asked.day * DAY + 11 * 3600, forms.decided)
    ends = np.minimum(leave.closed, leave.rundown_from)[asked.person]
    line = asked.family == CARD
    terms = Terms(
        key=asked.key,
        begins=begins,
        limit=forms.amount,
        rate=forms.rate,
        term=np.where(line, LINE_MONTHS, forms.term),
        dom=forms.dom,
        line=line,
        ends=np.where(ends < NEVER, ends - 1, NEVER),
        prudence=who.prudence[asked.person],
    )
    chance = chance_of(frame, log_odds)
    course = course_of(frame, terms, chance, lots)
    fell = guarantor_fell(frame, forms, asked, who.count, np.where(granted, course.bad, NEVER))
    touched = np.flatnonzero(fell.any(axis=1))
    if touched.size and guarantor_weight(frame) > 0:
        chance[touched] = chance_of(frame, log_odds[touched] + guarantor_weight(frame) * fell[touched])
        course = _replaced(course, touched, course_of(frame, _only(terms, touched), chance[touched], lots))
    place = who.number[asked.person] - FIRST_CUSTOMER
    number = np.where(granted, FIRST_LOAN + place * EACH + rank_of(asked.person, granted), 0)
    return Credits(granted, number, begins, terms, chance, fell, course)


def _only(terms: Terms, which: Ints) -> Terms:
    return Terms(**{name: values[which] for name, values in vars(terms).items()})


def _replaced(course: Course, which: Ints, again: Course) -> Course:
    """The course with the credits `which` run again."""
    old, new = vars(course.happened), vars(again.happened)
    keep = ~np.isin(course.happened.credit, which)
    rows = {name: np.concatenate([old[name][keep], new[name]]) for name in old}
    rows["credit"] = np.concatenate([old["credit"][keep], which[new["credit"]]])
    order = np.lexsort((rows["second"], rows["credit"]))
    made = {}
    for name, values in vars(course).items():
        if name != "happened":
            made[name] = values.copy()
            made[name][which] = getattr(again, name)
    return Course(happened=Happened(**{name: rows[name][order] for name in rows}), **made)


def money_of(frame: Frame, who: People, asked: Requests, credits_: Credits, main: Ints) -> Entries:
    """Loans paid out, lines drawn, instalments and prepayments, and what is bought with a loan.

    A mortgage goes to the seller of the home, and whoever leaves has the credit taken over by another bank:
    neither touches the account.
    """
    happened = credits_.course.happened
    account = main[asked.person[happened.credit]]
    ours = credits_.granted[happened.credit] & (account >= 0)
    mortgage = asked.family[happened.credit] == MORTGAGE
    taken_over = (happened.kind == PREPAID) & (happened.second // DAY == credits_.terms.ends[happened.credit])
    into = ours & (((happened.kind == DISBURSED) & ~mortgage) | (happened.kind == DRAWN))
    out = ours & ((happened.kind == PAID) | ((happened.kind == PREPAID) & ~taken_over))
    moves = np.flatnonzero((into | out) & (happened.amount > 0))
    lent = entries(
        account=account[moves],
        second=happened.second[moves],
        cents=happened.amount[moves],
        out=out[moves],
        channel=np.where(out[moves], CHANNELS.index("debit"), CHANNELS.index("bank")),
        category=np.where(out[moves], CATEGORIES.index("loan_payment"), CATEGORIES.index("loan_disbursed")),
        person=np.where(out[moves], -1, asked.person[happened.credit[moves]]),
    )
    bought = np.flatnonzero(into & (happened.kind == DISBURSED))
    early = np.flatnonzero(out & (happened.kind == PREPAID) & (happened.amount > 0))
    other = _SELLER + happened.credit[early] % 5_000
    means = entries(  # the windfall or the new lender's money that a credit is paid back early with
        account=account[early],
        second=happened.second[early] - DAY,
        cents=happened.amount[early],
        out=False,
        category=CATEGORIES.index("transfer_in"),
        channel=CHANNELS.index("transfer"),
        counterparty=other,
        bank=1 + other % 4,
    )
    return joined([lent, means, _bought(frame, who.community, asked, happened, account, bought)])


def _bought(
    frame: Frame, community: int, asked: Requests, happened: Happened, account: Ints, rows: Ints
) -> Entries:
    """Most of a loan goes to a seller within days; false applicants move it on at once."""
    which = happened.credit[rows]
    false = asked.false[which] > HONEST
    lots = Keyed(frame.random(community, "what loans buy"))
    wait = np.where(false, 3_600 * 3, DAY + lots.whole("wait", 0, 6, asked.key[which]) * DAY)
    wait += (lots.uniform("at", asked.key[which]) * 5 * 3600).astype(np.int64)
    second = happened.second[rows] + wait
    part = np.where(false, _FALSE_SPEND, _SPEND + 0.15 * lots.uniform("part", asked.key[which]))
    inside = second < frame.days * DAY
    seller = lots.whole("seller", 0, 5_000, asked.key[which])
    return entries(
        account=account[rows][inside],
        second=second[inside],
        cents=np.maximum(100, (happened.amount[rows] * part).astype(np.int64) // 100 * 100)[inside],
        out=True,
        category=CATEGORIES.index("transfer_out"),
        channel=CHANNELS.index("transfer"),
        counterparty=(_SELLER + seller)[inside],
        bank=(1 + seller % 4)[inside],
        person=asked.person[which][inside],
        flexible=True,
    )


def loan_tables(
    frame: Frame, who: People, asked: Requests, forms: Applications, credits_: Credits, acc: Accounts
) -> dict[str, pa.Table]:
    """Extracts `loans` (versions by status), `loan_events` and `collateral`."""
    happened = credits_.course.happened
    ours = np.flatnonzero(credits_.granted[happened.credit])
    which = happened.credit[ours]
    begins = np.searchsorted(which, which)
    number = credits_.number[which]
    next_day = happened.next_day[ours]
    events = pa.table(
        {
            "event_no": columns.key(number * 1_024 + np.arange(ours.size) - begins),
            "loan": columns.key(number),
            "customer": columns.key(who.number[asked.person[which]]),
            "happened_at": columns.when(happened.second[ours]),
            "kind": columns.code(happened.kind[ours], EVENTS),
            "amount": columns.amount(happened.amount[ours]),
            "principal_after": columns.amount(happened.principal[ours]),
            "due_next_on": columns.day(next_day),
            "due_next": columns.amount(happened.next_amount[ours], missing=next_day >= NEVER),
            "days_past_due": pa.array(happened.past_due[ours].astype(np.int32)),
        },
        schema=SCHEMA_LOAN_EVENTS,
    )
    versions = _versions(frame, who, asked, forms, credits_, acc)
    return {
        "loans": versions,
        "loan_events": events,
        "collateral": _collateral(frame, who.community, asked, forms, credits_),
    }


def written(frame: Frame, credits_: Credits) -> Ints:
    """Credits that tables know: granted before the period's end."""
    return np.flatnonzero(credits_.granted & (credits_.begins < frame.days * DAY))


def _versions(
    frame: Frame, who: People, asked: Requests, forms: Applications, credits_: Credits, acc: Accounts
) -> pa.Table:
    """A version at granting, and one whenever the status changes."""
    known = written(frame, credits_)
    happened, line = credits_.course.happened, credits_.terms.line
    rows = np.flatnonzero(credits_.granted[happened.credit])
    credit, kind, after = happened.credit[rows], happened.kind[rows], happened.past_due[rows]
    lost = (kind == WRITTEN_OFF) | (kind > WRITTEN_OFF)
    cleared = (happened.principal[rows] == 0) & np.isin(kind, (PAID, PREPAID))
    settled = happened.second[rows] // DAY == credits_.terms.ends[credit]
    status = np.where(
        lost, 3, np.where(cleared & (~line[credit] | settled), 2, (after >= 28).astype(np.int64))
    )
    which, at, state = (
        np.concatenate(pair)
        for pair in ((known, credit), (credits_.begins[known], happened.second[rows]), (known * 0, status))
    )
    quiet = np.flatnonzero(line & credits_.granted & (credits_.course.closed < frame.days))
    which, state = np.append(which, quiet), np.append(state, np.where(_is_lost(credits_, quiet), 3, 2))
    at = np.append(at, credits_.course.closed[quiet] * DAY + 12 * 3600)
    order = np.lexsort((at, which))
    which, at, state = which[order], at[order], state[order]
    new = np.ones(which.size, dtype=np.bool_)
    new[1:] = (np.diff(which) != 0) | (np.diff(state) != 0)
    which, at, state = which[new], at[new], state[new]
    person = asked.person[which]
    account = acc.main[person]
    term = np.where(line[which], 0, forms.term[which]).astype(np.int32)
    return pa.table(
        {
            "loan": columns.key(credits_.number[which]),
            "account": columns.key(np.where(account >= 0, acc.number[account], 0)),
            "customer": columns.key(who.number[person]),
            "application": columns.key(forms.number[which]),
            "product": columns.code(asked.product[which], CODES),
            "granted_on": columns.day(credits_.begins[which] // DAY),
            "principal": columns.amount(forms.amount[which]),
            "term_months": pa.array(term, mask=term == 0),
            "instalment": columns.amount(forms.instalment[which], missing=line[which]),
            "rate": columns.real(forms.rate[which]),
            "status": columns.code(state, STATUSES),
            "valid_from": columns.when(at),
        },
        schema=SCHEMA_LOANS,
    )


def _is_lost(credits_: Credits, which: Ints) -> Truth:
    happened = credits_.course.happened
    return np.isin(which, happened.credit[happened.kind == WRITTEN_OFF])


def _collateral(
    frame: Frame, community: int, asked: Requests, forms: Applications, credits_: Credits
) -> pa.Table:
    """Homes behind mortgages, cars behind car loans, equipment behind some business loans; homes are valued
    again every second year."""
    known = written(frame, credits_)
    lots = Keyed(frame.random(community, "collateral"))
    value = (0.55 + 0.6 * lots.uniform("value", asked.key)) * forms.amount
    home, car = asked.family == MORTGAGE, asked.product == product("LOAN-AUTO")
    some = (asked.product == product("LOAN-BUS")) & (lots.uniform("equipment", asked.key) < 0.5)
    value = np.where(home, forms.amount / (0.5 + 0.35 * lots.uniform("share", asked.key)), value)
    kind = np.where(home, 0, np.where(car, 1, np.where(some, 2, -1)))
    rows = []
    for again in range(7):
        day = credits_.begins // DAY + again * 730
        which = known[(kind[known] >= 0) & (day[known] < frame.days)]
        if again > 0:
            which = which[home[which] & (credits_.course.closed[which] > day[which]) & (day[which] >= 0)]
        drift = 1 + 0.05 * again * lots.normal("price", asked.key[which])
        price = value[which] * 1.02 ** (2 * again) * drift
        rank = 1 + (lots.uniform("rank", asked.key[which]) < 0.06)
        rows.append((which, day[which], price // 100_000 * 100_000, rank))
    which, day, price, rank = (np.concatenate(part) for part in zip(*rows, strict=True))
    order = np.lexsort((day, which))
    return pa.table(
        {
            "loan": columns.key(credits_.number[which[order]]),
            "kind": columns.code(kind[which[order]], COLLATERAL),
            "value": columns.amount(np.maximum(100_000, price[order])),
            "valued_on": columns.day(day[order]),
            "lien_rank": pa.array(rank[order].astype(np.int32)),
        },
        schema=SCHEMA_COLLATERAL,
    )
