"""Sessions expire, rotate and can be ended; tokens are kept nowhere."""

import pytest
from sqlalchemy import text

from bankmine.errors import Forbidden, NotFound
from bankmine.governance import Role, people, sessions
from bankmine.store import Store
from stores import Time, add, enter


def test_a_session_ends_after_half_an_hour_without_a_request(store: Store, time: Time) -> None:
    add(store)
    token = enter(store).session_token
    for _ in range(3):
        time.pass_by(minutes=29)
        assert sessions.resume(store, token)
    time.pass_by(minutes=30)
    assert sessions.resume(store, token) is None


def test_a_session_ends_after_twelve_hours_however_busy(store: Store, time: Time) -> None:
    add(store)
    token = enter(store).session_token
    for _ in range(35):
        time.pass_by(minutes=20)
        assert sessions.resume(store, token)
    time.pass_by(minutes=20)
    assert sessions.resume(store, token) is None


def test_requests_within_a_minute_write_nothing(file_store: Store, time: Time, monkeypatch) -> None:
    add(file_store)
    token = enter(file_store).session_token
    monkeypatch.setattr(type(file_store), "begin", lambda self: pytest.fail("a write"))
    time.pass_by(seconds=59)
    assert sessions.resume(file_store, token)


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "é", "' OR 1=1 --"])
def test_an_unknown_token_is_nobody(store: Store, token: str) -> None:
    assert sessions.resume(store, token) is None


def test_signing_out_ends_this_session_alone(store: Store) -> None:
    add(store)
    here, there = enter(store), enter(store)
    assert here.session_token != there.session_token
    sessions.end(store, here.session_token)
    sessions.end(store, here.session_token)
    assert sessions.resume(store, here.session_token) is None
    assert sessions.resume(store, there.session_token)


def test_a_rotated_token_takes_the_place_of_the_old_and_lasts_no_longer(store: Store, time: Time) -> None:
    add(store)
    old = enter(store).session_token
    for _ in range(24):
        time.pass_by(minutes=29)
        assert sessions.resume(store, old)
    new = sessions.rotate(store, old)
    assert new is not None
    assert sessions.resume(store, old) is None
    assert sessions.resume(store, new)
    assert sessions.rotate(store, old) is None
    time.pass_by(minutes=29)
    assert sessions.resume(store, new) is None


def test_rights_are_those_of_the_moment(store: Store) -> None:
    add(store)
    other = add(store, "Bea", Role.operator)
    token = enter(store, "Bea").session_token
    with store.begin() as connection:
        people.change_roles(connection, None, other, [Role.auditor])
    assert sessions.resume(store, token) is None
    assert enter(store, "Bea").person.roles == (Role.auditor,)


def test_an_administrator_ends_somebodys_session(store: Store) -> None:
    add(store)
    add(store, "Bea", Role.operator)
    ann, bea = enter(store).person, enter(store, "Bea")
    with store.read() as connection:
        assert {one.name for one in sessions.listed(connection, store)} == {"Ann", "Bea"}
    with store.begin() as connection:
        with pytest.raises(Forbidden):
            sessions.end_one(connection, bea.person, str(ann.session_id))
        sessions.end_one(connection, ann, str(bea.person.session_id))
        with pytest.raises(NotFound):
            sessions.end_one(connection, ann, str(bea.person.session_id))
    assert sessions.resume(store, bea.session_token) is None
    with store.read() as connection:
        assert [one.name for one in sessions.listed(connection, store)] == ["Ann"]


def test_a_person_ends_all_of_their_own(store: Store) -> None:
    add(store, "Bea", Role.operator)
    tokens = [enter(store, "Bea").session_token for _ in range(3)]
    bea = sessions.resume(store, tokens[0])
    assert bea is not None
    with store.begin() as connection:
        assert sessions.end_all(connection, bea, bea.person_id) == 3
    assert [sessions.resume(store, one) for one in tokens] == [None] * 3


def test_the_database_does_not_know_the_token(store: Store) -> None:
    add(store)
    token = enter(store).session_token
    with store.read() as connection:
        rows = connection.execute(text("SELECT * FROM session")).all()
    assert token not in repr(rows)
    assert len(token) == 43
