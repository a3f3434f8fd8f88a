"""What the commands of `bankmine policy` print."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bankmine.errors import UsageError

if TYPE_CHECKING:
    from bankmine.decisions.credit_policy.desk import Desk

SHIPPED = ("credit.toml", "personal_loans.toml", "terms.toml")


def example(folder: Path) -> Iterator[str]:
    """Copies the shipped files; refuses to replace one."""
    from bankmine.decisions import credit_policy

    tables = Path(credit_policy.__file__).parent / "tables"
    there = [name for name in SHIPPED if (folder / name).exists()]
    if there:
        raise UsageError(f"{folder / there[0]} is there already", hint="Name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHIPPED:
        (folder / name).write_bytes((tables / name).read_bytes())
        yield f"Wrote {folder / name}"
    yield f"Next: bankmine policy check {folder / SHIPPED[0]}"


def check(file: Path, bank: Path | None, task: str) -> tuple[bool, list[str]]:
    """Whether the policy is whole, and the check in lines."""
    from bankmine.decisions.credit_policy.checking import check as look
    from bankmine.decisions.credit_policy.deciding import Decider
    from bankmine.decisions.credit_policy.reading import read_policy

    policy = read_policy(file)
    found = look(Decider(policy), None if bank is None else _desk(bank, task, None).scored(policy).table)
    return found.good, list(found.lines())


def decide(bank: Path, file: Path, task: str) -> Iterator[str]:
    """Decides and keeps; counts by outcome and where the log lies."""
    from bankmine.decisions.credit_policy.desk import counted
    from bankmine.decisions.credit_policy.reading import read_policy

    desk, policy = _desk(bank, task, None), read_policy(file)
    first, answers, _ = desk.decide(policy)
    yield (
        f"{policy.name}, version {policy.version}, on {answers.num_rows:,} applications of run "
        f"{desk.run.run_id}:"
    )
    for outcome, count, share in counted(answers):
        yield f"  {outcome:8} {count:7,}  {share:.1%}"
    yield f"Kept as decisions {first:,} to {desk.log.decisions:,} in {desk.log.folder}"


def simulate(
    bank: Path, file: Path, champion: Path | None, task: str, terms: Path | None, recorded: str | None,
    page: Path | None,
) -> Iterator[str]:  # fmt: skip
    """The policy on trial; with `page` also written there as a page."""
    from bankmine.decisions.credit_policy.reading import read_policy
    from bankmine.decisions.credit_policy.trial import trial_of

    challenger = read_policy(file)
    other = None if champion is None else read_policy(champion)
    found = trial_of(_desk(bank, task, terms), challenger, other, recorded)
    yield from found.lines()
    if page is not None:
        yield f"Page: {found.write(page)}"


def limits(
    bank: Path, file: Path, loss: float, capital: float, out: Path | None, task: str, terms: Path | None
) -> Iterator[str]:
    """The limits, the budgets and what more of them would earn."""
    from bankmine.decisions.credit_policy.reading import read_policy
    from bankmine.tasks.contract import exponent_of

    if out is not None and out.suffix != ".csv":
        raise UsageError(f"{out} is no .csv file", hint="Give a name that ends in .csv.")
    if not (0 <= loss < float("inf") and 0 <= capital < float("inf")):
        raise UsageError(
            f"the budgets are {loss:,.2f} and {capital:,.2f}", hint="Give amounts of money from 0 on."
        )
    desk = _desk(bank, task, terms)
    unit = 10 ** exponent_of(desk.bank.warehouse.currency)
    plan, found = desk.limits(read_policy(file), loss_budget=loss * unit, capital_budget=capital * unit)
    yield f"Amounts in {desk.bank.warehouse.currency}."
    yield from plan.lines(unit)
    if out is not None:
        with out.open("w", newline="", encoding="utf-8") as opened:
            writer = csv.writer(opened)
            writer.writerow(("application_id", "limit_minor"))
            subjects = found.table.column("subject_id").to_pylist()
            writer.writerows((one, round(limit)) for one, limit in zip(subjects, plan.limit, strict=True))
        yield f"Wrote {out}"


def price(
    probability: float, months: int, amount: float, product: str, terms: Path | None, currency: str
) -> Iterator[str]:
    """The rate that covers the risk, with its parts."""
    from bankmine.bank.currencies import exponent_of
    from bankmine.decisions.credit_policy.money import price_for_risk, read_terms

    book = read_terms(terms)
    if product and product not in book.products:
        raise UsageError(
            f"the terms name no product {product!r}", hint=f"They name {', '.join(book.products) or 'none'}."
        )
    if not 0 <= probability <= 1 or not 1 <= months <= 480 or not amount > 0:
        raise UsageError(
            f"a chance of {probability:g} over {months} months on {amount:g} cannot be priced",
            hint="Give a chance from 0 to 1, 1 to 480 months and an amount above 0.",
        )
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise UsageError(
            f"{currency!r} is no currency", hint="Give three capital letters, such as EUR or JPY."
        )
    chosen, minor = book.products.get(product, book.usual), amount * 10 ** exponent_of(currency)
    rate = float(price_for_risk(probability, months, minor, chosen))
    if rate != rate:
        yield "No rate up to 500% a year covers this risk."
        return
    safe = float(price_for_risk(0.0, months, minor, chosen))
    yield (
        f"{rate:.2%} a year: {safe:.2%} for funding, cost and capital, {rate - safe:.2%} for a chance of "
        f"{probability:.1%} a year of going bad."
    )


def inference(bank: Path, task: str, recorded: str | None) -> Iterator[str]:
    """The masked test on the bank's own applications."""
    from bankmine.decisions.credit_policy.inference.of_bank import masked_test_of

    yield from masked_test_of(_desk(bank, task, None), recorded).lines()


def replay(bank: Path, against: Path | None) -> tuple[bool, list[str]]:
    """Whether all decisions came out as they were, and the replay in lines."""
    from bankmine.decisions.credit_policy.desk import FOLDER
    from bankmine.decisions.credit_policy.log import Log
    from bankmine.decisions.credit_policy.reading import read_policy
    from bankmine.decisions.credit_policy.replay import changed_by
    from bankmine.decisions.credit_policy.replay import replay as again
    from bankmine.pipeline import open_bank

    log = Log(open_bank(bank).folder / FOLDER)
    if not log.parts:
        raise UsageError(
            f"{bank} has no kept decisions", hint=f"Run `bankmine policy decide {bank} POLICY` first."
        )
    found = again(log)
    lines = list(found.lines())
    if against is not None:
        lines.extend(changed_by(log, read_policy(against)).lines())
    return not found.different, lines


def explain(bank: Path, file: Path, application: int, task: str) -> Iterator[str]:
    """The decision and what would approve."""
    from bankmine.decisions.credit_policy.reading import read_policy

    found, sentence = _desk(bank, task, None).explain(read_policy(file), application)
    yield from found.lines()
    if found.tried:
        yield sentence


def _desk(bank: Path, task: str, terms: Path | None) -> Desk:
    from bankmine.decisions.credit_policy.desk import open_desk
    from bankmine.decisions.credit_policy.money import read_terms
    from bankmine.pipeline import open_bank

    return open_desk(open_bank(bank), task=task, terms=read_terms(terms))
