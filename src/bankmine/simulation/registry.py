"""What the bank has on file about its customers: facts that change and are learnt late, flags, companies.

Real life (`life.py`) goes on before the bank hears of it; some of it the bank never hears of. What it has
learnt, it keeps as versions: true from `valid_from`, written on `recorded_at`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.frame import BRANCHES, DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import ABRUPT, Leaving
from bankmine.simulation.life import KINDS, Life
from bankmine.simulation.people import EDUCATIONS, MARITALS, OCCUPATIONS, People
from bankmine.simulation.reference import BRANCH_CODES, REGION_CODES

INCOME_BANDS = ("under 1000", "1000-2000", "2000-3500", "3500-5000", "5000-8000", "8000-15000", "over 15000")
_BAND_FROM = np.array([1000, 2000, 3500, 5000, 8000, 15_000]) * 100  # cents a month
INDUSTRIES = ("retail", "food", "construction", "transport", "software", "care", "trade", "craft")
LEGAL_FORMS = ("sole proprietor", "partnership", "private limited")
FLAGS = ("arrears", "fraud_hold", "complaint_open", "deceased", "vulnerable")
SCHEMA_FLAGS = pa.schema(
    [
        ("customer", pa.int64()),
        ("flag", columns.CODE),
        ("valid_from", columns.TIMESTAMP),
        ("valid_to", columns.TIMESTAMP),
    ]
)
_LEARNT = ("move", "marriage", "new_job", "retirement", "job_loss")
_UNHEARD = 0.15  # share of such events the bank never hears of
_AT_ONCE = 0.35  # share it hears of within days


@dataclass(frozen=True)
class Versions:
    """One place a version of a customer's facts, ordered by (person, day): true from `day`, written on day
    `recorded`; values as places in REGIONS, MARITALS, OCCUPATIONS, INCOME_BANDS; `employer` raw or 0.
    `moved`: how many moves the bank knows of by then."""

    person: Ints
    day: Ints
    recorded: Ints
    region: Ints
    marital: Ints
    occupation: Ints
    employer: Ints
    band: Ints
    moved: Ints

    def months_since_marriage(self, frame: Frame, people: int) -> Floats:
        """Months from the last marriage the bank knows of to each month's start, (people, months); or inf."""
        newly = (self.marital[1:] == 1) & (self.marital[:-1] != 1) & (np.diff(self.person) == 0)
        wed = np.flatnonzero(newly) + 1
        learnt = np.searchsorted(frame.month_start[:-1], self.recorded[wed] + 1)
        last = np.full((people, frame.months + 1), -np.inf)
        np.maximum.at(last, (self.person[wed], np.minimum(learnt, frame.months)), self.day[wed])
        last = np.maximum.accumulate(last, axis=1)[:, : frame.months]
        return np.asarray((frame.month_start[:-1] - last) / 30.4)


def band_of(cents: Ints) -> Ints:
    """Place in INCOME_BANDS."""
    return np.searchsorted(_BAND_FROM, cents, side="right")


def versions_of(frame: Frame, who: People, life: Life, leave: Leaving) -> Versions:
    """What the bank learns about one community, and when."""
    events, draw = life.events, frame.random(who.community, "learning")
    size = who.count * 16
    luck, late, noise = draw.random(size), draw.exponential(50.0, size), draw.normal(size=size)
    rank = np.arange(events.person.size) - np.searchsorted(events.person, events.person)
    seed = events.person * 16 + rank % 16
    heard = np.isin(events.kind, [KINDS.index(kind) for kind in _LEARNT])
    heard &= (luck[seed] >= _UNHEARD) & (events.day < leave.closed[events.person])
    take = np.flatnonzero(heard)
    person, when = events.person[take], events.day[take]
    soon = luck[seed[take]] < _UNHEARD + _AT_ONCE
    told = when + np.where(soon, 1 + 8 * noise[seed[take]] ** 2, 5 + late[seed[take]]).astype(np.int64)
    everyone = np.arange(who.count)
    before = when <= who.joined[person]
    rows_person = np.concatenate([everyone, person])
    day = np.concatenate([who.joined, np.where(before, who.joined[person], when)])
    recorded = np.concatenate([who.joined, np.where(before, who.joined[person], told)])
    event = np.concatenate([np.full(who.count, -1), take])
    order = np.lexsort((event, day, rows_person))
    rows_person, day, recorded, event = (one[order] for one in (rows_person, day, recorded, event))
    recorded = _in_order(rows_person, recorded)
    facts = _facts(frame, who, life, rows_person, event, noise)
    last = np.append((np.diff(rows_person) != 0) | (np.diff(day) != 0), True)
    return Versions(rows_person[last], day[last], recorded[last], *(one[last] for one in facts))


