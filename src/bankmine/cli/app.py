"""The commands. Each translates its options, calls one function of a room or of `pipeline`, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bankmine.cli.audit import audit
from bankmine.cli.policy import policy
from bankmine.cli.serve import serve
from bankmine.cli.users import users

app = typer.Typer(
    name="bankmine",
    help="Data mining for banks: from raw tables to knowledge of each customer and decisions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Any command takes --debug to show tracebacks.",
)

app.add_typer(policy, name="policy")
app.add_typer(users, name="users")
app.add_typer(audit, name="audit")
app.command()(serve)

BankFolder = Annotated[Path, typer.Argument(metavar="BANK", help="The bank's folder.")]
Cutoff = Annotated[
    str | None, typer.Option("--cutoff", help="Look at the bank as of this civil date, e.g. 1994-04-01.")
]


def _version(show: bool) -> None:
    if show:
        from bankmine import __version__

        typer.echo(f"bankmine {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="BANK", help="The folder to make.")],
    extracts: Annotated[Path, typer.Option("--extracts", help="Folder of the raw files.")],
    mapping: Annotated[str, typer.Option("--mapping", help="A shipped mapping or a folder of your own.")],
    keys: Annotated[
        Path | None, typer.Option("--keys", help="Folder of keys to use; by default BANK/keys is made.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="The bank's name on pages.")] = None,
) -> None:
    """Make a bank's folder: settings, keys and an empty warehouse. Nothing is loaded yet."""
    from bankmine import pipeline

    made = pipeline.init(folder, mapping=mapping, extracts=extracts, keys=keys, name=name)
    typer.echo(f"Made {made.folder}. Next: bankmine run {folder}")


@app.command()
def run(
    bank: BankFolder,
    task: Annotated[list[str] | None, typer.Option("--task", help="Only this task; may be repeated.")] = None,
    cutoff: Cutoff = None,
    budget: Annotated[
        str | None, typer.Option("--budget", help="usual or quick: how much each question may spend.")
    ] = None,
) -> None:
    """Load, understand, snapshot, mine and report: the whole pass."""
    from bankmine import pipeline
    from bankmine.cli.progress import stages

    with stages() as progress:
        outcome = pipeline.run(
            pipeline.open_bank(bank, budget=budget), tasks=task, cutoff=cutoff, progress=progress
        )
    for line in outcome.lines():
        typer.echo(line)


@app.command()
def load(bank: BankFolder) -> None:
    """Load the extracts into the warehouse; an extract already loaded is recognised."""
    from bankmine import pipeline
    from bankmine.cli.progress import stages

    with stages() as progress:
        lines = pipeline.load(pipeline.open_bank(bank), progress=progress)
    for line in lines:
        typer.echo(line)


@app.command()
def understand(bank: BankFolder) -> None:
    """Say in plain sentences what is in the data and what looks wrong with them."""
    from bankmine import pipeline
    from bankmine.cli.progress import stages

    with stages() as progress:
        lines = pipeline.understand_lines(pipeline.open_bank(bank), progress=progress)
    for line in lines:
        typer.echo(line)


@app.command()
def snapshot(
    bank: BankFolder,
    windows: Annotated[
        Path | None,
        typer.Option("--windows", help="Only the window features a TOML file declares, written to --out."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="A new folder for --windows.")] = None,
    cutoff: Annotated[
        list[str] | None,
        typer.Option("--cutoff", help="Look at the bank as of this civil date; with --windows, repeatable."),
    ] = None,
) -> None:
    """Keep all features of all customers at a cutoff; or window features of your own at many."""
    from bankmine.cli.progress import stages
    from bankmine.cli.snapshot import lines

    with stages() as progress:
        found = lines(bank, windows, out, cutoffs=cutoff or [], progress=progress)
    for line in found:
        typer.echo(line)


@app.command()
def report(bank: BankFolder) -> None:
    """Build the report from the current results and print the path of its first page."""
    from bankmine import pipeline
    from bankmine.cli.progress import stages

    with stages() as progress:
        path = pipeline.report(pipeline.open_bank(bank), progress=progress)
    typer.echo(path)


@app.command()
def validate(
    bank: BankFolder,
    task: Annotated[str, typer.Argument(metavar="TASK", help="The task whose published score is tested.")],
    question: Annotated[
        str | None, typer.Option("--question", help="Which question of a task that asks several.")
    ] = None,
    word: Annotated[
        Path | None, typer.Option("--word", help="Also write a Word document, e.g. churn.docx.")
    ] = None,
) -> None:
    """Test a published score as validators and supervisors do; write the pack as a page."""
    from bankmine.cli.validate import lines

    for line in lines(bank, task, question=question, word=word):
        typer.echo(line)


@app.command()
def check(bank: BankFolder) -> None:
    """Verify settings, keys, files and the counts the mapping promises."""
    from bankmine import pipeline

    failed = 0
    for line, good in pipeline.check(pipeline.open_bank(bank)):
        failed += good is False
        typer.echo(f"{'skip' if good is None else 'ok  ' if good else 'FAIL'}  {line}")
    if failed:
        raise typer.Exit(6)


