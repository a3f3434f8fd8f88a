"""Contacts of campaigns as the bank logs them, and the truth about what being asked does to each customer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.contacting import GROUPS
from bankmine.simulation.frame import DAY, NEVER, Frame, Ints
from bankmine.simulation.offers import CONTACT_CHANNELS, CONTACT_COST, OFFER_CODES, OFFERS
from bankmine.simulation.people import FIRST_CUSTOMER, People
from bankmine.simulation.products import Products

FIRST_CONTACT = 6_000_000_000_000  # 1024 a customer, one a campaign
_RESPONSES = ("accepted", "declined")


def contact_numbers(who: People, held: Products) -> Ints:
    """Raw key of each contact: customer and campaign."""
    sent = held.sold.contacts
    ordinal = who.number[sent.person] - FIRST_CUSTOMER
    return np.asarray(FIRST_CONTACT + ordinal * 1024 + sent.campaign)


def contact_table(frame: Frame, who: People, held: Products) -> pa.Table:
    """Extract `contacts`: those treated and their controls, who cost nothing and answer by what they do."""
    sent, plan = held.sold.contacts, held.sold.plan
    offer = np.array([one.offer for one in plan], dtype=np.int64)[sent.campaign]
    channel = np.array([one.channel for one in plan], dtype=np.int64)[sent.campaign]
    cost = np.array(CONTACT_COST)[channel] + np.array([one.cost for one in OFFERS])[offer] // 10
    answered = np.where(sent.answered < frame.days * DAY, sent.answered, NEVER)
    response = np.where(answered == NEVER, -1, np.where(sent.accepted, 0, 1))
    gain = np.array([one.gain for one in OFFERS])[offer] * (60 + who.number[sent.person] % 81) // 100
    here = sent.second < frame.days * DAY
    return pa.table(
        {
            "contact": pa.array(contact_numbers(who, held)),
            "customer": pa.array(who.number[sent.person]),
            "campaign": columns.code(sent.campaign, [one.code for one in plan]),
            "offer": columns.code(offer, OFFER_CODES),
            "channel": columns.code(channel, CONTACT_CHANNELS),
            "contacted_at": columns.when(sent.second),
            "arm": columns.code(np.where(sent.treated, 0, 1), ("treated", "control")),
            "propensity": columns.real(sent.propensity),
            "cost": pa.array(np.where(sent.treated, cost, 0)),
            "response": columns.code(response, _RESPONSES),
            "responded_at": columns.when(answered),
            "revenue": columns.amount(gain, missing=response != 0),
        }
    ).filter(pa.array(here))


def treatment_truth(frame: Frame, who: People, held: Products) -> pa.Table:
    """Table `treatment`: the chance to accept if asked and if not, the effect, and the group."""
    sent = held.sold.contacts
    return pa.table(
        {
            "contact": pa.array(contact_numbers(who, held)),
            "customer": pa.array(who.number[sent.person]),
            "p_treated": pa.array(sent.if_asked),
            "p_control": pa.array(sent.if_left),
            "effect": pa.array(sent.if_asked - sent.if_left),
            "group": columns.code(sent.group, GROUPS),
        }
    ).filter(pa.array(sent.second < frame.days * DAY))
