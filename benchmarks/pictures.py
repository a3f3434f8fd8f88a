"""PIC: time and memory of a snapshot against the number of rows, for bankmine and its peers, drawn.

Writes docs/pictures/snapshot-time.svg and snapshot-memory.svg, the figures as snapshot-figures.csv beside
them, and the table in docs/speed.md. `python -m benchmarks.pictures` draws again from the CSV.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from benchmarks.contenders import ENGLISH, measured_apart, month_beginnings, opened
from benchmarks.line_chart import Line, chart
from benchmarks.rows import Row, is_reduced

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
FIGURES = PICTURES / "snapshot-figures.csv"
PAGE = ROOT / "docs" / "speed.md"
MARK = "<!-- figures -->"
SIZES = tuple(
    int(size)
    for size in os.environ.get("BENCH_SIZES", "1000000,3000000,10000000,30000000,50000000").split(",")
)
LARGEST = {"bankmine": 10**12, "kept": 10**12, "duckdb": 10**12, "polars": 10**12, "pandas": 3_000_000}
COLOURS = {
    "bankmine": "#0B6E6E",
    "kept": "#58A9A5",
    "duckdb": "#B07D12",
    "polars": "#3B5BA5",
    "pandas": "#9A4A3C",
}
FIELDS = ("contender", "rows", "cutoffs", "wall_s", "cpu_s", "rss_gib", "own_gib", "rows_made")


def run() -> Row:
    """Measures every contender at every size, draws, and checks that all give the same values."""
    found = [measured_apart(name, rows) for rows in SIZES for name, most in LARGEST.items() if rows <= most]
    for one in found:
        print(one, flush=True)
    if not is_reduced():
        _keep([one for one in found if "error" not in one])
        draw()
    largest = {one["contender"]: one for one in found if one["rows"] == SIZES[-1] and "error" not in one}
    ours = largest.get("bankmine", {})
    ratios = {
        name: {
            "times_slower": round(one["wall_s"] / ours["wall_s"], 1),
            "times_the_memory": round(one["rss_gib"] / ours["rss_gib"], 1),
        }
        for name, one in largest.items()
        if name not in ("bankmine", "kept") and ours
    }
    return Row(
        row="PIC",
        bankmine={"figures": "docs/pictures/snapshot-figures.csv", **ours},
        reference={"at_the_largest": ratios, "values_compared_equal": _equal(),
                   "errors": [one for one in found if "error" in one]},
        bar="every contender gives the same values; ours is the fastest at the largest size",
        met=bool(ratios) and all(one["times_slower"] > 1 for one in ratios.values()),
        protocol=f"{', '.join(f'{size:,}' for size in SIZES)} rows, one cutoff, 280 features; each contender "
        "in a process of its own, warm on 1,000,000 rows",
        versions=("duckdb", "polars", "pandas", "numba", "pyarrow"),
    )  # fmt: skip


def _equal() -> dict[str, int]:
    """Values each peer has equal to ours, for customers without late or corrected rows, at a million rows."""
    import pyarrow as pa

    from bankmine.windows.parts import question, snapshot_tables
    from benchmarks import peers
    from benchmarks.window_list import features

    warehouse = opened(1_000_000)
    cutoffs = month_beginnings(warehouse.zone, 1)
    mine = pa.concat_tables(snapshot_tables(warehouse, question(warehouse, features(), cutoffs)))
    plain = pa.table({"customer_id": peers.unmended(warehouse)})
    mine = plain.join(mine, "customer_id", join_type="left outer")
    makers = {
        "duckdb": peers.duckdb_snapshot,
        "polars": peers.polars_snapshot,
        "pandas": peers.pandas_snapshot,
    }
    return {
        name: peers.equal_values(mine, next(iter(make(warehouse, features(), cutoffs))), features())
        for name, make in makers.items()
    }


def _keep(found: list[dict[str, Any]]) -> None:
    with FIGURES.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


def figures() -> list[dict[str, Any]]:
    """The figures kept, numbers as numbers."""
    with FIGURES.open(encoding="utf-8", newline="") as rows:
        return [
            {name: value if name == "contender" else float(value) for name, value in row.items()}
            for row in csv.DictReader(rows)
        ]


def draw() -> None:
    """Draws both pictures and writes the table, from the figures kept."""
    found = figures()
    for file, column, title, unit in (
        ("snapshot-time", "wall_s", "Seconds for one snapshot of 280 features, by rows", "seconds"),
        ("snapshot-memory", "rss_gib", "Most memory held while making it, by rows", "GiB"),
    ):
        lines = [
            Line(
                name=ENGLISH[name], colour=colour, strong=name == "bankmine",
                points=tuple((one["rows"], one[column]) for one in found if one["contender"] == name),
            )
            for name, colour in COLOURS.items()
        ]  # fmt: skip
        picture = chart(title, "rows in the warehouse", unit, [line for line in lines if line.points])
        (PICTURES / f"{file}.svg").write_text(picture, encoding="utf-8")
    before, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(f"{before}{mark}\n\n{_table(found)}\n", encoding="utf-8")


def _table(found: list[dict[str, Any]]) -> str:
    ours = {one["rows"]: one["wall_s"] for one in found if one["contender"] == "bankmine"}
    head = (
        "| rows | contender | seconds | times ours | CPU seconds | GiB held | of them its own |",
        "|--:|---|--:|--:|--:|--:|--:|",
    )
    return "\n".join([*head, *(_table_row(one, ours[one["rows"]]) for one in found)])


def _table_row(one: dict[str, Any], ours: float) -> str:
    cells = (
        f"{one['rows']:,.0f}", ENGLISH[one["contender"]], f"{one['wall_s']:.2f}",
        f"{one['wall_s'] / ours:.1f}", f"{one['cpu_s']:.2f}", f"{one['rss_gib']:.2f}",
        f"{one['own_gib']:.2f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    draw()
