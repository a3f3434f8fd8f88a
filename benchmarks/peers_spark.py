"""PySpark, local on both cores: the SQL of the states (`peers_sql`), states kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from benchmarks.peers_plan import Calendar, Plan
from benchmarks.peers_sql import events_sql, state_statements, windows_sql

if TYPE_CHECKING:
    from numpy.typing import NDArray


def session(threads: int = 2, memory: str = "8g") -> Any:
    """A Spark session in this process; starting it is not counted."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": memory, "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "8",
        "spark.sql.debug.maxToStringFields": "10", "spark.driver.maxResultSize": "0",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }  # fmt: skip
    builder = SparkSession.builder.master(f"local[{threads}]").appName("peers")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def snapshot(
    spark: Any, paths: list[str], plan: Plan, days: Calendar, cutoffs: NDArray[Any]
) -> Iterator[Any]:
    """An Arrow table for each cutoff."""
    spark.read.parquet(*paths).createOrReplaceTempView("rows_read")
    events = events_sql(plan, days, "rows_read", "unix_micros(event_time)")
    spark.sql(events).createOrReplaceTempView("e")
    kept = []
    for name, sql in state_statements(plan, "spark").items():
        frame = spark.sql(sql).persist()
        frame.createOrReplaceTempView(f"{name}_states")
        kept.append(frame)
    for cutoff in cutoffs:
        sql = windows_sql(plan, days.look(int(cutoff), plan.months), "spark")
        yield spark.sql(sql).toArrow()
    for frame in kept:
        frame.unpersist()
