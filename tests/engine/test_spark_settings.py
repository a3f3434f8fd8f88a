"""Spark's settings in `bankmine.toml`, and the one line that says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankmine.config import FILE_NAME, Config, SparkSettings, load_config
from bankmine.engine import spark
from bankmine.errors import ConfigurationError, EngineError
from bankmine.folder import BankFolder

BANK = '[bank]\nname="b"\nmapping="berka"\nextracts="x"\ntime_zone="Europe/Prague"\ncurrency="CZK"\n'


def config(folder: Path, text: str) -> Config:
    (folder / FILE_NAME).write_text(BANK + text, encoding="utf-8")
    return load_config(folder)


def java(folder: Path, version: str) -> None:
    """A `java` that says it is of that version."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2020-01-01' >&2\n")
    program.chmod(0o755)


def test_without_a_word_on_it_windows_are_computed_here(tmp_path: Path) -> None:
    assert config(tmp_path, "").spark is None
    assert config(tmp_path, '[engine]\nname = "duckdb"\n[engine.spark]\nmaster = "yarn"\n').spark is None


def test_spark_runs_on_two_local_threads_by_default(tmp_path: Path) -> None:
    assert config(tmp_path, '[engine]\nname = "spark"\n').spark == SparkSettings("local[2]", (), None)


@pytest.mark.parametrize("option", ['"spark.executor.memory" = "8g"', 'spark.executor.memory = "8g"'])
def test_its_own_options_are_passed_through_quoted_or_not(tmp_path: Path, option: str) -> None:
    text = f'[engine]\nname = "spark"\n[engine.spark]\nmaster = "yarn"\nscratch = "/shared"\n{option}\n'
    found = config(tmp_path, text).spark
    assert found == SparkSettings("yarn", (("spark.executor.memory", "8g"),), "/shared")
    assert spark.options_of(found)["spark.executor.memory"] == "8g"


def test_truth_values_are_written_as_spark_reads_them(tmp_path: Path) -> None:
    text = '[engine]\nname = "spark"\n[engine.spark]\n"spark.ui.enabled" = true\n"spark.cores.max" = 4\n'
    found = config(tmp_path, text).spark
    assert found is not None
    assert dict(found.options) == {"spark.ui.enabled": "true", "spark.cores.max": "4"}
    assert spark.options_of(found)["spark.ui.enabled"] == "true"


def test_a_misspelt_setting_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'mastre'.*Did you mean 'master'"):
        config(tmp_path, '[engine]\nname = "spark"\n[engine.spark]\nmastre = "yarn"\n')
    with pytest.raises(ConfigurationError, match=r"engine\.spark\.master is 3"):
        config(tmp_path, '[engine]\nname = "spark"\n[engine.spark]\nmaster = 3\n')
    with pytest.raises(ConfigurationError, match=r"no engine 'sparkle'"):
        config(tmp_path, '[engine]\nname = "sparkle"\n')


def test_only_a_local_session_listens_on_the_loopback_alone() -> None:
    assert spark.options_of(SparkSettings())["spark.driver.bindAddress"] == "127.0.0.1"
    cluster = spark.options_of(SparkSettings("spark://one:7077"))
    assert "spark.driver.bindAddress" not in cluster
    assert cluster["spark.sql.session.timeZone"] == "UTC"


def test_a_bank_hands_its_settings_to_its_warehouse(tmp_path: Path) -> None:
    from bankmine.bank.warehouse import Warehouse

    config(tmp_path, '[engine]\nname = "spark"\n')
    Warehouse.create(
        tmp_path / "warehouse", time_zone="Europe/Prague", currency="CZK", key_identity="k"
    )  # fmt: skip
    assert BankFolder(tmp_path).warehouse.spark == SparkSettings()


def test_without_java_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"Spark needs Java 17, and there is none here\. Install"):
        spark.check_java()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match=r"JAVA_HOME .* holds none"):
        spark.check_java()


@pytest.mark.parametrize(
    ("version", "said"), [("11.0.21", "Java 11"), ("1.8.0_402", "Java 8"), ("24", "Java 24")]
)
def test_a_java_it_does_not_run_on_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, said: str
) -> None:
    java(tmp_path, version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match=rf"needs Java 17 or 21, and .* is {said}\."):
        spark.check_java()


@pytest.mark.parametrize("version", ["17.0.15", "21.0.2"])
def test_a_java_it_runs_on_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    java(tmp_path, version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    spark.check_java()


def test_without_pyspark_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(spark, "_running", [])
    with pytest.raises(EngineError, match=r"pyspark is not installed\. Install bankmine with its extra"):
        spark.session_of(SparkSettings())


def test_one_process_has_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    running = spark.Running(None, SparkSettings("yarn"), None)  # type: ignore[arg-type]
    monkeypatch.setattr(spark, "_running", [running])
    assert spark.session_of(SparkSettings("yarn")) is running
    with pytest.raises(EngineError, match="a session on yarn is running with other settings"):
        spark.session_of(SparkSettings())
