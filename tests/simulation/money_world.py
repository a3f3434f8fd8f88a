"""A small community, its accounts, entries and ledger, for the tests of money."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pyarrow as pa

from bankmine.simulation.accounts import Accounts, accounts_of
from bankmine.simulation.entries import Entries, entries, joined
from bankmine.simulation.frame import NEVER, Frame, frame_of
from bankmine.simulation.leaving import Leaving, leaving_of
from bankmine.simulation.ledger import Ledger, book
from bankmine.simulation.life import Life, life_of
from bankmine.simulation.people import People, people_of
from bankmine.simulation.products import products_of
from bankmine.simulation.scenario import Regime, Scenario
from bankmine.simulation.spending import spending_of

CALM = replace(Scenario(), regime=Regime(at=0.0))


@dataclass(frozen=True)
class World:
    frame: Frame
    who: People
    life: Life
    leave: Leaving
    acc: Accounts
    money: Entries
    ledger: Ledger
    tables: dict[str, pa.Table]


@lru_cache(maxsize=8)
def world(customers: int = 300, months: int = 24, scenario: Scenario = CALM) -> World:
    """One community; two entries known by tags 7 and 8 stand in for crime: one possible, one refused."""
    frame = frame_of(seed=3, customers=customers, months=months, scenario=scenario)
    who = people_of(frame, 0)
    life = life_of(frame, who)
    leave = leaving_of(frame, who, life)
    held = products_of(frame, who, life, leave)
    acc = accounts_of(frame, who, life, leave, held)
    money = joined([spending_of(frame, who, life, leave, held, acc, None), _tagged(acc, frame)])
    ledger = book(frame, who, acc, joined([money, held.entries(frame, who, acc)]))
    return World(frame, who, life, leave, acc, money, ledger, ledger.tables(frame, who, acc))


def _tagged(acc: Accounts, frame: Frame) -> Entries:
    last = (frame.days - 5) * 86_400
    stays = (acc.closed == NEVER) & (acc.opened < 0)
    place: Any = int(stays.argmax())
    return entries(
        account=[place, place], second=[last, last + 5], cents=[1_234, 4_321], out=[False, True], category=6,
        channel=3, tag=[7, 8], refused=[False, True],
    )  # fmt: skip
