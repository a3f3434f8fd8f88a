"""From a snapshot to a matrix: what is filled, bent, scaled, encoded and left out."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.preparation.preparation import Matrix, Preparation
from bankmine.preparation.selection import Selection

ROWS = 200
KEEP_ALL = Selection(most_correlation=None)


def snapshot(**columns: object) -> pa.Table:
    draw = np.random.default_rng(0)
    table = {
        "spend": draw.lognormal(8, 2, ROWS).astype(np.int64),
        "days_since": pa.array(draw.integers(0, 90, ROWS), mask=draw.random(ROWS) < 0.1),
        "channel": draw.choice(["app", "branch", "web"], ROWS, p=[0.6, 0.3, 0.1]),
        "has_card": pa.array(draw.random(ROWS) < 0.4),
    }
    return pa.table({**table, **columns})


def column(matrix: Matrix, name: str) -> np.ndarray:
    return matrix.values[:, matrix.names.index(name)]


WAYS = {
    "trees": Preparation.for_trees,
    "codes": lambda: Preparation.for_trees(categories="codes"),
    "linear": Preparation.for_linear,
    "robust": lambda: Preparation.for_linear(scale="robust"),
    "distances": Preparation.for_distances,
}


@pytest.mark.parametrize("way", WAYS)
def test_json_gives_back_the_same_matrix_to_the_bit(way: str) -> None:
    made = WAYS[way]()
    matrix = made.fit_transform(snapshot(), units={"spend": "minor units"})
    content = json.loads(json.dumps(made.to_json(), allow_nan=False))
    again = Preparation.from_json(content)
    assert again.transform(snapshot()).values.tobytes() == matrix.values.tobytes()
    assert again.transform(snapshot()).units == matrix.units
    assert again.to_json() == made.to_json()


@pytest.mark.parametrize("way", WAYS)
def test_a_row_alone_is_prepared_as_in_the_batch(way: str) -> None:
    made = WAYS[way]()
    matrix = made.fit_transform(snapshot())
    for row in (0, 7, 199):
        alone = made.transform(snapshot().slice(row, 1)).values[0]
        assert alone.tobytes() == matrix.values[row].tobytes()


@pytest.mark.parametrize("way", ["linear", "robust", "distances"])
def test_ways_that_fill_leave_nothing_missing_even_in_rows_unlike_training(way: str) -> None:
    made = WAYS[way]()
    made.fit(snapshot())
    strange = pa.table(
        {
            "spend": pa.array([None, 10**15, -(10**15)], pa.int64()),
            "days_since": pa.array([None, None, None], pa.int64()),
            "channel": pa.array([None, "phone", "app"]),
            "has_card": pa.array([None, True, False]),
        }
    )
    assert np.isfinite(made.transform(strange).values).all()


def test_fitting_reads_nothing_of_rows_transformed_later() -> None:
    first, later = snapshot().slice(0, 100), snapshot().slice(100)
    made = Preparation.for_linear().fit(first)
    before = made.to_json()
    made.transform(later)
    assert made.to_json() == before
    assert before == Preparation.for_linear().fit(first).to_json()


def test_money_leaves_minor_units_here() -> None:
    table = snapshot()
    units = {"spend": "minor units"}
    euros = Preparation.for_trees().fit_transform(table, units=units)
    assert np.array_equal(column(euros, "spend"), table["spend"].to_numpy() / 100)
    assert euros.units[0] == "major units"
    yen = Preparation.for_trees(currency_exponent=0).fit_transform(table, units=units)
    assert np.array_equal(column(yen, "spend"), table["spend"].to_numpy())


def test_money_a_month_and_squared_money_follow_their_unit() -> None:
    table = snapshot(trend=np.arange(ROWS) * 100.0, spread=np.arange(ROWS)[::-1] * 10_000.0)
    units = {"trend": "minor units a month", "spread": "squared minor units"}
    chosen = Preparation.for_trees(selection=KEEP_ALL)
    matrix = chosen.fit_transform(table, units=units)
    assert column(matrix, "trend").tolist() == list(range(ROWS))
    assert column(matrix, "spread").tolist() == list(range(ROWS))[::-1]
    assert set(matrix.units) >= {"major units a month", "squared major units"}


def test_a_gap_is_filled_with_the_median_of_training_and_flagged() -> None:
    made = Preparation.for_linear(scale="none", log=False, winsorise=False)
    matrix = made.fit_transform(snapshot())
    known = snapshot()["days_since"].drop_null().to_numpy()
    missing = snapshot()["days_since"].is_null().to_numpy()
    assert set(column(matrix, "days_since")[missing]) == {np.median(known)}
    assert np.array_equal(column(matrix, "days_since_missing"), missing)
    assert any("filled with" in note.what for note in made.report_.notes)


def test_trees_keep_their_gaps() -> None:
    matrix = Preparation.for_trees().fit_transform(snapshot())
    assert np.isnan(column(matrix, "days_since")).sum() == snapshot()["days_since"].null_count
    assert "days_since_missing" not in matrix.names


def test_columns_missing_in_the_same_rows_share_one_flag() -> None:
    gaps = np.arange(ROWS) % 3 == 0
    draw = np.random.default_rng(1)
    table = pa.table({name: pa.array(draw.normal(size=ROWS), mask=gaps) for name in ("mean", "max")})
    made = Preparation.for_linear()
    assert made.fit_transform(table).names == ("mean", "mean_missing", "max")
    assert any(note.what == "missing in the same rows as mean: one flag" for note in made.report_.notes)


def test_infinite_values_are_missing_and_counted() -> None:
    table = snapshot(ratio=np.where(np.arange(ROWS) < 3, np.inf, np.arange(ROWS)))
    made = Preparation.for_trees(selection=KEEP_ALL)
    assert np.isnan(column(made.fit_transform(table), "ratio")).sum() == 3
    assert ("ratio", "3 infinite values made missing") in [(n.column, n.what) for n in made.report_.notes]


def test_a_heavy_tail_is_bent_and_a_light_one_is_not() -> None:
    made = Preparation.for_linear().fit(snapshot(height=np.random.default_rng(1).normal(170, 8, ROWS)))
    bent = {note.column for note in made.report_.notes if "signed log" in note.what}
    assert bent == {"spend"}


def test_values_beyond_the_training_range_are_drawn_to_its_edge() -> None:
    made = Preparation.for_linear()
    matrix = made.fit_transform(snapshot())
    far = made.transform(snapshot(spend=np.full(ROWS, 10**17)))
    assert column(far, "spend").max() == pytest.approx(column(matrix, "spend").max())


def test_scaled_columns_have_mean_0_and_deviation_1_and_flags_stay_flags() -> None:
    matrix = Preparation.for_linear().fit_transform(snapshot())
    for name in ("spend", "days_since"):
        assert column(matrix, name).mean() == pytest.approx(0, abs=1e-12)
        assert column(matrix, name).std() == pytest.approx(1)
    assert set(column(matrix, "has_card")) == {0.0, 1.0}


def test_robust_scale_sets_median_and_quartiles() -> None:
    made = Preparation.for_linear(scale="robust", log=False, winsorise=False)
    values = column(made.fit_transform(snapshot()), "days_since")
    filled = np.where(np.isnan(values), 0, values)
    first, middle, third = np.quantile(filled, [0.25, 0.5, 0.75])
    assert middle == pytest.approx(0)
    assert third - first == pytest.approx(1.3489795)


def test_levels_come_by_frequency_and_rare_and_unseen_ones_are_other() -> None:
    words = np.array(["app"] * 120 + ["web"] * 77 + ["fax"] + ["telex"] + ["post"])
    made = Preparation.for_linear(least_level_share=0.05)
    matrix = made.fit_transform(pa.table({"channel": words, "n": np.arange(ROWS)}))
    assert matrix.names[:3] == ("channel=app", "channel=web", "channel=(other)")
    unseen = made.transform(pa.table({"channel": ["drone"], "n": [1]}))
    assert unseen.values[0, :3].tolist() == [0, 0, 1]


def test_missing_is_a_level_where_training_had_it() -> None:
    words = pa.array(["a"] * 100 + ["b"] * 50 + [None] * 50)
    matrix = Preparation.for_linear().fit_transform(pa.table({"w": words}))
    assert matrix.names == ("w=a", "w=b", "w=(missing)")
    assert (matrix.values.sum(axis=1) == 1).all()


def test_two_levels_need_one_column() -> None:
    matrix = Preparation.for_linear().fit_transform(pa.table({"sex": ["f", "m", "f", "f"] * 50}))
    assert matrix.names == ("sex=m",)
    assert matrix.values[:4, 0].tolist() == [0, 1, 0, 0]


def test_codes_number_levels_and_say_which_columns_they_are() -> None:
    made = Preparation.for_trees(categories="codes")
    made.fit(snapshot())
    assert made.categorical_ == ("channel",)
    codes = made.transform(snapshot(channel=pa.array(["app", "web", "drone", None] * 50)))
    assert column(codes, "channel")[:3].tolist() == [0, 2, 3]
    assert np.isnan(column(codes, "channel")[3])


def test_dictionary_columns_read_like_texts_whatever_the_order_of_their_dictionary() -> None:
    words = snapshot()["channel"]
    other = pa.DictionaryArray.from_arrays(
        pa.array([{"web": 0, "app": 1, "branch": 2}[w] for w in words.to_pylist()], pa.int32()),
        ["web", "app", "branch"],
    )
    made = Preparation.for_linear()
    plain = made.fit_transform(snapshot())
    assert made.transform(snapshot(channel=other)).values.tobytes() == plain.values.tobytes()
    chunked = pa.chunked_array([words.combine_chunks()[:50], words.combine_chunks()[50:]])
    assert made.transform(snapshot(channel=chunked)).values.tobytes() == plain.values.tobytes()


@given(st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=20, max_size=60), st.integers(1, 4))
def test_every_row_of_training_has_exactly_one_level(words: list[str | None], most: int) -> None:
    table = pa.table({"w": pa.array(words, pa.string()), "n": np.arange(len(words))})
    matrix = Preparation.for_linear(most_levels=most).fit_transform(table)
    mine = [i for i, source in enumerate(matrix.sources) if source == "w"]
    if len(mine) > 1:
        assert (matrix.values[:, mine].sum(axis=1) == 1).all()


def test_the_report_says_what_became_of_every_column() -> None:
    table = snapshot(constant=np.ones(ROWS), empty=pa.nulls(ROWS), again=snapshot()["spend"])
    made = Preparation.for_linear().fit(table)
    assert [fate.column for fate in made.report_.fates] == table.column_names
    reasons = {fate.column: fate.reason for fate in made.report_.dropped}
    assert reasons == {
        "constant": "constant: one value in all rows",
        "empty": "empty: no value at all",
        "again": "duplicate: equal to spend",
    }
    assert made.report_.summary() == (
        "4 of 7 columns kept over 200 training rows; left out: 1 constant, 1 empty, 1 duplicate."
    )


def test_a_column_with_nothing_left_is_reported_as_dropped() -> None:
    one = pa.array([5.0] * ROWS, mask=np.arange(ROWS) % 2 == 0)
    flagged = Preparation.for_linear().fit(snapshot(one=one))
    assert "one_missing" in flagged.names_
    assert "one" not in flagged.names_
    plain = Preparation.for_distances().fit(snapshot(one=one))
    assert "one" in {fate.column for fate in plain.report_.dropped}


def test_an_empty_column_in_scoring_reads_as_missing() -> None:
    made = Preparation.for_trees()
    made.fit(snapshot())
    assert np.isnan(column(made.transform(snapshot(spend=pa.nulls(ROWS))), "spend")).all()


def test_a_column_that_is_gone_or_changed_its_kind_is_refused() -> None:
    made = Preparation.for_linear()
    made.fit(snapshot())
    with pytest.raises(UsageError, match="lacks the column 'spend'"):
        made.transform(snapshot().drop_columns(["spend"]))
    with pytest.raises(UsageError, match="was a number in training and is a category now"):
        made.transform(snapshot(spend=["12"] * ROWS))


def test_dates_are_not_features() -> None:
    table = snapshot(opened=pa.array(np.zeros(ROWS, "datetime64[us]")))
    with pytest.raises(UsageError, match="'opened' is of type timestamp"):
        Preparation.for_trees().fit(table)


def test_too_few_rows_or_no_usable_column_are_refused() -> None:
    with pytest.raises(FeasibilityError, match="19 rows"):
        Preparation.for_trees().fit(snapshot().slice(0, 19))
    with pytest.raises(FeasibilityError, match="No column of 1 is usable"):
        Preparation.for_trees().fit(pa.table({"constant": np.ones(50)}))


@pytest.mark.parametrize("way", WAYS)
def test_no_rows_give_an_empty_matrix(way: str) -> None:
    made = WAYS[way]().fit(snapshot())
    for nobody in (snapshot().slice(0, 0), snapshot().take(pa.array([], pa.int64()))):
        assert made.transform(nobody).values.shape == (0, len(made.names_))


def test_integers_beyond_the_exact_floats_are_rounded_not_refused() -> None:
    table = snapshot(huge=pa.array(range(10**17, 10**17 + ROWS), pa.int64()))
    assert column(Preparation.for_trees(selection=KEEP_ALL).fit_transform(table), "huge")[0] == 1e17


def test_the_matrix_becomes_an_arrow_table_with_nulls() -> None:
    matrix = Preparation.for_trees().fit_transform(snapshot())
    table = matrix.to_arrow()
    assert table.column_names == list(matrix.names)
    assert table["days_since"].null_count == snapshot()["days_since"].null_count


def test_every_column_of_the_matrix_knows_its_source() -> None:
    matrix = Preparation.for_linear().fit_transform(snapshot())
    assert set(matrix.sources) == set(snapshot().column_names)
    assert matrix.sources[matrix.names.index("days_since_missing")] == "days_since"