def _in_order(person: Ints, recorded: Ints) -> Ints:
    """Nothing is learnt before what happened earlier to the same customer was."""
    step = 2**32
    return np.asarray(np.maximum.accumulate(recorded + person * step) - person * step)


def _facts(frame: Frame, who: People, life: Life, person: Ints, event: Ints, noise: np.ndarray) -> list[Ints]:
    """Region, marital, occupation, employer, income band and known moves after each row's event."""
    none = np.zeros(1, dtype=np.int64)  # stands at place -1 for the row without an event
    kind, detail, day = (
        np.append(column, none - 1)[event]
        for column in (life.events.kind, life.events.detail, life.events.day)
    )
    first = event < 0
    on = {name: kind == KINDS.index(name) for name in _LEARNT}
    ends = on["retirement"] | on["job_loss"]
    month = np.minimum(frame.month_at(day) + 1, frame.months - 1)
    paid = life.wage[person, month]
    told = who.income[person] * np.exp(0.18 * noise[person])  # what was said on joining
    band = np.where(first | (paid == 0), band_of(told.astype(np.int64)), band_of(paid))
    pensioner = OCCUPATIONS.index("pensioner")
    occupation = np.where(on["retirement"], pensioner, who.occupation[person])
    number = np.where(who.company[person], -1, 0)
    moves = np.cumsum(on["move"])
    moves = moves - moves[np.searchsorted(person, person)]
    return [
        _carried(first | on["move"], np.where(first, who.region[person], detail)),
        np.maximum(_carried(first | on["marriage"], np.where(first, who.marital[person], 1)), number),
        _carried(first | on["retirement"], occupation),
        _carried(
            first | on["new_job"] | ends,
            np.where(first, who.employer[person], np.where(ends, 0, detail)),
        ),
        _carried(first | ((on["new_job"] | on["retirement"]) & (paid > 0)), band),
        moves,
    ]


def _carried(changes: Truth, values: Ints) -> Ints:
    """Each row's last value that counts, at or before it; the first row of a person always does."""
    return np.asarray(values[np.maximum.accumulate(np.where(changes, np.arange(changes.size), 0))])


def registry_tables(frame: Frame, who: People, leave: Leaving, versions: Versions) -> dict[str, pa.Table]:
    """Extracts `customers`, `companies`, `flags`."""
    return {
        "customers": _customers(frame, who, leave, versions),
        "companies": _companies(frame, who),
        "flags": _flags(frame, who, leave),
    }


def _customers(frame: Frame, who: People, leave: Leaving, known: Versions) -> pa.Table:
    rows = np.flatnonzero((known.recorded < frame.days) & (known.day < frame.days))
    person, private = known.person[rows], ~who.company[known.person[rows]]
    closed = np.where(leave.closed < frame.days, leave.closed, NEVER)[person]
    risk = 1 + (who.number * 7919 % 100 > 80) + (who.number * 7919 % 100 > 96)
    return pa.table(
        {
            "customer": columns.key(who.number[person]),
            "kind": columns.code(np.where(private, 0, 1), ("P", "C")),
            "birth_year": columns.amount(who.birth_year[person], missing=~private),
            "gender": columns.code(np.where(private, who.female[person], -1), ("M", "F")),
            "region": columns.code(known.region[rows], REGION_CODES),
            "branch": columns.code(who.branch[person], BRANCH_CODES),
            "manager": columns.code(who.branch[person] * 3 + who.manager[person], _MANAGERS),
            "occupation": columns.code(np.where(private, known.occupation[rows], -1), OCCUPATIONS),
            "income_band": columns.code(np.where(private, known.band[rows], -1), INCOME_BANDS),
            "education": columns.code(np.where(private, who.education[person], -1), EDUCATIONS),
            "marital": columns.code(np.where(private, known.marital[rows], -1), MARITALS),
            "employer": columns.key(np.where(private, known.employer[rows], 0)),
            "since": columns.day(who.joined[person]),
            "closed_on": columns.day(closed),
            "risk_class": columns.code(risk[person] - 1, ("low", "medium", "high")),
            "valid_from": columns.day(known.day[rows]),
            "recorded_at": columns.when(known.recorded[rows] * DAY + 9 * 3600 + person * 29 % 28_800),
        }
    )


_MANAGERS = tuple(f"M{place:03d}" for place in range(3 * BRANCHES))


