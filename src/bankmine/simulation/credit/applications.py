"""The application form as filled in, and the bank's old decision on it.

Honest people state what they earn and where they work. Six signs may contradict the truth: an internet
address abroad, an unknown device; an income above the wage, another employer than the bureau's; pasted
fields, a form done too fast. Innocent signs come in pairs that belong together (a traveller, somebody who
changes jobs, somebody at home with forms); false applicants show one sign of each of two such pairs. So
neither a sign nor their number says much; which ones come together does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.catalogue import product
from bankmine.simulation.credit.bureau import Findings
from bankmine.simulation.credit.requests import CARD, HONEST, LOAN, MORTGAGE, RING, Requests, income_at
from bankmine.simulation.entries import COUNTRIES
from bankmine.simulation.frame import COMMUNITY, DAY, EMPLOYERS, Floats, Frame, Ints, Truth
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.life import Life
from bankmine.simulation.people import FIRST_EMPLOYER, People

CHANNELS = ("app", "web", "branch", "partner")
APP, WEB, BRANCH, PARTNER = range(4)
DECISIONS = ("approved", "declined", "withdrawn")
APPROVED, DECLINED, WITHDRAWN = range(3)
SIGNS = ("ip_abroad", "unknown_device", "income_gap", "other_employer", "pasted", "fast")
RISKY_FROM = 7  # purposes from this index of texts.PURPOSE_INTENTS on are risky
FIRST_APPLICATION = 8_000_000_000
_FIRST_DEVICE, _FIRST_SESSION = 3_000_000_000, 4_000_000_000_000
_FIRST_PHONE, _FIRST_ADDRESS = 6_580_000_000, 1_000_000
_FORM_SESSION = 2**18  # of a customer's 2**20 sessions; visits have the numbers below
_BROKER_DEVICE, _NEW_DEVICE = 3_950_000_000, 3_960_000_000
_SHARED = {"device": 3_900_000_000, "phone": 6_589_000_000, "address": 900_000_000}
_RING_SHARES, _HONEST_SHARES, _PUBLIC = 0.45, 0.07, 4
_INNOCENT_PAIR, _STRAY, _STRAY_TWO = 0.13, 0.015, 0.06
_BROKERS = 3


@dataclass(frozen=True)
class Applications:
    """One place for each request. Money is cents, times are seconds.

    `number`: raw key (0 for credit held before the period). `income`: true usual income; `stated`: as on the
    form. `instalment`: of the credit asked for; `burden`: it over the true income. `signs` (a, 6): which of
    SIGNS it shows. `typed`: filled in by the customer on a device. `country`: index of COUNTRIES or -1;
    `device`, `session`: 0 in a branch. `intent`: index of PURPOSE_INTENTS. `guarantor`: place or -1.
    `decided`: second of the decision. `rate`: per year. `dom`: day of the month instalments fall due.
    """

    number: Ints
    second: Ints
    income: Floats
    stated: Ints
    employer: Ints
    amount: Ints
    term: Ints
    rate: Floats
    dom: Ints
    instalment: Ints
    burden: Floats
    signs: Truth
    channel: Ints
    country: Ints
    device: Ints
    session: Ints
    phone: Ints
    address: Ints
    intent: Ints
    guarantor: Ints
    decision: Ints
    decided: Ints

    @property
    def typed(self) -> Truth:
        """Filled in by the customer on a device."""
        return self.channel <= WEB


def annuity(principal: Ints, rate: Floats, months: Ints) -> Ints:
    """Instalment in cents, rounded up, so that the last one is not larger than the others but for cents."""
    monthly = rate / 12
    exact = principal * monthly / -np.expm1(-months * np.log1p(monthly))
    return np.asarray(np.ceil(exact), dtype=np.int64)


def applications_of(frame: Frame, who: People, life: Life, asked: Requests, found: Findings) -> Applications:
    """Fills in the forms and decides on them."""
    lots = Keyed(frame.random(who.community, "applications"))
    signs = _signs(lots, asked)
    income = income_at(frame, who, life, asked.person, asked.day)
    amount, term, rate = _terms(frame, life, lots, asked, income)
    months = np.where(asked.family == CARD, 24, term)
    instalment = annuity(amount, rate, months)
    stated = _stated(who, lots, asked, signs, income)
    channel = _channel(who, lots, asked, signs)
    second = asked.day * DAY + 8 * 3600 + (lots.uniform("time", asked.key) * 14 * 3600).astype(np.int64)
    decision = _decision(lots, asked, found, instalment / np.maximum(stated, 1), signs)
    wait = np.where(channel <= WEB, 5.2, 6.5) * lots.uniform("wait", asked.key) ** 2
    place = asked.person + who.community * COMMUNITY
    return Applications(
        number=np.where(asked.held, 0, FIRST_APPLICATION + place * 64 + asked.slot), second=second,
        income=income, stated=stated, employer=_employer(who, lots, asked, signs), amount=amount, term=term,
        rate=rate, dom=lots.whole("due", 1, 23, asked.key), instalment=instalment,
        burden=instalment / np.maximum(income, 1), signs=signs, channel=channel,
        decision=decision, decided=second + (wait * DAY).astype(np.int64) * ~asked.held + 60,
        guarantor=_guarantor(who, lots, asked), intent=_intent(who, lots, asked),
        **_contact(who, lots, asked, signs, channel),
    )  # fmt: skip


def _signs(lots: Keyed, asked: Requests) -> Truth:
    """Which signs each form shows, (a, 6); signs 2 k and 2 k + 1 belong together."""
    size = asked.key.size
    signs = np.zeros((size, len(SIGNS)), dtype=np.bool_)
    every = np.arange(size)
    first = lots.whole("pair", 0, 3, asked.key)
    other = (first + 1 + lots.whole("other pair", 0, 2, asked.key)) % 3
    one, two = (lots.whole(word, 0, 2, asked.key) for word in ("sign", "other sign"))
    luck, false = lots.uniform("signs", asked.key), asked.false > HONEST
    crossed = np.where(false, luck < 0.72, luck < _STRAY_TWO)
    signs[every, 2 * first + one] = crossed
    signs[every, 2 * other + two] = crossed
    for pair in range(3):
        whole = ~false & (lots.uniform(f"innocent {pair}", asked.key) < _INNOCENT_PAIR) & ~crossed
        signs[:, 2 * pair] |= whole
        signs[:, 2 * pair + 1] |= whole
    for place in range(len(SIGNS)):
        signs[:, place] |= lots.uniform(f"stray {place}", asked.key) < _STRAY
    return signs


def _terms(
    frame: Frame, life: Life, lots: Keyed, asked: Requests, income: Floats
) -> tuple[Ints, Ints, Floats]:
    """Amount (cents), term (months) and rate a year asked for, by product."""
    size, luck = lots.uniform("amount", asked.key), lots.uniform("term", asked.key)
    auto, business = asked.product == product("LOAN-AUTO"), asked.product == product("LOAN-BUS")
    mortgage, card = asked.family == MORTGAGE, asked.family == CARD
    times = np.where(auto, 6 + 14 * size, np.where(business, 2 + 9 * size, 1.5 + 12 * size**1.6))
    times = np.where(card, 1 + 2.2 * size, times)
    price = _home_price(life, asked, income * (45 + 50 * size))
    amount = np.where(mortgage, price * (0.5 + 0.32 * luck), income * times)
    step = np.where(mortgage, 500_000, np.where(card, 50_000, 10_000))
    amount = np.maximum(1, amount // step) * step
    terms = np.array([12, 24, 36, 48, 60])[(luck * 5).astype(np.int64)]
    term = np.where(auto, 60 + 12 * (luck * 3).astype(np.int64), terms)
    term = np.where(mortgage, 240 + 60 * (luck * 3).astype(np.int64), term)
    elapsed = np.maximum(0, -asked.day) // 30
    term = np.where(asked.held & ~card, np.maximum(term, elapsed + 4 + (size * 40).astype(np.int64)), term)
    market = frame.market_rate[frame.month_at(asked.day)]
    spread = np.where(mortgage, 0.016, np.where(card, 0.2, np.where(auto, 0.032, 0.052)))
    own = spread + np.where(mortgage, 0.006, 0.04) * lots.uniform("rate", asked.key)
    return amount.astype(np.int64), term, np.round(market + own, 4)


def _home_price(life: Life, asked: Requests, usual: Floats) -> Floats:
    """Price of the home bought around that day, if one was."""
    price = usual.copy()
    homes = life.events.of("home")
    for person, day, amount in zip(homes.person, homes.day, homes.amount, strict=True):
        low, high = np.searchsorted(asked.person, (person, person + 1))
        near = np.flatnonzero(np.abs(asked.day[low:high] - day) < 250) + low
        price[near] = amount
    return price


def _stated(who: People, lots: Keyed, asked: Requests, signs: Truth, income: Floats) -> Ints:
    """The income as stated, whole tens: the wage, or more where there is an income gap or little honesty."""
    gap = 1.35 + 0.6 * lots.uniform("gap", asked.key)
    boast = (who.honesty[asked.person] < 0.78) & ~signs[:, 2]
    factor = np.where(signs[:, 2], gap, np.where(boast, 1.08 + 0.2 * lots.uniform("boast", asked.key), 1.0))
    exact = income * factor * (1 + 0.015 * lots.normal("round", asked.key))
    return np.asarray(np.maximum(10_000, np.rint(exact / 1_000) * 1_000), dtype=np.int64)


def _employer(who: People, lots: Keyed, asked: Requests, signs: Truth) -> Ints:
    own = who.employer[asked.person]
    another = FIRST_EMPLOYER + lots.whole("employer", 0, EMPLOYERS, asked.key)
    return np.asarray(np.where(signs[:, 3] & ~who.company[asked.person], another, own))


def _channel(who: People, lots: Keyed, asked: Requests, signs: Truth) -> Ints:
    """Digital people use a device; partners (dealers, brokers) bring some; signs of a device need one."""
    luck, digital = lots.uniform("channel", asked.key), 0.25 + 0.7 * who.digital[asked.person]
    chosen = np.where(luck < 0.6 * digital, APP, np.where(luck < digital, WEB, BRANCH))
    partner = lots.uniform("partner", asked.key) < np.where(asked.family == LOAN, 0.09, 0.02)
    chosen = np.where(partner & (asked.false == HONEST), PARTNER, chosen)
    needs_device = signs[:, [0, 1, 4, 5]].any(axis=1) | (asked.false > HONEST)
    return np.where(needs_device & (chosen >= BRANCH), np.where(luck < 0.5, APP, WEB), chosen)


def _contact(who: People, lots: Keyed, asked: Requests, signs: Truth, channel: Ints) -> dict[str, Ints]:
    """Country of the internet address, device, session, phone and address of each form."""
    place = asked.person + who.community * COMMUNITY
    used = channel != BRANCH
    home = np.where((who.life[asked.person] == 5) & (lots.uniform("border", asked.key) < 0.4), 1, 0)
    abroad = 1 + lots.whole("abroad", 0, len(COUNTRIES) - 1, asked.key)
    household = _FIRST_ADDRESS + who.community * COMMUNITY + who.household[asked.person]
    head = np.searchsorted(who.household, who.household[asked.person]) + who.community * COMMUNITY
    phone = np.where(lots.uniform("household phone", asked.key) < 0.06, head, place) + _FIRST_PHONE
    return {
        "country": np.where(used, np.where(signs[:, 0], abroad, home), -1),
        "device": np.where(used, _device(who, lots, asked, signs, channel, place, head), 0),
        "session": np.where(used, _FIRST_SESSION + place * 2**20 + _FORM_SESSION + asked.slot, 0),
        "phone": _shared(who, lots, asked, phone, "phone"),
        "address": _shared(who, lots, asked, household, "address"),
    }  # fmt: skip


def _device(
    who: People, lots: Keyed, asked: Requests, signs: Truth, channel: Ints, place: Ints, head: Ints
) -> Ints:
    """The own one, that of the household's head, an unknown one, a broker's, or one that many share."""
    at_home = lots.uniform("household device", asked.key) < 0.22
    own = _FIRST_DEVICE + np.where(at_home, head, place) * 4 + (channel == WEB)
    own = np.where(signs[:, 1], _NEW_DEVICE + place * 8 + asked.slot % 8, own)
    broker = _BROKER_DEVICE + who.community * _BROKERS + lots.whole("broker", 0, _BROKERS, asked.key)
    return np.where(channel == PARTNER, broker, _shared(who, lots, asked, own, "device"))


def _shared(who: People, lots: Keyed, asked: Requests, own: Ints, what: str) -> Ints:
    """Half of a ring's members give the ring's phone, device or address; a few honest applicants give one of
    a hostel, a workplace or a public terminal."""
    luck = lots.uniform(f"shares {what}", asked.key)
    ring = (asked.false == RING) & (luck < _RING_SHARES)
    public = (asked.false != RING) & (luck < _HONEST_SHARES)
    which = lots.whole(f"public {what}", 0, _PUBLIC, asked.key)
    number = _SHARED[what] + who.community * 1_500
    return np.where(ring, number + np.maximum(asked.ring, 0), np.where(public, number + 1_450 + which, own))


def _intent(who: People, lots: Keyed, asked: Requests) -> Ints:
    """What it is for; the imprudent a little more often for something risky, rarely in a secured credit."""
    luck, what = lots.uniform("intent", asked.key), lots.uniform("purpose", asked.key)
    business, auto = asked.product == product("LOAN-BUS"), asked.product == product("LOAN-AUTO")
    plain = np.array([0, 1, 2, 3, 4, 5, 6, 6, 0, 2])[(what * 10).astype(np.int64)]
    usual = np.where(auto, 1, np.where(asked.family == MORTGAGE, 0, np.where(business, 5, plain)))
    chance = np.where(auto | (asked.family == MORTGAGE), 0.04, 0.16 + 0.22 * (1 - who.prudence[asked.person]))
    return np.where(luck < chance, RISKY_FROM + (what * 3).astype(np.int64), usual)


def _guarantor(who: People, lots: Keyed, asked: Requests) -> Ints:
    """A quarter of the loans have one: somebody of the community, often a neighbour."""
    wanted = np.isin(asked.family, (LOAN, MORTGAGE)) & (lots.uniform("guaranteed", asked.key) < 0.28)
    near = asked.person + 1 + lots.whole("near", 0, 6, asked.key)
    far = lots.whole("far", 0, COMMUNITY, asked.key)
    chosen = np.where(lots.uniform("neighbour", asked.key) < 0.7, near, far) % max(who.count, 1)
    able = wanted & (chosen != asked.person) & ~who.company[chosen] & (who.joined[chosen] < asked.day)
    return np.where(able, chosen, -1)


def _decision(lots: Keyed, asked: Requests, found: Findings, burden: Floats, signs: Truth) -> Ints:
    """The old policy: stated burden and the plain number of enquiries, with overrides by people."""
    secured = asked.family == MORTGAGE
    limit = np.where(secured, 0.62, 0.5) + 0.08 * lots.normal("policy", asked.key)
    refuse = (burden > limit) | (found.enquiries + found.overdue >= 5)
    screen = lots.uniform("screen", asked.key)
    refuse |= (signs.sum(axis=1) >= 4) & (screen < 0.4)
    refuse |= (asked.false > HONEST) & (screen < 0.45)  # somebody had a feeling
    luck = lots.uniform("override", asked.key)
    refuse = np.where(luck < 0.06, ~refuse, refuse)
    decision = np.where(refuse, DECLINED, np.where(luck > 0.94, WITHDRAWN, APPROVED))
    return np.where(asked.held, APPROVED, decision)
