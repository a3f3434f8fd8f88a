"""A bank's configuration: `bankmine.toml`, read once, checked, and never written after `init`.

Unknown settings are refused by name, because a misspelt setting that is silently ignored is worse than
none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bankmine.errors import ConfigurationError

FILE_NAME = "bankmine.toml"
_KNOWN: dict[str, dict[str, type | tuple[type, ...]]] = {
    "bank": {
        "name": str, "mapping": str, "extracts": str, "time_zone": str, "currency": str, "keys": str,
    },
    "load": {"maximum_reject_share": (int, float)},
    "features": {"maximum_staleness": (str, dict)},
    "engine": {"name": str, "memory": str, "threads": int, "spark": dict},
    "run": {"budget": str},
    "store": {"url": str},
    "sign_in": {
        "idle_minutes": int, "absolute_hours": int, "failures": int, "failure_minutes": int,
        "failures_by_address": int, "second_factor": str,
    },
    "credit": {"policy": str},
    "oidc": {"issuer": str, "client_id": str, "redirect": str},
    "tasks": {},
}  # fmt: skip


ENGINES = ("duckdb", "spark")
LONGEST_NAME = 80


@dataclass(frozen=True)
class Budget:
    """What a question of a task may spend.

    `learning_rows`: rows before the tested cutoffs it learns from (all true ones up to half of it, of the
    others as many as fit, weighted for those left out); `test_rows`: rows that tune and test (whole customers
    are left out above it); `customers`: how many customers' past is looked at for both, drawn from a larger
    bank; `settings`: how many settings of each miner are tried; `rounds`: how often labels are shuffled in
    the test for leaks.
    """

    name: str
    customers: int
    learning_rows: int
    test_rows: int
    settings: int
    rounds: int


USUAL = Budget("usual", customers=80_000, learning_rows=40_000, test_rows=100_000, settings=99, rounds=3)
QUICK = Budget("quick", customers=25_000, learning_rows=12_000, test_rows=30_000, settings=1, rounds=1)
BUDGETS = {one.name: one for one in (USUAL, QUICK)}


@dataclass(frozen=True)
class SparkSettings:
    """Where Spark runs: its master, and options of its own (`spark.executor.memory`, …) as (name, value).

    `scratch` is a folder that the driver and every executor reach, for asked rows and their answers; None:
    a folder in the warehouse.
    """

    master: str = "local[2]"
    options: tuple[tuple[str, str], ...] = ()
    scratch: str | None = None


SECOND_FACTOR = ("optional", "required")


@dataclass(frozen=True, kw_only=True)
class SignInSettings:
    """When a session ends and when further attempts to sign in are refused; every number is 1 or more.

    With `second_factor` "required" whoever has a password here does nothing before they turned one on.

    A session ends `idle_minutes` after its last request and `absolute_hours` after it was opened. A name is
    locked for as long as it had `failures` failed attempts within the last `failure_minutes`, an address
    likewise after `failures_by_address`.
    """

    idle_minutes: int = 30
    absolute_hours: int = 12
    failures: int = 10
    failure_minutes: int = 15
    failures_by_address: int = 50
    second_factor: str = "optional"


@dataclass(frozen=True, kw_only=True)
class OpenIdSettings:
    """Who else signs people in: an OpenID Connect issuer, our name there, and where it sends back to."""

    issuer: str
    client_id: str
    redirect: str


@dataclass(frozen=True, kw_only=True)
class Config:
    """One bank's settings; paths are absolute.

    `mapping` is the name of a shipped mapping or a folder; `maximum_reject_share` is the share of a
    table's rows that may break its contract before the load stops; `maximum_staleness` ("7d", or a length
    for each table) refuses features of sources whose newest known event is older; `spark` is there where
    the engine is Spark; `budget` limits what a question spends; `tasks` holds each task's own settings, in
    the order the bank wants them run; `store` is the address of the operational database (None: a file in
    the folder).
    """

    folder: Path
    name: str
    mapping: str
    extracts: Path
    time_zone: str
    currency: str
    keys: Path
    maximum_reject_share: float = 0.01
    maximum_staleness: str | dict[str, str] | None = None
    engine: str = "duckdb"
    memory: str = "1GB"
    threads: int = 2
    spark: SparkSettings | None = None
    budget: Budget = USUAL
    store: str | None = None
    sign_in: SignInSettings = SignInSettings()
    oidc: OpenIdSettings | None = None
    credit_policy: str | None = None
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)


def load_config(folder: Path) -> Config:
    """Reads `bankmine.toml` of a bank's folder; ConfigurationError says which setting to mend."""
    file = folder / FILE_NAME
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{folder} is not a bank (no {FILE_NAME})",
            hint="Make one with `bankmine init FOLDER --mapping NAME --extracts DIR`.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}", hint="Mend that line.") from None
    for section in raw:
        _known(section, _KNOWN, file, "section")
    for section in ("bank", "load", "features", "engine", "run", "store", "sign_in", "credit", "oidc"):
        for key, value in raw.get(section, {}).items():
            kind = _known(key, _KNOWN[section], file, f"setting in [{section}]")
            if not isinstance(value, kind) or isinstance(value, bool):
                raise ConfigurationError(
                    f"{file}: {section}.{key} is {value!r}", hint="Give it the right type."
                )
    return _build(folder.resolve(), raw, file)