def _companies(frame: Frame, who: People) -> pa.Table:
    """One row a company; its turnover a year is what its accounts will show, give or take."""
    draw = frame.random(who.community, "companies")
    trade, form, luck, size, age = draw.random((5, who.count))
    firms = np.flatnonzero(who.company & (who.joined < frame.days))
    parent = np.where(luck[firms] < 0.08, who.number[firms[:1]] if firms.size else 0, 0)
    parent = np.where(parent == who.number[firms], 0, parent)
    staff = np.maximum(1, who.income[firms] / 1_500_000 * (0.5 + size[firms])).astype(np.int64)
    registered = np.maximum(who.joined[firms] - 30 - (age[firms] * 8000).astype(np.int64), -25_000)
    return pa.table(
        {
            "customer": columns.key(who.number[firms]),
            "industry": columns.code((trade[firms] * len(INDUSTRIES)).astype(np.int64), INDUSTRIES),
            "legal_form": columns.code((form[firms] * len(LEGAL_FORMS)).astype(np.int64), LEGAL_FORMS),
            "employees": pa.array(staff),
            "turnover": pa.array(who.income[firms] * 12),
            "registered_on": columns.day(registered),
            "parent": columns.key(parent),
            "valid_from": columns.day(who.joined[firms]),
        }
    )


def complaint_second(leave: Leaving) -> Ints:
    """When each incident's complaint comes in, seconds of the frame (also of incidents without one)."""
    told = leave.incidents
    return np.asarray(told.day * DAY + 8 * 3600 + (told.person * 7_919 + told.day * 613) % (12 * 3600))


def settled_second(leave: Leaving) -> Ints:
    """When each complaint was settled, or NEVER."""
    told = leave.incidents
    at = told.resolved * DAY + 10 * 3600 + (told.person * 211 + told.day) % (7 * 3600)
    return np.asarray(np.where(told.resolved < NEVER, at, NEVER))


def _flags(frame: Frame, who: People, leave: Leaving) -> pa.Table:
    """Open complaints as long as one is open; vulnerable; deceased (some of the old who close at once)."""
    person, begins, ends = _open_complaints(frame, leave)
    parts = [(person, np.full(person.size, FLAGS.index("complaint_open")), begins, ends)]
    draw = frame.random(who.community, "flags")
    luck, when = draw.random((2, who.count))
    age = 2024 - who.birth_year
    weak = np.flatnonzero(~who.company & (luck < np.where(age > 70, 0.06, 0.008)))
    noted = np.maximum(who.joined[weak] + 5, (when[weak] * 1460).astype(np.int64) - 365)
    parts.append((weak, np.full(weak.size, FLAGS.index("vulnerable")), noted * DAY + 36_000, _never(weak)))
    old = (age > 66) & (leave.way == ABRUPT) & (leave.reason == 3) & ~who.company & (luck < 0.6)
    dead = np.flatnonzero(old)
    died = leave.closed[dead] - 1 - (when[dead] * 3).astype(np.int64)
    parts.append((dead, np.full(dead.size, FLAGS.index("deceased")), died * DAY + 36_000, _never(dead)))
    person, flag, begins, ends = (np.concatenate(column) for column in zip(*parts, strict=True))
    here = begins < frame.days * DAY
    person, flag, begins, ends = person[here], flag[here], begins[here], ends[here]
    ends = np.where(ends < frame.days * DAY, ends, NEVER)
    return pa.table(
        {
            "customer": columns.key(who.number[person]),
            "flag": columns.code(flag, FLAGS),
            "valid_from": columns.when(begins),
            "valid_to": columns.when(ends),
        },
        schema=SCHEMA_FLAGS,
    )


def _never(person: Ints) -> Ints:
    return np.full(person.size, NEVER, dtype=np.int64)


def _open_complaints(frame: Frame, leave: Leaving) -> tuple[Ints, Ints, Ints]:
    """Person, begin and end (NEVER) of each stretch in which at least one complaint is open."""
    told = leave.incidents
    mine = np.flatnonzero(told.complained & (told.day < np.minimum(leave.closed[told.person], frame.days)))
    person, begins, ends = told.person[mine], complaint_second(leave)[mine], settled_second(leave)[mine]
    order = np.lexsort((begins, person))
    person, begins, ends = person[order], begins[order], ends[order]
    step = 2**41
    reach = np.maximum.accumulate(ends + person * step)
    first = np.ones(person.size, dtype=np.bool_)
    first[1:] = begins[1:] + person[1:] * step > reach[:-1]
    group = np.flatnonzero(first)
    if group.size == 0:
        return person, begins, ends
    return person[group], begins[group], np.maximum.reduceat(ends, group)
