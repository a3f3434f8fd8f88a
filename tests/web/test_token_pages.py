"""API tokens are made and ended on a page; one is shown once and acts for its account alone."""

import re

import pytest
from guests import text_of

from bankmine.governance import Permission, Role, people, tokens

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
HERE = "/administration/tokens"


@pytest.fixture
def administrator(signed_in):
    return signed_in(Role.administrator, name="keeper of tokens")


@pytest.fixture
def system(store) -> str:
    """The account of a system."""
    with store.begin() as connection:
        if "branch app" not in {one.name for one in people.listed(connection)}:
            return people.add(connection, None, name="branch app", roles=[Role.operator])
        return people.named(connection, "branch app").person_id


def made(administrator, system, *permissions: str):
    fields = {"label": "app", "account": system, "days": "30", "permissions": list(permissions)}
    return administrator.post(HERE, fields)


def test_a_token_is_shown_once_and_works(administrator, system, store, events):
    page = made(administrator, system, "customers:read").text
    token = re.search(r"bm_[\w-]{20,}", page)[0]
    person = tokens.resume(store, token)
    assert person.person_id == system
    assert person.permissions == {Permission.CUSTOMERS_READ}
    assert token not in administrator.get(HERE).text
    event = events(act="token_added", limit=1)[0]
    assert event.details["account"] == system
    assert token not in str(event)


def test_an_ended_token_is_worth_nothing_and_stays_ended(administrator, system, store, events):
    token = re.search(r"bm_[\w-]{20,}", made(administrator, system, "offers:read").text)[0]
    number = tokens.resume(store, token).token_id
    answer = administrator.post(f"{HERE}/{number}/end")
    assert tokens.resume(store, token) is None
    assert "cannot be opened again" in text_of(administrator.get(answer.headers["location"]).text)
    assert events(act="token_ended", limit=1)[0].object_id == number
    assert administrator.post(f"{HERE}/{number}/end").status_code == 404


@pytest.mark.parametrize(
    ("permissions", "why"),
    [
        ((), "no permission"),
        (("people:write",), "would have people:write"),
        (("sing",), "no such permission"),
    ],
)
def test_what_an_account_lacks_no_token_has(administrator, system, permissions, why):
    answer = made(administrator, system, *permissions)
    assert answer.status_code == 400
    assert why in text_of(answer.text)
    assert not re.search(r"bm_[\w-]{20,}", answer.text)


def test_only_an_administrator_makes_tokens(signed_in):
    assert signed_in(Role.data_miner).get(HERE).status_code == 403