@app.command()
def history(
    bank: BankFolder,
    restore: Annotated[
        bool, typer.Option("--restore", help="Bring back the last good manifest where it was damaged.")
    ] = False,
) -> None:
    """List the loads: when, what, how many rows, how many rejected and why."""
    from bankmine import pipeline

    for line in pipeline.history(bank, restore=restore):
        typer.echo(line)


@app.command()
def tables(
    name: Annotated[str | None, typer.Argument(help="One table: its columns.")] = None,
    bank: Annotated[Path | None, typer.Option("--bank", help="Also show this bank's rows.")] = None,
) -> None:
    """List the bank tables, or the columns of one."""
    from bankmine.cli import listing

    for line in listing.tables(name, bank):
        typer.echo(line)


@app.command()
def features(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Words to search for; or: explain NAME. A bank's folder may come first."),
    ] = None,
    bank: Annotated[
        Path | None, typer.Option("--bank", help="Which of them this bank's tables allow; examples from it.")
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Only of this unit, e.g. days.")] = None,
    window: Annotated[str | None, typer.Option("--window", help="Only over this window, e.g. 3mo.")] = None,
    table: Annotated[str | None, typer.Option("--table", help="Only what reads this bank table.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="Only under this key, e.g. terminal_id.")] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="window, versioned, derived, calendar, own.")
    ] = None,
    cutoff: Cutoff = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List or search the feature catalogue; `bankmine features explain NAME` tells one whole."""
    from bankmine.cli.features import features as lines

    for line in lines(
        words or [], bank, cutoff=cutoff, as_json=as_json, unit=unit, window=window, table=table, key=key,
        kind=kind,
    ):  # fmt: skip
        typer.echo(line)


@app.command()
def tasks(
    bank: Annotated[Path | None, typer.Option("--bank", help="Which of them this bank allows.")] = None,
) -> None:
    """List the questions bankmine can answer, and what each needs."""
    from bankmine.cli import listing

    for line in listing.tasks(bank):
        typer.echo(line)


@app.command()
def mappings() -> None:
    """List the mappings that are shipped."""
    from bankmine.cli import listing

    for line in listing.mappings():
        typer.echo(line)


@app.command()
def customer(
    bank: BankFolder,
    customer_id: Annotated[
        str, typer.Argument(help="Pseudonym (16 digits) or, with --raw, the bank's own id.")
    ],
    raw: Annotated[bool, typer.Option("--raw", help="The id is the bank's own.")] = False,
    cutoff: Cutoff = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Write a page into this folder instead of text.")
    ] = None,
) -> None:
    """Show one customer exactly as known at a cutoff: who, scores with reasons, changes, peers."""
    from bankmine.cli import listing

    for line in listing.customer(bank, customer_id, raw=raw, cutoff=cutoff, page=page):
        typer.echo(line)


@app.command()
def segment(
    bank: BankFolder,
    customer_id: Annotated[
        str, typer.Argument(help="Pseudonym (16 digits) or, with --raw, the bank's own id.")
    ],
    name: Annotated[
        str | None, typer.Option("--segment", help="A segment's name or number, or a rule's name.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="The id is the bank's own.")] = False,
    cutoff: Cutoff = None,
) -> None:
    """Say why a customer is, or is not, in a segment; without --segment, which ones they are in."""
    from bankmine.cli.segment import lines

    for line in lines(bank, customer_id, segment=name, raw=raw, cutoff=cutoff):
        typer.echo(line)


@app.command("form")
def form_command(
    bank: BankFolder,
    task: Annotated[str, typer.Argument(metavar="TASK", help="The task whose published run answers.")],
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="FIELD=VALUE…", help="Fields that are known, e.g. age=34.")
    ] = None,
) -> None:
    """Answer a stranger's form, however little of it is filled in: chances, reasons, what to ask next."""
    from bankmine.cli.form import lines

    for line in lines(bank, task, fields or []):
        typer.echo(line)


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the extracts.")],
    customers: Annotated[int, typer.Option(min=50, max=200_000)] = 2000,
    months: Annotated[int, typer.Option(min=6, max=120)] = 18,
    seed: Annotated[int, typer.Option(min=0)] = 7,
) -> None:
    """Write the extracts of a tiny made-up bank, for `bankmine init --mapping example`."""
    from bankmine import pipeline

    typer.echo(pipeline.write_example(folder, customers=customers, months=months, seed=seed))


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the extracts and the truth.")],
    customers: Annotated[int, typer.Option(help="How many customers, 1 to 50,000,000.")] = 5000,
    months: Annotated[int, typer.Option(help="How many months from January 2023 on, 1 to 120.")] = 36,
    seed: Annotated[int, typer.Option(help="Which world; the same seed gives the same bytes.")] = 7,
    scenario: Annotated[
        str, typer.Option("--scenario", help="calm, recession, attack, or a file.toml of strengths.")
    ] = "calm",
    form: Annotated[str, typer.Option("--format", help="parquet, or csv (gzip).")] = "parquet",
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes; by default one a core.")
    ] = None,
) -> None:
    """Make up a whole bank whose every cause is known: its extracts, and the truth beside them."""
    from bankmine import pipeline
    from bankmine.cli.progress import stages

    with stages() as progress:
        lines = pipeline.simulate(
            folder, customers=customers, months=months, seed=seed, scenario=scenario, form=form,
            workers=workers, progress=progress,
        )  # fmt: skip
    for line in lines:
        typer.echo(line)
