"""Crime among the customers: each planted cause has its effect, and what is written agrees with the truth."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from bankmine.simulation.crime.laundering import THRESHOLD
from bankmine.simulation.crime.planned import CARD_FRAUDS, FRAUDS, KINDS, LAUNDERING, kind_of
from bankmine.simulation.entries import CATEGORIES
from bankmine.simulation.frame import DAY, NEVER
from bankmine.simulation.ledger import DECLINED
from bankmine.simulation.scenario import Fraud
from simulation.crime_world import MANY, NO_FRAUD, NO_LAUNDERING, made, of_kind, tables_of


@pytest.mark.parametrize("kind", FRAUDS)
def test_strength_zero_plants_no_fraud_of_the_kind(kind: str) -> None:
    assert of_kind(made().crime, kind).any()
    assert not of_kind(made(fraud=NO_FRAUD).crime, kind).any()


@pytest.mark.parametrize("kind", LAUNDERING)
def test_strength_plants_laundering_of_the_kind(kind: str) -> None:
    assert of_kind(made(laundering=MANY).crime, kind).any()
    assert not of_kind(made(laundering=NO_LAUNDERING).crime, kind).any()


def test_a_cause_switched_off_leaves_the_others_as_they_were() -> None:
    with_all, without = made().crime, made(fraud=NO_FRAUD).crime
    for kind in ("wedding", "holiday", "cycle", "structuring", "takings"):
        first, second = of_kind(with_all, kind), of_kind(without, kind)
        assert np.array_equal(with_all.entries.second[first], without.entries.second[second])
        assert np.array_equal(with_all.entries.cents[first], without.entries.cents[second])


def test_an_attack_multiplies_fraud_from_its_month_on_and_changes_nothing_before() -> None:
    calm, attacked = made(), made(fraud=Fraud(attack_month=12, attack_factor=6.0))
    begins = int(calm.frame.month_start[12]) * DAY
    stolen = [of_kind(one.crime, "stolen_card") for one in (calm, attacked)]
    seconds = [one.crime.entries.second[mark] for one, mark in zip((calm, attacked), stolen, strict=True)]
    first = [np.sort(parts[parts < begins - 4 * DAY]) for parts in seconds]
    assert np.array_equal(first[0], first[1])
    assert (seconds[1] >= begins).sum() > 2.5 * (seconds[0] >= begins).sum()


def test_a_longer_world_begins_with_the_same_thefts() -> None:
    short, long = made(months=12), made(months=24)
    until = (short.frame.days - 5) * DAY
    for kind in ("stolen_card", "account_takeover"):
        found = []
        for one in (short, long):
            mark = of_kind(one.crime, kind) & (one.crime.entries.second < until)
            found.append(np.sort(one.crime.entries.second[mark]))
        assert np.array_equal(found[0], found[1])


def test_the_share_of_card_fraud_is_what_banks_report() -> None:
    world = made(people=1000)
    money, status = world.ledger.money, world.ledger.status
    paid = (money.card >= 0) & money.out & (status != 2) & (status > 0)
    fraud = world.crime.fraud & (world.crime.entries.card >= 0) & (world.crime.transactions(world.ledger) > 0)
    assert 0.002 < fraud.sum() / paid.sum() < 0.004


def test_payments_stay_within_the_life_of_their_account_and_card() -> None:
    world = made(laundering=MANY)
    entries, acc = world.crime.entries, world.acc
    day = entries.second // DAY
    assert (day >= acc.opened[entries.account]).all()
    assert (day < acc.closed[entries.account]).all()
    with_card = entries.card >= 0
    assert (day[with_card] < acc.card_closed[entries.card[with_card]]).all()
    assert (day[with_card] >= acc.card_issued[entries.card[with_card]]).all()
    assert (acc.card_account[entries.card[with_card]] == entries.account[with_card]).all()


def test_parts_cover_their_payments() -> None:
    world = made(laundering=MANY)
    crime = world.crime
    shopping = np.isin(crime.kind, [kind_of(name) for name in (*CARD_FRAUDS, *LAUNDERING)])
    part, second = crime.part[shopping], crime.entries.second[shopping]
    assert (second >= crime.parts.begins[part]).all()
    assert (second <= crime.parts.ends[part]).all()


def test_every_tag_finds_its_own_transaction() -> None:
    world = made()
    number = world.crime.transactions(world.ledger)
    booked = np.flatnonzero(number > 0)
    assert booked.size > 0.85 * number.size
    assert np.array_equal(world.ledger.numbers_of(world.crime.entries.tag)[booked], number[booked])
    assert np.unique(number[booked]).size == booked.size


def test_large_honest_purchases_stay_within_two_and_a_half_months_income() -> None:
    world = made(people=1000)
    money = world.crime.entries
    bought = (money.merchant >= 0) & ~world.who.company[money.person]
    months = money.cents[bought] / world.who.income[money.person[bought]]
    assert 1.0 < months.max() < 2.51


def test_cycles_come_back_to_where_they_began_with_less() -> None:
    world = made(laundering=MANY)
    crime, acc = world.crime, world.acc
    mark = np.flatnonzero(of_kind(crime, "cycle") & crime.entries.out)
    for pattern in np.unique(crime.parts.pattern[crime.part[mark]]):
        rows = mark[crime.parts.pattern[crime.part[mark]] == pattern]
        rows = rows[np.argsort(crime.entries.second[rows])]
        payer = acc.number[crime.entries.account[rows]]
        whole = rows.size >= 3
        assert not whole or (crime.entries.counterparty[rows][:-1] == payer[1:]).all()
        assert (np.diff(crime.entries.cents[rows]) < 0).all()


def test_structured_deposits_stay_below_the_threshold() -> None:
    crime = made(laundering=MANY).crime
    cash = of_kind(crime, "structuring") & (crime.entries.category == CATEGORIES.index("cash_deposit"))
    cents = crime.entries.cents[cash]
    assert cents.size >= 5
    assert ((cents < THRESHOLD) & (cents > 0.8 * THRESHOLD)).all()


def test_both_sides_of_a_transfer_between_customers_agree() -> None:
    world = made(laundering=MANY)
    entries = world.crime.entries
    inside = (entries.counterparty > 0) & (entries.bank == 0)
    key = {
        (int(second), int(cents)): True
        for second, cents, out, one in zip(entries.second, entries.cents, entries.out, inside, strict=True)
        if one and out
    }
    received = np.flatnonzero(inside & ~entries.out)
    assert received.size > 20
    missing = [row for row in received if (int(entries.second[row]), int(entries.cents[row])) not in key]
    assert len(missing) <= 0.02 * received.size  # the payer's account was closed


def test_most_fraud_is_reported_within_twenty_days_and_some_never() -> None:
    crime = made(people=1000).crime
    fraud = crime.fraud
    verdict = crime.verdicts.payment[fraud]
    reported = verdict < NEVER
    assert 0.90 < reported.mean() < 0.98
    days = (verdict[reported] - crime.entries.second[fraud][reported]) / DAY
    assert days.min() >= 1.0
    assert days.max() <= 20.0
    assert 5.0 < np.median(days) < 9.5


def test_schemes_are_found_ten_to_forty_five_days_after_their_end() -> None:
    crime = made(laundering=MANY).crime
    parts = crime.parts
    judged = np.flatnonzero(crime.verdicts.laundering & (crime.verdicts.account < NEVER))
    last = {int(one): int(parts.ends[parts.pattern == one].max()) for one in np.unique(parts.pattern[judged])}
    days = [(crime.verdicts.account[one] - last[int(parts.pattern[one])]) / DAY for one in judged]
    assert min(days) > 8.9
    assert max(days) < 46.0
    guilty = crime.verdicts.laundering & (parts.person >= 0)
    assert 0.65 < (crime.verdicts.account[guilty] < NEVER).mean() < 0.92


def test_a_verdict_is_given_once_and_after_its_transaction() -> None:
    world = made(laundering=MANY)
    feedback = tables_of(world)["feedback"].to_pylist()
    keys = [(one["subject_kind"], one["subject"], one["verdict"]) for one in feedback]
    assert len(set(keys)) == len(keys)
    booked = dict(zip(world.ledger.number.tolist(), world.ledger.money.second.tolist(), strict=True))
    start = np.datetime64("2023-01-01", "s")
    for one in feedback:
        if one["subject_kind"] == "transaction":
            decided = (np.datetime64(one["decided_at"], "s") - start).astype(int)
            assert decided > booked[one["subject"]]


def test_confirmed_transactions_are_frauds_and_refuted_ones_are_not() -> None:
    tables = tables_of(made(people=1000))
    frauds = set(tables["frauds"]["transaction"].to_pylist())
    for one in tables["feedback"].to_pylist():
        if one["subject_kind"] == "transaction":
            assert (one["subject"] in frauds) == (one["verdict"] == "confirmed")


def test_declined_attempts_of_thieves_are_frauds_that_nobody_reports() -> None:
    world = made(people=1000)
    frauds = tables_of(world)["frauds"]
    number, declined = frauds["transaction"].to_numpy(), frauds["declined"].to_numpy()
    assert 0.01 < declined.mean() < 0.5
    assert np.unique(number).size == number.size
    status = world.ledger.status[np.isin(world.ledger.number, number[declined])]
    assert (status == DECLINED).all()
    assert not (frauds["reported"].to_numpy() & declined).any()


def test_the_oracle_of_card_fraud_is_calibrated_and_zero_without_fraud() -> None:
    world = made(people=1000)
    tables = tables_of(world)
    label, frauds = tables["label_card_fraud"], tables["frauds"]
    reported = frauds.filter(frauds["reported"])["transaction"].to_numpy()
    true = np.isin(label["subject"].to_numpy(), reported)
    oracle = label["oracle"].to_numpy()
    assert abs(oracle.sum() - true.sum()) < 4 * np.sqrt(true.sum()) + 1
    assert (oracle[true] > 0).all()
    calm = tables_of(made(fraud=NO_FRAUD))
    assert (calm["label_card_fraud"]["oracle"].to_numpy() == 0).all()


def test_the_oracle_of_laundering_is_calibrated() -> None:
    world = made(laundering=MANY, people=1000)
    tables = tables_of(world)
    label, feedback = tables["label_laundering"], tables["feedback"].to_pylist()
    known = {
        one["subject"]: np.datetime64(one["decided_at"], "us")
        for one in feedback
        if one["label"] == "laundering" and one["verdict"] == "confirmed"
    }
    cutoff = label["cutoff"].to_numpy()
    whole = cutoff <= cutoff.max() - np.timedelta64(40, "D")
    at = np.array([known.get(one, np.datetime64("2200-01-01", "us")) for one in label["subject"].to_pylist()])
    true = (at >= cutoff) & (at < cutoff + np.timedelta64(60, "D"))
    expected = label["oracle"].to_numpy()[whole].sum()
    assert 0.7 < true[whole].sum() / expected < 1.4


def test_nothing_is_written_of_what_happens_after_the_period() -> None:
    world = made()
    end = np.datetime64("2023-01-01", "us") + np.timedelta64(world.frame.days, "D")
    for name, table in tables_of(world).items():
        for column in table.column_names:
            written = pa.types.is_timestamp(table.schema.field(column).type) and column != "confirmed_at"
            if written:
                values = table[column].drop_null().to_numpy()
                assert (values < end).all(), f"{name}.{column}"


def test_a_bank_of_one_customer_and_one_month_is_made() -> None:
    tables = tables_of(made(months=1, people=1))
    assert tables["feedback"].num_rows >= 0
    assert tables["label_laundering"].num_rows == 0


def test_kinds_have_twins() -> None:
    crime = made(people=1000).crime
    for kind in KINDS:
        if kind not in LAUNDERING:
            assert of_kind(crime, kind).any(), kind
