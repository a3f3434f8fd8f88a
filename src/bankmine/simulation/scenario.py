"""A scenario: the strength of every cause, as data. A TOML file sets any of them; unknown ones are refused.

Shipped are `calm` (all causes at their usual strength), `recession` (a regime change two thirds of the way)
and `attack` (fraud and laundering many times as frequent from the middle on).
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from bankmine.errors import ConfigurationError, UsageError

SHIPPED = ("calm", "recession", "attack")


def _strength(default: float, words: str, low: float = 0.0, high: float = 10.0) -> Any:
    """A number with its sentence and the values it may take, both ends included."""
    return field(default=default, metadata={"words": words, "low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class Activity:
    """How much happens."""

    payments: float = _strength(1.0, "payments a customer makes, times the usual number", 0.05, 5.0)
    companies: float = _strength(0.06, "share of customers that are companies", 0.0, 0.5)
    joint: float = _strength(0.18, "share of current accounts with a co-owner", 0.0, 1.0)
    newcomers: float = _strength(0.25, "share of customers who join during the period", 0.0, 0.9)
    rhythm: float = _strength(1.0, "weight of weekday, month end and holidays", 0.0, 2.0)


@dataclass(frozen=True, kw_only=True)
class Attrition:
    """Why customers leave, and how it shows."""

    base: float = _strength(1.0, "chance of leaving, times the usual one", 0.0, 10.0)
    service: float = _strength(1.0, "weight of bad service")
    rate: float = _strength(1.0, "weight of a better rate elsewhere")
    moving: float = _strength(1.0, "weight of moving away")
    signs: float = _strength(
        0.55, "share of leavers who first move the salary away and run the balance down", 0.0, 1.0
    )
    silent: float = _strength(0.3, "share of those who then leave without closing", 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Default:
    """Why credits go bad."""

    base: float = _strength(1.0, "chance of default, times the usual one", 0.0, 10.0)
    income_loss: float = _strength(1.0, "weight of lost income")
    over_borrowing: float = _strength(1.0, "weight of enquiries no loan followed")
    contagion: float = _strength(1.0, "weight of defaulting guarantors and failing employers")
    order: float = _strength(1.0, "weight of the order of events (the counts say nothing)")
    text: float = _strength(1.0, "weight of what the purpose text says")


@dataclass(frozen=True, kw_only=True)
class Product:
    """Why a customer takes the next product."""

    base: float = _strength(1.0, "chance of a new product, times the usual one", 0.0, 10.0)
    life_events: float = _strength(1.0, "weight of life events")


@dataclass(frozen=True, kw_only=True)
class Response:
    """How customers answer campaigns."""

    base: float = _strength(1.0, "chance of a response, times the usual one", 0.0, 10.0)
    effect: float = _strength(1.0, "weight of being contacted")
    campaigns_a_year: float = _strength(6, "campaigns a year", 0, 24)
    control: float = _strength(0.3, "share of the control group", 0.05, 0.9)


@dataclass(frozen=True, kw_only=True)
class Satisfaction:
    """What makes customers dissatisfied."""

    incidents: float = _strength(1.0, "incidents of bad service, times the usual number")
    complaints: float = _strength(0.35, "share of incidents that lead to a complaint", 0.0, 1.0)
    surveys: float = _strength(0.12, "share of customers asked in a quarter who answer", 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Fraud:
    """How often which fraud happens, times the usual number."""

    stolen_card: float = _strength(1.0, "stolen cards", 0.0, 50.0)
    account_takeover: float = _strength(1.0, "accounts taken over", 0.0, 50.0)
    compromised_terminal: float = _strength(1.0, "compromised terminals", 0.0, 50.0)
    false_application: float = _strength(1.0, "applications with false data", 0.0, 50.0)
    rings: float = _strength(1.0, "rings of applicants sharing phones and devices", 0.0, 50.0)
    attack_month: float = _strength(
        -1, "month from which all of them, and laundering, multiply; -1: never", -1, 1200
    )
    attack_factor: float = _strength(6.0, "by how much", 1.0, 50.0)


@dataclass(frozen=True, kw_only=True)
class Laundering:
    """How often which pattern happens, times the usual number."""

    fan_in: float = _strength(1.0, "fan-in", 0.0, 50.0)
    fan_out: float = _strength(1.0, "fan-out", 0.0, 50.0)
    cycle: float = _strength(1.0, "cycles", 0.0, 50.0)
    scatter_gather: float = _strength(1.0, "scatter-gather", 0.0, 50.0)
    pass_through: float = _strength(1.0, "pass-through", 0.0, 50.0)
    structuring: float = _strength(1.0, "structuring below the reporting threshold", 0.0, 50.0)


@dataclass(frozen=True, kw_only=True)
class Regime:
    """A change of the whole economy at one point of the period."""

    at: float = _strength(0.0, "share of the period after which it begins; 0: never", 0.0, 0.95)
    unemployment: float = _strength(1.0, "job losses, times the usual number", 0.1, 10.0)
    spending: float = _strength(1.0, "flexible spending, times the usual amount", 0.2, 3.0)
    rates: float = _strength(0.0, "change of the market rate, per year", -0.1, 0.1)
    online: float = _strength(1.0, "share of purchases online, times the usual one", 0.1, 4.0)


@dataclass(frozen=True, kw_only=True)
class Dirt:
    """What is wrong with the deliveries: shares of rows."""

    late: float = _strength(0.004, "transactions recorded days after they happened", 0.0, 0.2)
    corrected: float = _strength(0.0008, "transactions corrected later", 0.0, 0.05)
    withdrawn: float = _strength(0.0003, "transactions withdrawn later", 0.0, 0.05)
    duplicated: float = _strength(0.0005, "rows delivered twice", 0.0, 0.05)
    broken: float = _strength(0.0005, "rows that break the contract", 0.0, 0.009)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """All strengths; `name` says where they come from."""

    name: str = "calm"
    activity: Activity = Activity()
    attrition: Attrition = Attrition()
    default: Default = Default()
    product: Product = Product()
    response: Response = Response()
    satisfaction: Satisfaction = Satisfaction()
    fraud: Fraud = Fraud()
    laundering: Laundering = Laundering()
    regime: Regime = Regime()
    dirt: Dirt = Dirt()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `truth/scenario.json`."""
        return asdict(self)


