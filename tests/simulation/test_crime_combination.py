"""Signs of fraud tell in combination: each has innocent causes; no number gives a stranger away."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from bankmine.simulation.crime.planned import CARD_FRAUDS, LAUNDERING, TWINS_OF_FRAUD, kind_of
from bankmine.simulation.crime.scene import PHONES, stranger_device
from bankmine.simulation.crime.tables import CRIME_SESSION
from bankmine.simulation.entries import CHANNELS
from bankmine.simulation.frame import DAY, NEVER
from bankmine.simulation.scenario import Fraud
from bankmine.simulation.service.digital import (
    FIRST_PROSPECT_DEVICE,
    FIRST_SESSION,
    STEPS_AT_MOST,
)
from bankmine.simulation.words import words
from simulation.crime_world import MANY, Made, made, of_kind, tables_of

MOST_CUSTOMERS = 50_000_000
_GROUPS_AT_MOST = 64  # texts of a group
SESSIONS_OF_A_CUSTOMER = 2**20
FORMS_END = (8_000_000_000 + MOST_CUSTOMERS * 64) * 64  # event numbers of applications lie below


@lru_cache(maxsize=1)
def world() -> Made:
    return made(people=1000)


def number_of(kinds: tuple[str, ...]) -> int:
    return int(np.isin(world().crime.kind, [kind_of(one) for one in kinds]).sum())


@pytest.mark.parametrize(
    ("fraud", "twin"),
    [("compromised_terminal", "orders_abroad"), ("account_takeover", "new_phone"), ("stolen_card", "outing"),
     ("stolen_card", "shopping_trip"), ("stolen_card", "large_purchase")],
)  # fmt: skip
def test_innocent_twins_are_about_as_frequent_as_the_fraud(fraud: str, twin: str) -> None:
    assert number_of((twin,)) > 0.3 * number_of((fraud,))


def test_most_quick_payments_at_a_time_are_honest() -> None:
    money = world().ledger.money
    paid = np.flatnonzero((money.card >= 0) & money.out & (world().ledger.status != 2))
    paid = paid[np.lexsort((money.second[paid], money.card[paid]))]
    pause = np.diff(money.second[paid])
    quick = np.flatnonzero((pause < 1800) & (np.diff(money.card[paid]) == 0)) + 1
    crime = world().crime
    guilty = np.unique(crime.transactions(world().ledger)[crime.fraud])
    assert np.isin(world().ledger.number[paid[quick]], guilty).mean() < 0.1


def test_shopping_trips_are_at_merchants_the_customer_has_paid_before() -> None:
    crime, ledger = world().crime, world().ledger
    trips = np.flatnonzero(of_kind(crime, "shopping_trip"))
    ordinary = ledger.money.tag < 0
    key = ledger.money.account[ordinary].astype(np.int64) * 100_000 + ledger.money.merchant[ordinary]
    asked = crime.entries.account[trips].astype(np.int64) * 100_000 + crime.entries.merchant[trips]
    assert np.isin(asked, key).mean() > 0.8  # others were paid from another account of the customer


def test_frauds_with_cards_are_seldom_the_largest_payments_of_a_card() -> None:
    crime = world().crime
    fraud = np.isin(crime.kind, [kind_of(one) for one in CARD_FRAUDS])
    money = world().ledger.money
    honest = (money.tag < 0) & (money.card >= 0) & (money.merchant >= 0)
    high = np.quantile(money.cents[honest], 0.98)
    assert (crime.entries.cents[fraud] > high).mean() < 0.04
    assert (crime.entries.cents[of_kind(crime, "large_purchase")] > high).mean() > 0.15


def test_strangers_devices_are_numbered_as_phones_bought_abroad() -> None:
    crime = world().crime
    used = np.unique(crime.entries.device[crime.fraud & (crime.entries.device > 0)])
    abroad = used[(used - PHONES) % 4 == 3]
    assert abroad.size > 10
    assert abroad.max() < PHONES + 4 * 1000
    assert stranger_device(np.array([2**26 - 1]), 50_000_000)[0] < FIRST_PROSPECT_DEVICE


def test_an_attack_multiplies_laundering_from_its_month_on_and_changes_nothing_before() -> None:
    calm = made(laundering=MANY)
    attacked = made(fraud=Fraud(attack_month=12, attack_factor=4.0), laundering=MANY)
    begins = int(calm.frame.month_start[12]) * DAY
    kinds = [kind_of(one) for one in LAUNDERING]
    patterns = []
    for one in (calm, attacked):
        parts = one.crime.parts
        start = {}
        for place in np.flatnonzero(np.isin(parts.kind, kinds) & (parts.person >= 0)):
            pattern = int(parts.pattern[place])
            start[pattern] = min(start.get(pattern, NEVER), int(parts.begins[place]))
        patterns.append(start)
    before = [{key for key, at in start.items() if at < begins - 3 * DAY} for start in patterns]
    after = [sum(at >= begins + 3 * DAY for at in start.values()) for start in patterns]
    assert before[0] == before[1]
    assert 2.5 * after[0] < after[1] < 6.0 * after[0]


def test_the_oracle_of_laundering_expects_more_in_an_attack() -> None:
    calm, attacked = made(), made(fraud=replace(Fraud(), attack_month=12, attack_factor=4.0))
    chances = []
    for one in (calm, attacked):
        label = tables_of(one)["label_laundering"]
        late = label["cutoff"].to_numpy() >= np.datetime64("2024-01-01")
        chances.append(label["oracle"].to_numpy()[late].min())
    assert chances[1] == pytest.approx(4.0 * chances[0], rel=0.05)


def test_numbers_of_steps_in_the_app_differ_in_any_bank_up_to_fifty_million_customers() -> None:
    steps = world().crime.steps
    assert (CRIME_SESSION + steps.session < SESSIONS_OF_A_CUSTOMER).all()
    assert (steps.step < STEPS_AT_MOST).all()
    last = FIRST_SESSION + MOST_CUSTOMERS * SESSIONS_OF_A_CUSTOMER
    assert last * STEPS_AT_MOST < 2**63
    assert FORMS_END < FIRST_SESSION // 2 * STEPS_AT_MOST
    first_of_crime = FIRST_SESSION + CRIME_SESSION  # of a customer; of the next one a whole block later
    assert first_of_crime * STEPS_AT_MOST > (FIRST_SESSION + CRIME_SESSION - 1) * STEPS_AT_MOST + 7
    digital = tables_of(world())["digital"]
    number, session = digital["event_no"].to_numpy(), digital["session"].to_numpy()
    assert np.unique(number).size == number.size
    assert ((session - FIRST_SESSION) % SESSIONS_OF_A_CUSTOMER >= CRIME_SESSION).all()


def test_every_twin_of_fraud_pays_by_a_way_fraud_uses() -> None:
    crime = world().crime
    ways = {CHANNELS.index(one) for one in ("card", "online", "transfer")}
    twins = np.isin(crime.kind, [kind_of(one) for one in TWINS_OF_FRAUD])
    assert set(crime.entries.channel[twins].tolist()) <= ways


def test_the_words_of_a_stolen_transfer_are_those_of_the_honest_one() -> None:
    few = np.arange(_GROUPS_AT_MOST)
    shares = []
    strong = made(fraud=Fraud(account_takeover=20.0), people=1000)
    for kind in ("account_takeover", "new_phone"):
        said = strong.crime.entries.words[of_kind(strong.crime, kind)]
        shares.append(np.isin(said, words("friends", few)).mean())
        assert np.isin(said, np.concatenate([words("friends", few), words("elsewhere", few)])).all()
    assert abs(shares[0] - shares[1]) < 0.15
    assert 0.25 < shares[0] < 0.55


def test_a_strangers_session_takes_its_time_as_any_other_does() -> None:
    strong = made(fraud=Fraud(account_takeover=20.0), people=1000)
    steps = tables_of(strong)["digital"]
    took = steps["duration_ms"].to_numpy()
    assert 0.9 * np.exp(9.3) < np.median(took) < 1.1 * np.exp(9.3)
    assert np.unique(took).size > 0.9 * took.size
    session, second = steps["session"].to_numpy(), steps["happened_at"].to_numpy().astype("datetime64[s]")
    order = np.lexsort((second, session))
    pause = np.diff(second[order]).astype(np.int64)[np.diff(session[order]) == 0]
    assert (pause >= 12).all()
    assert (pause <= 62).all()
    assert np.unique(pause).size > 40
