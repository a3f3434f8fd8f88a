"""The API: who may ask what, what is answered, and one shape for everything that goes wrong."""

from __future__ import annotations

import pytest
from callers import Caller
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from bankmine.access import Place
from bankmine.errors import ConfigurationError
from bankmine.folder import BankFolder
from bankmine.governance import Permission, Scope, audit
from bankmine.governance.pace import Buckets
from bankmine.service import create_api
from bankmine.service.app import PUBLIC, require_declared
from bankmine.service.caller import PREFIX
from bankmine.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worked-bank")]


def some_customers(one: TestClient, size: int = 5) -> list[str]:
    rows = one.get(f"{PREFIX}/lists/churn", params={"size": size}).json()["rows"]
    return [row["customer_id"] for row in rows]


def branches(bank: BankFolder) -> list[str]:
    import duckdb

    files = f"{bank.warehouse_folder}/customer/**/*.parquet"
    found = duckdb.sql(
        f"SELECT branch_id FROM read_parquet('{files}', hive_partitioning = false) "
        "GROUP BY branch_id ORDER BY count(*) DESC, branch_id"
    ).fetchall()
    return [row[0] for row in found]


def test_health_answers_without_a_token_and_nothing_else_does(api: FastAPI) -> None:
    nobody = TestClient(api)
    assert nobody.get(f"{PREFIX}/health").json() == {"status": "ok"}
    for route in api.routes:
        if isinstance(route, APIRoute) and route.path not in PUBLIC:
            for method in route.methods:
                path = route.path.replace("{", "").replace("}", "")
                answer = nobody.request(method, path, json={"task": "churn"})
                assert answer.status_code == 401, (method, route.path)
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer bm_wrong", "Basic YTpi", "Bearer " + "x" * 5_000])
def test_a_wrong_token_is_told_so(api: FastAPI, token: str) -> None:
    answer = TestClient(api).get(f"{PREFIX}/runs", headers={"authorization": token})
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/unauthenticated"


def test_a_route_without_a_token_keeps_the_api_from_starting(api: FastAPI) -> None:
    require_declared(api)
    assert sum(isinstance(route, APIRoute) for route in api.routes) >= 12
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/open", lambda: {})
    with pytest.raises(ConfigurationError, match="/open asks for no token"):
        require_declared(app)


