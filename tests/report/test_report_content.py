"""The two rules of the house hold when content is made; every picture has a table; CSV is exact."""

import csv
import io
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from specimen import specimen
from specimen_common import how

from bankmine.errors import UsageError
from bankmine.report import Chart, Column, Drawing, HowComputed, Interval, Kind, Metric, Page, Table
from bankmine.report import pictures as p
from bankmine.report.binning import hexagons
from bankmine.report.csvfile import csv_bytes
from bankmine.report.spec import script_json, spec

NUMBER = Column(label="n", kind=Kind.NUMBER)
MONTH = Column(label="Month", kind=Kind.MONTH)


def charts() -> list[Chart]:
    blocks = [block for page in specimen().pages for section in page.sections for block in section.blocks]
    return [block for block in blocks if isinstance(block, Chart)]


def rows_of(table: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_bytes(table).decode("utf-8-sig"))))


def test_a_figure_that_stands_alone_is_refused():
    with pytest.raises(UsageError, match="stands alone"):
        Metric(label="AUC", value=0.8)
    assert Metric(label="AUC", value=0.8, interval=Interval(low=0.7, high=0.9)).value == 0.8


def test_a_page_says_what_it_shows_and_how_it_was_computed():
    with pytest.raises(UsageError, match="no sentence"):
        Page(slug="a", title="A", sentence=" ", sections=[], how_computed=how("g", "p"))
    with pytest.raises(UsageError, match="how it was computed"):
        HowComputed(goal="", population="all")


@pytest.mark.parametrize("slug", ["", "A", "a b", "../a", "a/b", "a--b", "-a"])
def test_a_slug_that_is_no_file_name_is_refused(slug):
    with pytest.raises(UsageError, match="slug"):
        Page(slug=slug, title="A", sentence="S.", sections=[], how_computed=None)


def test_two_pages_with_one_address_are_refused():
    report = specimen()
    with pytest.raises(UsageError, match="two pages"):
        replace(report, pages=[*report.pages, report.pages[1]])
    with pytest.raises(UsageError, match="two pages"):
        replace(report, pages=[*report.pages, replace(report.pages[1], slug="index")])
    with pytest.raises(UsageError, match="no page"):
        replace(report, pages=[])


def test_a_row_of_another_length_is_refused():
    with pytest.raises(UsageError, match="row 2"):
        Table(caption="t", columns=[NUMBER], rows=[[1], [1, 2]])


def test_the_specimen_shows_every_kind_of_picture():
    shown = {chart.kind for chart in charts()}
    assert shown == {picture.kind for picture in p.Picture.__args__}


def test_every_chart_has_a_table_with_rows():
    for chart in charts():
        table = chart.data_table
        assert table.columns, chart.title
        assert table.rows, chart.title


def test_every_picture_becomes_json_without_markup():
    for chart in charts():
        text = script_json(spec(chart.picture))
        assert "<" not in text
        assert "NaN" not in text


def test_bars_are_sorted_unless_their_labels_have_an_order():
    bars = [p.Bar(label="a", value=1), p.Bar(label="b", value=None), p.Bar(label="c", value=3)]
    picture = p.Bars(label=Column(label=""), measure=NUMBER, bars=bars)
    assert [bar.label for bar in picture.in_order()] == ["c", "a", "b"]
    assert [bar.label for bar in replace(picture, ordered=True).in_order()] == ["a", "b", "c"]


def test_money_is_drawn_in_major_units_and_missing_as_null():
    money = Column(label="m", kind=Kind.MONEY, unit="CNY")
    yen = Column(label="m", kind=Kind.MONEY, unit="JPY")
    values = [150, None, float("nan")]
    for column, first in ((money, 1.5), (yen, 150)):
        picture = p.Lines(x=NUMBER, y=column, at=[1, 2, 3], series=[p.Series(name="", values=values)])
        assert spec(picture)["series"][0]["values"] == [first, None, None]


def test_discs_of_a_scatter_have_a_name_and_a_size_in_table_and_drawing():
    x, y = Column(label="Profit", kind=Kind.MONEY, unit="CNY"), Column(label="Chance", kind=Kind.SHARE)
    group = p.Points(name="Segment", x=[500, 900], y=[0.1, None], labels=["a", "b"], sizes=[3, 7])
    picture = p.Scatter(x=x, y=y, groups=[group], size=Column(label="Customers", kind=Kind.NUMBER, digits=0))
    columns, rows = picture.tabulate()
    assert [one.label for one in columns] == ["Name", "Profit", "Chance", "Customers"]
    assert rows == [["a", 500, 0.1, 3], ["b", 900, None, 7]]
    assert spec(picture)["groups"][0]["sizes"] == [3, 7]
    with pytest.raises(UsageError, match="2 points and 1 sizes"):
        replace(group, sizes=[1])


