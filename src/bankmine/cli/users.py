"""`bankmine users …`: add people, list them, change their roles, scope and password, disable them.

A password is asked for, or read from the first line of the standard input; never from an option, where every
process of the machine could read it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bankmine.governance import Scope
    from bankmine.governance.people import Account
    from bankmine.store import Store

users = typer.Typer(
    help="People who work here: their accounts, roles, scope and passwords.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
BankFolder = Annotated[Path, typer.Argument(metavar="BANK", help="The bank's folder.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What the person signs in with.")]
Roles = Annotated[
    list[str], typer.Option("--role", help="operator, risk_officer, fraud_analyst, …; may be repeated.")
]
Branches = Annotated[
    list[str] | None, typer.Option("--branch", help="Sees only this branch; may be repeated.")
]
Managers = Annotated[
    list[str] | None, typer.Option("--manager", help="Sees only this manager's customers; may be repeated.")
]


def opened(bank: Path) -> Store:
    """The bank's store, with today's schema."""
    from bankmine.config import load_config
    from bankmine.store import Store

    store = Store.configured(load_config(bank))
    store.migrate()
    return store


@users.command()
def add(
    bank: BankFolder,
    name: Name,
    role: Roles,
    branch: Branches = None,
    manager: Managers = None,
    language: Annotated[str, typer.Option("--language", help="en or zh.")] = "en",
    elsewhere: Annotated[
        bool, typer.Option("--no-password", help="Signs in elsewhere (OpenID Connect); asks for none.")
    ] = False,
) -> None:
    """Add a person; the password is asked for, or read from the standard input."""
    from bankmine.governance import people

    store = opened(bank)
    roles, seen = _roles(role), _known_scope(bank, branch, manager)
    password = None if elsewhere else _password(name)
    with store.begin() as connection:
        people.add(
            connection, None, name=name, password=password, roles=roles, scope=seen,
            language=language,
        )  # fmt: skip
    typer.echo(f"Added {name}. Next: bankmine serve {bank}")


@users.command("list")
def list_people(bank: BankFolder) -> None:
    """List people, their roles, what they see and whether they are disabled."""
    from bankmine.governance import people

    with opened(bank).read() as connection:
        accounts = people.listed(connection)
    for one in accounts:
        typer.echo(_line(one))
    if not accounts:
        typer.echo(f"Nobody yet. Add an administrator: bankmine users add {bank} NAME --role administrator")


@users.command()
def roles(bank: BankFolder, name: Name, role: Roles) -> None:
    """Give a person these roles in place of theirs; ends their sessions."""
    from bankmine.governance import people

    with opened(bank).begin() as connection:
        people.change_roles(connection, None, people.named(connection, name).person_id, _roles(role))
    typer.echo(f"{name}: {', '.join(role)}.")


@users.command()
def scope(bank: BankFolder, name: Name, branch: Branches = None, manager: Managers = None) -> None:
    """Let a person see only these branches and managers; without options, the whole bank."""
    from bankmine.governance import people

    asked = _known_scope(bank, branch, manager)
    with opened(bank).begin() as connection:
        people.change_scope(connection, None, people.named(connection, name).person_id, asked)
    typer.echo(f"{name} sees {_seen(asked)}.")


@users.command()
def password(bank: BankFolder, name: Name) -> None:
    """Set a person's password, asked for or read from the standard input; ends sessions and any lock."""
    from bankmine.governance import people

    store, given = opened(bank), _password(name)
    with store.begin() as connection:
        people.set_password(connection, None, people.named(connection, name).person_id, given)
    typer.echo(f"The password of {name} is set.")


@users.command("end-sessions")
def end_sessions(bank: BankFolder, name: Name) -> None:
    """End all sessions of a person at once; they sign in again to go on."""
    from bankmine.governance import people, sessions

    with opened(bank).begin() as connection:
        ended = sessions.end_all(connection, None, people.named(connection, name).person_id)
    typer.echo(f"{ended} {'session' if ended == 1 else 'sessions'} of {name} ended.")


@users.command()
def disable(bank: BankFolder, name: Name) -> None:
    """Refuse a person's sign-in and end their sessions; `enable` takes it back."""
    from bankmine.governance import people

    with opened(bank).begin() as connection:
        people.disable(connection, None, people.named(connection, name).person_id)
    typer.echo(f"{name} is disabled.")


