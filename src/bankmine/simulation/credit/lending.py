"""The credit step of a community: requests, histories, forms, decisions, credits, and what others need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.accounts import FIRST_CARD, KINDS, SCHEMA_CARDS
from bankmine.simulation.catalogue import CODES
from bankmine.simulation.credit.applications import (
    CHANNELS,
    DECISIONS,
    DECLINED,
    WITHDRAWN,
    Applications,
    applications_of,
)
from bankmine.simulation.credit.bureau import Findings, History, findings_of, history_of, report_tables
from bankmine.simulation.credit.default_cause import (
    Causes,
    causes_of,
    employer_shadow,
    moving,
    savings_months,
)
from bankmine.simulation.credit.forms import form_steps
from bankmine.simulation.credit.links import links_of
from bankmine.simulation.credit.loans import (
    Accounts,
    Credits,
    credits_of,
    decided,
    loan_tables,
    money_of,
    written,
)
from bankmine.simulation.credit.requests import CARD, HONEST, Needs, Requests, lost_wage, requests_of
from bankmine.simulation.credit.schedule import month_of
from bankmine.simulation.entries import COUNTRIES, Entries
from bankmine.simulation.frame import DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import FIRST_CUSTOMER, People
from bankmine.simulation.products import SCHEMA_HOLDINGS

YEAR = 365  # days after granting within which a credit that is 90 days past due counts as bad
_CARD_PLACES = (6, 5)  # of a customer's eight card numbers; the first are those of other cards
CARD_VALID = 5 * 365 + 1  # days
SCHEMA_APPLICATIONS = pa.schema(
    [
        ("application", pa.int64()),
        ("customer", pa.int64()),
        ("applied_at", columns.TIMESTAMP),
        ("product", columns.CODE),
        ("amount", pa.int64()),
        ("term_months", pa.int32()),
        ("stated_income", pa.int64()),
        ("employer", pa.int64()),
        ("purpose", pa.string()),
        ("channel", columns.CODE),
        ("session", pa.int64()),
        ("ip_country", columns.CODE),
        ("phone", pa.int64()),
        ("device", pa.int64()),
        ("address", pa.int64()),
        ("decision", columns.CODE),
        ("decided_at", columns.TIMESTAMP),
        ("bad", pa.bool_()),
        ("bad_known_at", columns.TIMESTAMP),
    ]
)


class Held(Protocol):
    """What is asked of the products step: its wishes for credit."""

    @property
    def needs(self) -> Needs: ...


@dataclass(frozen=True)
class Holdings:
    """Granted loans, mortgages and credit cards: places of person and product, day opened and closed (NEVER
    while held)."""

    person: Ints
    product: Ints
    opened: Ints
    closed: Ints


@dataclass(frozen=True)
class FalseApplications:
    """`application`: raw key, place of the `person`, `kind` (index of FALSE_KINDS), `ring` or -1, and the day
    on which an investigation confirms it is `known` (NEVER where none does)."""

    application: Ints
    person: Ints
    kind: Ints
    ring: Ints
    known: Ints


@dataclass(frozen=True)
class Credit:
    """All about credit in one community; `entries` is its money. Arrays of `asked`, `forms`, `found`,
    `causes` and `credits_` have one place for each request."""

    asked: Requests
    forms: Applications
    history: History
    found: Findings
    causes: Causes
    credits_: Credits
    lost: Truth
    employer: Floats
    acc: Accounts
    entries: Entries
    holdings: Holdings
    false: FalseApplications

    def tables(self, frame: Frame, who: People) -> dict[str, pa.Table]:
        """Extracts `loans`, `loan_events`, `collateral`, `applications`, `bureau_reports`, `bureau_events`,
        `links`, and rows of `digital`, `holdings` and `cards`."""
        asked, forms = self.asked, self.forms
        filled = written_forms(frame, asked, forms)
        return {
            **loan_tables(frame, who, asked, forms, self.credits_, self.acc),
            "applications": _applications(frame, who, self, filled),
            **report_tables(self.history, who, number=forms.number[filled], person=asked.person[filled],
                            second=forms.second[filled]),
            "links": links_of(frame, who, asked, forms, self.credits_),
            "digital": form_steps(frame, who, asked, forms),
            "holdings": _holdings(frame, who, self.holdings),
            "cards": _cards(frame, who, self),
        }  # fmt: skip

    def truth(self, frame: Frame, who: People, life: Life, leave: Leaving) -> dict[str, pa.Table]:
        """`applications`, `texts`, `label_application_default`, `label_loan_default` and
        `label_application_fraud`."""
        from bankmine.simulation.credit.truth import truth_of

        return truth_of(self, frame, who, life, leave)

    def bad(self) -> tuple[Truth, Ints]:
        """Whether each credit, granted or not, goes bad within a year, and the day that is known."""
        begins = self.credits_.begins // DAY
        bad = self.credits_.course.bad < begins + YEAR
        return bad, np.where(bad, self.credits_.course.bad, begins + YEAR)


def credit_of(frame: Frame, who: People, life: Life, leave: Leaving, held: Held, acc: Accounts) -> Credit:
    """Draws the requests for credit of one community and all that follows."""
    lost = lost_wage(frame, who, life)
    asked = requests_of(frame, who, life, leave, held.needs)
    history = history_of(frame, who, life, lost)
    found = findings_of(history, asked.person, asked.day)
    forms = decided(asked, applications_of(frame, who, life, asked, found), leave)
    causes = causes_of(frame, who, asked, forms, found, savings_months(who, acc)[asked.person])
    begun = month_of(asked.day)
    log_odds = causes.total[:, None] + moving(frame, who, asked, causes, lost, begun)
    credits_ = credits_of(frame, who, leave, asked, forms, log_odds)
    return Credit(
        asked,
        forms,
        history,
        found,
        causes,
        credits_,
        lost,
        employer_shadow(frame, who, asked.person),
        acc,
        entries=money_of(frame, who, asked, credits_, acc.main),
        holdings=_held(frame, asked, credits_),
        false=_false(frame, who, asked, forms),
    )


def written_forms(frame: Frame, asked: Requests, forms: Applications) -> Ints:
    """Applications that tables know: of the period, sent before its end."""
    return np.flatnonzero(~asked.held & (forms.second < frame.days * DAY))


def _held(frame: Frame, asked: Requests, credits_: Credits) -> Holdings:
    which = written(frame, credits_)
    opened = credits_.begins[which] // DAY
    closed = np.maximum(credits_.course.closed[which], opened + 1)
    return Holdings(asked.person[which], asked.product[which], opened, closed)


def _false(frame: Frame, who: People, asked: Requests, forms: Applications) -> FalseApplications:
    """A declined one is found out within a month, an approved one after three to six; few never."""
    which = np.flatnonzero((asked.false > HONEST) & (forms.second < frame.days * DAY))
    lots = Keyed(frame.random(who.community, "investigations"))
    key, decision = asked.key[which], forms.decision[which]
    after = np.where(decision == DECLINED, lots.whole("soon", 3, 30, key), lots.whole("late", 85, 190, key))
    found_out = lots.uniform("found", key) < confirmed_share(decision)
    verdict = np.where(found_out, forms.decided[which] // DAY + after, NEVER)
    return FalseApplications(
        forms.number[which], asked.person[which], asked.false[which], asked.ring[which], verdict
    )


def confirmed_share(decision: Ints) -> Floats:
    """How many false applications are ever found out, by decision."""
    return np.where(decision == WITHDRAWN, 0.35, np.where(decision == DECLINED, 0.85, 0.95))


def _applications(frame: Frame, who: People, credit: Credit, which: Ints) -> pa.Table:
    asked, forms = credit.asked, credit.forms
    undecided = forms.decided[which] >= frame.days * DAY
    bad, known = credit.bad()
    open_ = ~credit.credits_.granted[which] | (known[which] >= frame.days)
    family, term = asked.family[which], forms.term[which].astype(np.int32)
    return pa.table(
        {
            "application": columns.key(forms.number[which]),
            "customer": columns.key(who.number[asked.person[which]]),
            "applied_at": columns.when(forms.second[which]),
            "product": columns.code(asked.product[which], CODES),
            "amount": columns.amount(forms.amount[which]),
            "term_months": pa.array(term, mask=family == CARD),
            "stated_income": columns.amount(forms.stated[which]),
            "employer": columns.key(forms.employer[which]),
            "purpose": purposes(frame, who, credit, which),
            "channel": columns.code(forms.channel[which], CHANNELS),
            "session": columns.key(forms.session[which]),
            "ip_country": columns.code(forms.country[which], COUNTRIES),
            "phone": columns.key(forms.phone[which]),
            "device": columns.key(forms.device[which]),
            "address": columns.key(forms.address[which]),
            "decision": columns.code(np.where(undecided, -1, forms.decision[which]), DECISIONS),
            "decided_at": columns.when(np.where(undecided, NEVER, forms.decided[which])),
            "bad": columns.truth(bad[which], missing=open_),
            "bad_known_at": columns.when(np.where(open_, NEVER, known[which] * DAY + 5 * 3600)),
        },
        schema=SCHEMA_APPLICATIONS,
    )


def halves(who: People, asked: Requests) -> Ints:
    """Which half of the phrase bank each applicant speaks."""
    return (who.number[asked.person] // 2 + asked.person) % 2


def in_chinese(frame: Frame, who: People, credit: Credit, which: Ints) -> Truth:
    """Whether each applicant writes the purpose in Chinese."""
    lots, asked = Keyed(frame.random(who.community, "purposes")), credit.asked
    return who.chinese[asked.person[which]] & (lots.uniform("chinese", asked.key[which]) < 0.75)


def purposes(frame: Frame, who: People, credit: Credit, which: Ints) -> pa.Array:
    """What the applicants write; made in order of time, so that a longer world begins like a shorter one."""
    from bankmine.simulation.texts import purpose_texts

    asked, forms = credit.asked, credit.forms
    order = which[np.lexsort((asked.key[which], forms.second[which]))]
    lots = Keyed(frame.random(who.community, "purposes"))
    key, person = asked.key[order], asked.person[order]
    poor = credit.lost[person, frame.month_at(asked.day[order])]
    claim = np.where(forms.income[order] > 900_000, 4, np.where(who.life[person] == 6, 2, 1))
    claim = np.where(poor & (who.honesty[person] > 0.8), 3, claim)
    claim = np.where(asked.false[order] > HONEST, 1 + 3 * lots.whole("claims", 0, 2, key), claim)
    claim = np.where(lots.uniform("claim", key) < 0.3, claim, 0)
    chinese = in_chinese(frame, who, credit, order)
    draw = frame.random(who.community, "purpose texts")
    texts = purpose_texts(draw, forms.intent[order], chinese, halves(who, asked)[order], claim=claim)
    back = np.empty(order.size, dtype=np.int64)
    back[np.searchsorted(which, order)] = np.arange(order.size)
    return texts.take(pa.array(back))


def _holdings(frame: Frame, who: People, held: Holdings) -> pa.Table:
    closed = np.where(held.closed < frame.days, held.closed, NEVER)
    return pa.table(
        {
            "customer": columns.key(who.number[held.person]),
            "product": columns.code(held.product, CODES),
            "opened_on": columns.day(held.opened),
            "closed_on": columns.day(closed),
        },
        schema=SCHEMA_HOLDINGS,
    )


def _cards(frame: Frame, who: People, credit: Credit) -> pa.Table:
    """The card of each line, billed to the main account; a customer's first two.

    A card held at the start has an account of its own and comes with the accounts.
    """
    asked, credits_ = credit.asked, credit.credits_
    which = written(frame, credits_)
    which = which[(asked.family[which] == CARD) & (credit.acc.main[asked.person[which]] >= 0)]
    which = which[(credits_.begins[which] >= 0) | (credit.acc.credit[asked.person[which]] < 0)]
    person = asked.person[which]
    rank = np.arange(which.size) - np.searchsorted(person, person)
    which, person, rank = (one[rank < len(_CARD_PLACES)] for one in (which, person, rank))
    number = FIRST_CARD + (who.number[person] - FIRST_CUSTOMER) * 8 + np.array(_CARD_PLACES)[rank]
    opened, closed = credits_.begins[which] // DAY, credits_.course.closed[which]
    expires = opened + CARD_VALID * (1 + np.maximum(0, -opened) // CARD_VALID)
    return pa.table(
        {
            "card": columns.key(number),
            "account": columns.key(credit.acc.number[credit.acc.main[person]]),
            "customer": columns.key(who.number[person]),
            "kind": columns.code(person * 0 + KINDS.index("credit"), KINDS),
            "issued_on": columns.day(opened),
            "expires_on": columns.day(expires),
            "closed_on": columns.day(np.where(closed < frame.days, closed, NEVER)),
            "card_limit": columns.amount(credit.forms.amount[which]),
        },
        schema=SCHEMA_CARDS,
    )
