"""The parts of churn: labels, populations, lead times, what may be done, horizons."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.tasks import contract
from bankmine.tasks.churn.actions import RESTRAINED, restrained, restraint
from bankmine.tasks.churn.features import churn_catalogue, churn_features, competitors
from bankmine.tasks.churn.lead_page import beside_chance, lead_section
from bankmine.tasks.churn.lead_time import ABOVE, BELOW, LIKE, LOOK_BACK, by_chance, lead_times
from bankmine.tasks.churn.questions import ACTIONS, CLOSURE, SILENT_SIGNS, Leaving, by_money
from bankmine.tasks.churn.task import _MORE, Churn
from bankmine.tasks.contract import Bank, Plan
from bankmine.tasks.sql import instants
from bankmine.tasks.study import Refused
from bankmine.tasks.value.closing import Closing
from engine.small_warehouse import SmallWarehouse

DAY = 86_400_000_000
SIGN = {one.name: Leaving(one) for one in SILENT_SIGNS}


def bank_of(small: SmallWarehouse, cutoff: str, **settings: object) -> Bank:
    return Bank(warehouse=small.warehouse, cutoff=small.at(cutoff), settings=settings)


def at(small: SmallWarehouse, *cutoffs: str) -> Plan:
    moments = tuple(small.at(one) for one in cutoffs)
    return Plan(score=(moments[-1], moments[-1] + 1), cutoffs=moments, sentence="")


def paid(number: int, customer: int, day: str, **more: object) -> dict[str, object]:
    return {"transaction_id": number, "customer_id": customer, "event_time": day, "base_minor": 100, **more}


@pytest.fixture
def small(tmp_path: Path) -> SmallWarehouse:
    return SmallWarehouse(tmp_path)


def asked_of(small: SmallWarehouse, question: Leaving, bank: Bank, cutoff: str) -> dict[int, int]:
    rows = question.population(bank, at(small, cutoff))
    return dict(
        zip(rows.column("customer_id").to_pylist(), rows.column("value_minor").to_pylist(), strict=True)
    )


def label_of(question: Leaving, bank: Bank, rows: pa.Table) -> list[bool]:
    return [bool(one) for one in question.label(bank, rows)[0]]


def customers(*ids: int, **closed: str) -> list[dict[str, object]]:
    return [
        {"customer_id": one, "since": "2020-01-01", "valid_from": "2020-01-01",
         "closed_on": closed.get(f"c{one}")}
        for one in ids
    ]  # fmt: skip


def test_closure_asks_open_relations_and_says_who_ends_within_the_horizon(small: SmallWarehouse) -> None:
    small.load(
        customer=customers(1, 2, 3, c2="2024-03-10", c3="2023-12-01"),
        balance=[
            {"account_id": 11, "customer_id": 1, "balance_minor": 700, "event_time": "2023-12-31"},
            {"account_id": 12, "customer_id": 1, "balance_minor": -50, "event_time": "2023-12-31", "seq": 2},
            {"account_id": 11, "customer_id": 1, "balance_minor": 100, "event_time": "2023-11-30", "seq": 3},
            {"account_id": 21, "customer_id": 2, "balance_minor": -900, "event_time": "2023-12-31", "seq": 4},
        ],
        transaction=[paid(1, 1, "2023-12-01")],
    )
    question, bank = Leaving(CLOSURE), bank_of(small, "2024-06-01")
    assert asked_of(small, question, bank, "2024-01-01") == {1: 650, 2: 0}
    rows = question.population(bank, at(small, "2024-01-01"))
    assert label_of(question, bank, rows) == [False, True]
    sooner = bank_of(small, "2024-06-01", horizon_days=60)
    assert label_of(question, sooner, rows) == [False, False]


def test_a_closure_that_was_not_known_yet_leaves_the_customer_in(small: SmallWarehouse) -> None:
    small.load(
        customer=[
            {"customer_id": 1, "since": "2020-01-01", "valid_from": "2020-01-01"},
            {"customer_id": 1, "since": "2020-01-01", "valid_from": "2023-12-20", "closed_on": "2023-12-20",
             "known_at": "2024-01-15"},
        ],
        transaction=[paid(1, 1, "2023-12-01", direction="in")],
    )  # fmt: skip
    question, bank = Leaving(CLOSURE), bank_of(small, "2024-06-01")
    assert set(asked_of(small, question, bank, "2024-01-01")) == {1}
    assert asked_of(small, question, bank, "2024-02-01") == {}


def test_a_balance_is_run_down_when_less_than_a_quarter_is_left(small: SmallWarehouse) -> None:
    def stated(account: int, amounts: list[int]) -> list[dict[str, object]]:
        days = ("2023-10-31", "2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-29")
        return [
            {"account_id": account, "customer_id": account // 10, "balance_minor": amount, "event_time": day,
             "seq": 100 * account + place}
            for place, (day, amount) in enumerate(zip(days, amounts, strict=True))
        ]  # fmt: skip

    small.load(
        customer=customers(1, 2, 3, 4),
        balance=[
            *stated(11, [900, 900, 900, 900, 900, 300]),
            *stated(21, [600, 600, 600, 500, 300, 100]),
            *stated(22, [300, 300, 300, 100, 10, 10]),
            *stated(31, [900, 900, 100, 0, 0, 0]),
            *stated(41, [10, 10, 10, 10, 10, 10]),
        ],
        transaction=[paid(1, 1, "2023-12-01")],
    )
    question, bank = SIGN["balance_rundown"], bank_of(small, "2024-06-01")
    rows = question.population(bank, at(small, "2024-01-01"))
    assert rows.column("customer_id").to_pylist() == [1, 2]  # 3 ran down before, 4 has little
    assert rows.column("value_minor").to_pylist() == [900, 900]
    assert label_of(question, bank, rows) == [False, True]


def test_a_joint_account_is_divided_among_its_owners(small: SmallWarehouse) -> None:
    """Two owners of 901, one of whom owes 7 with two others: what is at stake adds up to what lies there."""

    def stated(account: int, day: str, amount: int, *owners: int) -> list[dict[str, object]]:
        return [
            {"account_id": account, "customer_id": one, "balance_minor": amount, "event_time": day,
             "seq": account, "is_primary": one == owners[0]}
            for one in owners
        ]  # fmt: skip

    days = ("2023-10-31", "2023-11-30", "2023-12-31")
    small.load(
        customer=customers(1, 2, 3, 4),
        balance=[row for day in days for row in stated(11, day, 901, 1, 2)]
        + [row for day in days for row in stated(12, day, -7, 1, 2, 3)]
        + [row for day in days for row in stated(13, day, 50, 3)]
        + stated(11, "2024-03-29", 300, 1, 2),
        transaction=[paid(1, 1, "2023-12-01")],
    )
    bank = bank_of(small, "2024-06-01")
    held = asked_of(small, Leaving(CLOSURE), bank, "2024-01-01")
    assert held == {1: 448, 2: 448, 3: 48, 4: 0}
    assert sum(held.values()) == 901 - 7 + 50
    question = SIGN["balance_rundown"]
    rows = question.population(bank, at(small, "2024-01-01"))
    assert rows.column("customer_id").to_pylist() == [1, 2]
    assert all(abs(one - 450.5) < 1 for one in rows.column("value_minor").to_pylist())
    assert label_of(question, bank, rows) == [
        False,
        False,
    ]  # 150 of 450 each is a third, not less than a quarter


def test_a_salary_has_moved_when_none_comes_after_a_month(small: SmallWarehouse) -> None:
    months = ("2023-07-25", "2023-08-25", "2023-09-25", "2023-10-25", "2023-11-25", "2023-12-27")
    rows = [
        paid(10 * customer + place, customer, day, direction="in", category="salary")
        for customer in (1, 2, 3)
        for place, day in enumerate(months)
        if not (customer == 3 and place > 4)
    ]
    rows += [paid(90, 1, "2024-02-25", direction="in", category="salary"),
             paid(91, 2, "2024-01-25", direction="in", category="salary")]  # fmt: skip
    small.load(customer=customers(1, 2, 3), transaction=rows)
    question, bank = SIGN["salary_moved"], bank_of(small, "2024-06-01")
    asked = question.population(bank, at(small, "2024-01-20"))
    assert asked.column("customer_id").to_pylist() == [1, 2]  # the third's last came more than 40 days before
    assert label_of(question, bank, asked) == [False, True]


def test_a_card_is_unused_when_no_payment_is_made_with_one_after_a_month(small: SmallWarehouse) -> None:
    rows = [
        paid(100 * customer + place, customer, f"2023-12-{place + 10}", card_id=customer)
        for customer in (1, 2)
        for place in range(12)
    ]
    rows += [paid(1, 1, "2024-02-20", card_id=1), paid(2, 2, "2024-01-05", card_id=2),
             paid(3, 2, "2024-02-20")]  # fmt: skip
    small.load(customer=customers(1, 2), transaction=rows)
    question, bank = SIGN["card_unused"], bank_of(small, "2024-06-01")
    asked = question.population(bank, at(small, "2024-01-01"))
    assert label_of(question, bank, asked) == [False, True]
    assert asked.column("value_minor").to_pylist() == [1200, 1200]


def test_the_wallet_has_moved_when_as_much_is_sent_to_competitors_as_usually_comes_in(
    small: SmallWarehouse,
) -> None:
    def sent(
        number: int, customer: int, amount: int, to: str, channel: str = "transfer"
    ) -> dict[str, object]:
        return paid(number, customer, "2024-02-01", base_minor=amount, channel=channel, counterparty_bank=to)

    small.load(
        customer=customers(1, 2, 3),
        transaction=[
            *(paid(one, one, "2023-12-05", direction="in", base_minor=600) for one in (1, 2, 3)),
            sent(11, 1, 600, "Rival"), sent(21, 2, 600, "Other"), sent(22, 2, 499, "Rival"),
            sent(31, 3, 900, "own"), sent(32, 3, 900, "Rival", channel="order"),
        ],
    )  # fmt: skip
    question = SIGN["wallet_moved"]
    every, one = bank_of(small, "2024-06-01"), bank_of(small, "2024-06-01", competitors="Rival, Third")
    asked = question.population(every, at(small, "2024-01-01"))
    assert label_of(question, every, asked) == [True, True, False]
    assert label_of(question, one, asked) == [True, False, False]
    assert competitors(one) == ",Rival,Third,"


def test_the_wallet_is_measured_over_as_many_days_as_the_horizon(small: SmallWarehouse) -> None:
    small.load(
        customer=customers(1),
        transaction=[
            paid(1, 1, "2023-09-10", direction="in", base_minor=500),
            paid(2, 1, "2023-12-05", direction="in", base_minor=600),
        ],
    )
    question = SIGN["wallet_moved"]
    for days, wanted in ((60, 600), (90, 600), (120, 1100)):
        bank = bank_of(small, "2024-06-01", horizon_days=days)
        assert asked_of(small, question, bank, "2024-01-01") == {1: wanted}


@pytest.mark.parametrize("name", ["closure", *SIGN])
def test_a_horizon_whose_windows_would_be_empty_is_refused(small: SmallWarehouse, name: str) -> None:
    small.load(customer=customers(1), transaction=[paid(1, 1, "2023-12-01")])
    question = SIGN.get(name) or Leaving(CLOSURE)
    assert question.rule(bank_of(small, "2024-06-01", horizon_days=60)).horizon_days == 60
    with pytest.raises(ConfigurationError, match=r"horizon_days is 59.*Give at least 60\."):
        question.plan(bank_of(small, "2024-06-01", horizon_days=59))


def test_features_of_a_bank_without_named_banks_are_those_it_has(small: SmallWarehouse) -> None:
    small.load(customer=customers(1), transaction=[paid(1, 1, "2023-12-01")])
    bank = bank_of(small, "2024-06-01")
    names = churn_features(bank)
    assert "transaction_days_since_last_all" in names
    assert not any(name.startswith("sent_bank_share") for name in names)
    assert churn_catalogue(bank) is churn_catalogue(bank)


def lists_of(given: list[tuple[int, int, float]]) -> contract.Tested:
    """A test of (day, customer, ranking) whose baseline ranks the other way round."""
    day, customer, ranking = (np.array(column) for column in zip(*given, strict=True))
    rows = pa.table({"customer_id": customer, "cutoff": instants(day * DAY)})
    both = {"m": ranking, "b": -ranking}
    return contract.Tested(
        rows=rows, truth=ranking > 1, probability=both, ranking=both, model="m", best_baseline="b"
    )


def test_a_lead_time_counts_from_the_first_listing_to_the_closure() -> None:
    """Twelve leavers close on day 200; each is ranked first from day 110 on; two hundred others stay."""
    rows = [
        (cutoff, who, rank)
        for cutoff in (80, 110, 140, 170)
        for who, rank in [
            *((leaver, 9.0 if cutoff >= 110 else -5.0) for leaver in range(12)),
            *((other, other / 1000) for other in range(100, 300)),
        ]
    ]
    closed = dict.fromkeys(range(12), 200)
    found = lead_times("q", lists_of(rows), closed, horizon=90, zone=_Utc(), seed=0)  # type: ignore[arg-type]
    model, base = found
    assert (model.closures, model.seen, model.days) == (12, 1.0, 90.0)
    assert model.days_low == model.days_high == 90
    assert model.by_step[:6] == (1.0,) * 6
    assert model.by_step[6] == 0.0
    assert model.precision == pytest.approx(24 / 64)  # at 110 the closure is just beyond the horizon
    assert model.false_alarms <= 0.05
    assert base.seen == 1.0  # ranked the other way round the early months are listed
    assert base.days == 120
    assert (model.early, model.early_low, model.early_verdict) == (1.0, 1.0, ABOVE)


def test_closures_too_early_to_be_looked_back_at_are_not_counted() -> None:
    rows = [(cutoff, one, float(one)) for cutoff in (0, 30, 60) for one in range(100)]
    closed = {one: (LOOK_BACK - 1 if one < 50 else 100) for one in range(56)}
    found = lead_times("q", lists_of(rows), closed, horizon=90, zone=_Utc(), seed=0)  # type: ignore[arg-type]
    assert found[0].closures == 6
    assert lead_times("q", lists_of(rows), {1: 100}, horizon=90, zone=_Utc(), seed=0) == []  # type: ignore[arg-type]


def test_a_random_list_sees_what_drawing_it_many_times_sees() -> None:
    draw = np.random.default_rng(5)
    who, day = (one.ravel() for one in np.meshgrid(np.arange(60), np.arange(0, 180, 30)))
    ends = (95 + np.arange(60) * 2.0)[who]
    length = np.where(day < 90, 0.04, 0.06)
    found = by_chance(who, day.astype(float), ends, length)
    seen, leads = [], []
    for _ in range(2_000):
        first = np.full(60, -1.0)
        hit = (draw.random(len(who)) < length) & (ends > day)
        np.maximum.at(first, who[hit], (ends - day)[hit])
        seen.append((first >= 0).mean())
        leads.extend(first[first >= 0])
    assert found["chance_seen"] == pytest.approx(np.mean(seen), abs=0.004)
    assert found["chance_by_step"][0] == pytest.approx(found["chance_seen"])
    assert found["chance_days"] == pytest.approx(np.median(leads), abs=3)
    half = (np.array(leads) >= 90).sum() / (60 * 2_000)
    assert found["chance_by_step"][5] == pytest.approx(half, abs=0.004)


def test_a_list_no_better_than_a_random_one_has_no_days() -> None:
    draw = np.random.default_rng(2)
    rows = [(cutoff, who, float(draw.random())) for cutoff in range(0, 180, 30) for who in range(600)]
    closed = dict.fromkeys(range(60), 175)
    found = lead_times("q", lists_of(rows), closed, horizon=90, zone=_Utc(), seed=0)  # type: ignore[arg-type]
    assert found[0].seen == pytest.approx(found[0].chance_seen, abs=0.12)
    assert 0.2 < found[0].chance_seen < 0.3
    assert found[0].days is None
    assert found[0].days_low is None
    assert found[0].early_verdict == LIKE


def test_a_list_that_sees_less_early_than_chance_is_said_to_be_below_it() -> None:
    """Leavers are ranked last until the last look: a random list would have had them on before."""
    rows = [
        (cutoff, who, 9.0 if who < 60 and cutoff == 150 else -1.0 if who < 60 else who / 1000)
        for cutoff in range(0, 180, 30)
        for who in range(600)
    ]
    closed = dict.fromkeys(range(60), 175)
    found = lead_times("q", lists_of(rows), closed, horizon=90, zone=_Utc(), seed=0)  # type: ignore[arg-type]
    assert (found[0].seen, found[0].early, found[0].early_verdict) == (1.0, 0.0, BELOW)


def test_the_page_has_a_table_of_lists_and_a_random_one_beside_them() -> None:
    line = {
        "question": "closure", "title": "Closure", "ranking": "m", "closures": 40, "seen": 0.3,
        "seen_low": 0.2, "seen_high": 0.4, "days": None, "days_low": None, "days_high": None,
        "chance_seen": 0.24, "chance_days": 102.0, "by_step": [0.3, 0.2], "chance_by_step": [0.24, 0.2],
        "steps": [0, 15], "precision": 0.1, "false_alarms": 0.05, "early": 0.22, "early_low": 0.15,
        "early_high": 0.3, "early_chance": 0.2, "early_days": 60, "early_verdict": LIKE,
    }  # fmt: skip
    unclear = lead_section([line])
    assert unclear is not None
    early, seen, table = unclear.blocks
    assert early.picture.bars[0].value == pytest.approx(0.02)  # type: ignore[union-attr]
    assert "random list as long has 20%" in early.title  # type: ignore[union-attr]
    below = line | {"question": "wallet", "title": "Wallet", "early": 0.07, "early_verdict": BELOW}
    assert beside_chance([line, below]) == (
        "not clearly above chance: closure (22% against 20%); below chance: wallet (7% against 20%)"
    )
    assert [one.name for one in seen.picture.series] == ["Closure", "random list"]  # type: ignore[union-attr]
    assert 0.24 in table.rows[0]  # type: ignore[union-attr]


class _Utc:
    @staticmethod
    def to_local(values: object) -> object:
        return values


def test_the_list_goes_by_chance_times_money_and_equal_money_by_chance() -> None:
    found = by_money(np.array([0.5, 0.1, 0.9, 0.2]), np.array([100.0, 1000.0, 0.0, 0.0]))
    assert found.order.tolist() == [1, 0, 2, 3]
    assert found.value.tolist() == [50, 100, 0, 0]
    assert set(found.grade) <= set(ACTIONS)


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ([], None), (["complaint_open"], "settle first"), (["deceased", "complaint_open"], "do not contact"),
        (["fraud_hold"], "do not contact"), (["closed"], "do not contact"), (["vulnerable"], "with care"),
        (["no_consent"], "service only"), (["arrears", "no_consent"], "with care"),
        (["complaint_open", "no_consent"], "settle first"),
    ],
)  # fmt: skip
def test_conditions_say_what_may_be_done(flags: list[str], wanted: str | None) -> None:
    assert restraint(flags) == wanted
    assert wanted is None or wanted in RESTRAINED


def test_who_must_not_be_contacted_comes_last_and_has_no_offer() -> None:
    found = by_money(np.linspace(0.9, 0.1, 20), np.full(20, 100.0))
    flags = [["fraud_hold"], ["complaint_open"], ["no_consent"], *([] for _ in range(17))]
    made = restrained(found, flags)
    assert made.grade[:4] == ["do not contact", "settle first", "service only", "watch"]
    assert int(np.argmax(made.order)) == 0
    assert made.actions["do not contact"].startswith("No action")
    assert made.summary["customers_by_grade"]["settle first"] == 1


def test_a_customer_at_the_end_of_the_list_is_left_alone_whatever_the_conditions() -> None:
    found = by_money(np.linspace(0.9, 0.1, 20), np.full(20, 100.0))
    assert restrained(found, [[]] * 19 + [["no_consent"]]).grade[-1] == "rest"


class _NoData:
    """Work whose every question is refused for the same reason."""

    bank = SimpleNamespace(settings={})

    def try_ask(self, question: Leaving) -> Refused:
        return Refused(question.name, question.title, "10 positives, at least 50 are needed. " + _MORE)


def test_a_study_without_any_question_says_once_what_to_do() -> None:
    with pytest.raises(FeasibilityError) as caught:
        Churn().study(_NoData())  # type: ignore[arg-type]
    assert str(caught.value).count(_MORE) == 1
    assert "10 positives" in str(caught.value)


def test_what_is_received_on_a_joint_account_is_at_stake_once(small: SmallWarehouse) -> None:
    """Two owners receive 901 together and one of them 100 alone: 1,001 is at stake, not 1,902."""
    joint = [
        paid(1, owner, "2023-12-20", direction="in", base_minor=901, is_primary=owner == 1)
        for owner in (1, 2)
    ]
    alone = paid(2, 2, "2023-12-21", direction="in", base_minor=100)
    small.load(customer=customers(1, 2), transaction=[*joint, alone])
    bank = bank_of(small, "2024-06-01")
    rows = Leaving(CLOSURE).population(bank, at(small, "2024-01-01"))
    assert rows.column("value_minor").to_pylist() == [451, 550]


def test_words_say_the_horizon_that_was_asked() -> None:
    asked = Leaving(CLOSURE, 60)
    assert asked.horizon_words == "60 days"
    assert "within 60 days" in asked.sentence
    assert "within 60 days" in asked.goal.question
    assert Leaving(CLOSURE).horizon_words == "90 days"


def test_value_asks_the_question_of_churn(small: SmallWarehouse) -> None:
    small.load(customer=customers(1, 2), transaction=[paid(1, 1, "2023-12-20"), paid(2, 2, "2023-12-21")])
    bank = bank_of(small, "2024-06-01", horizon_months=36)
    own, theirs = Closing(), Leaving(CLOSURE)
    plan = at(small, "2024-01-01")
    assert own.features(bank) == theirs.features(bank)
    assert own.rule(bank) == theirs.rule(bank)
    assert own.population(bank, plan).equals(theirs.population(bank, plan))
    names = own.features(bank)
    same = [[one.name for one in asked.candidates(bank, names)] for asked in (own, theirs)]
    assert same[0] == same[1]
