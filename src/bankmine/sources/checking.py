"""Verifies a loaded bank: its files are as they were written, and what its mapping promises holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bankmine.bank.catalogue import TABLES
from bankmine.bank.keys import Keyring
from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config
from bankmine.engine.duck import connect, literal
from bankmine.engine.views import KnownAt, view_statements
from bankmine.errors import BankmineError, ConfigurationError
from bankmine.sources.extracts import Delivery, find
from bankmine.sources.faults import fault, told
from bankmine.sources.loading import Progress, silent, warehouse_folder
from bankmine.sources.mapping import Check, load_mapping
from bankmine.sources.process import attach_all

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found; `passed` is None where it could not be asked, and `found` says why."""

    name: str
    sentence: str
    passed: bool | None
    found: Any
    expected: Any

    def line(self) -> str:
        """The finding as a line."""
        if self.passed is None:
            return f"{self.name}: not asked, {self.found}"
        seen = "" if self.passed else f" Found {self.found}, expected {self.expected}."
        return f"{self.name}: {self.sentence}{seen}"


def check(config: Config, progress: Progress = silent) -> tuple[Finding, ...]:
    """Asks every check of the bank's mapping, and whether each file is as it was written."""
    warehouse = Warehouse.open(warehouse_folder(config))
    mapping = load_mapping(config.mapping)
    delivery = find(mapping, config.extracts)
    findings = [_files(warehouse)]
    if not findings[0].passed:
        return tuple(findings)  # what the mapping promises can only be asked of files that can be read
    if not warehouse.manifest.loads:
        nothing = Finding(
            name="loads",
            sentence="The bank has been loaded.",
            passed=False,
            found="nothing",
            expected="a load",
        )
        return (*findings, nothing)
    connection = connect(memory=config.memory, threads=config.threads)
    try:
        attach_all(connection, delivery, progress)
        _bank_views(connection, warehouse)
        _tokens(connection, Keyring(config.keys))
        for done, one in enumerate(mapping.checks):
            progress("checking", done, len(mapping.checks))
            findings.append(_ask(connection, one, delivery))
    finally:
        connection.close()
    return tuple(findings)


def _files(warehouse: Warehouse) -> Finding:
    """Every file the manifest names is there, has its size, and holds its number of rows."""
    import pyarrow.parquet as pq

    wrong = None
    try:
        warehouse.verify()
        for state in warehouse.manifest.tables.values():
            for file in state.files:
                if pq.ParquetFile(warehouse.folder / file.path).metadata.num_rows != file.rows:
                    wrong = f"{file.path} has another number of rows"
    except BankmineError as error:
        wrong = error.what
    except OSError:
        wrong = "a file cannot be read"
    return Finding(
        name="files", sentence="Every file of the warehouse is as it was written.", passed=wrong is None,
        found=wrong or "all", expected="all",
    )  # fmt: skip


def _bank_views(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    known = KnownAt.instants(None, None, warehouse.manifest.time_zone)
    for name in warehouse.tables():
        paths = ", ".join(literal(path) for path in warehouse.paths(name))
        source = f"read_parquet([{paths}], hive_partitioning = false)"
        for statement in view_statements(TABLES[name], source, known, True):
            connection.execute(statement)


def _tokens(connection: duckdb.DuckDBPyConnection, keyring: Keyring) -> None:
    """Makes `token(domain, key)` known: the pseudonym of a raw key."""
    import pyarrow as pa

    def token(domains: Any, keys: Any) -> Any:
        names, texts = domains.to_pylist(), keys.to_pylist()
        made: dict[tuple[str, str], int] = {}
        for name in {name for name, text in zip(names, texts, strict=True) if name and text is not None}:
            own = [text for one, text in zip(names, texts, strict=True) if one == name and text is not None]
            made |= zip([(name, text) for text in own], keyring.tokens(own, name).tolist(), strict=True)
        return pa.array([made.get(pair) for pair in zip(names, texts, strict=True)], pa.int64())

    define: Any = connection.create_function
    define("keyed_token", token, ["VARCHAR", "VARCHAR"], "BIGINT", type="arrow", null_handling="special")
    connection.execute("CREATE MACRO token(domain, key) AS keyed_token(domain, CAST(key AS VARCHAR))")


def _no_answer(one: Check, error: Exception | None) -> ConfigurationError:
    said = fault(error) if error else "it does not give two columns"
    return ConfigurationError(
        f"the check {one.name!r} of the mapping fails: {said}",
        hint="Let its SELECT give one row (found, expected); load the bank first.",
    )


def _ask(connection: duckdb.DuckDBPyConnection, one: Check, delivery: Delivery) -> Finding:
    here = set(delivery.found)
    here |= {f"{name}:{found.alternative.name}" for name, found in delivery.found.items()}
    lacking = [need for need in one.needs if need not in here]
    if lacking:
        return Finding(
            name=one.name, sentence=one.sentence, passed=None, expected=None,
            found=f"{lacking[0].replace(':', ' (')}{')' if ':' in lacking[0] else ''} is not in the folder",
        )  # fmt: skip
    with told(lambda error: _no_answer(one, error)):
        answer = connection.execute(one.sql).fetchone()
    if answer is None or len(answer) != 2:
        raise _no_answer(one, None)
    found, expected = answer
    return Finding(
        name=one.name, sentence=one.sentence, passed=found == expected, found=found, expected=expected
    )
