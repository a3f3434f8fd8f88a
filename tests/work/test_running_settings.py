"""Rules of signing in change while running, in every process that shares the store, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankmine import config
from bankmine.config import SignInSettings, load_config
from bankmine.errors import Forbidden, NotFound, SignInRefused, UsageError
from bankmine.governance import Role, audit, sessions, sign_in
from bankmine.governance.person import load
from bankmine.store import Store, running
from bankmine.work import jobs, settings
from stores import Time, add, enter

BANK = '[bank]\nname = "b"\nmapping = "m"\nextracts = "e"\ntime_zone = "UTC"\ncurrency = "EUR"\n'


@pytest.fixture
def person(store: Store):
    made = add(store, "Ann", Role.administrator)
    with store.read() as connection:
        return load(connection, made)


def change(store: Store, person, name: str, value: str | None) -> str | None:
    with store.begin() as connection:
        return settings.change(connection, person, name, value)


def test_a_change_is_in_force_at_once_and_recorded(store: Store, person) -> None:
    add(store, "Bo", Role.operator)
    assert change(store, person, "sign_in.failures", "2") is None
    assert store.settings == SignInSettings(failures=2)
    for _ in range(2):
        with pytest.raises(SignInRefused):
            sign_in.with_password(store, "Bo", "wrong wrong wrong")
    with pytest.raises(SignInRefused):
        enter(store, "Bo")
    with store.read() as connection:
        event = audit.events(connection, act="setting_changed", limit=1)[0]
    assert (event.object_id, event.details) == ("sign_in.failures", {"before": "file", "after": "2"})


def test_another_process_sees_it_within_seconds(store: Store, person, monkeypatch) -> None:
    other = Store(store.engine, store.keys, SignInSettings())
    assert other.settings.idle_minutes == 30
    change(store, person, "sign_in.idle_minutes", "5")
    assert other.settings.idle_minutes == 30
    later = running.time.monotonic() + running.FRESH_SECONDS
    monkeypatch.setattr(running.time, "monotonic", lambda: later)
    assert other.settings.idle_minutes == 5


def test_a_session_that_ran_out_is_not_opened_again_by_a_longer_time(
    store: Store, person, time: Time
) -> None:
    token = enter(store).session_token
    time.pass_by(minutes=31)
    change(store, person, "sign_in.idle_minutes", "600")
    assert sessions.resume(store, token) is None


def test_it_is_given_back_to_the_file(store: Store, person) -> None:
    change(store, person, "sign_in.failures", "3")
    assert change(store, person, "sign_in.failures", None) == "3"
    assert store.settings.failures == 10
    assert change(store, person, "sign_in.failures", "3") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("failures", "0"), ("failures", "-4"), ("failures", "many"), ("failures", "2.5"),
     ("idle_minutes", "1441"), ("idle_minutes", "9" * 500), ("second_factor", "perhaps")],
)  # fmt: skip
def test_what_the_file_would_refuse_is_refused(store: Store, person, name: str, value: str) -> None:
    with pytest.raises(UsageError):
        change(store, person, f"sign_in.{name}", value)
    assert store.settings == SignInSettings()


def test_others_are_not_changed_here(store: Store, person) -> None:
    with pytest.raises(NotFound):
        change(store, person, "store.url", "elsewhere")


def test_whoever_may_not_changes_nothing(store: Store) -> None:
    made = add(store, "Cy", Role.auditor)
    with store.read() as connection:
        auditor = load(connection, made)
    with pytest.raises(Forbidden):
        change(store, auditor, "sign_in.failures", "3")


def test_all_are_listed_and_no_secret_is_told(store: Store, person, tmp_path: Path, monkeypatch) -> None:
    more = '[store]\nurl = "postgresql+pg8000://me:hush@host/db"\n[sign_in]\nfailures = 4\n[tasks.churn]\n'
    (tmp_path / "bankmine.toml").write_text(BANK + more)
    monkeypatch.delenv("BANKMINE_STORE", raising=False)
    change(store, person, "sign_in.idle_minutes", "9")
    with store.read() as connection:
        found = {one.name: one for one in settings.listed(connection, person, load_config(tmp_path))}
    assert (found["store.url"].value, found["store.url"].origin) == ("PostgreSQL", "file")
    assert "hush" not in str(found)
    assert (found["sign_in.failures"].value, found["sign_in.failures"].origin) == ("4", "file")
    assert (found["sign_in.idle_minutes"].value, found["sign_in.idle_minutes"].origin) == ("9", "here")
    assert found["sign_in.idle_minutes"].person_id == person.person_id
    assert found["tasks.churn"].value == "{}"


def test_every_setting_of_the_file_is_listed_once() -> None:
    known = [f"{section}.{name}" for section, names in config._KNOWN.items() for name in names]
    assert sorted(known) == sorted([*settings.CHANGEABLE, *settings.WRITTEN])


def test_a_change_that_can_no_longer_stand_is_left_out() -> None:
    found = running.with_changes(
        SignInSettings(failures=4), {"sign_in.failures": "none", "sign_in.gone": "1"}
    )
    assert found == SignInSettings(failures=4)


def test_a_run_is_started_by_whoever_sees_the_whole_bank(store: Store) -> None:
    from bankmine.governance import Scope

    made = add(store, "Dee", Role.data_miner, scope=Scope(frozenset({"B01"}), None))
    with store.read() as connection:
        part = load(connection, made)
    with store.begin() as connection, pytest.raises(Forbidden, match="whole bank"):
        jobs.start(connection, part, known_tasks={"churn": {}}, task="churn")


def test_the_banks_name_is_changed_and_given_back(store: Store, person) -> None:
    assert store.running.bank_name("Old bank") == "Old bank"
    change(store, person, "bank.name", " 新银行 ")
    assert store.running.bank_name("Old bank") == "新银行"
    assert store.settings == SignInSettings()
    for wrong in ("two\nlines", "x" * 81):
        with pytest.raises(UsageError):
            change(store, person, "bank.name", wrong)
    assert change(store, person, "bank.name", None) == "新银行"
    assert store.running.bank_name("Old bank") == "Old bank"


def test_a_change_made_while_another_reads_is_not_lost(store: Store, person, monkeypatch) -> None:
    usual = running.newest

    def slow(connection):
        found = usual(connection)
        monkeypatch.setattr(running, "newest", usual)
        change(store, person, "sign_in.failures", "7")
        return found

    store.running.forget()
    monkeypatch.setattr(running, "newest", slow)
    assert store.settings.failures == 10
    assert store.settings.failures == 7
