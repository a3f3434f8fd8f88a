"""Accounts taken over, and their innocent twin: a new phone used abroad.

A stranger logs in from a device and a country never seen before, raises the limits, and sends one to four
transfers to collecting accounts within hours. The twin logs in with a new phone on a journey, often changes
limits as well, and sometimes sends money, to an account of the customer's own elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bankmine.simulation.crime.cards import TRANSFER
from bankmine.simulation.crime.planned import Planned, kind_of, parts_of, pattern_numbers, role_of
from bankmine.simulation.crime.scene import (
    OTHER_ACCOUNTS,
    Arrivals,
    Scene,
    arrivals,
    fanned,
    ordered_within,
    stranger_device,
)
from bankmine.simulation.entries import CATEGORIES, entries
from bankmine.simulation.frame import DAY, Floats, Ints
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.service.digital import LOGOUT, milliseconds, pauses
from bankmine.simulation.spending_tools import bank_of
from bankmine.simulation.words import words

_TAKEN_A_YEAR, _NEW_PHONES_A_YEAR = 0.012, 0.034
_LOGIN, _VIEW, _SUBMIT, _LOGOUT = range(4)  # EVENTS of service.digital
_HOME, _TRANSFER, _SETTINGS = 0, 2, 10  # PAGES of service.digital; limits are changed under settings
_COLLECTORS = 48  # accounts at other banks that many pay, for ten weeks each
_COLLECTING_DAYS = 70
_NAMED = 0.4  # share of transfers with words as among friends, the thief's and the honest alike


@dataclass(frozen=True)
class Steps:
    """Steps in app or web, one place each: `event` and `page` are indices of service.digital's EVENTS and
    PAGES, `country` of COUNTRIES, `session` a number unique among the person's sessions made here, `step` its
    steps' order, `took` milliseconds."""

    person: Ints
    second: Ints
    event: Ints
    page: Ints
    device: Ints
    country: Ints
    session: Ints
    step: Ints
    web: np.ndarray
    took: np.ndarray

    def where(self, chosen: np.ndarray) -> Steps:
        """Those chosen by a mask or by places."""
        return Steps(**{one.name: getattr(self, one.name)[chosen] for one in fields(Steps)})


def joined_steps(parts: list[Steps]) -> Steps:
    """All of them, one after the other."""
    return Steps(
        **{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Steps)}
    )


