"""Whatever is sent, also nonsense: never a 5xx, and no error that is not a problem with a sentence."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
import schemathesis
from callers import Caller
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from bankmine.service.caller import PREFIX

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worked-bank")]
EXAMPLES = 40


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_makes_the_server_fail(
    api: FastAPI, caller: Caller, monkeypatch: pytest.MonkeyPatch, mode: GenerationMode
) -> None:
    """Valid and invalid requests of every address, as the description says and does not say."""
    monkeypatch.setattr("bankmine.work.jobs.tend", lambda *_: [])
    header = {"authorization": caller().headers["authorization"]}
    asked = 0
    for found in schemathesis.openapi.from_asgi(f"{PREFIX}/openapi.json", api).get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            keep_to_one_day(case)
            answer = case.call(headers=header, timeout=60)
            assert answer.status_code < 500, (case.method, case.path, answer.text[:300])
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == ["application/problem+json"], answer.text[:300]

        with suppress(Unsatisfiable):  # nothing invalid can be sent to an address without parameters
            send()
    assert asked > 5 * EXAMPLES


def keep_to_one_day(case: schemathesis.Case) -> None:
    """Any day that the bank can be looked at becomes one: each new day takes seconds at its first look."""
    query = case.query or {}
    with suppress(ValueError, TypeError):
        if 1900 <= date.fromisoformat(query.get("as_of")).year < 2200:
            query["as_of"] = "2025-06-01"
