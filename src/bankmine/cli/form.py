"""What `bankmine form` prints: a stranger's form answered by the published run of a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bankmine.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from bankmine.mining.form.model import FormAnswer, FormModel

SHOWN = 5


def lines(bank: Path, task: str, words: Sequence[str]) -> Iterator[str]:
    """The answer to the fields given as `name=value`; without any, also what may stand in each field.

    UsageError, on one line, for a field the form does not have or a value that cannot stand in it.
    """
    from bankmine.lifecycle.forms import published_form
    from bankmine.pipeline import open_bank

    form = published_form(open_bank(bank).results_folder, task)
    given = read(form.model, words)
    answer, seconds = form.answer(given)
    yield f"{form.run.about['title']}: form of the run {form.run.run_id} at {form.run.cutoff}"
    if not words:
        yield from _fields(form.model)
    yield from shown(form.model, answer)
    yield f"Answered in {seconds * 1000:.1f} ms."


def read(form: FormModel, words: Sequence[str]) -> dict[str, Any]:
    """`name=value` words as fields; `name=` is a field not known."""
    from bankmine.mining.form.reading import named, read_fields

    given: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"{word!r} is not field=value", hint=f"The form has {named(form)}.")
        if name in given:
            raise UsageError(f"the field {name} is given twice", hint="Give it once.")
        given[name] = value
    return read_fields(form, given)


def shown(form: FormModel, answer: FormAnswer) -> Iterator[str]:
    """The answer in lines: best outcome, chances, what it is worth, reasons, next questions, notes."""
    called = form.about.get("names", {})
    best, chance = called.get(answer.best, answer.best), answer.probability[answer.best]
    yield f"Best outcome: {best} (chance {chance:.1%})"
    if "told" in form.about:
        yield f"  {form.about['told']}"
    others = sorted(answer.probability, key=lambda name: -answer.probability[name])
    yield "Chances: " + ", ".join(f"{called.get(one, one)} {answer.probability[one]:.1%}" for one in others)
    if answer.profit:
        worth = ", ".join(f"{name} {profit:,.2f}" for name, profit in answer.profit.items())
        yield f"Expected profit in {answer.unit}: {worth}; best to do: {answer.best_action or 'nothing'}"
        yield from _price(form, answer.unit)
    for name, told, moved in answer.reasons[:SHOWN]:
        side = "raises" if moved > 0 else "lowers"
        yield f"  {name} = {told} {side} it (log-odds {moved:+.2f})"
    if not answer.reasons:
        yield "  no field is filled in: these are the shares of training"
    yield from (f"  {note}" for note in answer.notes)
    if answer.ask_next:
        first, gain = answer.ask_next[0]
        question = next(one.question for one in form.fields if one.name == first)
        rest = ", ".join(f"{one} {value:.3g}" for one, value in answer.ask_next[1:SHOWN])
        yield f"Ask next: {question} ({first}), worth {gain:.3g} {answer.unit}" + (
            f"; then {rest}" if rest else ""
        )
    else:
        yield "Every field is filled in."


def _price(form: FormModel, unit: str) -> Iterator[str]:
    """What a place on the list costs, where the form reckons with one."""
    if "price_of_a_place" in form.about:
        price, capacity = form.about["price_of_a_place"], form.about["capacity"]
        yield f"  after {unit} {price:,.2f} for a place on the list, which {capacity:.0%} of strangers get"


def _fields(form: FormModel) -> Iterator[str]:
    for field in form.fields:
        yield f"  {field.name}: {field.question} · {field.allowed}"
