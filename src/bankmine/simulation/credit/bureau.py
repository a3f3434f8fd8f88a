"""What other institutions know: each person's dated credit history, and the report drawn at an application.

A history is made once for a person, so two reports tell the same story. Enquiries come at a pace that says
nothing about risk; whether a loan follows within thirty days does. Pairs of a provident-fund change and an
account review carry the order-only signal: of all pairs of the last two years but the newest, how many came
in the one order rather than the other. Orders are tossed independently of everything, so counts, gaps and
recency are the same for good and bad.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.frame import DAY, Floats, Frame, Ints, Truth
from bankmine.simulation.life import Life
from bankmine.simulation.people import People

KINDS = ("enquiry", "loan_issued", "repaid", "overdue", "address_change", "employer_change",
         "provident_fund_change")  # fmt: skip
ENQUIRY, ISSUED, REPAID, OVERDUE, ADDRESS, EMPLOYER, FUND = range(7)
REASONS = ("personal loan", "credit card", "car loan", "mortgage", "guarantee", "account review")
REVIEW = 5
INSTITUTION_KINDS = ("bank", "finance company", "online lender", "card issuer")
_INSTITUTIONS = 40
SHOWN_DAYS = 1_096  # a report goes back three years
FOLLOWED_DAYS = 30  # a loan that follows an enquiry does so within these
_FIRST = -6 * 365  # when histories begin
_ENQUIRIES, _PAIRS, _LATE = 96, 40, 24  # at most, of one person
SCHEMA_BUREAU_REPORTS = pa.schema(
    [("report", pa.int64()), ("customer", pa.int64()), ("drawn_at", columns.TIMESTAMP),
     ("reason", columns.CODE), ("consent", pa.int64())]
)  # fmt: skip
SCHEMA_BUREAU_EVENTS = pa.schema(
    [("event_no", pa.int64()), ("report", pa.int64()), ("customer", pa.int64()),
     ("happened_on", pa.date32()), ("drawn_at", columns.TIMESTAMP), ("institution", pa.int32()),
     ("institution_kind", columns.CODE), ("facility", pa.int64()), ("kind", columns.CODE),
     ("reason", columns.CODE), ("amount", pa.int64())]
)  # fmt: skip


@dataclass(frozen=True)
class History:
    """Dated items, ordered by (person, day). `refused`: an enquiry no loan followed. `amount`: cents or 0;
    `institution`, `reason`: -1 for none. `facility`: raw number or 0.

    Pairs, ordered by (person, day): `pair_end`: day of the later of the two; `pair_sign`: +1 where the fund
    change came first, else -1.
    """

    person: Ints
    day: Ints
    kind: Ints
    institution: Ints
    reason: Ints
    facility: Ints
    amount: Ints
    refused: Truth
    pair_person: Ints
    pair_end: Ints
    pair_sign: Ints

    def count(self, which: Truth, person: Ints, begins: Ints, ends: Ints) -> Floats:
        """How many items `which` of each person lie in [begins, ends)."""
        total = np.concatenate([[0], np.cumsum(which)])
        place = _places(self.person, self.day)
        until = total[np.searchsorted(place, _places(person, ends))]
        before = total[np.searchsorted(place, _places(person, begins))]
        return np.asarray(until - before, dtype=np.float64)


def _places(person: Ints, day: Ints) -> Ints:
    return (person << 24) + day + 2**20


@dataclass(frozen=True)
class Findings:
    """What a report tells at each asked (person, day): `unresolved` enquiries no loan followed (half a year
    back, those of the last 30 days left out), `enquiries` (half a year), `overdue` (two years), `issued`
    (two years), and `order`: the sum of signs of all pairs but the newest over the root of their number."""

    unresolved: Floats
    enquiries: Floats
    overdue: Floats
    issued: Floats
    order: Floats
    pairs: Floats


def findings_of(history: History, person: Ints, day: Ints) -> Findings:
    """Reads the histories as of each day (items of the day itself are not in yet)."""
    asked = (history.kind == ENQUIRY) & (history.reason != REVIEW)
    place = _places(history.pair_person, history.pair_end)
    low = np.searchsorted(place, _places(person, day - 730))
    high = np.searchsorted(place, _places(person, day))
    older = np.maximum(0, high - low - 1)
    total = np.concatenate([[0], np.cumsum(history.pair_sign)])
    signs = total[np.maximum(low, high - 1)] - total[low]
    return Findings(
        unresolved=history.count(history.refused, person, day - 182, day - FOLLOWED_DAYS),
        enquiries=history.count(asked, person, day - 182, day),
        overdue=history.count(history.kind == OVERDUE, person, day - 730, day),
        issued=history.count(history.kind == ISSUED, person, day - 730, day),
        order=signs / np.sqrt(np.maximum(1, older)),
        pairs=(high - low).astype(np.float64),
    )


def history_of(frame: Frame, who: People, life: Life, lost: Truth) -> History:
    """Draws the histories of one community."""
    enquiries = _enquiries(frame, who, lost)
    pairs, pair_person, pair_end, pair_sign = _pairs(frame, who)
    parts = [*enquiries, _late(frame, who), *pairs, _changes(who, life)]
    person, day, kind, institution, reason, facility, amount, refused = np.concatenate(parts, axis=1)
    keep = np.flatnonzero(day < frame.days)
    keep = keep[np.lexsort((kind[keep], day[keep], person[keep]))]
    return History(
        person=person[keep], day=day[keep], kind=kind[keep], institution=institution[keep],
        reason=reason[keep], facility=facility[keep], amount=amount[keep], refused=refused[keep] > 0,
        pair_person=pair_person, pair_end=pair_end, pair_sign=pair_sign,
    )  # fmt: skip


def _refusal(frame: Frame, who: People) -> Floats:
    """How readily others refuse a person: most hardly ever, some mostly."""
    draw = frame.random(who.community, "refusal")
    return np.asarray(np.clip(draw.beta(0.5, 1.1, who.count) + 0.5 * (0.62 - who.prudence), 0.02, 0.95))


def _spread(draw: np.random.Generator, per_year: Floats, most: int) -> Ints:
    """Days of a renewal process from _FIRST on, (n, most)."""
    gaps = draw.exponential(1.0, (per_year.size, most)) * (365.0 / per_year)[:, None]
    return _FIRST + np.cumsum(gaps, axis=1).astype(np.int64)


def _enquiries(frame: Frame, who: People, lost: Truth) -> list[Ints]:
    """Enquiries, the loans that followed, and their repayment."""
    draw = frame.random(who.community, "enquiries")
    eager = np.minimum(0.9 * np.exp(0.8 * draw.normal(size=who.count)), 5.0)
    all_days = _spread(draw, eager, _ENQUIRIES)
    luck, lag = draw.random(all_days.shape), draw.random(all_days.shape)
    where, what = draw.random(all_days.shape), draw.random(all_days.shape)
    person, place = np.nonzero(all_days < frame.days)
    day, lag = all_days[person, place], lag[person, place]
    poor = np.where(day >= 0, lost[person, frame.month_at(day)], False)
    refused = luck[person, place] < np.clip(_refusal(frame, who)[person] + 0.35 * poor, 0, 0.97)
    institution = (where[person, place] ** 1.7 * _INSTITUTIONS).astype(np.int64)
    reason = (what[person, place] * REVIEW).astype(np.int64)
    amount = (who.income[person] * (0.5 + 8 * what[person, place] * lag)).astype(np.int64) // 10_000 * 10_000
    facility = (who.number[person] * 128 + place) * ~refused
    none = np.zeros(person.size, dtype=np.int64)
    enquiry = np.stack([person, day, none + ENQUIRY, institution, reason, none, amount, refused])
    issued = day + 1 + (lag * (FOLLOWED_DAYS - 5)).astype(np.int64)
    loan = np.stack([person, issued, none + ISSUED, institution, reason, facility, amount, none])[:, ~refused]
    back = loan.copy()
    back[1] += 150 + (lag[~refused] * 1_100).astype(np.int64)
    back[2] = REPAID
    return [enquiry, loan, back]


def _late(frame: Frame, who: People) -> Ints:
    """Bills overdue elsewhere: the imprudent have more, and everybody now and then."""
    draw = frame.random(who.community, "overdue")
    all_days = _spread(draw, 0.08 + 0.9 * (1 - who.prudence) ** 2, _LATE)
    where, size = draw.random(all_days.shape), draw.random(all_days.shape)
    person, place = np.nonzero(all_days < frame.days)
    none = np.zeros(person.size, dtype=np.int64)
    institution = (where[person, place] * _INSTITUTIONS).astype(np.int64)
    amount = (who.income[person] * 0.3 * size[person, place]).astype(np.int64)
    facility = who.number[person] * 128 + 127
    return np.stack(
        [person, all_days[person, place], none + OVERDUE, institution, none - 1, facility, amount, none]
    )


def _pairs(frame: Frame, who: People) -> tuple[list[Ints], Ints, Ints, Ints]:
    """Pairs three weeks or more apart: fund change and account review, one to twelve days from each other."""
    draw = frame.random(who.community, "pairs")
    gaps = 24.0 + draw.exponential(105.0, (who.count, _PAIRS))
    all_days = _FIRST + 3 * 365 + np.cumsum(gaps, axis=1).astype(np.int64)
    apart = 1 + (draw.random(all_days.shape) * 12).astype(np.int64)
    fund_first = draw.random(all_days.shape) < 0.5
    where = draw.random(all_days.shape)
    person, place = np.nonzero(all_days < frame.days)
    day, apart, first = all_days[person, place], apart[person, place], fund_first[person, place]
    none = np.zeros(person.size, dtype=np.int64)
    institution = (where[person, place] * _INSTITUTIONS).astype(np.int64)
    paid_in = (who.income[person] * (0.1 + 0.1 * where[person, place])).astype(np.int64)
    fund = np.stack([person, np.where(first, day, day + apart), none + FUND, none - 1, none - 1, none,
                     paid_in, none])  # fmt: skip
    review = np.stack([person, np.where(first, day + apart, day), none + ENQUIRY, institution, none + REVIEW,
                       none, none, none])  # fmt: skip
    return [fund, review], person, day + apart, np.where(first, 1, -1)


def _changes(who: People, life: Life) -> Ints:
    """Address, employer and fund changes that agree with what happened in life, reported some days later."""
    found = []
    for kind, event, later in ((ADDRESS, "move", 9), (EMPLOYER, "new_job", 16), (FUND, "new_job", 31)):
        events = life.events.of(event)
        none = np.zeros(events.person.size, dtype=np.int64)
        amount = who.income[events.person] // 6 if kind == FUND else none
        found.append(np.stack([events.person, events.day + later, none + kind, none - 1, none - 1, none,
                               amount, none]))  # fmt: skip
    return np.concatenate(found, axis=1)


def report_tables(
    history: History, who: People, *, number: Ints, person: Ints, second: Ints
) -> dict[str, pa.Table]:
    """Extracts `bureau_reports` and `bureau_events` of reports drawn at each (person, second)."""
    day = second // DAY
    place = _places(history.person, history.day)
    low = np.searchsorted(place, _places(person, day - SHOWN_DAYS))
    size = np.searchsorted(place, _places(person, day)) - low
    report = np.repeat(np.arange(person.size), size)
    within = np.arange(report.size) - np.repeat(np.cumsum(size) - size, size)
    item = low[report] + within
    institution = history.institution[item]
    kind = np.where(institution < 0, -1, institution % len(INSTITUTION_KINDS))
    amount = history.amount[item]
    return {
        "bureau_reports": pa.table(
            {
                "report": columns.key(number), "customer": columns.key(who.number[person]),
                "drawn_at": columns.when(second),
                "reason": columns.code(np.zeros(person.size), ("credit application",)),
                "consent": columns.key(number),
            },
            schema=SCHEMA_BUREAU_REPORTS,
        ),
        "bureau_events": pa.table(
            {
                "event_no": columns.key(number[report] * 1_024 + within),
                "report": columns.key(number[report]), "customer": columns.key(who.number[person[report]]),
                "happened_on": columns.day(history.day[item]), "drawn_at": columns.when(second[report]),
                "institution": pa.array((institution + 1).astype(np.int32), mask=institution < 0),
                "institution_kind": columns.code(kind, INSTITUTION_KINDS),
                "facility": columns.key(history.facility[item]),
                "kind": columns.code(history.kind[item], KINDS),
                "reason": columns.code(history.reason[item], REASONS),
                "amount": columns.amount(amount, missing=amount == 0),
            },
            schema=SCHEMA_BUREAU_EVENTS,
        ),
    }  # fmt: skip
