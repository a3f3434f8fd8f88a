"""What arrives from a form, made into the values of its fields, or refused in words a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from bankmine.errors import UsageError

if TYPE_CHECKING:
    from bankmine.mining.form.fields import Field
    from bankmine.mining.form.model import FormModel


def read_fields(form: FormModel, given: Mapping[str, Any]) -> dict[str, Any]:
    """Texts or numbers by field name as values of the fields; None or "" is a field not known.

    UsageError, on one line, for a field the form does not have or a value that cannot stand in it.
    """
    fields = {field.name: field for field in form.fields}
    for name in given:
        if name not in fields:
            near = get_close_matches(name, fields, n=1)
            meant = f"Did you mean {near[0]}? " if near else ""
            raise UsageError(f"the form has no field {name[:40]!r}", hint=f"{meant}It has {named(form)}.")
    return {name: _value(fields[name], value) for name, value in given.items()}


def named(form: FormModel) -> str:
    """The fields of a form and what may stand in each, in one line."""
    return "; ".join(f"{field.name} ({field.allowed})" for field in form.fields)


def _value(field: Field, given: Any) -> Any:
    text = "" if given is None else str(given).strip()
    if not text:
        return None
    if not field.is_text:
        try:
            number = float(text)
        except ValueError:
            raise _wrong(field, text) from None
        if isinstance(given, bool) or not field.accepts(number):
            raise _wrong(field, text)
        return number
    folded = {level.casefold(): level for level in field.levels}
    if text.casefold() not in folded:
        raise _wrong(field, text)
    return folded[text.casefold()]


def _wrong(field: Field, text: str) -> UsageError:
    return UsageError(
        f"{text[:60]!r} cannot stand in the field {field.name}", hint=f"Allowed: {field.allowed}, or nothing."
    )