def _known(name: str, allowed: dict[str, Any], file: Path, what: str) -> Any:
    if name in allowed:
        return allowed[name]
    near = get_close_matches(name, allowed, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Allowed are {', '.join(sorted(allowed))}."
    raise ConfigurationError(f"{file} has an unknown {what} {name!r}", hint=hint)


def _build(folder: Path, raw: dict[str, Any], file: Path) -> Config:
    bank, load, engine = raw.get("bank", {}), raw.get("load", {}), raw.get("engine", {})
    missing = [key for key in ("name", "mapping", "extracts", "time_zone", "currency") if key not in bank]
    if missing:
        raise ConfigurationError(
            f"{file} lacks bank.{missing[0]}", hint=f"Add `{missing[0]} = …` under [bank]."
        )
    share = float(load.get("maximum_reject_share", 0.01))
    if not 0 <= share <= 1:
        raise ConfigurationError(
            f"{file}: load.maximum_reject_share is {share}", hint="Give a share from 0 to 1."
        )
    if engine.get("name", "duckdb") not in ENGINES:
        raise ConfigurationError(
            f"{file}: there is no engine {engine['name']!r}", hint='Write name = "duckdb" or name = "spark".'
        )
    if engine.get("threads", 2) < 1:
        raise ConfigurationError(f"{file}: engine.threads is {engine['threads']}", hint="Give 1 or more.")
    for task, settings in raw.get("tasks", {}).items():
        if not isinstance(settings, dict):
            raise ConfigurationError(
                f"{file}: tasks.{task} is {settings!r}", hint=f"Write a section [tasks.{task}]."
            )
    mapping = bank["mapping"]
    if "/" in mapping or mapping.startswith("."):
        mapping = str((folder / mapping).resolve())
    return Config(
        folder=folder,
        name=bank_name(bank["name"], str(file)),
        mapping=mapping,
        extracts=(folder / bank["extracts"]).resolve(),
        time_zone=bank["time_zone"],
        currency=bank["currency"],
        keys=(folder / bank.get("keys", "keys")).resolve(),
        maximum_reject_share=share,
        maximum_staleness=raw.get("features", {}).get("maximum_staleness"),
        engine=engine.get("name", "duckdb"),
        memory=engine.get("memory", "1GB"),
        threads=engine.get("threads", 2),
        spark=_spark(engine.get("spark", {}), file) if engine.get("name") == "spark" else None,
        budget=budget_named(raw.get("run", {}).get("budget", USUAL.name), f"{file}: "),
        store=raw.get("store", {}).get("url"),
        sign_in=sign_in_settings(raw.get("sign_in", {}), str(file)),
        oidc=_oidc(raw["oidc"], file) if "oidc" in raw else None,
        credit_policy=raw.get("credit", {}).get("policy"),
        tasks=raw.get("tasks", {}),
    )


def bank_name(value: str, where: str) -> str:
    """The bank's name; ConfigurationError, which names `where`, for one that no page can show in a line."""
    if not (0 < len(value) <= LONGEST_NAME and value == value.strip() and value.isprintable()):
        raise ConfigurationError(
            f"{where}: bank.name is {value[:40]!r}", hint=f"Give 1 to {LONGEST_NAME} letters in one line."
        )
    return value


def sign_in_settings(raw: Mapping[str, Any], where: str) -> SignInSettings:
    """The rules of signing in, of those given; ConfigurationError, which names `where`, for one that cannot
    stand."""
    for name, value in raw.items():
        if name == "second_factor" and value not in SECOND_FACTOR:
            raise ConfigurationError(
                f"{where}: sign_in.second_factor is {value!r}", hint=f"Write {' or '.join(SECOND_FACTOR)}."
            )
        if name != "second_factor" and value < 1:
            raise ConfigurationError(f"{where}: sign_in.{name} is {value}", hint="Give 1 or more.")
    return SignInSettings(**raw)


def _oidc(raw: dict[str, str], file: Path) -> OpenIdSettings:
    for name in ("issuer", "client_id", "redirect"):
        if not raw.get(name):
            raise ConfigurationError(f"{file} lacks oidc.{name}", hint=f"Add `{name} = …` under [oidc].")
    return OpenIdSettings(**raw)


def budget_named(name: str, where: str = "") -> Budget:
    """The budget of that name; ConfigurationError with those there are."""
    if name not in BUDGETS:
        raise ConfigurationError(
            f"{where}there is no budget {name!r}", hint=f"Take {' or '.join(map(repr, BUDGETS))}."
        )
    return BUDGETS[name]


def _spark(raw: dict[str, Any], file: Path) -> SparkSettings:
    """The section [engine.spark]: master, scratch, and Spark's own options by their full names."""
    given = dict(_flat(raw))
    own = {name: given.pop(name) for name in ("master", "scratch") if name in given}
    for name in given:
        if not name.startswith("spark."):
            _known(name, {"master": str, "scratch": str, "spark.…": str}, file, "setting in [engine.spark]")
    for name, value in own.items():
        if not isinstance(value, str) or not value:
            raise ConfigurationError(f"{file}: engine.spark.{name} is {value!r}", hint="Give it as text.")
    options = tuple(sorted((name, _text(value)) for name, value in given.items()))
    return SparkSettings(own.get("master", "local[2]"), options, own.get("scratch"))


def _flat(raw: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by their dotted names, whether TOML read the dots as tables or not."""
    for name, value in raw.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def render_config(
    *,
    name: str,
    mapping: str,
    extracts: str,
    time_zone: str,
    currency: str,
    keys: str,
    tasks: dict[str, dict[str, Any]],
) -> str:
    """The text of a new `bankmine.toml`, with its settings explained."""
    from json import dumps

    lines = [
        "# One bank's settings. `bankmine check` verifies them.",
        "",
        "[bank]",
        f"name = {dumps(name, ensure_ascii=False)}",
        f"mapping = {dumps(mapping)}  # a shipped mapping, or the path of a folder of your own",
        f"extracts = {dumps(extracts)}",
        f"time_zone = {dumps(time_zone)}  # days and months are civil units of this zone",
        f"currency = {dumps(currency)}  # base currency, ISO 4217",
        f"keys = {dumps(keys)}  # pseudonym key and person keys; keep a backup apart from the bank",
        "",
        "[load]",
        "maximum_reject_share = 0.01   # a load stops when more of a table's rows break its contract",
        "",
        "[engine]",
        'name = "duckdb"',
        'memory = "1GB"',
        "threads = 2",
    ]
    for task, settings in tasks.items():
        lines += ["", f"[tasks.{task}]"]
        lines += [f"{key} = {dumps(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"
