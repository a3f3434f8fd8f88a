"""The settings of store, sign-in and issuer are read, checked, and take effect."""

from pathlib import Path

import pytest

from bankmine.config import load_config
from bankmine.errors import ConfigurationError, SignInRefused
from bankmine.governance import sign_in
from bankmine.store import Store
from stores import add, enter

BANK = '[bank]\nname = "b"\nmapping = "m"\nextracts = "e"\ntime_zone = "UTC"\ncurrency = "EUR"\n'


def written(folder: Path, more: str) -> Path:
    (folder / "bankmine.toml").write_text(BANK + more)
    return folder


def test_without_settings_the_store_lies_in_the_banks_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("BANKMINE_STORE", raising=False)
    store = Store.configured(load_config(written(tmp_path, "")))
    store.migrate()
    assert (tmp_path / "operations.db").exists()
    assert store.keys == tmp_path / "keys"
    assert store.settings.failures == 10


def test_the_environment_takes_the_settings_place(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("BANKMINE_STORE", str(tmp_path / "other.db"))
    Store.configured(load_config(written(tmp_path, '[store]\nurl = "set.db"\n'))).migrate()
    assert {one.name for one in tmp_path.glob("*.db")} == {"other.db"}


def test_fewer_failures_lock_sooner(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("BANKMINE_STORE", raising=False)
    store = Store.configured(load_config(written(tmp_path, "[sign_in]\nfailures = 2\n")))
    store.migrate()
    add(store)
    enter(store)
    for _ in range(2):
        with pytest.raises(SignInRefused):
            sign_in.with_password(store, "Ann", "wrong wrong wrong")
    with pytest.raises(SignInRefused):
        enter(store)


def test_a_files_path_is_relative_to_the_banks_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("BANKMINE_STORE", raising=False)
    Store.configured(load_config(written(tmp_path, '[store]\nurl = "set.db"\n'))).migrate()
    assert (tmp_path / "set.db").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("[sign_in]\nidle_minutes = 0\n", "sign_in.idle_minutes is 0"),
        ('[sign_in]\nfailures = "ten"\n', "sign_in.failures is 'ten'"),
        ("[sign_in]\nidle_minute = 5\n", "Did you mean 'idle_minutes'"),
        ("[store]\nurl = 7\n", "store.url is 7"),
        ('[oidc]\nissuer = "https://a.test"\n', "lacks oidc.client_id"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(tmp_path: Path, more: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load_config(written(tmp_path, more))