def test_dates_are_drawn_at_their_utc_midnight():
    at = [date(1970, 1, 2), np.datetime64("1970-01-03")]
    picture = p.Lines(x=MONTH, y=NUMBER, at=at, series=[p.Series(name="", values=[1, 2])])
    assert spec(picture)["at"] == [86_400_000, 172_800_000]


def lines_of(values: list[float], low: list[float]) -> p.Lines:
    series = p.Series(name="s", values=values, low=low, high=low)
    return p.Lines(x=NUMBER, y=NUMBER, at=[1, 2], series=[series])


WRONG_LENGTHS = {
    "values": lambda: lines_of([1], []),
    "interval": lambda: lines_of([1, 2], [1]),
    "no series": lambda: p.Lines(x=NUMBER, y=NUMBER, at=[1], series=[]),
    "points": lambda: p.Points(name="g", x=[1, 2], y=[1]),
    "point labels": lambda: p.Points(name="g", x=[1, 2], y=[1, 2], labels=["a"]),
    "edges": lambda: p.Histogram(measure=NUMBER, edges=[0, 1], counts=[1, 2]),
    "cells": lambda: p.HeatMap(measure=NUMBER, columns=["a"], rows=["r"], values=[[1, 2]]),
    "bins": lambda: p.Calibration(predicted=[0.1], observed=[0.1], counts=[1, 2]),
    "lane": lambda: p.Timeline(
        x=MONTH, lanes=["a"], moments=[p.Moment(lane="b", at=date(2026, 1, 1), text="t")]
    ),
}


@pytest.mark.parametrize("what", WRONG_LENGTHS)
def test_parts_of_unequal_length_are_refused(what):
    with pytest.raises(UsageError):
        WRONG_LENGTHS[what]()


def test_the_csv_holds_all_rows_in_full_precision():
    money = Column(label="Balance", kind=Kind.MONEY, unit="CNY")
    rows = [[f"c{i}", 9_007_199_254_740_993 + i, 0.1 + 0.2, None] for i in range(300)]
    columns = [Column(label="Key", kind=Kind.KEY), money, Column(label="s", kind=Kind.SHARE), NUMBER]
    written = rows_of(Table(columns=columns, rows=rows, shown=10))
    assert written[0] == ["Key", "Balance (CNY)", "s", "n"]
    assert len(written) == 301
    assert written[1] == ["c0", "90071992547409.93", "0.30000000000000004", ""]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_the_csv_never_holds_a_formula(text):
    cell = rows_of(Table(columns=[Column(label="t")], rows=[[text]]))[1][0]
    assert cell.startswith("'")


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=200))
def test_hexagons_count_every_point_once_and_near_its_cell(points):
    xs, ys = [x for x, _ in points], [y for _, y in points]
    bins = hexagons(xs, ys, columns=10)
    assert sum(n for _, _, n in bins.cells) == len(points)
    slack = 1 + 1e-9
    for x, y in points:
        assert any(
            abs(x - a) <= bins.half_width * slack + 1e-6 and abs(y - b) <= bins.half_height * slack + 1e-6
            for a, b, _ in bins.cells
        )


def test_hexagons_leave_out_points_with_a_missing_coordinate():
    bins = hexagons([1.0, None, 3.0], [1.0, 2.0, float("nan")], columns=5)
    assert [n for _, _, n in bins.cells] == [1]
    assert hexagons([], [], columns=5).cells == ()


@pytest.mark.parametrize(
    "svg",
    ["no picture", "<svg><script>x</script></svg>", '<svg onload="x()"></svg>',
     '<svg><a href="x">y</a></svg>',
     '<svg><rect style="x"/></svg>', "<svg><image/></svg>"],
)  # fmt: skip
def test_a_drawing_is_one_plain_svg(svg):
    table = Table(columns=[Column(label="Customer")], rows=[["a"]])
    assert Drawing(title="t", subtitle="s", svg="<svg><line/></svg>\n", table=table).table is table
    with pytest.raises(UsageError, match="not a plain SVG"):
        Drawing(title="t", subtitle="s", svg=svg, table=table)
