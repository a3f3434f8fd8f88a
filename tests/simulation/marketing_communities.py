"""Small communities for the tests of products, registry and service, each made once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from bankmine.simulation.accounts import Accounts, accounts_of
from bankmine.simulation.credit import Credit, credit_of
from bankmine.simulation.frame import Frame, frame_of
from bankmine.simulation.leaving import Leaving, leaving_of
from bankmine.simulation.life import Life, life_of
from bankmine.simulation.people import People, people_of
from bankmine.simulation.products import Products, products_of
from bankmine.simulation.scenario import Scenario, load_scenario
from bankmine.simulation.service import Service, service_of


@dataclass(frozen=True)
class Community:
    frame: Frame
    who: People
    life: Life
    leave: Leaving
    held: Products
    acc: Accounts
    credit: Credit
    service: Service


def scenario(section: str, **values: float) -> Scenario:
    """The calm scenario with some strengths of one section set."""
    calm = load_scenario(None)
    return replace(calm, **{section: replace(getattr(calm, section), **values)})


def community(
    *, customers: int = 500, months: int = 24, seed: int = 11, scene: Scenario | None = None
) -> Community:
    frame = frame_of(seed=seed, customers=customers, months=months, scenario=scene or load_scenario(None))
    who = people_of(frame, 0)
    life = life_of(frame, who)
    leave = leaving_of(frame, who, life)
    held = products_of(frame, who, life, leave)
    acc = accounts_of(frame, who, life, leave, held)
    credit = credit_of(frame, who, life, leave, held, acc)
    return Community(
        frame, who, life, leave, held, acc, credit,
        service_of(frame, who, life, leave, held, acc, credit, None),
    )  # fmt: skip


@lru_cache(maxsize=1)
def calm() -> Community:
    """500 customers, 24 months, seed 11."""
    return community()
