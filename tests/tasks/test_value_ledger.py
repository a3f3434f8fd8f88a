"""The ledger: hand-computed items, exact shares, the same total as the bank's books, nothing from later."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import UsageError
from bankmine.tasks.contract import Bank
from bankmine.tasks.value.ledger import COMPONENTS, Ledger, ledgers
from bankmine.tasks.value.losses import FORMS, LATE_FROM, State, yearly
from bankmine.tasks.value.reconcile import bank_result, reconciled
from bankmine.tasks.value.shares import PARTS, summed_shares, whole
from engine.small_warehouse import SmallWarehouse

CUTOFF = "2024-01-01"
Rows = dict[str, list[dict[str, Any]]]


def hand_made() -> Rows:
    """A joint savings account, an overdrawn current account with a fee, a loan, calls and a campaign."""
    month_ends = [f"2023-{month:02d}-28T20:00" for month in range(1, 13)]
    since = {"valid_from": "2020-01-01"}
    return {
        "product": [
            {"product_code": "SAV", "family": "savings"}, {"product_code": "CUR", "family": "current"},
            {"product_code": "LOAN", "family": "loan"}, {"product_code": "FUND", "family": "fund"},
        ],
        "rate_history": [
            {"product_code": "SAV", "customer_rate": 0.02, "transfer_rate": 0.03, "fee_minor": 0, **since},
            {"product_code": "CUR", "customer_rate": None, "transfer_rate": 0.03, "fee_minor": 900, **since},
            {"product_code": "LOAN", "customer_rate": 0.07, "transfer_rate": 0.04, "fee_minor": 0, **since},
            {"product_code": "FUND", "customer_rate": None, "transfer_rate": 0.03, "fee_minor": 150, **since},
        ],
        "channel_cost": [
            {"channel": "card", "unit_cost_minor": 5, **since},
            {"channel": "phone", "unit_cost_minor": 400, "valid_from": "2020-01-01"},
            {"channel": "phone", "unit_cost_minor": 500, "valid_from": "2023-07-01"},
            {"channel": "app", "unit_cost_minor": 3, **since},
        ],
        "customer": [
            {"customer_id": one, "kind": "person", **since} for one in (1, 2, 3)
        ],
        "account": [
            {"account_id": 11, "product_code": "SAV", **since},
            {"account_id": 12, "product_code": "CUR", **since},
        ],
        "balance": [
            {"account_id": 11, "customer_id": owner, "is_primary": owner == 1, "event_time": at,
             "balance_minor": 1_000_001}
            for at in month_ends for owner in (1, 2)
        ] + [
            {"account_id": 12, "customer_id": 3, "event_time": at, "balance_minor": -36_500}
            for at in month_ends
        ],
        "transaction": [
            {"transaction_id": 1, "account_id": 12, "customer_id": 3, "event_time": "2023-02-03",
             "base_minor": 900, "category": "fee", "channel": "bank"},
            {"transaction_id": 2, "account_id": 12, "customer_id": 3, "event_time": "2023-03-03",
             "base_minor": 700, "category": "interest", "channel": "bank"},
            {"transaction_id": 3, "account_id": 11, "customer_id": 1, "event_time": "2023-03-04",
             "base_minor": 5_000, "channel": "card"},
            {"transaction_id": 3, "account_id": 11, "customer_id": 2, "is_primary": False,
             "event_time": "2023-03-04", "base_minor": 5_000, "channel": "card"},
            {"transaction_id": 4, "account_id": 12, "customer_id": 3, "event_time": "2023-03-05",
             "base_minor": 5_000, "channel": "card", "status": "declined"},
            {"transaction_id": 5, "account_id": 12, "customer_id": 3, "event_time": "2022-12-05",
             "base_minor": 900, "category": "fee", "channel": "card"},
        ],
        "holding": [
            {"customer_id": 2, "product_code": "FUND", "opened_on": "2023-11-15", **since},
            {"customer_id": 3, "product_code": "CUR", "opened_on": "2020-01-01", **since},
            {"customer_id": 3, "product_code": "LOAN", "opened_on": "2023-10-02", **since},
        ],
        "loan": [
            {"loan_id": 21, "customer_id": 3, "granted_on": "2023-10-02", "principal_minor": 100_000,
             "term_months": 12, "rate": 0.08, "status": "running", **since},
        ],
        "loan_event": [
            {"loan_event_id": 1, "loan_id": 21, "customer_id": 3, "kind": "disbursed",
             "event_time": "2023-10-02", "amount_minor": 100_000, "principal_after_minor": 100_000,
             "days_past_due": 0},
            {"loan_event_id": 2, "loan_id": 21, "customer_id": 3, "kind": "due", "event_time": "2023-12-02",
             "amount_minor": 9_000, "principal_after_minor": 100_000, "days_past_due": 95},
        ],
        "interaction": [
            {"interaction_id": 1, "customer_id": 1, "channel": "phone", "kind": "call",
             "event_time": "2023-06-30"},
            {"interaction_id": 2, "customer_id": 1, "channel": "phone", "kind": "call",
             "event_time": "2023-07-01"},
        ],
        "digital_event": [
            {"digital_event_id": one, "customer_id": 2, "channel": "app", "event": "view", "session_id": 77,
             "event_time": f"2023-05-01T10:0{one}"}
            for one in range(3)
        ],
        "contact": [
            {"contact_id": 1, "customer_id": 2, "campaign_id": "c", "offer_id": "o", "cost_minor": 120,
             "channel": "post", "event_time": "2023-05-02"},
        ],
    }  # fmt: skip


def ledger_of(folder: Path, rows: Rows, at: str = CUTOFF) -> tuple[Bank, Ledger]:
    """A warehouse of the rows and its ledger at a cutoff."""
    small = SmallWarehouse(folder)
    small.load(coverage=("2021-01-01", "2026-01-01"), **rows)
    bank = Bank(warehouse=small.warehouse, cutoff=small.at(at))
    return bank, ledgers(bank, [bank.cutoff])[0]


def rounded(amount: Fraction) -> int:
    """To whole minor units, halves away from zero."""
    sign = 1 if amount >= 0 else -1
    return sign * int(abs(amount) + Fraction(1, 2))


DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def test_every_item_is_what_a_hand_would_compute(tmp_path: Path) -> None:
    _, ledger = ledger_of(tmp_path, hand_made())
    assert ledger.customers.tolist() == [1, 2, 3]
    parts = {name: ledger.parts[:, at].tolist() for at, name in enumerate(COMPONENTS)}
    joint = sum(rounded(Fraction(1_000_001 * days, 36_500)) for days in DAYS)  # one per cent a year
    assert parts["deposits"][0] + parts["deposits"][1] == joint
    assert abs(parts["deposits"][0] - parts["deposits"][1]) <= 4  # a unit a quarter, by largest remainder
    overdraft = -sum(rounded(Fraction(36_500 * 3 * days, 36_500)) for days in DAYS) + 700
    good = sum(rounded(Fraction(100_000 * 4 * days, 36_500)) for days in (31, 30))
    late = rounded(Fraction(-100_000 * 4 * 31, 36_500))
    assert parts["lending"] == [0, 0, overdraft + good + late]
    assert parts["fees"] == [0, 2 * 150, 900]  # CUR's fees are booked, FUND's are not; held in two months
    assert parts["channels"] == [-(2 + 400 + 500), -(3 + 3), 0]  # of two halves the lower key gets the unit
    assert parts["campaigns"] == [0, -120, 0]
    assert parts["credit loss"] == [0, 0, 0]  # nothing was ever written off


def test_customers_and_books_agree_to_the_cent_in_random_banks(tmp_path: Path) -> None:
    seen = dict.fromkeys(COMPONENTS, 0)
    for seed in range(4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        bank, ledger = ledger_of(folder, random_bank(seed))
        proof = reconciled(bank, ledger)
        assert proof["agrees"], proof
        assert ledger.totals == bank_result(bank, bank.cutoff)
        seen = {name: seen[name] + abs(ledger.totals[name]) for name in COMPONENTS}
    assert all(seen.values())


def random_bank(seed: int) -> Rows:
    """Accounts with one to four owners, balances of both signs, loans that go late and are written off."""
    random = Random(seed)
    rows = hand_made()
    owners = {account: sorted(random.sample(range(1, 9), random.randint(1, 4))) for account in range(30, 50)}
    rows["customer"] = [{"customer_id": one, "valid_from": "2020-01-01"} for one in range(1, 9)]
    for account, people in owners.items():
        closed = "2023-08-17" if random.random() < 0.2 else None
        rows["account"].append(
            {"account_id": account, "product_code": random.choice(("SAV", "CUR", "LOAN", "OTHER")),
             "closed_on": closed, "valid_from": "2021-01-01"}
        )  # fmt: skip
        for month in range(1, 13):
            balance, at = random.randint(-90_000, 2_000_000), f"2023-{month:02d}-{random.randint(1, 28):02d}"
            rows["balance"] += [
                {"account_id": account, "customer_id": one, "is_primary": one == people[0], "event_time": at,
                 "balance_minor": balance}
                for one in people
            ]  # fmt: skip
            number = account * 100 + month
            payment = {
                "transaction_id": number, "account_id": account, "event_time": at,
                "base_minor": random.randint(1, 9_999), "direction": random.choice(("in", "out")),
                "channel": random.choice(("card", "phone", "nowhere", None)),
                "category": random.choice(("fee", "interest", "other", None)),
            }  # fmt: skip
            rows["transaction"] += [
                {**payment, "customer_id": one, "is_primary": one == people[0]} for one in people
            ]
    rows["loan"], rows["loan_event"] = _random_loans(random)
    return rows


def _random_loans(random: Random) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    loans, events = [], []
    for loan in range(60, 80):
        who, left, late = random.randint(1, 8), random.randint(50_000, 900_000), 0
        loans.append(
            {"loan_id": loan, "customer_id": who, "granted_on": "2021-06-01", "principal_minor": left,
             "term_months": random.choice((None, 36)), "rate": random.choice((0.05, 0.12, None)),
             "status": "running", "valid_from": "2021-06-01"}
        )  # fmt: skip
        for month in range(30):
            year, number = divmod(month + 6, 12)
            late = late + 30 if random.random() < 0.15 else 0
            lost = late >= 90
            left = 0 if lost else left * 97 // 100
            events.append(
                {"loan_event_id": loan * 100 + month, "loan_id": loan, "customer_id": who,
                 "kind": "written_off" if lost else "due", "amount_minor": 1_000 + (50_000 if lost else 0),
                 "event_time": f"{2021 + year}-{number + 1:02d}-03", "principal_after_minor": left,
                 "days_past_due": late}
            )  # fmt: skip
            if lost:
                break
    return loans, events


def test_nothing_known_later_changes_an_earlier_ledger(tmp_path: Path) -> None:
    rows = random_bank(3)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, whole_bank = ledger_of(tmp_path / "a", rows, "2023-12-01")
    poisoned = {name: [dict(row) for row in table] for name, table in rows.items()}
    for name in ("balance", "transaction", "loan_event"):
        for row in poisoned[name]:
            if row["event_time"] >= "2023-12-01":
                row |= {
                    key: 10**9 for key in ("balance_minor", "base_minor", "amount_minor", "days_past_due",
                                           "principal_after_minor") if key in row
                }  # fmt: skip
    poisoned["rate_history"].append(
        {"product_code": "SAV", "customer_rate": 9.0, "transfer_rate": 0.0, "valid_from": "2022-01-01",
         "known_at": "2023-12-05"}
    )  # fmt: skip
    _, other = ledger_of(tmp_path / "b", poisoned, "2023-12-01")
    assert np.array_equal(whole_bank.amounts, other.amounts)
    assert np.array_equal(whole_bank.volumes, other.volumes)


def test_a_bank_with_little_still_has_a_ledger(tmp_path: Path) -> None:
    rows = hand_made()
    few = {name: rows[name] for name in ("account", "balance", "rate_history", "transaction")}
    bank, ledger = ledger_of(tmp_path, few)
    assert reconciled(bank, ledger)["agrees"]
    assert ledger.of(np.array([2, 99])).profit.tolist()[1] == 0


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-(10**6), 10**6), st.integers(1, 8)), max_size=30))
def test_shares_add_up_and_are_within_a_unit_of_the_exact_share(items: list[tuple[int, int, int]]) -> None:
    rows = [((first + k) % 6, amount, owners) for first, amount, owners in items for k in range(owners)]
    if not rows:
        return
    who, amount, owners = (np.array(one, dtype=np.int64) for one in zip(*rows, strict=True))
    if int(max(owners)) > 6:
        owners_ok = owners <= 6  # more owners than customers would repeat one
        who, amount, owners = who[owners_ok], amount[owners_ok], owners[owners_ok]
    parts = summed_shares(who, np.zeros(len(who), dtype=np.int64), amount, owners, (6, 1))
    exact = [sum((Fraction(int(a), int(n)) for w, a, n in zip(who, amount, owners, strict=True) if w == one),
                 Fraction(0)) for one in range(6)]  # fmt: skip
    assert [Fraction(int(one), PARTS) for one in parts[:, 0]] == exact
    made = whole(parts)[:, 0]
    assert int(made.sum()) == sum(exact)
    assert all(abs(int(one) - share) < 1 for one, share in zip(made, exact, strict=True))


def test_what_is_left_goes_to_the_largest_remainder_then_to_the_lower_key() -> None:
    thirds = np.array([[280], [280], [280]])  # a unit for three
    assert whole(thirds)[:, 0].tolist() == [1, 0, 0]
    assert whole(np.array([[100], [640], [100]]))[:, 0].tolist() == [0, 1, 0]
    with pytest.raises(UsageError, match="do not add up"):
        whole(np.array([[100]]))


def test_losses_of_rare_states_are_borrowed_and_none_exceeds_the_whole() -> None:
    states = {(form, late): State(1_000_000, 10_000, 9) for form in FORMS for late in LATE_FROM}
    states["line", 90] = State(10_000, 9_000, 2)  # too few of its own
    states["instalments", 90] = State(10_000, 3_000, 4)
    states["line", 61] = State(10_000, 9_000, 8)
    rates = yearly(states, share_lost=0.5, follow_months=6)
    assert rates["line", 0] == pytest.approx(0.01 * 0.5 * 2)
    assert rates["line", 90] == rates["instalments", 90] == pytest.approx(12_000 / 20_000 * 0.5 * 2)
    assert rates["line", 61] == pytest.approx(0.9)
    assert max(rates.values()) <= 1.0