def test_a_customer_is_known_as_of_a_date_and_the_look_is_in_the_audit(caller: Caller, store: Store) -> None:
    one = caller()
    [customer] = some_customers(one, 1)
    answer = one.get(f"{PREFIX}/customers/{customer}").json()
    assert answer["customer_id"] == answer["profile"]["customer_id"] == customer
    assert {score["task"] for score in answer["scores"]} >= {"churn", "value"}
    with store.read() as connection:
        newest = audit.events(connection, limit=1)[0]
    assert (newest.object_kind, newest.object_id) == ("customer", customer)
    before = one.get(f"{PREFIX}/customers/{customer}", params={"as_of": "2025-01-01"})
    assert before.status_code in (200, 404)
    assert one.get(f"{PREFIX}/customers/{customer}/scores").json()["scores"] == answer["scores"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/customers/0000000000000000", 404), ("/customers/zz", 404), ("/customers/x?as_of=31.1.2026", 422),
        ("/lists/nothing", 404), ("/lists/churn.nothing", 404), ("/lists/churn?sort=nothing", 422),
        ("/lists/churn?size=0", 422), ("/lists/churn?as_of=1850-01-01", 422), ("/runs/nothing", 404),
        ("/nowhere", 404), ("/score/nothing", 422), ("/customers/%00", 404), ("/lists/..%2F..%2Fetc", 404),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem_with_a_sentence(caller: Caller, path: str, status: int) -> None:
    answer = caller().get(f"{PREFIX}{path}")
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["status"] == status
    assert said["title"]
    assert "Traceback" not in answer.text
    assert "/src/" not in answer.text


def test_lists_are_searched_sorted_and_paged(caller: Caller) -> None:
    one = caller()
    whole = one.get(f"{PREFIX}/lists/churn.scores", params={"size": 1_000, "sort": "customer_id"}).json()
    first = one.get(f"{PREFIX}/lists/churn.scores", params={"size": 10, "sort": "customer_id"}).json()
    second = one.get(
        f"{PREFIX}/lists/churn.scores", params={"size": 10, "page": 2, "sort": "customer_id"}
    ).json()
    assert first["total"] == whole["total"]
    assert [row["customer_id"] for row in first["rows"] + second["rows"]] == [
        row["customer_id"] for row in whole["rows"][:20]
    ]
    wanted = whole["rows"][0]["customer_id"]
    found = one.get(f"{PREFIX}/lists/churn.scores", params={"search": wanted[:8]}).json()
    assert {row["customer_id"] for row in found["rows"]} == {wanted}


def test_a_branch_sees_its_own_customers_and_counts_alone(caller: Caller, bank: BankFolder) -> None:
    first, second = branches(bank)[:2]
    own, other, every = (
        caller(scope=Scope(branches=one)) for one in (frozenset({first}), frozenset({second}), None)
    )
    seen = {}
    for name, one in (("own", own), ("other", other), ("all", every)):
        answer = one.get(f"{PREFIX}/lists/value.scores", params={"size": 1_000, "sort": "customer_id"}).json()
        seen[name] = {row["customer_id"] for row in answer["rows"]}
        if name != "all":
            assert answer["total"] == len(answer["rows"])
    assert seen["own"]
    assert seen["other"]
    assert not seen["own"] & seen["other"]
    foreign = min(seen["other"])
    for path in (f"/customers/{foreign}", f"/customers/{foreign}/scores"):
        assert own.get(f"{PREFIX}{path}").status_code == 404
    assert own.get(f"{PREFIX}/lists/value", params={"search": foreign}).json()["total"] == 0
    counted = {one["name"]: one for one in own.get(f"{PREFIX}/segments").json()["segments"]}
    whole = {one["name"]: one for one in every.get(f"{PREFIX}/segments").json()["segments"]}
    assert all(one["customers"] <= whole[name]["customers"] for name, one in counted.items())
    assert sum(one["customers"] for one in counted.values()) < sum(one["customers"] for one in whole.values())


def test_a_token_does_only_what_it_was_given(caller: Caller) -> None:
    only_models = caller([Permission.MODELS_READ])
    assert only_models.get(f"{PREFIX}/runs").status_code == 200
    assert only_models.get(f"{PREFIX}/features").json()["runs"]
    for path in ("/customers/0000000000000000", "/segments", "/lists/churn", "/metrics"):
        assert only_models.get(f"{PREFIX}{path}").status_code == 403, path
    assert only_models.post(f"{PREFIX}/runs", json={"task": "value"}).status_code == 403


def test_whoever_sees_a_part_of_the_bank_starts_no_run(caller: Caller) -> None:
    part = caller(scope=Scope(frozenset({"B01"}), None))
    refused = part.post(f"{PREFIX}/runs", json={"task": "value"}, headers={"idempotency-key": "of a part"})
    assert refused.status_code == 403
    assert "a run is of the whole bank" in refused.text


def test_a_strangers_form_is_answered_with_the_question_worth_most(caller: Caller) -> None:
    one = caller()
    tasks = [
        run["task"] for run in one.get(f"{PREFIX}/runs").json()["runs"]
        if one.get(f"{PREFIX}/score/{run['task']}").status_code == 200
    ]  # fmt: skip
    assert tasks
    for task in tasks:
        form = one.get(f"{PREFIX}/score/{task}").json()
        empty = one.post(f"{PREFIX}/score/{task}", json={"fields": {}}).json()
        assert empty["ask_next"]
        assert empty["reasons"] == []
        asked = empty["ask_next"][0]["field"]
        assert asked in {field["name"] for field in form["fields"]}
        wrong = one.post(f"{PREFIX}/score/{task}", json={"fields": {asked: "§"}})
        assert wrong.status_code == 422
        assert asked in wrong.json()["detail"]
        unknown = one.post(f"{PREFIX}/score/{task}", json={"fields": {"shoe_size": 43}})
        assert "no field 'shoe_size'" in unknown.json()["detail"]


def test_a_known_customer_is_scored_by_one_task(caller: Caller) -> None:
    one = caller()
    [customer] = some_customers(one, 1)
    answer = one.post(f"{PREFIX}/score/churn", json={"customer_id": customer}).json()
    assert {score["task"] for score in answer["scores"]} == {"churn"}
    nobody = one.post(f"{PREFIX}/score/churn", json={"customer_id": "0" * 16})
    assert nobody.status_code == 404


def test_asking_writes_nothing_but_the_audit(caller: Caller, bank: BankFolder) -> None:
    one = caller()
    [customer] = some_customers(one, 1)

    def state() -> dict[str, int]:
        return {
            str(file): file.stat().st_mtime_ns
            for folder in (bank.warehouse_folder, bank.results_folder)
            for file in folder.rglob("*")
            if file.is_file()
        }

    before = state()
    one.get(f"{PREFIX}/customers/{customer}")
    one.post(f"{PREFIX}/score/churn", json={"customer_id": customer})
    one.post(f"{PREFIX}/score/cross_sell", json={"fields": {"age": 34}})
    assert state() == before


def test_a_run_is_started_once_however_often_it_is_asked_for(
    caller: Caller, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bankmine.work.jobs.tend", lambda *_: [])
    one, key = caller(), {"idempotency-key": "0b9f6c1e-once"}
    wanted = {"task": "value", "cutoff": "2025-12-01"}
    first = one.post(f"{PREFIX}/runs", json=wanted, headers=key)
    again = one.post(f"{PREFIX}/runs", json=wanted, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    other = one.post(f"{PREFIX}/runs", json={**wanted, "task": "churn"}, headers=key)
    assert other.status_code == 422
    assert "stood on another request" in other.json()["detail"]
    twice = one.post(f"{PREFIX}/runs", json=wanted)
    assert "waits or runs already" in twice.json()["detail"]
    state = one.get(first.headers["location"]).json()
    assert (state["state"], state["settings"]["task"]) == ("queued", "value")
    assert one.post(f"{PREFIX}/runs", json={"task": "nothing"}).status_code == 422
    for wrong in ({"more": 1}, {"budget": "endless"}, {"cutoff": "soon"}):
        assert one.post(f"{PREFIX}/runs", json={"task": "value", **wrong}).status_code == 422, wrong
    half = one.post(f"{PREFIX}/runs", content=rb'{"task": "value", "cutoff": "\ud800"}')
    assert half.status_code == 422


def test_who_asks_too_often_is_told_to_wait(store: Store, bank: BankFolder, caller: Caller) -> None:
    header = caller().headers["authorization"]
    slow = create_api(store, Place(bank), buckets=Buckets(per_second=1, burst=3))
    one = TestClient(slow, headers={"authorization": header})
    answers = [one.get(f"{PREFIX}/runs").status_code for _ in range(5)]
    assert answers[:3] == [200] * 3
    assert 429 in answers
    assert one.get(f"{PREFIX}/health").status_code == 200


def test_metrics_count_requests_by_route(caller: Caller) -> None:
    one = caller()
    one.get(f"{PREFIX}/runs")
    text = one.get(f"{PREFIX}/metrics").text
    assert f'bankmine_requests_total{{route="{PREFIX}/runs",status="200"}}' in text
    assert "bankmine_request_seconds_bucket" in text


def test_the_description_is_openapi_3_1_and_names_every_address(api: FastAPI) -> None:
    said = TestClient(api).get(f"{PREFIX}/openapi.json").json()
    assert said["openapi"].startswith("3.1")
    named = {route.path for route in api.routes if isinstance(route, APIRoute)}
    assert set(said["paths"]) == named


def test_a_fault_is_answered_as_a_problem_and_the_connection_is_kept(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = caller()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("bankmine.access.View.list", broken)
    here = f"{PREFIX}/lists/churn"
    answer = TestClient(one.app, headers=one.headers).get(here)  # raises what reaches the server
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/fault"
    assert "secret" not in answer.text
    monkeypatch.undo()
    assert one.get(here).status_code == 200


def test_a_body_beyond_a_mebibyte_is_refused(caller: Caller) -> None:
    answer = caller().post(
        f"{PREFIX}/offers", content=b"[" * (1 << 21), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
