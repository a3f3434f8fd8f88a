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
    return re.findall(r'name="branch_id" value="(\w+)"', chief.get("/customers").text)[:2]


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


@pytest.fixture
def sides(signed_in, branches) -> dict[Role, tuple]:
    """Of each role somebody who sees the first branch alone."""
    scope = Scope(frozenset({branches[0]}), None)
    return {role: signed_in(role, name=f"{role} of one", scope=scope) for role in Role}


def test_of_each_role_and_route_a_foreign_customer_is_answered_like_an_unknown_one(
    signed_in, branches, sides
):
    foreign = next(
        some_customer(signed_in(Role.operator, name="far", scope=Scope(frozenset({branches[1]}), None)))
    )
    named = [route for route in routes() if "{customer}" in route.path]
    assert named
    for role, one in sides.items():
        token = one.token("/account")
        for route in named:
            told = {}
            for customer in (foreign, "0123456789abcdef"):
                path = address(route.path.replace("{customer}", customer))
                answer = one.get(path) if route.method == "GET" else one.post(path, token=token)
                told[customer] = (answer.status_code, answer.text.replace(customer, "").split("<main")[-1])
            assert told[foreign] == told["0123456789abcdef"], (role, route.name)
            assert told[foreign][0] >= 400, (role, route.name)


def test_no_page_of_somebody_of_one_branch_names_a_customer_of_another(signed_in, branches, chief):
    one = signed_in(*Role, name="all of one", scope=Scope(frozenset({branches[0]}), None))
    own = set(re.findall(r"\b[0-9a-f]{16}\b", one.get("/exports/customers").text))
    everybody = set(re.findall(r"\b[0-9a-f]{16}\b", chief.get("/exports/customers").text))
    foreign = everybody - own
    assert own
    assert foreign
    asked = 0
    for route in routes():
        if route.method == "GET" and "{" not in route.path:
            told = set(re.findall(r"\b[0-9a-f]{16}\b", one.get(route.path).text))
            assert not told & foreign, route.name
            asked += 1
    assert asked > 20


def test_whoever_sees_a_part_reads_no_verdict_over_the_whole_bank(signed_in, branches):
    one = signed_in(Role.operator, name="part", scope=Scope(frozenset({branches[0]}), None))
    page = one.get("/models/segmentation").text
    assert "adjusted Rand" not in page
    assert "adjusted Rand" in signed_in(Role.operator).get("/models/segmentation").text
