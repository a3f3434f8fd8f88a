"""Window features declared in a TOML file, so that a bank adds its own without writing Python.

    [events.spent]                         # which events, under a name of one's own
    table = "transaction"
    where = { direction = "out", status = ["booked", "authorised"] }
    measure = "base_minor"                 # beside it: at_least, below, having, lacking, verdict, distinct,
    valid = "60mo"                         # key, scale

    [[windows]]                            # which windows and aggregates of them
    events = "spent"
    over = ["1mo", "3mo"]
    aggregate = ["count", "sum"]           # beside them: by, levels (or learnt = 10), delay, name

    [[ratios]]                             # one count or sum as a fraction of another, by their names
    numerator = "spent_sum_1mo"
    denominator = "spent_sum_3mo"

Each entry says what `events`, `windows` and `ratio` of `declaration` take, in their words, and is checked by
them; an error names the file and the entry.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from bankmine.errors import BankmineError, ConfigurationError
from bankmine.windows.declaration import (
    Events,
    Feature,
    RatioFeature,
    WindowFeature,
    events,
    learnt,
    ratio,
    windows,
)
from bankmine.windows.plan import check_names

T = TypeVar("T")
_STEPS: dict[str, tuple[Callable[..., Events], str]] = {  # what may follow `events(…)`, and of what form
    "where": (Events.where, "table"),
    "at_least": (Events.at_least, "table"),
    "below": (Events.below, "table"),
    "having": (Events.having, "list"),
    "lacking": (Events.lacking, "list"),
    "verdict": (Events.verdict, "text"),
    "distinct": (Events.distinct, "text"),
    "valid": (Events.valid, "text"),
}
_EVENTS = {
    "table": "text", "key": "text", "measure": "text", "scale": "number",
    **{name: form for name, (_, form) in _STEPS.items()},
}  # fmt: skip
_WINDOWS = {
    "events": "text", "over": "list", "aggregate": "list", "by": "text", "levels": "list", "learnt": "number",
    "delay": "text", "name": "text",
}  # fmt: skip
_RATIOS = {"numerator": "text", "denominator": "text", "name": "text"}
_NEEDED = {
    "events": ("table",),
    "windows": ("events", "over", "aggregate"),
    "ratios": _RATIOS.keys() - {"name"},
}
_WORDS_OF_TOML = (  # how a hint says in Python what the file says in TOML
    (r"`\.(\w+)\((\".*?\")\)`", r"`\1 = \2`"),
    (r"`\.(measure|distinct)\(column\)`", r'`\1 = "…"`'),
    (r"`levels=learnt\((\d+)\)`", r"`learnt = \1`"),
    (r"`levels=\[…\]`|`levels=`", '`levels = ["…"]`'),
    (r"`(by|name)=`", r'`\1 = "…"`'),
    (r"`lacking`", '`lacking = ["…"]`'),
)
_FORMS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: type(value) is int,
    "list": lambda value: isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value),
    "table": lambda value: isinstance(value, dict) and all(_is_value(one) for one in value.values()),
}
_SAID = {
    "text": "a text", "number": "a whole number", "list": "a list of texts",
    "table": "a table of columns and values",
}  # fmt: skip


def declared(file: Path | str) -> tuple[Feature, ...]:
    """The window features a TOML file declares, in its order, ratios last.

    ConfigurationError, naming the file and the entry, for what is not TOML, an entry or setting that does
    not exist, a value of the wrong form, and whatever `events`, `windows` and `ratio` refuse.
    """
    place = Path(file)
    raw = _read(place)
    _check_settings(place.name, raw, {"events": "", "windows": "", "ratios": ""})
    sources = {
        name: _events(f"{place.name}, events.{name}", one) for name, one in _tables(place, raw, "events")
    }
    found: list[WindowFeature] = []
    for number, one in _tables(place, raw, "windows"):
        found += _windows(f"{place.name}, windows number {number}", one, sources)
    named = {feature.name: feature for feature in found}
    ratios = [
        _ratio(f"{place.name}, ratios number {n}", one, named) for n, one in _tables(place, raw, "ratios")
    ]
    try:
        check_names([*found, *ratios])
    except BankmineError as error:
        raise _at(place.name, error) from None
    return (*found, *ratios)


def _read(place: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no file {place}", hint="Give the file that declares the windows."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{place} is not valid TOML: {error}", hint="Mend that line.") from None


def _tables(place: Path, raw: dict[str, Any], name: str) -> list[tuple[Any, dict[str, Any]]]:
    """The entries of one part: by name for `events`, by number (from 1) for the others."""
    part = raw.get(name, {} if name == "events" else [])
    entries: list[tuple[Any, Any]] = [(name, None)]
    if isinstance(part, dict) and name == "events":
        entries = list(part.items())
    elif isinstance(part, list) and name != "events":
        entries = list(enumerate(part, 1))
    if not all(isinstance(one, dict) for _, one in entries):
        header = "[events.NAME]" if name == "events" else f"[[{name}]]"
        raise ConfigurationError(
            f"{place.name} gives {name} in another form", hint=f"Head each with {header}."
        )
    return entries


def _events(where: str, raw: dict[str, Any]) -> Events:
    _check(where, raw, "events", _EVENTS)
    try:
        found = events(raw["table"], **{name: raw[name] for name in ("key",) if name in raw})
        if "measure" in raw:
            found = found.measure(raw["measure"], scale=raw.get("scale", 1))
        elif "scale" in raw:
            raise ConfigurationError("scale is of no measure", hint='Add `measure = "…"`.')
        for name, (step, form) in _STEPS.items():
            if name in raw:
                found = _step(found, step, form, raw[name])
    except BankmineError as error:
        raise _at(where, error) from None
    return found


def _step(found: Events, step: Callable[..., Events], form: str, given: Any) -> Events:
    if form == "table":
        return step(found, **given)
    return step(found, *given) if form == "list" else step(found, given)


def _windows(where: str, raw: dict[str, Any], sources: Mapping[str, Events]) -> tuple[WindowFeature, ...]:
    _check(where, raw, "windows", _WINDOWS)
    source = _known(where, raw["events"], sources, "events")
    settings = {name: value for name, value in raw.items() if name not in ("events", "learnt")}
    if "learnt" in raw and "levels" in raw:
        raise ConfigurationError(f"{where} has both levels and learnt", hint="Keep one of them.")
    try:
        if "learnt" in raw:
            settings["levels"] = learnt(raw["learnt"])
        return windows(source, **settings)
    except BankmineError as error:
        raise _at(where, error) from None


def _ratio(where: str, raw: dict[str, Any], named: Mapping[str, WindowFeature]) -> RatioFeature:
    _check(where, raw, "ratios", _RATIOS)
    parts = [_known(where, raw[name], named, "feature") for name in ("numerator", "denominator")]
    try:
        return ratio(*parts, name=raw.get("name"))
    except BankmineError as error:
        raise _at(where, error) from None


def _check(where: str, raw: dict[str, Any], part: str, allowed: Mapping[str, str]) -> None:
    _check_settings(where, raw, allowed)
    for name in _NEEDED[part]:
        if name not in raw:
            raise ConfigurationError(f"{where} lacks {name}", hint=f"Add `{name} = …`.")
    for name, value in raw.items():
        if not _FORMS[allowed[name]](value):
            raise ConfigurationError(f"{where} has {name} = {value!r}", hint=f"Give {_SAID[allowed[name]]}.")


def _check_settings(where: str, raw: dict[str, Any], allowed: Mapping[str, str]) -> None:
    for name in raw:
        if name not in allowed:
            near = get_close_matches(name, allowed, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(allowed)}."
            raise ConfigurationError(f"{where} has an unknown setting {name!r}", hint=hint)


def _known(where: str, name: str, known: Mapping[str, T], what: str) -> T:
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=3)
    hint = (
        f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(list(known)[:5]) or 'none'}."
    )
    raise ConfigurationError(f"{where} names {what} {name!r}, which the file does not declare", hint=hint)


def _at(where: str, error: BankmineError) -> ConfigurationError:
    return ConfigurationError(f"{where}: {error.what}", hint=_in_toml(error.hint))


def _in_toml(hint: str) -> str:
    """A hint in the words of the file instead of Python's."""
    for python, toml in _WORDS_OF_TOML:
        hint = re.sub(python, toml, hint)
    return hint


def _is_value(value: object) -> bool:
    many = value if isinstance(value, list) and value else [value]
    return all(isinstance(one, str | int | bool) for one in many)
