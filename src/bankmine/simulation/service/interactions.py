"""What customers tell the bank: complaints, calls, chats, posts and answers to surveys, with text and rating.

Complaints are those of the incidents that were told. Calls, chats and posts come at an even pace and carry
the mood of the day in their words. Surveys go out every quarter; the rating is the mood plus noise, on one
scale or the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.catalogue import CODES
from bankmine.simulation.frame import BRANCHES, DAY, MAXIMUM_MONTHS, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import TOPICS, Leaving
from bankmine.simulation.people import FIRST_CUSTOMER, People
from bankmine.simulation.products import Products
from bankmine.simulation.reference import BRANCH_CODES
from bankmine.simulation.registry import complaint_second, settled_second
from bankmine.simulation.service.mood import mood_of
from bankmine.simulation.service.visits import clock, mixed
from bankmine.simulation.texts import INTERACTION_KINDS, TEXT_KINDS, interaction_texts, texts_truth

COMPLAINT, SURVEY, CALL, CHAT, POST = range(5)
CHANNELS = ("phone", "app", "email", "branch", "web")
FIRST_INTERACTION = 1_000_000_000_000  # 4096 a customer
SPREAD = 0.75  # of the rating around the mood
CUTS = (-2.1, -1.35, -0.35, 0.65)  # mood between the ratings 1|2|3|4|5
_TALKS = ((CALL, 0.045), (CHAT, 0.05), (POST, 0.006))  # a month and customer
_FOLLOWS = 0.3  # share of complaints that are followed by a call
_TEN = 0.22  # share of surveys on the scale 0-10


@dataclass(frozen=True)
class Interactions:
    """One place an interaction, ordered by (person, second): kind of INTERACTION_KINDS, topic, sentiment -1
    to 1, the mood behind a survey (else NaN), second settled (NEVER), rating (NaN: none) on 0-10 where `ten`,
    and the thread (number of the complaint a call follows, else the own)."""

    person: Ints
    second: Ints
    kind: Ints
    topic: Ints
    sentiment: Floats
    mood: Floats
    rating: Floats
    ten: Ints
    settled: Ints
    number: Ints
    thread: Ints


def interactions_of(frame: Frame, who: People, leave: Leaving, held: Products) -> Interactions:
    """Draws all of one community."""
    parts = [_complaints(frame, who, leave), _talk(frame, who, leave), _surveys(frame, who, leave, held)]
    parts.append(_follow_ups(who, parts[0]))
    person, second, kind, topic, feeling, mood, rating, ten, settled, mark = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    day = second // DAY
    here = (day >= who.joined[person]) & (day < leave.closed[person]) & (day < frame.days)
    order = np.flatnonzero(here)[np.lexsort((kind[here], second[here], person[here]))]
    person, mark = person[order], mark[order]
    nth = np.arange(person.size) - np.searchsorted(person, person)
    number = FIRST_INTERACTION + (who.number[person] - FIRST_CUSTOMER) * 4096 + nth
    thread = _threads(mark, number)
    return Interactions(
        person, second[order], kind[order], topic[order], feeling[order], mood[order], rating[order],
        ten[order], settled[order], number, thread,
    )  # fmt: skip


def _threads(mark: Ints, number: Ints) -> Ints:
    """A call that follows a complaint (mark -1 - m) is in the thread of the complaint marked m + 1."""
    first = np.flatnonzero(mark > 0)
    ordered = first[np.argsort(mark[first])]
    follows = np.flatnonzero(mark < 0)
    thread = number.copy()
    if ordered.size:
        place = np.minimum(np.searchsorted(mark[ordered], -mark[follows]), ordered.size - 1)
        thread[follows] = number[ordered[place]]
    return thread


def _complaints(frame: Frame, who: People, leave: Leaving) -> tuple[np.ndarray, ...]:
    told = leave.incidents
    mine = np.flatnonzero(told.complained)
    person, luck = told.person[mine], mixed(who.number[told.person[mine]] * 769 + told.day[mine])
    feeling = np.clip(-0.25 - 0.4 * told.severity[mine] + 0.5 * (luck - 0.5), -1, 0.2)
    settled = settled_second(leave)[mine]
    none = np.full(mine.size, np.nan)
    return (person, complaint_second(leave)[mine], np.full(mine.size, COMPLAINT), told.topic[mine], feeling,
            none, none, np.zeros(mine.size, dtype=np.int64), settled, mine + 1)  # fmt: skip


def _follow_ups(who: People, complaints: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Some ask again by telephone after days."""
    person, second, _, topic, feeling, none, _, ten, settled, mark = complaints
    luck = mixed(who.number[person] * 31 + second)
    again = np.flatnonzero(luck < _FOLLOWS)
    later = second[again] + 2 * DAY + (luck[again] * 30 * DAY).astype(np.int64)
    settled = np.full(again.size, NEVER)
    feeling = np.clip(feeling[again] - 0.1, -1, 1)
    return (person[again], later, np.full(again.size, CALL), topic[again], feeling, none[again],
            none[again], ten[again], settled, -mark[again])  # fmt: skip


