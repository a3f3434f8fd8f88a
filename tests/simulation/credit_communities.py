"""Communities made up to the credit step, for its tests; a scenario's strengths can be set by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from bankmine.simulation.accounts import Accounts, accounts_of
from bankmine.simulation.credit import Credit, credit_of
from bankmine.simulation.frame import Frame, frame_of
from bankmine.simulation.leaving import Leaving, leaving_of
from bankmine.simulation.life import Life, life_of
from bankmine.simulation.people import People, people_of
from bankmine.simulation.products import products_of
from bankmine.simulation.scenario import load_scenario


@dataclass(frozen=True)
class Lent:
    """One community with its credits."""

    frame: Frame
    who: People
    life: Life
    leave: Leaving
    acc: Accounts
    credit: Credit


@lru_cache(maxsize=12)
def lent(customers: int = 700, months: int = 30, seed: int = 5, **strengths: float) -> Lent:
    """A first community; strengths as `default__order=0.0` (section and setting of the scenario)."""
    scenario = load_scenario(None)
    for name, value in strengths.items():
        section, setting = name.split("__")
        scenario = replace(scenario, **{section: replace(getattr(scenario, section), **{setting: value})})
    frame = frame_of(seed=seed, customers=customers, months=months, scenario=scenario)
    who = people_of(frame, 0)
    life = life_of(frame, who)
    leave = leaving_of(frame, who, life)
    held = products_of(frame, who, life, leave)
    acc = accounts_of(frame, who, life, leave, held)
    return Lent(frame, who, life, leave, acc, credit_of(frame, who, life, leave, held, acc))
