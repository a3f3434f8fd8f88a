"""A whole small bank made by code, with late events, corrections, cancellations and versions.

`rows_of_bank()` gives every table's rows, load by load, as dictionaries with civil times; tests load them
as they are, cut them off at an instant, or poison what lies after it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from engine.small_warehouse import SmallWarehouse

Row = dict[str, Any]
Loads = list[dict[str, list[Row]]]
FIRST, LAST = datetime(2022, 10, 1), datetime(2024, 4, 1)
CUSTOMERS = (1, 2, 3, 4, 5, 6)
COVERAGE = ("2022-10-01", "2024-04-01")
INSTANT_COLUMNS = (
    "event_time", "known_at", "valid_from", "valid_to", "resolved_at", "responded_at", "given_at",
    "withdrawn_at", "expires_at",
)  # fmt: skip


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def day(moment: datetime) -> str:
    return moment.date().isoformat()


def rows_of_bank(seed: int = 7) -> Loads:
    """Two loads: what was delivered first, and the corrections, cancellations and late verdicts."""
    random = Random(seed)
    payments, corrections, verdicts = _transactions(random)
    first = {"transaction": payments, **_other_events(random), **_versions(random), **_references()}
    for more in (_needs(Random(seed + 1)), credit_rows(Random(seed + 2))):
        for table, rows in more.items():
            first[table] = [*first.get(table, []), *rows]
    return [first, {"transaction": corrections, "feedback": verdicts, **_later_versions()}]


def build(folder: Path, loads: Loads) -> SmallWarehouse:
    """A warehouse of the rows."""
    folder.mkdir(exist_ok=True, parents=True)
    bank = SmallWarehouse(folder)
    for load in loads:
        bank.load(coverage=COVERAGE, **load)
    return bank


def changed(loads: Loads, change: Callable[[str, Row], Row | None]) -> Loads:
    """The rows after a change of each; None leaves a row out."""

    def kept(name: str, rows: list[Row]) -> list[Row]:
        return [new for row in rows if (new := change(name, dict(row))) is not None]

    return [{name: kept(name, rows) for name, rows in load.items()} for load in loads]


def _moment(random: Random, low: datetime = FIRST, high: datetime = LAST) -> datetime:
    minutes = int((high - low).total_seconds() // 60)
    return low + timedelta(minutes=random.randrange(minutes))


def _transactions(random: Random) -> tuple[list[Row], list[Row], list[Row]]:
    payments, corrections, verdicts = [], [], []
    for number in range(1, 501):
        moment = _moment(random)
        late = timedelta(days=random.randint(1, 30)) if random.random() < 0.15 else timedelta()
        customer = random.choice(CUSTOMERS)
        direction = random.choice(("in", "out", "out", "out"))
        category = "salary" if direction == "in" else random.choice(("household", "insurance", "x", None))
        row = {
            "transaction_id": number, "account_id": 10 + customer, "customer_id": customer,
            "event_time": text(moment), "known_at": text(moment + late), "direction": direction,
            "base_minor": random.randint(100, 90_000), "currency": "CZK", "category": category,
            "status": random.choice(("booked", "booked", "booked", "authorised", "declined")),
            "channel": random.choice(("card", "cash", "transfer", "odd", None)),
            "entry_mode": random.choice(("chip", "web")), "mcc": "5411", "country": "CZ",
            "card_id": random.choice((100 + customer, None)), "merchant_id": random.choice((1, 2, 3, None)),
            "terminal_id": random.choice((11, 12, 13, None)), "city": random.choice(("Praha", "Brno")),
            "counterparty_id": random.choice((21, 22, 23, None)),
            "device_id": 400 + number % 4 if number % 3 else None,
            "balance_after_minor": random.randint(-40_000, 400_000),
        }  # fmt: skip
        row |= {"counterparty_bank": f"k{number % 3}"} if number % 4 else {"channel": "order"}
        payments.append(row)
        known = moment + late + timedelta(days=random.randint(1, 60))
        if random.random() < 0.08:
            corrections.append({**row, "base_minor": random.randint(100, 90_000), "known_at": text(known)})
        elif random.random() < 0.05:
            corrections.append({**row, "cancelled": True, "known_at": text(known)})
        if random.random() < 0.2:
            verdicts.append(
                {
                    "subject_id": number, "customer_id": customer, "event_time": text(moment),
                    "known_at": text(moment + timedelta(days=random.randint(2, 12))),
                    "verdict": random.choice(("confirmed", "confirmed", "refuted")), "seq": number,
                }
            )  # fmt: skip
    joint = [{**row, "customer_id": 2, "is_primary": False} for row in payments if row["customer_id"] == 1]
    return payments + joint, corrections, verdicts


def _events(random: Random, key: str, count: int, make: Callable[[datetime], Row]) -> list[Row]:
    made = []
    for number in range(1, count + 1):
        moment = _moment(random)
        row = {key: number, "customer_id": random.choice(CUSTOMERS), "event_time": text(moment)}
        made.append({**row, **make(moment)})
    return made


def _other_events(random: Random) -> dict[str, list[Row]]:
    def later(moment: datetime) -> str:
        return text(moment + timedelta(days=random.randint(1, 40)))

    balances = [
        {
            "account_id": 10 + customer, "customer_id": customer, "balance_minor": random.randint(0, 500_000),
            "event_time": text(FIRST + timedelta(days=30 * month)), "seq": month,
        }
        for customer in CUSTOMERS
        for month in range(18)
    ]  # fmt: skip
    return {
        "balance": balances,
        "digital_event": _events(random, "digital_event_id", 120, lambda _: {"event": "login"}),
        "interaction": [
            *_events(random, "interaction_id", 40, lambda m: {"kind": "complaint", "resolved_at": later(m)}),
            *_said(Random(8)),
        ],
        "contact": _events(
            random, "contact_id", 40,
            lambda m: {"arm": "treated", "response": "yes", "responded_at": later(m), "revenue_minor": 5},
        ),
        "loan_event": _events(
            random, "loan_event_id", 40,
            lambda _: {"loan_id": 1, "kind": "due", "days_past_due": random.randint(0, 90)},
        ),
        "bureau_event": [
            *_events(random, "bureau_event_id", 40, lambda _: {"kind": "enquiry"}),
            *({"bureau_event_id": 100 + customer, "customer_id": customer, "kind": "address_change",
               "event_time": f"2023-0{customer}-10"} for customer in CUSTOMERS),
        ],
    }  # fmt: skip


def _said(random: Random) -> list[Row]:
    """Surveys with a rating, and calls."""
    made = _events(
        random, "interaction_id", 80,
        lambda _: {"kind": "survey", "rating": float(random.randint(1, 5)), "scale_min": 1.0,
                   "scale_max": 5.0}
        if random.random() < 0.5 else {"kind": random.choice(("call", "chat"))},
    )  # fmt: skip
    return [{**row, "interaction_id": 1_000 + number} for number, row in enumerate(made)]


_NEEDS = (
    "children", "education", "electronics", "health", "household", "insurance", "interest", "investment",
    "rent", "savings", "travel", "utilities",
)  # fmt: skip


def _needs(random: Random) -> dict[str, list[Row]]:
    """What speaks of a need: payments by category, money over the counter, pages, offers, applications."""
    kinds = [("out", category) for category in _NEEDS] + [("in", "transfer_in"), ("in", "benefit")]
    payments = []
    for number in range(1, 301):
        moment, (direction, category) = _moment(random), random.choice(kinds)
        payments.append(
            {
                "transaction_id": 2_000 + number, "account_id": 10 + (customer := random.choice(CUSTOMERS)),
                "customer_id": customer, "event_time": text(moment), "known_at": text(moment),
                "direction": direction, "base_minor": random.randint(100, 90_000), "currency": "CZK",
                "category": category, "status": "booked", "channel": random.choice(("branch", "online")),
                "counterparty_id": random.choice((21, 22)), "balance_after_minor": 10_000,
            }
        )  # fmt: skip
    families = ("deposit", "loan", "mortgage", "insurance", "fund")
    return {
        "transaction": payments,
        "digital_event": [
            {**row, "digital_event_id": 1_000 + row["digital_event_id"]}
            for row in _events(
                random, "digital_event_id", 150,
                lambda _: {"event": "view", "page": random.choice(("product", "campaign", "rates")),
                           "product_code": random.choice(("p1", "p2")),
                           "channel": random.choice(("app", "web"))},
            )
        ],
        "credit_application": _events(
            random, "application_id", 40,
            lambda m: {"product_code": "p2", "amount_minor": 5, "decided_at": text(m + timedelta(days=3)),
                       "decision": random.choice(("approved", "declined"))},
        ),
        "contact": [
            {**row, "contact_id": 1_000 + row["contact_id"]}
            for row in _events(
                random, "contact_id", 40,
                lambda m: {"arm": "treated", "offer_id": "o1", "response": "accepted",
                           "responded_at": text(m + timedelta(days=9)), "revenue_minor": 5},
            )
        ],
        "bureau_event": [
            {**row, "bureau_event_id": 1_000 + row["bureau_event_id"]}
            for row in _events(
                random, "bureau_event_id", 40, lambda _: {"kind": random.choice(("overdue", "loan_issued"))}
            )
        ],
        "customer": [
            {"customer_id": customer, "birth_year": 1950 + 7 * customer, "gender": "female",
             "region_id": "north", "branch_id": "b1", "occupation": "teacher", "income_band": "3",
             "education": "school", "marital": "single", "risk_class": "low", "employer_id": 50 + customer,
             "valid_from": "2023-03-10", "known_at": "2023-04-01", "since": "2020-02-01",
             "closed_on": "2024-02-01" if customer == 3 else None}
            for customer in (3, 4)
        ],
        "product": [
            {"product_code": f"n{number}", "family": family, "known_at": "2022-06-01"}
            for number, family in enumerate(families)
        ],
        "offer": [{"offer_id": "o1", "product_code": "p2", "known_at": "2022-06-01"}],
        "holding": [
            {"customer_id": 1 + number, "product_code": code, "opened_on": "2022-10-05",
             "closed_on": "2023-10-11", "valid_from": "2022-10-05"}
            for number, code in enumerate(("n0", "n1", "n2", "n3", "n4", "p0"))
        ],
    }  # fmt: skip


def credit_rows(random: Random) -> dict[str, list[Row]]:
    """Loans as they were paid, reports of the credit bureau, forms for credit, collateral and consents."""
    return {
        "loan_event": _courses(random),
        "credit_application": _forms(random),
        **_reports(random),
        "collateral": [
            {"loan_id": number, "kind": kind, "value_minor": 10**6 * number, "valid_from": "2023-03-02"}
            for number, kind in ((1, "home"), (2, "vehicle"), (3, "home"))
        ],
        "consent": [
            {"customer_id": customer, "purpose": "bureau", "channel": "any", "given_at": "2022-10-02",
             "withdrawn_at": "2024-01-20" if customer == 3 else None, "valid_from": "2022-10-02"}
            for customer in CUSTOMERS if customer != 6
        ],
    }  # fmt: skip


def _courses(random: Random) -> list[Row]:
    """Instalments of three loans: paid soon, late, in part not at all; drawn, repaid early, restructured."""
    made: list[Row] = []

    def add(loan: int, moment: datetime, kind: str, amount: int, left: int, late: int, next_due: int) -> None:
        known = moment + timedelta(days=random.choice((0, 0, 0, 3, 20)))
        made.append(
            {"loan_event_id": 1_000 + len(made), "loan_id": loan, "customer_id": loan, "kind": kind,
             "event_time": text(moment), "known_at": text(known), "amount_minor": amount,
             "principal_after_minor": left, "days_past_due": late,
             "due_next_on": day(moment + timedelta(days=next_due)), "due_next_minor": 90_000}
        )  # fmt: skip

    for loan in (1, 2, 3):
        left, unpaid_since = 10**6, None
        add(loan, datetime(2023, 3, 2, 10), "disbursed", 60_000 * loan, left, 0, 3)
        for month in range(13):
            due = datetime(2023, 3, 5) + timedelta(days=30 * month)
            late = 0 if unpaid_since is None else (due - unpaid_since).days
            add(loan, due, "due", 90_000, left, late, 30)
            wait = random.choice((1, 2, 4, 12, 26, None if loan == 2 else 3))
            unpaid_since = (unpaid_since or due) if wait is None else None
            if wait is not None:
                left = max(0, left - 70_000)
                add(loan, due + timedelta(days=wait), "paid", 90_000, left, 0, 30 - wait)
            if random.random() < 0.3:
                kind = random.choice(("prepaid", "drawn", "restructured"))
                add(loan, due + timedelta(days=27, hours=5), kind, 10_000, left, 0, 3)
    add(2, datetime(2024, 3, 20, 8), "written_off", 10_000, 0, 184, 30)
    return made


def _forms(random: Random) -> list[Row]:
    made = _events(
        random, "application_id", 24,
        lambda m: {"product_code": "p2", "amount_minor": random.randint(1, 60) * 10_000,
                   "term_months": random.choice((12, 24, 36, None)), "stated_income_minor": 250_000,
                   "channel": random.choice(("web", "branch")), "ip_country": random.choice(("CZ", "DE")),
                   "session_id": random.randint(1, 90), "device_id": 400 + random.randint(0, 3),
                   "phone": random.randint(500, 503), "address_id": random.randint(600, 603),
                   "employer_id": random.randint(50, 53), "decided_at": text(m + timedelta(days=2)),
                   "decision": random.choice(("approved", "declined", "withdrawn"))},
    )  # fmt: skip
    return [{**row, "application_id": 1_000 + row["application_id"]} for row in made]


BUREAU_KINDS = (
    "enquiry", "enquiry", "loan_issued", "repaid", "overdue", "address_change", "employer_change",
    "provident_fund_change",
)  # fmt: skip


def _reports(random: Random) -> dict[str, list[Row]]:
    """Reports, each telling the whole history again; some items become known late or lie in the future."""
    reports, items = [], []
    for customer in CUSTOMERS:
        history = [_item(random) for _ in range(40)]
        for number in range(4):
            drawn = datetime(2023, 1, 20) + timedelta(days=random.randint(0, 420), hours=9)
            report = 100 * customer + number
            reports.append(
                {"report_id": report, "customer_id": customer, "event_time": text(drawn), "reason": "credit"}
            )
            told = [row for row in history if row["event_time"] < text(drawn)]
            told += [{**told[0], "event_time": text(drawn + timedelta(days=9))}] if told else []
            items += [
                {**row, "bureau_event_id": 10_000 + 100 * report + place, "customer_id": customer,
                 "report_id": report, "known_at": text(drawn + timedelta(days=20 * (random.random() < 0.1)))}
                for place, row in enumerate(told)
            ]  # fmt: skip
    return {"bureau_report": reports, "bureau_event": items}


def _item(random: Random) -> Row:
    kind = random.choice(BUREAU_KINDS)
    named = kind in ("enquiry", "loan_issued", "repaid", "overdue")
    return {
        "kind": kind, "event_time": day(_moment(random, FIRST, LAST)),
        "institution_id": random.randint(1, 3) if named else None,
        "institution_kind": "bank" if named else None,
        "facility_id": random.randint(1, 6) if kind in ("loan_issued", "repaid") else None,
        "reason": random.choice(("personal loan", "account review")) if kind == "enquiry" else None,
        "amount_minor": random.randint(1, 90) * 10_000 if named else None,
    }  # fmt: skip


def _versions(random: Random) -> dict[str, list[Row]]:
    start = "2022-10-01"
    people, accounts, parties, cards = [], [], [], []
    for customer in CUSTOMERS:
        since = {"valid_from": start, "known_at": start}
        people.append(
            {
                "customer_id": customer, "birth_year": 1950 + 7 * customer, "gender": "female",
                "region_id": "north", "branch_id": "b1", "occupation": "clerk", "income_band": "2",
                "education": "school", "marital": "single", "since": "2020-02-01", "risk_class": "low",
                **since,
            }
        )  # fmt: skip
        accounts.append(
            {
                "account_id": 10 + customer, "opened_on": "2020-02-01", "overdraft_limit_minor": 1000,
                "closed_on": "2023-12-24" if customer == 6 else None, **since,
            }
        )  # fmt: skip
        parties.append({"account_id": 10 + customer, "customer_id": customer, **since})
        cards.append(
            {
                "card_id": 100 + customer, "customer_id": customer, "account_id": 10 + customer,
                "kind": "gold" if customer % 2 else "classic", "issued_on": "2021-05-01",
                "expires_on": "2023-11-30" if customer == 3 else "2026-01-01", "limit_minor": 5000, **since,
            }
        )  # fmt: skip
    parties.append({"account_id": 11, "customer_id": 2, "role": "co-owner", "valid_from": "2023-02-01"})
    return {
        "customer": people, "account": accounts, "account_party": parties, "card": cards,
        "company": [{"customer_id": 5, "employees": 3, "turnover_minor": 10**7, "valid_from": start}],
        "holding": [
            {"customer_id": 1 + number % 6, "product_code": f"p{number % 3}", "opened_on": day(moment),
             "valid_from": text(moment), "closed_on": "2023-11-11" if number % 4 == 0 else None}
            for number in range(12) for moment in [_moment(random)]
        ],
        "standing_order": [
            {"order_id": number, "account_id": 11, "customer_id": 1 + number % 4,
             "amount_minor": 100 * number,
             "category": "household" if number % 2 else "loan", "counterparty_bank": f"k{number % 3}",
             "valid_from": text(_moment(random)), "valid_to": "2023-12-01" if number in (3, 6) else None}
            for number in range(1, 9)
        ],
        "loan": [
            {"loan_id": number, "customer_id": number, "granted_on": "2023-03-01", "principal_minor": 10**6,
             "term_months": 12, "instalment_minor": 90_000, "rate": 0.05, "status": "running",
             "valid_from": "2023-03-02"}
            for number in (1, 2, 3)
        ],
        "customer_flag": [
            {"customer_id": customer, "flag": flag, "valid_from": text(_moment(random)),
             "valid_to": "2024-02-15"}
            for customer, flag in enumerate(("arrears", "complaint_open", "vulnerable", "fraud_hold"), 1)
        ],
        "rate_history": [
            {"product_code": "p1", "customer_rate": rate, "transfer_rate": 0.03, "valid_from": begins,
             "known_at": known}
            for rate, begins, known in (
                (0.02, start, start), (0.015, "2023-06-01", "2023-06-01"), (0.01, "2023-12-01", "2023-12-20")
            )
        ],
        "consent": [
            {"customer_id": customer, "purpose": "marketing", "channel": "any", "given_at": "2023-01-01",
             "withdrawn_at": "2023-12-20" if customer == 2 else None, "valid_from": "2023-01-01"}
            for customer in (1, 2)
        ],
    }  # fmt: skip


def _later_versions() -> dict[str, list[Row]]:
    return {
        "customer": [
            {"customer_id": 1, "birth_year": 1957, "gender": "female", "region_id": "south",
             "since": "2020-02-01", "valid_from": "2023-11-20", "known_at": "2023-12-15"},
        ],
        "loan": [
            {"loan_id": 2, "customer_id": 2, "granted_on": "2023-03-01", "principal_minor": 10**6,
             "status": "running_in_debt", "valid_from": "2023-12-05", "known_at": "2023-12-10"},
        ],
        "card": [
            {"card_id": 104, "customer_id": 5, "kind": "gold", "issued_on": "2021-05-01",
             "valid_from": "2023-12-01", "known_at": "2023-12-02"},
        ],
    }  # fmt: skip


def _references() -> dict[str, list[Row]]:
    figures = {
        "urban_share": 0.5,
        "average_wage_minor": 900_000,
        "entrepreneurs_per_1000": 100,
        "crimes": 900,
    }
    return {
        "region": [
            {"region_id": name, "period_from": period, "population": people, "unemployment": rate, **figures,
             "known_at": known}
            for name, period, people, rate, known in (
                ("north", "2022-01-01", 1000, 0.04, "2022-06-01"),
                ("south", "2022-01-01", 5000, 0.02, "2022-06-01"),
                ("north", "2023-06-01", 1100, 0.05, "2023-12-20"),
                ("south", "2024-03-01", 5100, 0.03, "2022-06-01"),
            )
        ],
        "product": [
            {"product_code": f"p{number}", "family": family, "known_at": "2022-06-01"}
            for number, family in enumerate(("current", "savings", "card"))
        ],
    }  # fmt: skip
