"""Month by month, what happens to each credit: due, paid, late, cured, prepaid, restructured, written off.

Who forgets an instalment pays it with the next; who stops paying runs 30, 60, 90 days past due, may be
cured or restructured, and is written off after 180 days, of which some is recovered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.credit.schedule import (
    DISBURSED,
    DRAWN,
    DUE,
    FINISHED,
    FORGOT,
    LINE_MONTHS,
    LOST,
    PAID,
    PAYS,
    PREPAID,
    RECOVERED,
    RESTRUCTURED,
    RUNNING,
    STOPPED,
    WAITING,
    WRITTEN_OFF,
    Book,
    Terms,
    month_start,
    opened,
)
from bankmine.simulation.frame import DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.keyed import Keyed

BAD_DAYS, LOST_DAYS = 90, 180
CURE = (0.0, 0.30, 0.16, 0.06)  # chance a month to pay everything, by instalments missed (the last: and more)
RESTRUCTURE, FORGET, PREPAY = 0.04, 0.03, 0.004
_MONTHLY_DRAWS = ("mode", "delay", "pay time", "prepays", "draws", "draw day", "drawn")
_SETTLED_BEFORE = 6  # days: who leaves within so many days of a due day settles before it
_MORE_MONTHS = 12
_RECOVERED = 0.45  # share of the written off of which something comes back


@dataclass(frozen=True)
class Happened:
    """What happened, in order of (credit, second). Money is cents; `amount` of a written off credit is the
    principal lost. `next_day`: NEVER where nothing falls due any more."""

    credit: Ints
    second: Ints
    kind: Ints
    amount: Ints
    principal: Ints
    next_day: Ints
    next_amount: Ints
    past_due: Ints


@dataclass(frozen=True)
class Course:
    """`happened`, and at each month's start, (c, months): what is `left` of the principal, `arrears`
    (instalments), `past_due` days, `mode`, `state`, `forgets` so far. `bad`: day the credit was first seen 90
    days past due, `closed`: day it ended; NEVER where not."""

    happened: Happened
    left: Ints
    arrears: Ints
    past_due: Ints
    mode: Ints
    state: Ints
    forgets: Ints
    bad: Ints
    closed: Ints


def course_of(frame: Frame, terms: Terms, chance: Floats, lots: Keyed) -> Course:
    """Lets the months go by. `chance` (c, months): to stop paying in each month, of those who pay."""
    book = opened(frame, terms, lots)
    every = np.arange(terms.key.size)
    seen = {name: np.zeros(chance.shape, dtype=np.int64)
            for name in ("left", "arrears", "past_due", "mode", "state", "forgets")}  # fmt: skip
    months = np.arange(frame.months)[None, :]
    book.luck = {word: lots.uniform(word, terms.key[:, None], months) for word in _MONTHLY_DRAWS}
    for month in range(frame.months):
        seen["left"][:, month] = book.principal
        seen["past_due"][:, month] = book.past_due(every, np.full(every.size, month_start(month)))
        for name in ("arrears", "mode", "state", "forgets"):
            seen[name][:, month] = getattr(book, name)
        _grant(book, month)
        _settle(book, month)
        _fall_due(book, month, chance[:, month])
        _draw(book, month)
    _settle(book, frame.months)  # those who leave in the last days
    return Course(_in_order(book), **seen, bad=book.bad, closed=book.closed)


def _in_order(book: Book) -> Happened:
    none = np.zeros((8, 0), dtype=np.int64)
    rows = np.concatenate([none, *(np.stack(row) for row in book.rows)], axis=1)
    rows = rows[:, rows[1] < book.frame.days * DAY]
    return Happened(*rows[:, np.lexsort((rows[1], rows[0]))])


def _grant(book: Book, month: int) -> None:
    new = np.flatnonzero((book.granted == month) & (book.state == WAITING))
    book.state[new] = RUNNING
    paid_out = new[~book.terms.line[new]]
    book.note(month, paid_out, book.terms.begins[paid_out], DISBURSED, book.terms.limit[paid_out])


def _settle(book: Book, month: int) -> None:
    """Who is about to leave pays back what is left, unless already late; then nothing is paid any more."""
    leaving = (book.state == RUNNING) & (book.terms.ends < book.due_day(month, ...) + _SETTLED_BEFORE)
    late = leaving & (book.arrears > 0)
    book.mode[late] = STOPPED
    which = np.flatnonzero(leaving & ~late & (book.terms.begins // DAY < book.terms.ends))
    amount = book.principal[which].copy()
    book.principal[which] = 0
    owing = which[amount > 0]
    book.note(month, owing, book.terms.ends[owing] * DAY + 10 * 3600, PREPAID, amount[amount > 0])
    book.state[which], book.closed[which] = FINISHED, book.terms.ends[which]


def _fall_due(book: Book, month: int, chance: Floats) -> None:
    """One instalment of every credit with something left falls due, and is paid or not."""
    due = np.flatnonzero((book.state == RUNNING) & (book.principal > 0) & (book.granted < month))
    cured = _change_mode(book, month, due, chance)
    day = book.due_day(month, due)
    lost = (book.arrears[due] > 0) & (book.past_due(due, day) >= LOST_DAYS) & ~cured
    _write_off(book, month, due[lost])
    due, day = due[~lost], day[~lost]
    amount = book.due_amount(due)
    fresh = book.arrears[due] == 0
    book.oldest[due[fresh]] = month
    book.arrears[due[amount > 0]] += 1
    book.note(month, due, day * DAY + 5 * 3600, DUE, amount)
    now_bad = (book.past_due(due, day) >= BAD_DAYS) & (book.bad[due] == NEVER)
    book.bad[due[now_bad]] = day[now_bad]
    _pay(book, month, due[book.mode[due] == PAYS])
    _restructure(book, month, due[(book.mode[due] == STOPPED) & (book.arrears[due] >= 4)])


def _change_mode(book: Book, month: int, due: Ints, chance: Floats) -> Truth:
    """Some stop, some forget, some who stopped pay everything; which of `due` are cured."""
    mode, worse, drawn = book.mode[due], chance[due], book.luck["mode"][due, month]
    missed = np.minimum(book.arrears[due], len(CURE) - 1)
    gone = book.terms.ends[due] < book.due_day(month, due) + _SETTLED_BEFORE
    cured = (mode == STOPPED) & (drawn < np.array(CURE)[missed]) & ~gone
    stops = np.where(mode == FORGOT, drawn < np.minimum(0.9, 3 * worse), (mode == PAYS) & (drawn < worse))
    forgets = (mode == PAYS) & ~stops & (drawn < worse + FORGET * (2.2 - 1.8 * book.terms.prudence[due]))
    book.forgets[due] += forgets
    stays = (mode == STOPPED) & ~cured
    book.mode[due] = np.where(stops | stays, STOPPED, np.where(forgets, FORGOT, PAYS))
    return np.asarray(cured)


def _write_off(book: Book, month: int, which: Ints) -> None:
    """What is left is lost; a part of it may come back within the year."""
    if not which.size:
        return
    second = book.due_day(month, which) * DAY + 5 * 3600
    amount = book.principal[which].copy()
    book.principal[which] = 0
    book.note(month, which, second, WRITTEN_OFF, amount)
    book.state[which], book.closed[which] = LOST, book.due_day(month, which)
    back = which[book.lots.uniform("recovered", book.terms.key[which]) < _RECOVERED]
    share = 0.1 + 0.6 * book.lots.uniform("recovered share", book.terms.key[back])
    some = (amount[np.searchsorted(which, back)] * share).astype(np.int64)
    later = book.lots.whole("recovered after", 30, 240, book.terms.key[back]) * DAY
    book.note(month, back, book.due_day(month, back) * DAY + later + 11 * 3600, RECOVERED, some)


def _pay(book: Book, month: int, which: Ints) -> None:
    """Pays everything due, one row an instalment; a few pay back all that is left, a windfall in hand."""
    late = book.luck["delay"][which, month] * 14 - 9  # most pay on the day, the others up to four days later
    second = (book.due_day(month, which) + np.maximum(0, late).astype(np.int64)) * DAY + 9 * 3600
    second += (book.luck["pay time"][which, month] * 8 * 3600).astype(np.int64)
    for step in range(int(book.arrears[which].max(initial=0))):
        some = book.arrears[which] > 0
        book.note_paid(month, which[some], second[some] + step, PAID)
    early = (book.luck["prepays"][which, month] < PREPAY) & ~book.terms.line[which]
    early &= (book.principal[which] > 0) & (book.granted[which] < month - 5)
    all_back = which[early]
    amount = book.principal[all_back].copy()
    book.principal[all_back] = 0
    book.note(month, all_back, second[early] + 60, PREPAID, amount)
    cleared = (book.principal[which] == 0) & ~book.terms.line[which]
    book.state[which[cleared]], book.closed[which[cleared]] = FINISHED, second[cleared] // DAY


def _restructure(book: Book, month: int, which: Ints) -> None:
    """Some of those long in arrears get a year more, and smaller instalments; they pay again."""
    if not which.size:
        return
    chosen = book.lots.uniform("restructured", book.terms.key[which], month) < RESTRUCTURE
    chosen &= book.terms.ends[which] >= book.due_day(month, which) + _SETTLED_BEFORE
    which = which[chosen]
    book.arrears[which] = 0
    book.mode[which] = PAYS
    book.spread(which, book.remaining[which] + _MORE_MONTHS)
    second = (book.due_day(month, which) + 2) * DAY + 15 * 3600
    book.note(month, which, second, RESTRUCTURED, book.principal[which].copy())


def _draw(book: Book, month: int) -> None:
    """Cash from the line into the main account; the imprudent draw more often."""
    able = (book.state == RUNNING) & book.terms.line & (book.granted < month) & (book.arrears == 0)
    able &= (book.principal * 2 < book.terms.limit) & (book.mode == PAYS)
    room = (book.luck["draw day"][:, month] * (23 - book.terms.dom)).astype(np.int64)
    day = book.due_day(month, ...) + 5 + room
    often = 0.03 + 0.22 * (1 - book.terms.prudence)
    which = np.flatnonzero(able & (book.luck["draws"][:, month] < often) & (day < book.terms.ends))
    share = 0.05 + 0.35 * book.luck["drawn"][which, month]
    amount = np.maximum(1, (book.terms.limit[which] * share).astype(np.int64) // 5_000) * 5_000
    book.principal[which] += amount
    book.spread(which, np.full(which.size, LINE_MONTHS))
    book.note(month, which, day[which] * DAY + 13 * 3600, DRAWN, amount)