def _talk(frame: Frame, who: People, leave: Leaving) -> tuple[np.ndarray, ...]:
    """Calls, chats and posts; half of them about something that went wrong if anything did."""
    draw = frame.random(who.community, "talk")
    rate = np.array([share for _, share in _TALKS])[:, None, None]
    liking = np.stack([1.5 - who.digital, 0.3 + who.digital, 0.3 + who.digital])[:, :, None]
    count = draw.poisson(np.broadcast_to(rate * liking, (len(_TALKS), who.count, MAXIMUM_MONTHS)))
    which, person, month = np.nonzero(count[:, :, : frame.months])
    luck = mixed(who.number[person] * 1009 + month * 8 + which)
    length = np.diff(frame.month_start)[month]
    day = frame.month_start[month] + (luck * length).astype(np.int64)
    kind = np.array([kind for kind, _ in _TALKS])[which]
    satisfied = leave.satisfaction[person, month]
    noise = 2.2 * (luck * 7919 % 1 - 0.5)
    feeling = np.clip(0.3 + 0.45 * satisfied + 0.5 * noise - 0.35 * (kind == POST), -1, 1)
    topic = (luck * 104_729 % 1 * len(TOPICS)).astype(np.int64)
    kept = np.flatnonzero(day < leave.gone[person])
    none = np.full(kept.size, np.nan)
    zero = np.zeros(kept.size, dtype=np.int64)
    return (person[kept], (day * DAY + clock(luck * 15_485_863 % 1))[kept], kind[kept], topic[kept],
            feeling[kept], none, none, zero, zero + NEVER, zero)  # fmt: skip


