"""The truth about answers to campaigns and about surveys, beside what stood in tables by then."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.catalogue import NEXT_OF
from bankmine.simulation.frame import DAY, Floats, Frame, Ints
from bankmine.simulation.people import People
from bankmine.simulation.products import Products
from bankmine.simulation.service.campaigns import contact_numbers
from bankmine.simulation.service.interactions import SURVEY, Interactions, dissatisfied
from bankmine.simulation.service.mood import tired
from bankmine.simulation.service.written import dealings

BALANCES_SAY = 0.38  # spread of what the tables tell about prudence: twice what all features do (row TRT)


def thrift_of(frame: Frame, who: People) -> Floats:
    """Prudence as comfortable balances show it, (n,)."""
    noise = frame.random(who.community, "thrift").normal(size=who.count)
    return who.prudence + BALANCES_SAY * noise


def label_response(frame: Frame, who: People, held: Products, told: Interactions) -> pa.Table:
    """One row a contact."""
    sent = held.sold.contacts
    person, second = sent.person, sent.second
    plan = held.sold.plan
    product = np.array([one.product for one in plan], dtype=np.int64)[sent.campaign]
    channel = np.array([one.channel for one in plan], dtype=np.int64)[sent.campaign]
    written = dict(sent.seen)
    written |= {
        "prudence": thrift_of(frame, who)[person], "education": who.education[person].astype(np.float64),
        "treated": sent.treated.astype(np.float64), "propensity": sent.propensity,
        "family": NEXT_OF[product].astype(np.float64), "channel": channel.astype(np.float64),
        **dealings(frame, who, told, person, second),
    }  # fmt: skip
    oracle = np.where(sent.treated, sent.if_asked, sent.if_left)
    return _label(frame, who, contact_numbers(who, held), person, second, oracle, written)


def label_dissatisfaction(frame: Frame, who: People, held: Products, told: Interactions) -> pa.Table:
    """One row a survey."""
    asked = np.flatnonzero(told.kind == SURVEY)
    person, second = told.person[asked], told.second[asked]
    written = {
        "life": who.life[person].astype(np.float64), "digital": who.digital[person],
        "income": np.log(np.maximum(who.income[person], 1)), "age": 2023.0 - who.birth_year[person],
        "prudence": thrift_of(frame, who)[person], "years": (second / DAY - who.joined[person]) / 365,
        "contacts_6mo": tired(held, person, second // DAY, who.count),
        **dealings(frame, who, told, person, second),
    }  # fmt: skip
    oracle = dissatisfied(told.mood[asked])
    return _label(frame, who, told.number[asked], person, second, oracle, written)


def _label(
    frame: Frame, who: People, subject: Ints, person: Ints, second: Ints, oracle: Floats,
    written: dict[str, Floats],
) -> pa.Table:  # fmt: skip
    table = pa.table(
        {
            "subject": pa.array(subject),
            "customer": pa.array(who.number[person]),
            "cutoff": columns.when(second),
            "oracle": pa.array(oracle),
            **{f"written_{name}": columns.real(values) for name, values in written.items()},
        }
    )
    return table.filter(pa.array(second < frame.days * DAY))
