"""API tokens act within their owner's rights and their own, and end."""

import pytest
from sqlalchemy import text

from bankmine.errors import Forbidden, NotFound, UsageError
from bankmine.governance import Permission, Person, Role, Scope, audit, people, tokens
from bankmine.governance.person import load
from bankmine.store import Store
from stores import Time, add, enter

P = Permission


def made(store: Store, *permissions: Permission, days: int = 90) -> tuple[str, str]:
    """A token of a person who is administrator and operator of branch 7: (token, id)."""
    add(store, "Root")
    add(store, "Ann", Role.administrator, Role.operator, scope=Scope(branches=frozenset({"7"})))
    ann, given = person(store), permissions or (P.CUSTOMERS_READ,)
    with store.begin() as connection:
        return tokens.add(connection, ann, label="core", permissions=given, days=days)


def person(store: Store) -> Person:
    """Ann, with the rights of the moment."""
    with store.read() as connection:
        found = load(connection, people.named(connection, "Ann").person_id)
    assert found is not None
    return found


def test_a_token_has_its_permissions_and_its_owners_scope(store: Store) -> None:
    token, token_id = made(store, P.CUSTOMERS_READ, P.SEGMENTS_READ)
    assert token.startswith("bm_")
    one = tokens.resume(store, token)
    assert one is not None
    assert one.permissions == {P.CUSTOMERS_READ, P.SEGMENTS_READ}
    assert one.scope == Scope(branches=frozenset({"7"}))
    assert (one.token_id, one.session_id) == (token_id, None)


def test_what_the_owner_loses_the_token_loses(store: Store) -> None:
    token, _ = made(store, P.CUSTOMERS_READ, P.AUDIT_READ)
    with store.begin() as connection:
        owner = people.named(connection, "Ann").person_id
        people.change_roles(connection, None, owner, [Role.auditor])
    one = tokens.resume(store, token)
    assert one is not None
    assert one.permissions == {P.AUDIT_READ}
    with store.begin() as connection:
        people.disable(connection, None, owner)
    assert tokens.resume(store, token) is None


def test_a_token_ends_by_itself_and_at_once_when_ended(store: Store, time: Time) -> None:
    token, token_id = made(store, days=2)
    time.pass_by(hours=47)
    assert tokens.resume(store, token)
    with store.begin() as connection:
        tokens.end(connection, None, token_id)
        with pytest.raises(NotFound):
            tokens.end(connection, None, token_id)
    assert tokens.resume(store, token) is None


def test_a_token_runs_out(store: Store, time: Time) -> None:
    token, _ = made(store, days=2)
    time.pass_by(hours=48)
    assert tokens.resume(store, token) is None


def test_nobody_gives_a_token_more_than_they_have(store: Store) -> None:
    made(store)
    ann = person(store)
    with store.begin() as connection:
        with pytest.raises(UsageError, match="credit:decide"):
            tokens.add(connection, ann, label="x", permissions=[P.CREDIT_DECIDE])
        with pytest.raises(UsageError, match="no permission"):
            tokens.add(connection, ann, label="x", permissions=[])
        with pytest.raises(UsageError, match="400 days"):
            tokens.add(connection, ann, label="x", permissions=[P.CUSTOMERS_READ], days=400)
        with pytest.raises(UsageError, match="label"):
            tokens.add(connection, ann, label="", permissions=[P.CUSTOMERS_READ])


def test_tokens_need_the_permission(store: Store) -> None:
    add(store, "Bea", Role.operator)
    bea = enter(store, "Bea").person
    with store.begin() as connection, pytest.raises(Forbidden, match="api:tokens"):
        tokens.add(connection, bea, label="x", permissions=[P.CUSTOMERS_READ])


def test_the_token_is_kept_nowhere_and_its_making_is_recorded(store: Store) -> None:
    token, token_id = made(store)
    with store.read() as connection:
        assert token not in repr(connection.execute(text("SELECT * FROM api_token")).all())
        assert [one.token_id for one in tokens.listed(connection)] == [token_id]
        assert audit.events(connection, object_id=token_id)[0].act == "token_added"


def test_a_session_token_is_no_api_token(store: Store) -> None:
    add(store)
    assert tokens.resume(store, enter(store).session_token) is None