@users.command()
def enable(bank: BankFolder, name: Name) -> None:
    """Let a disabled person sign in again, with the same password and roles."""
    from bankmine.governance import people

    with opened(bank).begin() as connection:
        people.enable(connection, None, people.named(connection, name).person_id)
    typer.echo(f"{name} can sign in again.")


@users.command()
def link(
    bank: BankFolder,
    name: Name,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="Their id (`sub`) at the issuer.")],
) -> None:
    """Let a person sign in through the OpenID Connect issuer of the settings."""
    from bankmine.config import load_config
    from bankmine.errors import ConfigurationError
    from bankmine.governance import oidc, people

    settings = load_config(bank).oidc
    if settings is None:
        raise ConfigurationError(
            "bankmine.toml has no section [oidc]", hint="docs/people.md says what to add."
        )
    with opened(bank).begin() as connection:
        oidc.link(connection, None, people.named(connection, name).person_id, settings.issuer, subject)
    typer.echo(f"{name} signs in through {settings.issuer}.")


@users.command("second-factor-off")
def second_factor_off(bank: BankFolder, name: Name) -> None:
    """Turn off the second factor of somebody who lost the device."""
    from bankmine.governance import people, second_factor

    with opened(bank).begin() as connection:
        second_factor.turn_off(connection, None, people.named(connection, name).person_id)
    typer.echo(f"{name} signs in without a code.")


@users.command()
def token(
    bank: BankFolder,
    name: Name,
    label: Annotated[str, typer.Option("--label", help="Which system it is for.")],
    permission: Annotated[
        list[str], typer.Option("--permission", help="customers:read, …; may be repeated.")
    ],
    days: Annotated[int, typer.Option("--days", help="How long it lasts, at most 366.")] = 90,
) -> None:
    """Make an API token that acts for somebody's account, and print it this once."""
    from bankmine.errors import UsageError
    from bankmine.governance import Permission, people, tokens

    known = {one.value for one in Permission}
    if unknown := [one for one in permission if one not in known]:
        raise UsageError(
            f"there is no permission {unknown[0]!r}", hint=f"Take of {', '.join(sorted(known))}."
        )
    store = opened(bank)
    with store.begin() as connection:
        owner = people.named(connection, name).person_id
        made, _ = tokens.add(
            connection, None, label=label, permissions=map(Permission, permission), days=days, owner=owner
        )
    typer.echo(made)


def _roles(words: list[str]):  # type: ignore[no-untyped-def]
    from bankmine.errors import UsageError
    from bankmine.governance import Role

    for word in words:
        if word not in list(Role):
            raise UsageError(f"there is no role {word!r}", hint=f"Take one of {', '.join(Role)}.")
    return [Role(word) for word in words]


def _scope(branches: list[str] | None, managers: list[str] | None) -> Scope:
    from bankmine.governance import Scope

    return Scope(frozenset(branches) if branches else None, frozenset(managers) if managers else None)


def _known_scope(bank: Path, branches: list[str] | None, managers: list[str] | None) -> Scope:
    """The scope asked for; UsageError for a branch or manager that the bank's tables, if any, do not know."""
    from bankmine.access.owners import owners
    from bankmine.folder import BankFolder

    asked, folder = _scope(branches, managers), BankFolder(bank)
    if not asked.everything and (folder.warehouse_folder / "manifest.json").exists():
        config = folder.config
        owners(folder.warehouse, memory=config.memory, threads=config.threads).check(asked)
    return asked


def _password(name: str) -> str:
    if sys.stdin.isatty():
        asked = f"Password for {name}, 12 characters or more"
        return str(typer.prompt(asked, hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _line(one: Account) -> str:
    marks = [text for text, on in (("disabled", one.disabled), ("second factor", one.second_factor)) if on]
    return f"{one.name}: {', '.join(one.roles)}; sees {_seen(one.scope)}" + "".join(f"; {m}" for m in marks)


def _seen(scope: Scope) -> str:
    kinds = (("branches", scope.branches), ("managers", scope.managers))
    told = [f"{kind} {', '.join(sorted(held)) or 'none'}" for kind, held in kinds if held is not None]
    return " and ".join(told) or "the whole bank"
