"""The printed card is the score: a reader of the page, SQL, Python and JSON get the points `score` gives."""

import json
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from card_reader import PrintedCard
from card_samples import applicants, awkward_values, random_rows, settings

from bankmine.errors import UsageError
from bankmine.mining.scorecard.export import to_python, to_sql
from bankmine.mining.scorecard.expression import evaluate, from_json, to_json
from bankmine.mining.scorecard.scorecard import Scorecard

MILLION = 1_000_000
TABLE, BAD = applicants()


@pytest.fixture(scope="module", params=["whole points", "base shared out", "exact points"])
def card(request: pytest.FixtureRequest) -> Scorecard:
    changes: dict[str, dict[str, Any]] = {
        "whole points": {},
        "base shared out": {"base": "spread", "absent": "worst"},
        "exact points": {"integer": False},
    }
    return Scorecard(**settings(**changes[request.param])).fit(TABLE, BAD)


def added_up(base: float, points: dict[str, list[float]], places: dict[str, Any], rows: int) -> Any:
    """Points of values looked up once, added in the order of the card."""
    total = np.full(rows, base)
    for name, own in points.items():
        total += np.array(own)[places[name]]
    return total


def test_a_reader_of_the_page_gets_the_score_of_a_million_rows(card: Scorecard) -> None:
    values = awkward_values(card, TABLE)
    table, places = random_rows(values, MILLION)
    page = PrintedCard(card.text())
    assert list(page.columns) == list(card.card_names)
    assert len(page.columns) == 6
    read = {name: [page.points(name, value) for value in values[name]] for name in card.card_names}
    assert np.array_equal(card.score(table), added_up(page.base, read, places, MILLION))


def test_a_page_whose_edges_lost_a_digit_is_found_out() -> None:
    card = Scorecard(**settings()).fit(TABLE, BAD)
    values = awkward_values(card, TABLE)
    edge = next(b.edges for b in card.binnings_ if b.name == "use of limit")[0]  # type: ignore[index]
    page = PrintedCard(card.text().replace(repr(edge), f"{edge * 1.0001!r}"))
    card_says = [choice.points for choice in card.expression().choices if choice.column == "use of limit"]
    read = [page.points("use of limit", value) for value in values["use of limit"]]
    assert read != [card_says[0](value) for value in values["use of limit"]]


def test_sql_gives_the_score_of_a_million_rows(card: Scorecard) -> None:
    table, _ = random_rows(awkward_values(card, TABLE), MILLION)
    with duckdb.connect() as connection:
        connection.register("new applicants", table)
        found = connection.sql(to_sql(card.expression(), "new applicants")).fetchnumpy()["points"]
    assert np.array_equal(card.score(table), np.asarray(found, dtype=np.float64))


def test_json_and_python_give_the_score_of_every_awkward_value(card: Scorecard) -> None:
    values = awkward_values(card, TABLE)
    table, places = random_rows(values, MILLION)
    tree = from_json(json.loads(json.dumps(to_json(card.expression()))))
    assert tree == from_json(to_json(card.expression()))
    looked_up = {
        choice.column: [choice.points(value) for value in values[choice.column]] for choice in tree.choices
    }
    scores = card.score(table)
    assert np.array_equal(scores, added_up(tree.base, looked_up, places, MILLION))
    space: dict[str, Any] = {}
    exec(to_python(card.expression()), space)
    for row, score in zip(table.slice(0, 5000).to_pylist(), scores[:5000].tolist(), strict=True):
        assert space["score"](row) == evaluate(tree, row) == score


def test_every_line_of_the_page_is_reached(card: Scorecard) -> None:
    table, _ = random_rows(awkward_values(card, TABLE), 20_000)
    for binning in card.binnings_:
        column = next(c for c in card._card_columns(table) if c.name == binning.name)
        assert set(binning.assign(column).tolist()) == set(range(len(binning)))


def test_a_column_name_with_quotes_survives_sql() -> None:
    table = TABLE.rename_columns(['in"come', "age", "use of limit", "job", "district", "select"])
    card = Scorecard(select=['in"come', "select"]).fit(table, BAD)
    with duckdb.connect() as connection:
        connection.register("t", table)
        found = connection.sql(f"SELECT {to_sql(card.expression())} AS points FROM t").fetchnumpy()["points"]
    assert np.array_equal(card.score(table), found)


def test_whole_numbers_and_booleans_of_a_database_are_scored_alike() -> None:
    table = pa.table(
        {"age": TABLE["age"].cast(pa.int32()), "holds account": TABLE["holds account"].cast(pa.bool_())}
    )
    card = Scorecard(select=["age", "holds account"]).fit(table, BAD)
    with duckdb.connect() as connection:
        connection.register("t", table)
        found = connection.sql(to_sql(card.expression(), "t")).fetchnumpy()["points"]
    assert np.array_equal(card.score(table), found)


def test_a_card_of_another_format_is_refused() -> None:
    with pytest.raises(UsageError, match="format 9"):
        from_json({"format": 9})
