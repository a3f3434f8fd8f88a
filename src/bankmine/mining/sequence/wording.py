"""Reasons as English: "three enquiries in nine days in May"."""

from __future__ import annotations

from collections.abc import Mapping

from bankmine.mining.sequence.occlusion import EventReason

_NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
Names = Mapping[str, tuple[str, str]]


def worded(reason: EventReason, names: Names | None = None, *, year: int | None = None) -> str:
    """The events of a reason in words.

    `names` gives the singular and plural of a kind; without it underscores become blanks and the plural is
    made by rule. The year is said unless it is `year`, that of the reader.
    """
    what = _named(reason.kind, names)
    words = [_number(reason.count), what[0] if reason.count == 1 else what[1]]
    if reason.count > 1:
        words += ["on", "one", "day"] if reason.days == 1 else ["in", _number(reason.days), "days"]
    number, month = (int(part) for part in reason.month.split("-"))
    words += ["in", _MONTHS[month - 1]]
    return " ".join(words if number == year else [*words, str(number)])


def _number(value: int) -> str:
    return _NUMBERS[value] if value < len(_NUMBERS) else f"{value:,}"


def _named(kind: str | None, names: Names | None) -> tuple[str, str]:
    if kind is None:
        return "event of no known kind", "events of no known kind"
    if names and kind in names:
        return names[kind]
    plain = kind.replace("_", " ")
    if plain.endswith("y") and plain[-2:-1] not in "aeiou":
        return plain, f"{plain[:-1]}ies"
    return plain, plain + ("es" if plain.endswith(("s", "x", "ch", "sh")) else "s")
