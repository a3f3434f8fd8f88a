"""What `bankmine segment` prints: why a customer is, or is not, in a segment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bankmine.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from bankmine.folder import BankFolder
    from bankmine.lifecycle.run import Run
    from bankmine.tasks.contract import Bank
    from bankmine.tasks.segmentation.rules import Condition
    from bankmine.tasks.segmentation.why import Pull, WhyFound, WhyRule

TASK = "segmentation"


def lines(
    bank: Path, customer_id: str, *, segment: str | None, raw: bool, cutoff: str | None
) -> Iterator[str]:
    """The customer's segments, or why they are (not) in the one named; by the published run's model."""
    from bankmine.bank.keys import show_key
    from bankmine.lifecycle.old_runs import readable
    from bankmine.pipeline import open_bank
    from bankmine.tasks.segmentation.model import SegmentModel
    from bankmine.tasks.segmentation.why import WhyRule, segments_of, why

    folder = open_bank(bank)
    run = _published(folder)
    asked = _bank(folder, run, cutoff)
    customer = _token(folder, customer_id, raw=raw)
    with readable(run):
        model = SegmentModel.from_json(run.metrics["model_of_segments"])
    shown = folder.warehouse.zone.show(asked.cutoff)
    yield f"Customer {show_key(customer)} as known on {shown}, by the segments of run {run.run_id}"
    if segment is None:
        found, rules = segments_of(asked, model, customer)
        yield f"Found segment: {found}"
        yield from (_one_line(rule) for rule in rules)
        return
    answer = why(asked, model, customer, segment)
    currency = folder.warehouse.currency
    yield from _rule(answer) if isinstance(answer, WhyRule) else _found(answer, currency)


def _published(folder: BankFolder) -> Run:
    from bankmine.lifecycle import current

    found = current(folder.results_folder).get(TASK)
    if found is None:
        raise UsageError(
            "no run of segmentation is published yet", hint="Run `bankmine run BANK --task segmentation`."
        )
    return found


def _bank(folder: BankFolder, run: Run, cutoff: str | None) -> Bank:
    from bankmine.tasks.contract import Bank
    from bankmine.tasks.population import check_cutoff
    from bankmine.tasks.registry import find_task

    at = int(run.about["cutoff_us"])
    if cutoff is not None:
        at = check_cutoff(folder.warehouse, find_task(TASK).needs, cutoff)
    config = folder.config
    return Bank(
        warehouse=folder.warehouse, cutoff=at, settings=run.about["settings"], memory=config.memory,
        threads=config.threads,
    )  # fmt: skip


def _token(folder: BankFolder, customer_id: str, *, raw: bool) -> int:
    from bankmine.bank.keys import parse_key

    try:
        return folder.keyring.token("customer", customer_id) if raw else parse_key(customer_id)
    except ValueError:
        raise UsageError(
            f"{customer_id!r} is not a pseudonym", hint="Give its 16 digits, or the bank's own id with --raw."
        ) from None


def _one_line(rule: WhyRule) -> str:
    failed = next((one for one in rule.conditions if not one.holds), None)
    said = "yes" if failed is None else f"no: {_condition(failed)}"
    return f"  {rule.rule.title}: {said}"


def _rule(found: WhyRule) -> Iterator[str]:
    yield f"{found.rule.title}: {'in it' if found.holds else 'not in it'}. {found.rule.sentence}"
    for one in found.conditions:
        mark = "not asked" if one.holds is None else "holds" if one.holds else "fails"
        yield f"  {mark:9} {_condition(one)}"
    if any(one.holds is None for one in found.conditions):
        yield "  The statement has no row of this customer."


def _condition(one: Condition) -> str:
    """The condition in words, with the values it looks at."""
    return f"{one.words}{f'   ({one.seen})' if one.seen else ''}"


def _found(found: WhyFound, currency: str) -> Iterator[str]:
    if not found.pulls:
        which = "in it" if found.holds else f"not in it, but in “{found.other}”"
        yield f"“{found.name}”: {which}. Companies and persons are told apart by their kind."
        return
    if found.holds:
        yield f"“{found.name}”: in it. The next nearest is “{found.other}”."
    else:
        yield f"“{found.name}”: not in it, but in “{found.other}”, which is nearer."
    yield f"  distance to “{found.name}” {found.distance:.2f}, to “{found.other}” {found.other_distance:.2f}"
    yield from (_pull(one, found, currency) for one in found.pulls)
    if not found.enough_known:
        yield "  Few purchases are known of this customer, so the segment is a guess."


def _pull(one: Pull, found: WhyFound, currency: str) -> str:
    from bankmine.tasks.segmentation.words import plain_name

    side = found.name if one.pull > 0 else found.other
    return (
        f"  {plain_name(one.feature)} {_measured(one, currency)}: {one.place:+.1f} spreads from the usual "
        f"(“{found.name}” {one.asked:+.1f}, “{found.other}” {one.other:+.1f}); speaks for “{side}”"
    )


def _measured(one: Pull, currency: str) -> str:
    """The feature's value in its unit."""
    from bankmine.tasks.contract import exponent_of

    if one.value is None:
        return "unknown"
    if one.unit == "minor units":
        digits = exponent_of(currency)
        return f"{one.value / 10**digits:,.{digits}f} {currency}"
    if one.unit == "share":
        return f"{one.value:.1%}"
    return f"{one.value:,.0f}" if one.value == int(one.value) else f"{one.value:,.1f}"
