"""`bankmine audit …`: verify that nothing was done to the audit, and list its events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

audit = typer.Typer(
    help="What was done, by whom and when: verified against its chain and anchor, and listed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
BankFolder = Annotated[Path, typer.Argument(metavar="BANK", help="The bank's folder.")]


@audit.command()
def verify(bank: BankFolder) -> None:
    """Find edited, deleted, reordered, missing and forged events; exit code 6 where there are any."""
    from bankmine.cli.users import opened
    from bankmine.governance import audit as events

    found = events.verify(opened(bank))
    for fault in found.faults:
        typer.echo(f"FAIL  {fault}")
    late = f"; {found.unanchored} written since the newest anchor" if found.unanchored else ""
    if not found.whole:
        raise typer.Exit(6)
    typer.echo(f"ok    {found.events:,} events in one chain, as anchored{late}")


@audit.command("list")
def list_events(
    bank: BankFolder,
    act: Annotated[str | None, typer.Option("--act", help="Only this act, e.g. signed_in.")] = None,
    person: Annotated[str | None, typer.Option("--person", help="Only by this person, by name.")] = None,
    about: Annotated[
        str | None, typer.Option("--about", help="Only about this id: of a customer, person, run …")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 50,
    before: Annotated[int | None, typer.Option("--before", help="Only earlier than this number.")] = None,
) -> None:
    """List the newest events, newest first, as tab-separated lines."""
    from bankmine.cli.users import opened
    from bankmine.governance import audit as events
    from bankmine.governance import people

    with opened(bank).read() as connection:
        who = people.named(connection, person).person_id if person else None
        names = {one.person_id: one.name for one in people.listed(connection)}
        found = events.events(connection, act=act, person_id=who, object_id=about, limit=limit, before=before)
    for one in found:
        by = names.get(one.person_id, one.person_id) if one.person_id else "–"
        details = json.dumps(one.details, ensure_ascii=False) if one.details else ""
        what = f"{one.object_kind} {one.object_id}".strip()
        typer.echo("\t".join((str(one.seq), _instant(one.at), by, one.act, what, details)).rstrip())


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
