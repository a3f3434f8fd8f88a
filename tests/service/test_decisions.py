"""Decisions over HTTP: with reasons, kept once, durable before they are told; what-ifs are kept nowhere."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from callers import Caller
from sqlalchemy import func, select
from starlette.testclient import TestClient

from bankmine.governance import Permission, Scope, audit
from bankmine.service.caller import PREFIX
from bankmine.store import Store
from bankmine.store.tables.decisions import decision
from bankmine.work import deciding

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worked-bank")]
CREDIT, OFFERS = f"{PREFIX}/credit-applications", f"{PREFIX}/offers"
SOUND = {"product": "LOAN-CONS", "amount_minor": 500_000, "term_months": 24, "stated_income_minor": 600_000}


def kept(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(decision))


def some_customers(one: TestClient, size: int = 5) -> list[str]:
    rows = one.get(f"{PREFIX}/lists/churn", params={"size": size}).json()["rows"]
    return [row["customer_id"] for row in rows]


def test_an_application_is_decided_with_reason_limit_and_price_and_kept(caller: Caller, store: Store) -> None:
    one = caller()
    customer = some_customers(one)[0]
    answer = one.post(CREDIT, json={"customer_id": customer, "fields": SOUND})
    assert answer.status_code == 200
    told = answer.json()
    assert told["outcome"] in ("approve", "refer", "decline")
    assert told["reason"]
    assert 0 < told["probability"] < 1
    assert told["missing"] == []
    with store.read() as connection:
        assert deciding.told(connection, told["decision_id"]) == told
        event = audit.events(connection, act="decided", limit=1)[0]
    assert (event.object_id, event.details["customer"]) == (told["decision_id"], customer)


def test_who_is_known_is_answered_otherwise_than_a_stranger(caller: Caller) -> None:
    one = caller()
    chances = {
        one.post(CREDIT, json={"customer_id": customer, "fields": SOUND, "what_if": True}).json()[
            "probability"
        ]
        for customer in (None, *some_customers(one))
    }
    assert len(chances) > 1


def test_what_is_asked_moves_the_answer(caller: Caller) -> None:
    one = caller()
    dear = one.post(CREDIT, json={"fields": {**SOUND, "amount_minor": 900_000_000}, "what_if": True}).json()
    sound = one.post(CREDIT, json={"fields": SOUND, "what_if": True}).json()
    assert (dear["outcome"], dear["reason"]) != (sound["outcome"], sound["reason"])


def test_a_partial_application_is_answered_and_never_approved(caller: Caller) -> None:
    told = caller().post(CREDIT, json={"fields": {"product": "LOAN-CONS"}, "what_if": True}).json()
    assert set(told["missing"]) == {"amount_minor", "term_months", "stated_income_minor"}
    assert told["outcome"] != "approve"


def test_a_what_if_is_kept_nowhere(caller: Caller, store: Store) -> None:
    before = kept(store)
    told = caller().post(CREDIT, json={"fields": SOUND, "what_if": True}).json()
    assert "decision_id" not in told
    assert kept(store) == before


def test_the_same_key_gives_the_same_decision_also_at_the_same_time(caller: Caller, store: Store) -> None:
    one, before = caller(), kept(store)
    key = {"idempotency-key": "application-4711"}

    def ask(_: int) -> str:
        return one.post(CREDIT, json={"fields": SOUND}, headers=key).json()["decision_id"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1
    assert kept(store) == before + 1
    other = one.post(CREDIT, json={"fields": {**SOUND, "term_months": 12}}, headers=key)
    assert other.status_code == 422


def test_many_at_once_are_each_decided_once_and_as_if_alone(caller: Caller, store: Store) -> None:
    one, before = caller(), kept(store)
    wanted = [{**SOUND, "amount_minor": 100_000 * n} for n in range(1, 41)]
    alone = [one.post(CREDIT, json={"fields": it, "what_if": True}).json() for it in wanted]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda it: one.post(CREDIT, json={"fields": it}).json(), wanted))
    for lone, one_of_many in zip(alone, together, strict=True):
        number = one_of_many.pop("decision_id")
        assert number
        assert one_of_many.pop("probability") == pytest.approx(lone.pop("probability"), abs=1e-12)
        assert one_of_many == lone
    assert kept(store) == before + len(wanted)


@pytest.mark.parametrize(
    "asked",
    [
        {"fields": {"shoe_size": 43}},
        {"fields": {"amount_minor": "much"}},
        {"fields": {"product": 7}},
        {"fields": {"amount_minor": 10**30}},  # beyond 64 bits
        {"fields": {"product": "\ud800"}},  # half a character
        {"fields": {"product": "LOAN\x00"}},
        {"fields": {"app_instalment": 1}},
        {"fields": SOUND, "customer": "x"},
        {"customer_id": "0123456789abcdef"},
    ],
)
def test_what_cannot_be_meant_is_a_problem_and_keeps_nothing(caller: Caller, store: Store, asked) -> None:
    before = kept(store)
    headers = {"Content-Type": "application/json"}
    answer = caller().post(CREDIT, content=json.dumps(asked), headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert kept(store) == before


def test_a_customer_out_of_scope_is_unknown(caller: Caller) -> None:
    customer = some_customers(caller())[0]
    near = caller(scope=Scope(frozenset({"no such branch"}), None))
    for path, asked in ((CREDIT, {"fields": SOUND}), (OFFERS, {})):
        answer = near.post(path, json={"customer_id": customer, **asked})
        assert answer.status_code == 404


def test_without_the_permission_nothing_is_decided(caller: Caller) -> None:
    reader = caller([Permission.CREDIT_READ, Permission.OFFERS_READ, Permission.CUSTOMERS_READ])
    assert reader.post(CREDIT, json={"fields": SOUND}).status_code == 403
    assert reader.post(OFFERS, json={"fields": {"age": 40}}).status_code == 403


def test_offers_are_those_of_the_run_and_nobody_barred_gets_any(caller: Caller, store: Store) -> None:
    one = caller()
    rows = one.get(f"{PREFIX}/lists/cross_sell.offers", params={"size": 1}).json()["rows"]
    told = one.post(OFFERS, json={"customer_id": rows[0]["customer_id"]}).json()
    assert told["offers"][0]["product"] == rows[0]["product"] == told["outcome"]
    barred = one.get(f"{PREFIX}/lists/cross_sell.refusals", params={"size": 500}).json()["rows"]
    flagged = [
        row["customer_id"] for row in barred
        if one.get(f"{PREFIX}/customers/{row['customer_id']}").json()["profile"]["flags"]
    ][:1]  # fmt: skip
    for customer in flagged:
        told = one.post(OFFERS, json={"customer_id": customer}).json()
        if told["flags"]:
            assert (told["outcome"], told["offers"]) == ("none", [])
            assert told["reason"].startswith("flag_")


def test_a_stranger_is_offered_by_the_form(caller: Caller) -> None:
    told = caller().post(OFFERS, json={"fields": {"age": 34}}).json()
    assert told["outcome"]
    assert told["ask_next"]
    assert told["decision_id"]


def test_whom_to_offer_must_be_said_once(caller: Caller) -> None:
    one = caller()
    assert one.post(OFFERS, json={}).status_code == 422
    customer = some_customers(one)[0]
    assert one.post(OFFERS, json={"customer_id": customer, "fields": {"age": 3}}).status_code == 422
