"""Window features from a TOML file: the same declarations as in Python, and errors that name the entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankmine.errors import ConfigurationError
from bankmine.windows import events, learnt, ratio, windows
from bankmine.windows.declared import declared

GOOD = """
[events.spent]
table = "transaction"
where = { direction = "out", status = ["booked", "authorised"] }
at_least = { base_minor = 100 }
measure = "base_minor"
valid = "60mo"

[events.places]
table = "transaction"
key = "card_id"
distinct = "merchant_id"
having = ["terminal_id", "merchant_id"]

[events.distance]
table = "transaction"
measure = "lat"
scale = 1000

[events.risk]
table = "transaction"
key = "terminal_id"
verdict = "fraud"

[[windows]]
events = "spent"
over = ["1mo", "30mo"]
aggregate = ["sum"]
by = "category"
levels = ["food"]
name = "spent"

[[windows]]
events = "places"
over = ["24h"]
aggregate = ["distinct"]

[[windows]]
events = "risk"
over = ["30d"]
aggregate = ["mean"]
delay = "7d"

[[windows]]
events = "distance"
over = ["3mo", "all"]
aggregate = ["max"]
by = "channel"
learnt = 5
name = "north"

[[ratios]]
numerator = "spent_food_sum_1mo"
denominator = "spent_food_sum_30mo"
name = "food_lately"
"""


def test_a_file_declares_what_python_declares(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(GOOD, encoding="utf-8")
    spent = events("transaction").where(direction="out", status=["booked", "authorised"])
    spent = spent.at_least(base_minor=100).measure("base_minor").valid("60mo")
    sums = windows(
        spent, over=["1mo", "30mo"], aggregate=["sum"], by="category", levels=["food"], name="spent"
    )
    places = events("transaction", key="card_id").distinct("merchant_id").having("terminal_id", "merchant_id")
    north = events("transaction").measure("lat", scale=1000)
    risk = events("transaction", key="terminal_id").verdict("fraud")
    assert declared(file) == (
        *sums,
        *windows(places, over=["24h"], aggregate=["distinct"]),
        *windows(risk, over=["30d"], aggregate=["mean"], delay="7d"),
        *windows(north, over=["3mo", "all"], aggregate=["max"], by="channel", levels=learnt(5), name="north"),
        ratio(sums[0], sums[2], name="food_lately"),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('table = "transaction"\nkey', 'tables = "transaction"\nkey', "an unknown setting 'tables'"),
        ('distinct = "merchant_id"', 'distinct = "merchant"', "transaction has no column 'merchant'"),
        ("base_minor = 100", "base_minor = 1.5", "at_least = {'base_minor': 1.5}. Give a table of columns"),
        ('events = "spent"', 'events = "spend"', "windows number 1 names events 'spend'.*mean spent"),
        ('over = ["24h"]', 'over = "24h"', "windows number 2 has over = '24h'. Give a list of texts"),
        ('over = ["24h"]', 'over = ["1y"]', "windows number 2: '1y' is not a length of time"),
        ('aggregate = ["mean"]', "", "windows number 3 lacks aggregate"),
        ('aggregate = ["mean"]', 'aggregate = ["median"]', "there is no aggregate 'median'"),
        ('"spent_food_sum_30mo"', '"spent_food_sum_40mo"', "feature 'spent_food_sum_40mo'.*sum_30mo"),
        ('valid = "60mo"', "", "windows number 1: a window of 30mo is longer than .*`valid = \"30mo\"`"),
        ('aggregate = ["mean"]', 'aggregate = ["share"]', '`by = "…"` and `levels = '),
        ('measure = "lat"\nscale = 1000', "scale = 1000", 'of no measure. Add `measure = "…"`'),
        ('"spent_food_sum_30mo"\nname = "food_lately"', '"spent_food_sum_30mo"\nname = "spent_food_sum_1mo"',
         'own.toml: two different features are named .*`name = "…"`'),
        ("scale = 1000", "scale = 1.5", "events.distance has scale = 1.5. Give a whole number"),
        ("scale = 1000", "", "of type real and cannot be summed exactly"),
        ("learnt = 5", "learnt = 500", "windows number 4: 500 levels cannot be learnt"),
        ("learnt = 5", 'learnt = 5\nlevels = ["a"]', "windows number 4 has both levels and learnt"),
        ("[[ratios]]", "[ratios]", r"gives ratios in another form. Head each with \[\[ratios\]\]"),
        ("[[ratios]]", "[[ratio]]", "unknown setting 'ratio'. Did you mean ratios"),
        ('name = "food_lately"', 'name = "food_lately', "is not valid TOML"),
        ('name = "food_lately"', 'name = "spent_food_sum_1mo"', "two different features are named"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_entry(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    file = tmp_path / "own.toml"
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        declared(file)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file"):
        declared(tmp_path / "none.toml")


def test_the_list_of_the_speed_rows_has_280_features() -> None:
    found = declared(Path(__file__).parents[2] / "benchmarks" / "window_list.toml")
    assert len(found) == len({feature.name for feature in found}) == 280