def load_scenario(asked: str | None) -> Scenario:
    """A shipped scenario by name, or a TOML file; None is `calm`. UsageError, ConfigurationError."""
    name = asked or "calm"
    if name in SHIPPED:
        text = (files("bankmine.simulation") / "scenarios" / f"{name}.toml").read_text(encoding="utf-8")
        return _parse(text, name, f"scenario {name}")
    path = Path(name)
    if path.suffix != ".toml":
        near = get_close_matches(name, SHIPPED, n=1)
        hint = (
            f"Did you mean {near[0]!r}?"
            if near
            else f"Shipped are {', '.join(SHIPPED)}; or give a file.toml."
        )
        raise UsageError(f"there is no scenario {name!r}", hint=hint)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the scenario {path} cannot be read: {error}", hint="Give a readable TOML file."
        ) from None
    return _parse(text, path.stem, str(path))


def _parse(text: str, name: str, where: str) -> Scenario:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{where} is not valid TOML: {error}", hint="Mend that line.") from None
    sections = {one.name: one for one in fields(Scenario) if one.name != "name"}
    scenario = Scenario(name=name)
    for section, values in raw.items():
        _known(section, sections, where, "section")
        if not isinstance(values, dict):
            raise ConfigurationError(f"{where}: {section} is not a section", hint=f"Write [{section}].")
        before = getattr(scenario, section)
        scenario = replace(scenario, **{section: _section(before, section, values, where)})
    return scenario


def _section(before: Any, section: str, values: dict[str, Any], where: str) -> Any:
    known = {one.name: one for one in fields(before)}
    for key, value in values.items():
        spec = _known(key, known, where, f"setting in [{section}]").metadata
        low, high = spec["low"], spec["high"]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise ConfigurationError(
                f"{where}: {section}.{key} is {value!r}", hint=f"Give a number from {low:g} to {high:g}."
            )
    return replace(before, **{key: float(value) for key, value in values.items()})


def _known(name: str, allowed: dict[str, Any], where: str, what: str) -> Any:
    if name in allowed:
        return allowed[name]
    near = get_close_matches(name, allowed, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Allowed are {', '.join(allowed)}."
    raise ConfigurationError(f"{where} has an unknown {what} {name!r}", hint=hint)
