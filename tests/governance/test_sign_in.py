"""Signing in: one answer to every failure, locks, second factors, and each attempt recorded."""

import threading
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, text

from bankmine.errors import Forbidden, SignInRefused, UsageError
from bankmine.governance import Person, Role, audit, passwords, people, second_factor, sessions, sign_in
from bankmine.governance.person import load
from bankmine.store import Store
from stores import PASSWORD, Time, add, enter


def refused(store: Store, name: str = "Ann", password: str = "wrong wrong wrong", **more) -> str:
    """Tries and is refused; the message."""
    with pytest.raises(SignInRefused) as told:
        sign_in.with_password(store, name, password, **more)
    return str(told.value)


def reasons(store: Store) -> list[object]:
    with store.read() as connection:
        return [one.details["why"] for one in audit.events(connection, act="sign_in_refused")]


def test_the_right_password_opens_a_session(store: Store) -> None:
    person_id = add(store, "Ann", Role.operator)
    signed_in = sign_in.with_password(store, " aNn ".strip(), PASSWORD)
    assert signed_in.person.person_id == person_id
    assert sessions.resume(store, signed_in.session_token) == signed_in.person


def test_every_failure_has_one_answer(store: Store, time: Time) -> None:
    add(store)
    disabled = add(store, "Bea")
    with store.begin() as connection:
        people.disable(connection, None, disabled)
        people.add(connection, None, name="Cid", roles=[Role.auditor])  # signs in elsewhere
    answers = {
        refused(store),
        refused(store, "Nobody"),
        refused(store, "Bea", PASSWORD),
        refused(store, "Cid"),
    }
    assert len(answers) == 1
    assert reasons(store) == ["password", "disabled", "unknown", "password"]
    for _ in range(10):
        answers.add(refused(store))
    assert len(answers) == 1
    assert reasons(store)[0] == "locked"


def test_a_name_is_locked_after_ten_failures_and_opens_by_itself(store: Store, time: Time) -> None:
    add(store)
    for _ in range(10):
        refused(store)
    refused(store, password=PASSWORD)
    time.pass_by(minutes=14)
    refused(store, password=PASSWORD)
    time.pass_by(minutes=1)
    assert enter(store).person.name == "Ann"


def test_an_unknown_name_is_locked_like_a_known_one(store: Store, time: Time) -> None:
    for _ in range(11):
        refused(store, "Nobody")
    assert reasons(store)[0] == "locked"


def test_success_forgets_earlier_failures(store: Store, time: Time) -> None:
    add(store)
    for _ in range(3):
        for _ in range(9):
            refused(store)
        enter(store)


def test_a_new_password_opens_the_lock(store: Store, time: Time) -> None:
    person_id = add(store)
    for _ in range(11):
        refused(store)
    with store.begin() as connection:
        people.set_password(connection, None, person_id, PASSWORD)
    enter(store)


def test_an_address_that_tries_many_names_is_refused(store: Store, time: Time) -> None:
    add(store)
    for number in range(50):
        refused(store, f"name {number}", address="10.0.0.1")
    refused(store, password=PASSWORD, address="10.0.0.1")
    assert reasons(store)[0] == "locked"
    sign_in.with_password(store, "Ann", PASSWORD, address="10.0.0.2")


def test_attempts_at_the_same_time_are_all_counted(file_store: Store, monkeypatch) -> None:
    add(file_store)
    compared: list[int] = []
    monkeypatch.setattr(passwords, "matches", lambda *_: bool(compared.append(1)))

    def attempt() -> None:
        with pytest.raises(SignInRefused):
            sign_in.with_password(file_store, "Ann", "wrong wrong wrong")

    threads = [threading.Thread(target=attempt) for _ in range(25)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(compared) == 10


def test_names_and_addresses_that_failed_are_not_kept(file_store: Store) -> None:
    refused(file_store, "my password typed here", address="10.11.12.13")
    for file in file_store.keys.parent.glob("operations.db*"):
        assert b"typed here" not in file.read_bytes()
        assert b"10.11.12.13" not in file.read_bytes()


def test_a_password_changed_during_sign_in_does_not_open(file_store: Store, monkeypatch) -> None:
    person_id = add(file_store)
    real = passwords.matches

    def change_meanwhile(kept: str | None, password: str) -> bool:
        found = real(kept, password)
        with file_store.begin() as connection:
            people.set_password(connection, None, person_id, "another four herons")
        return found

    monkeypatch.setattr(passwords, "matches", change_meanwhile)
    refused(file_store, password=PASSWORD)


def with_factor(store: Store, time: Time) -> pyotp.TOTP:
    add(store)
    secret = second_factor.new_secret()
    totp = pyotp.TOTP(secret)
    with store.begin() as connection:
        second_factor.turn_on(connection, _ann(connection), secret, totp.at(time.now))
    time.pass_by(seconds=60)
    return totp


def _ann(connection: Connection) -> Person:
    found = load(connection, people.named(connection, "Ann").person_id)
    assert found is not None
    return found


def test_a_second_factor_is_asked_for(store: Store, time: Time) -> None:
    totp = with_factor(store, time)
    refused(store, password=PASSWORD)
    refused(store, password=PASSWORD, code="000000")
    refused(store, password=PASSWORD, code="１２３４５６")
    assert reasons(store) == ["code"] * 3
    sign_in.with_password(store, "Ann", PASSWORD, code=totp.at(time.now))


def test_a_code_counts_once(store: Store, time: Time) -> None:
    totp = with_factor(store, time)
    code = totp.at(time.now)
    sign_in.with_password(store, "Ann", PASSWORD, code=code)
    refused(store, password=PASSWORD, code=code)
    refused(
        store, password=PASSWORD, code=totp.at(time.now - timedelta(seconds=30))
    )  # nor does an earlier one, unused
    time.pass_by(seconds=30)
    sign_in.with_password(store, "Ann", PASSWORD, code=totp.at(time.now))


def test_a_code_of_a_minute_ago_is_too_old(store: Store, time: Time) -> None:
    totp = with_factor(store, time)
    code = totp.at(time.now)
    time.pass_by(seconds=60)
    refused(store, password=PASSWORD, code=code)


def test_a_wrong_password_uses_no_code_up(store: Store, time: Time) -> None:
    totp = with_factor(store, time)
    refused(store, code=totp.at(time.now))
    sign_in.with_password(store, "Ann", PASSWORD, code=totp.at(time.now))


def test_the_secret_is_not_readable_in_the_database(file_store: Store, time: Time) -> None:
    secret = with_factor(file_store, time).secret
    for file in file_store.keys.parent.glob("operations.db*"):
        assert secret.encode() not in file.read_bytes()


def test_a_second_factor_is_turned_on_with_its_own_code_and_off_by_somebody_else(
    store: Store, time: Time
) -> None:
    with_factor(store, time)
    other = add(store, "Bea")
    with store.begin() as connection:
        ann = _ann(connection)
        with pytest.raises(UsageError, match="does not fit"):
            second_factor.turn_on(connection, ann, second_factor.new_secret(), "123456")
        with pytest.raises(Forbidden, match="their own"):
            second_factor.turn_off(connection, ann, ann.person_id)
        second_factor.turn_off(connection, None, ann.person_id)
    enter(store)
    assert other


def test_a_hash_of_weaker_settings_is_renewed(file_store: Store, monkeypatch) -> None:
    add(file_store)
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    enter(file_store)
    with file_store.read() as connection:
        assert "t=2" in str(connection.scalar(text("SELECT password_hash FROM person")))
    enter(file_store)