def _surveys(frame: Frame, who: People, leave: Leaving, held: Products) -> tuple[np.ndarray, ...]:
    draw = frame.random(who.community, "surveys")
    luck = draw.random((who.count, MAXIMUM_MONTHS // 3, 3))
    quarters = -(-frame.months // 3)
    answers = luck[:, :quarters, 0] < frame.scenario.satisfaction.surveys * (0.7 + 0.5 * who.digital[:, None])
    person, quarter = np.nonzero(answers & ~who.company[:, None])
    lot = luck[person, quarter]
    day = frame.month_start[quarter * 3] + (lot[:, 1] * 88).astype(np.int64)
    kept = np.flatnonzero((day < frame.days) & (day >= who.joined[person] + 14))
    person, day, lot = person[kept], day[kept], lot[kept]
    mood = mood_of(frame, who, leave, held, person, day)
    even = np.clip(lot[:, 2], 1e-9, 1 - 1e-9)
    heard = mood + SPREAD * np.log(even / (1 - even)) * 0.55
    five = 1 + np.searchsorted(np.array(CUTS), heard)
    ten = (lot[:, 0] * 9973 % 1 < _TEN).astype(np.int64)
    rating = np.where(ten == 1, _on_ten(five, lot[:, 0] * 499 % 1), five)
    topic = (lot[:, 1] * 3331 % 1 * len(TOPICS)).astype(np.int64)
    feeling = np.clip((five - 3) / 2 + 0.5 * (lot[:, 0] * 97 % 1 - 0.5), -1, 1)
    zero = np.zeros(person.size, dtype=np.int64)
    return (person, day * DAY + clock(lot[:, 2] * 613 % 1), zero + SURVEY, topic, feeling, mood,
            rating.astype(np.float64), ten, zero + NEVER, zero)  # fmt: skip


def _on_ten(five: Ints, luck: Floats) -> Ints:
    """The same answer on the scale 0-10: 1 is 0 or 1, 2 is 2, 3 is 3-6, 4 is 7-8, 5 is 9-10."""
    low, many = np.array([0, 2, 3, 7, 9]), np.array([2, 1, 4, 2, 2])
    return np.asarray(low[five - 1] + (luck * many[five - 1]).astype(np.int64))


def dissatisfied(mood: Floats) -> Floats:
    """True chance that the rating is among the lowest two fifths, given the mood."""
    return np.asarray(1 / (1 + np.exp((mood - CUTS[1]) / (SPREAD * 0.55))))


def _words(frame: Frame, who: People, said: Interactions, chinese: Truth) -> pa.Array:
    """Texts, drawn in the order of time: a longer world begins with the same ones."""
    order = np.lexsort((said.number, said.second))
    words = interaction_texts(
        frame.random(who.community, "words"), said.topic[order], said.sentiment[order], chinese[order],
        _halves(who, said)[order], kind=said.kind[order],
    )  # fmt: skip
    return words.take(pa.array(np.argsort(order)))


def _in_chinese(who: People, said: Interactions) -> Truth:
    return np.asarray(who.chinese[said.person] & (mixed(said.number) < 0.85))


def _silent(said: Interactions) -> Truth:
    """Surveys answered by a rating alone."""
    return np.asarray((said.kind == SURVEY) & (mixed(said.number + 9) < 0.35))


def _halves(who: People, said: Interactions) -> Ints:
    """Which half of the phrase bank each customer speaks."""
    return who.number[said.person] % 2


def interaction_truth(who: People, said: Interactions) -> pa.Table:
    """Table `texts` of the truth: one row an interaction with a text."""
    told = np.flatnonzero(~_silent(said))
    kind = np.array([TEXT_KINDS.index(name) for name in INTERACTION_KINDS])[said.kind[told]]
    return texts_truth(
        key=said.number[told], kind=kind, half=_halves(who, said)[told],
        chinese=_in_chinese(who, said)[told], topic=said.topic[told], sentiment=said.sentiment[told],
    )  # fmt: skip


def interaction_table(frame: Frame, who: People, said: Interactions) -> pa.Table:
    """Extract `interactions`."""
    person, size = said.person, said.person.size
    chinese, silent = _in_chinese(who, said), _silent(said)
    words = _words(frame, who, said, chinese)
    usual = np.array([-1, 4, 0, 1, 4])[said.kind]
    told_by = (mixed(said.number + 5) * 4).astype(np.int64)
    rated = ~np.isnan(said.rating)
    here = (said.topic == TOPICS.index("branch")) | (usual == -1)
    settled = np.where(said.settled < frame.days * DAY, said.settled, NEVER)
    return pa.table(
        {
            "interaction": pa.array(said.number),
            "customer": pa.array(who.number[person]),
            "thread": pa.array(said.thread),
            "happened_at": columns.when(said.second),
            "channel": columns.code(np.where(usual < 0, told_by, usual), CHANNELS),
            "kind": columns.code(said.kind, INTERACTION_KINDS),
            "language": columns.code(np.where(silent, -1, chinese), ("en", "zh")),
            "text": pa.compute.if_else(pa.array(silent), pa.scalar(None, words.type), words),
            "rating": columns.real(said.rating),
            "scale_min": columns.real(np.where(rated, 1.0 - said.ten, np.nan)),
            "scale_max": columns.real(np.where(rated, 5.0 + 5 * said.ten, np.nan)),
            "topic": columns.code(np.where(said.kind == SURVEY, -1, said.topic), TOPICS),
            "product": columns.code(np.full(size, -1), CODES),
            "branch": columns.code(np.where(here, who.branch[person] % BRANCHES, -1), BRANCH_CODES),
            "resolved_at": columns.when(settled),
        }
    )
