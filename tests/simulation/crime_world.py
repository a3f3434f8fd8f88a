"""Small worlds with crime for tests: one community from people to ledger, kept by what was asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pyarrow as pa

from bankmine.simulation.accounts import Accounts, accounts_of
from bankmine.simulation.crime import Crime, crime_of
from bankmine.simulation.crime.planned import kind_of
from bankmine.simulation.entries import joined
from bankmine.simulation.frame import Frame, frame_of
from bankmine.simulation.leaving import leaving_of
from bankmine.simulation.ledger import Ledger, book
from bankmine.simulation.life import life_of
from bankmine.simulation.people import People, people_of
from bankmine.simulation.products import products_of
from bankmine.simulation.scenario import Fraud, Laundering, Scenario
from bankmine.simulation.spending import spending_of

CALM = Scenario()
NO_FRAUD = Fraud(stolen_card=0.0, account_takeover=0.0, compromised_terminal=0.0)
NO_LAUNDERING = Laundering(
    fan_in=0.0, fan_out=0.0, cycle=0.0, scatter_gather=0.0, pass_through=0.0, structuring=0.0
)


@dataclass(frozen=True)
class Made:
    frame: Frame
    who: People
    acc: Accounts
    crime: Crime
    ledger: Ledger


@lru_cache(maxsize=8)
def made(
    fraud: Fraud = CALM.fraud, laundering: Laundering = CALM.laundering, months: int = 24, people: int = 400
) -> Made:
    scenario = replace(Scenario(), fraud=fraud, laundering=laundering)
    frame = frame_of(seed=3, customers=people, months=months, scenario=scenario)
    who = people_of(frame, 0)
    life = life_of(frame, who)
    leave = leaving_of(frame, who, life)
    held = products_of(frame, who, life, leave)
    acc = accounts_of(frame, who, life, leave, held)
    money = spending_of(frame, who, life, leave, held, acc, None)
    crime = crime_of(frame, who, life, leave, acc, money)
    return Made(frame, who, acc, crime, book(frame, who, acc, joined([money, crime.entries])))


MANY = Laundering(
    fan_in=12.0, fan_out=12.0, cycle=12.0, scatter_gather=12.0, pass_through=12.0, structuring=12.0
)


def of_kind(crime: Crime, kind: str) -> np.ndarray:
    return crime.kind == kind_of(kind)


def tables_of(world: Made) -> dict[str, pa.Table]:
    return {
        **world.crime.tables(world.frame, world.who, world.acc, world.ledger, None),
        **world.crime.truth(world.frame, world.who, world.acc, world.ledger),
    }
