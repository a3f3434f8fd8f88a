"""`bankmine policy …`: check a policy, decide, simulate, assign limits, replay decisions, explain one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

policy = typer.Typer(
    help="Credit policy: decision tables over an application score, checked, simulated, kept and replayed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
BankFolder = Annotated[Path, typer.Argument(metavar="BANK", help="The bank's folder.")]
PolicyFile = Annotated[Path, typer.Argument(metavar="POLICY", help="The policy, a .toml file.")]
Task = Annotated[str, typer.Option("--task", help="Whose published run has the scores.")]
Terms = Annotated[
    Path | None, typer.Option("--terms", help="A .toml file of funding, cost, loss given default, capital.")
]
Recorded = Annotated[
    str | None,
    typer.Option(
        "--recorded", help="A feature that made it easier to be granted and has no bearing on risk."
    ),
]
SCORE = "application_score"


def _say(lines: Iterator[str]) -> None:
    for line in lines:
        typer.echo(line)


@policy.command()
def example(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write them.")],
) -> None:
    """Write an example policy and an example of terms, to start your own from."""
    from bankmine.cli.policy_lines import example as lines

    _say(lines(folder))


@policy.command()
def check(
    file: PolicyFile,
    bank: Annotated[
        Path | None, typer.Option("--bank", help="Also count over the applicants this bank scored last.")
    ] = None,
    task: Task = SCORE,
) -> None:
    """Find gaps, overlaps and rows nobody reaches, each with an example; exit code 1 where there are any."""
    from bankmine.cli.policy_lines import check as found

    good, lines = found(file, bank, task)
    _say(iter(lines))
    if not good:
        raise typer.Exit(1)


@policy.command()
def decide(bank: BankFolder, file: PolicyFile, task: Task = SCORE) -> None:
    """Decide on all applications scored last, and keep the decisions so that they can be replayed."""
    from bankmine.cli.policy_lines import decide as lines

    _say(lines(bank, file, task))


@policy.command()
def simulate(
    bank: BankFolder,
    file: PolicyFile,
    champion: Annotated[
        Path | None,
        typer.Option("--champion", help="The policy to compare with; by default today's decisions."),
    ] = None,
    task: Task = SCORE,
    terms: Terms = None,
    recorded: Recorded = None,
    page: Annotated[Path | None, typer.Option("--page", help="Also write a page into this folder.")] = None,
) -> None:
    """Approval against bad rate, the swap set, the money, and the cut-off by profit, with intervals."""
    from bankmine.cli.policy_lines import simulate as lines

    _say(lines(bank, file, champion, task, terms, recorded, page))


@policy.command()
def limits(
    bank: BankFolder,
    file: PolicyFile,
    loss_budget: Annotated[float, typer.Option("--loss-budget", help="Expected loss a year, major units.")],
    capital_budget: Annotated[float, typer.Option("--capital-budget", help="Capital, major units.")],
    out: Annotated[Path | None, typer.Option("--out", help="Write the limits to this .csv file.")] = None,
    task: Task = SCORE,
    terms: Terms = None,
) -> None:
    """Assign limits that earn most within a loss and a capital budget; say what more would earn."""
    from bankmine.cli.policy_lines import limits as lines

    _say(lines(bank, file, loss_budget, capital_budget, out, task, terms))


@policy.command()
def price(
    probability: Annotated[float, typer.Argument(help="Chance of default within a year, e.g. 0.03.")],
    months: Annotated[int, typer.Option("--months", help="Term.")] = 36,
    amount: Annotated[float, typer.Option("--amount", help="Amount, major units.")] = 5_000,
    product: Annotated[str, typer.Option("--product", help="A product of the terms file.")] = "",
    terms: Terms = None,
    currency: Annotated[
        str, typer.Option("--currency", help="ISO code: says how many decimals amounts have; else USD.")
    ] = "USD",
) -> None:
    """The yearly rate that covers funding, cost, expected loss and capital."""
    from bankmine.cli.policy_lines import price as lines

    _say(lines(probability, months, amount, product, terms, currency))


@policy.command()
def inference(
    bank: BankFolder,
    task: Task = SCORE,
    recorded: Recorded = None,
) -> None:
    """Test whether the refused may be inferred: hide some granted ones, see which method finds them."""
    from bankmine.cli.policy_lines import inference as lines

    _say(lines(bank, task, recorded))


@policy.command()
def replay(
    bank: BankFolder,
    against: Annotated[
        Path | None, typer.Option("--policy", help="Also say what this policy would change.")
    ] = None,
) -> None:
    """Take every kept decision again with the policy of its day; exit code 1 where one differs."""
    from bankmine.cli.policy_lines import replay as found

    good, lines = found(bank, against)
    _say(iter(lines))
    if not good:
        raise typer.Exit(1)


@policy.command(context_settings={"ignore_unknown_options": True})  # pseudonyms may begin with a minus
def explain(
    bank: BankFolder,
    file: PolicyFile,
    application: Annotated[int, typer.Argument(metavar="APPLICATION", help="Its pseudonym.")],
    task: Task = SCORE,
) -> None:
    """Say what the policy decides of an application, and the smallest changes it would approve."""
    from bankmine.cli.policy_lines import explain as lines

    _say(lines(bank, file, application, task))
