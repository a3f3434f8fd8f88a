"""Every route × every role, asked for real; and rows of another branch do not exist."""

import re

import pytest
from guests import some_customer
from matrix import may

from bankmine.governance import Role, Scope
from bankmine.web.app import routes
from bankmine.web.routing import PUBLIC

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
ENDS_THE_SESSION = {"POST /sign-out", "POST /account/password"}


def address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "nothing", path)


@pytest.mark.parametrize("role", Role)
def test_each_role_reaches_what_the_reviewed_matrix_says_and_nothing_else(role, signed_in):
    one = signed_in(role)
    token = one.token("/account")
    for route in routes():
        if route.permission is PUBLIC or route.name in ENDS_THE_SESSION:
            continue
        path = address(route.path)
        answer = one.get(path) if route.method == "GET" else one.post(path, token=token)
        assert (answer.status_code != 403) == may(role, route), (route.name, answer.status_code)
        assert answer.status_code != 500, route.name


def test_a_refusal_is_an_event_of_the_audit(signed_in, events):
    signed_in(Role.auditor).get("/customers")
    newest = events(act="refused", limit=1)[0]
    assert newest.object_id == "GET /customers"


def test_nobody_reaches_anything_without_signing_in(guest):
    one = guest()
    for route in routes():
        if route.permission is not PUBLIC:
            path = address(route.path)
            read = route.method == "GET"
            answer = one.client.get(path, follow_redirects=False) if read else one.post(path)
            assert answer.status_code == 303, route.name
            assert answer.headers["location"].startswith("/sign-in"), route.name


@pytest.fixture
def branches(chief) -> list[str]:
    return re.findall(
        r'<option value="(\w+)"',
        chief.get("/customers").text.split('id="branch_id"')[1].split("</select>")[0],
    )[1:3]


def test_of_another_branch_there_is_nothing_to_see(signed_in, branches):
    first, second = (
        signed_in(Role.operator, name=f"of {branch}", scope=Scope(frozenset({branch}), None))
        for branch in branches
    )
    own, foreign = set(some_customer(first)), set(some_customer(second))
    assert own
    assert foreign
    assert not own & foreign
    there, unknown = next(iter(foreign)), "0123456789abcdef"
    hidden, missing = first.get(f"/customers/{there}"), first.get(f"/customers/{unknown}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.replace(there, unknown).split("<main")[1] == missing.text.split("<main")[1]
    assert f"/customers/{there}" not in first.get(f"/customers?search={there}").text.split("<main")[1]
    export = first.get("/exports/customers").text
    assert not [one for one in foreign if one in export]
    assert (
        first.post(f"/customers/{there}/unmask", {"column": "name", "reason": "complaint"}).status_code == 404
    )


def test_whoever_sees_a_part_reads_no_verdict_over_the_whole_bank(signed_in, branches):
    one = signed_in(Role.operator, name="part", scope=Scope(frozenset({branches[0]}), None))
    page = one.get("/models/segmentation").text
    assert "adjusted Rand" not in page
    assert "adjusted Rand" in signed_in(Role.operator).get("/models/segmentation").text