def taken_over(scene: Scene) -> tuple[Planned, Steps]:
    """Take-overs: transfers and the steps before them."""
    strength = scene.frame.scenario.fraud.account_takeover
    rate = _TAKEN_A_YEAR * strength * (0.3 + scene.who.digital) * ~scene.who.company
    found = arrivals(scene, "takeover", rate)
    luck = scene.keyed("takeover")
    few = luck.whole("device", 0, 2**20, found.second // DAY // 45) * 2 + found.key % 2
    device = stranger_device(2**24 + few, scene.frame.customers)  # the same for victims of the same weeks
    country = np.array([5, 6, 7, 2, 3])[luck.whole("country", 0, 5, found.key)]  # DE, NG, RU, CN, ID
    plan = _transfers(
        scene, "account_takeover", found, luck, device, _payee(scene, found, luck, 0.6), honest=False
    )
    return plan, _steps(found, luck, device, country, limits=0.8, first=0)


def new_phones(scene: Scene) -> tuple[Planned, Steps]:
    """The twins: a new phone on a journey."""
    found = arrivals(scene, "new phone", _NEW_PHONES_A_YEAR * (0.3 + scene.who.digital) * ~scene.who.company,
                     attacked=False)  # fmt: skip
    luck = scene.keyed("new phone")
    device = scene.phone(found.person, 3)
    country = np.array([1, 2, 3, 4, 5])[luck.whole("country", 0, 5, found.key)]
    steps = _steps(found, luck, device, country, limits=0.45, first=64)
    sends = luck.uniform("sends", found.key) < 0.7
    found, device = found.where(sends), device[sends]
    payee = _payee(scene, found, luck, 0.35)
    return _transfers(scene, "new_phone", found, luck, device, payee, honest=True), steps


def _payee(scene: Scene, found: Arrivals, luck: Keyed, often: float) -> Ints:
    """An account nobody else pays or, as `often` as that, one of the few that many paid in those weeks, in
    all communities: thieves collect there, and honest people have sellers and friends there too."""
    weeks = found.second // DAY // _COLLECTING_DAYS
    chosen = luck.whole("mule", 0, _COLLECTORS, found.key)
    known = (scene.frame.seed % 100) * 50_000 + weeks * _COLLECTORS + chosen
    alone = 5_000_000 + luck.whole("own", 0, 5_000_000, found.key)
    return OTHER_ACCOUNTS + 960_000_000 + np.where(luck.uniform("known", found.key) < often, known, alone)


def _transfers(
    scene: Scene, kind: str, found: Arrivals, luck: Keyed, device: Ints, payee: Ints, *, honest: bool
) -> Planned:
    count = 1 + luck.whole("count", 0, 2 if honest else 4, found.key)
    episode, number = fanned(count)
    key = found.key[episode]
    offset = ordered_within(episode, luck.between("offset", 0.1, 5.0, key, number)) * 3600
    size = 0.22 * np.exp(0.8 * luck.normal("size", key, number))
    rough = np.maximum(size * scene.who.income[found.person][episode], 5_000)
    named = luck.uniform("named", key, number) < _NAMED
    made = entries(
        account=scene.acc.main[found.person][episode], second=found.second[episode] + offset.astype(np.int64),
        cents=rounded(rough, luck.uniform("round", key, number)), out=True,
        category=CATEGORIES.index("transfer_out"), channel=TRANSFER, counterparty=payee[episode],
        bank=bank_of(payee[episode]), person=found.person[episode], device=device[episode],
        flexible=True,
        words=np.where(named, words("friends", key + number), words("elsewhere", key + number)),
    )  # fmt: skip
    parts = parts_of(
        pattern=pattern_numbers(scene.who.community, kind, found.place),
        kind=kind_of(kind),
        role=role_of("honest" if honest else "victim"),
        person=found.person,
        account=scene.acc.main[found.person],
        other=payee,
        begins=found.second,
        ends=found.second + 6 * 3600,
    )
    return Planned(made, episode, parts)


def rounded(cents: Floats, luck: Floats) -> Ints:
    """Amounts as people order them: mostly whole tens or fifties."""
    step = np.where(luck < 0.35, 1_000, np.where(luck < 0.75, 5_000, 100))
    return np.asarray(np.maximum(np.rint(cents / step) * step, step).astype(np.int64))


def _steps(found: Arrivals, luck: Keyed, device: Ints, country: Ints, *, limits: float, first: int) -> Steps:
    """Login, often limits, transfer page, sometimes logout: one session an episode, as fast as any other."""
    changes = luck.uniform("limits", found.key) < limits
    every = np.ones(found.key.size, dtype=np.bool_)
    leaves = luck.uniform("logout", found.key) < LOGOUT
    rows = [(_LOGIN, _HOME, every), (_VIEW, _SETTINGS, changes), (_SUBMIT, _SETTINGS, changes),
            (_VIEW, _TRANSFER, every), (_LOGOUT, _HOME, leaves)]  # fmt: skip
    web = luck.uniform("web", found.key) < 0.5
    pause, step, made = pauses(luck.uniform("pause", found.key)), np.zeros(found.key.size, dtype=np.int64), []
    for event, page, here in rows:
        size = int(here.sum())
        made.append(Steps(
            found.person[here], (found.second + step * pause)[here], np.full(size, event),
            np.full(size, page), device[here], country[here], found.key[here] % 64 + first, step[here],
            web[here], milliseconds(luck.uniform("took", found.key[here], step[here])),
        ))  # fmt: skip
        step = step + here
    return joined_steps(made)
