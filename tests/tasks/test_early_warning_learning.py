"""What early warning learns: its level, its label tests; contagion and lateness against slow twins."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.civil import DAY
from bankmine.errors import BankmineError, FeasibilityError
from bankmine.tasks.early_warning.likelihood import learn, level_of, levelled
from bankmine.tasks.early_warning.links import BESIDE, links_of
from bankmine.tasks.early_warning.measuring import employer_takings, takings_lost, trouble_of
from bankmine.tasks.early_warning.panel import FOLDER, Panel
from bankmine.tasks.early_warning.shuffled import planted, shuffled
from bankmine.tasks.early_warning.signals import SIGNALS
from bankmine.tasks.early_warning.watch import Watch, days_to_next
from bankmine.tasks.sql import statement

PROPERTY = settings(derandomize=True, max_examples=60, deadline=None)
BORROWERS, LOOKS, UNTIL = 1_200, 36, 24
MONTH = round(365.25 / 12 * DAY)
NAMES = ("days_past_due", "late_events", "youngest", "exposure", "balance", "received", "instalments",
         "spent", "wages", "line_share", "credits", "overdrawn_days", "closed")  # fmt: skip


@pytest.fixture(scope="module")
def watched() -> Watch:
    """Borrowers whose times late tell the default; from the look 12 on a third as many default."""
    draw = np.random.default_rng(4)
    cutoffs = np.arange(1, LOOKS + 1, dtype=np.int64) * MONTH
    measures = {name: np.zeros((BORROWERS, LOOKS)) for name in NAMES}
    measures["exposure"] += draw.integers(10_000, 90_000, (BORROWERS, 1))
    measures["late_events"] += draw.poisson(0.7, (BORROWERS, 1))
    monthly = 0.012 * np.exp(0.6 * measures["late_events"]) * np.where(np.arange(LOOKS) < 12, 1.0, 0.33)
    who, month = np.nonzero(draw.uniform(size=monthly.shape) < monthly)
    when = cutoffs[month] + draw.integers(0, MONTH, len(month))
    panel = Panel(
        customers=np.arange(BORROWERS), cutoffs=cutoffs, measures=measures,
        codes={"kind": np.zeros((BORROWERS, LOOKS), np.int64)}, names={}, credits=None, links=(),
    )  # fmt: skip
    values = np.zeros((2, BORROWERS, LOOKS), np.float32)
    return Watch(signals=SIGNALS[:2], panel=panel, values=values, on=values > 0, since=values.astype(int),
                 days=days_to_next(who, when, cutoffs, BORROWERS))  # fmt: skip


def foretold(watched: Watch, model: Any) -> tuple[float, float]:
    """Predicted and observed within a year of the look UNTIL."""
    who = np.arange(BORROWERS)
    chance = model.chances(watched, who, np.full(BORROWERS, UNTIL))[:, -1]
    return float(chance.mean()), float((watched.days[:, UNTIL] < 365).mean())


def test_a_level_that_fell_before_the_test_is_followed_and_ranks_stay(watched: Watch) -> None:
    plain, level = learn(watched, UNTIL, seed=0), levelled(watched, UNTIL, seed=0)
    assert plain.level == 1.0
    assert 0.3 < level.level < 0.95
    (before, seen), (after, _) = foretold(watched, plain), foretold(watched, level)
    assert before > after > 0.8 * seen
    assert after - seen < 0.7 * (before - seen)
    who, look = np.arange(BORROWERS), np.full(BORROWERS, UNTIL)
    chances = level.chances(watched, who, look)
    np.testing.assert_array_equal(np.argsort(plain.chances(watched, who, look)[:, -1], kind="stable"),
                                  np.argsort(chances[:, -1], kind="stable"))  # fmt: skip
    assert (np.diff(chances, axis=1) >= 0).all()


def test_the_level_reads_nothing_that_came_later(watched: Watch) -> None:
    when = watched.panel.cutoffs + watched.days * DAY
    cut = replace(watched, days=np.where(when < watched.panel.cutoffs[UNTIL], watched.days, np.inf))
    assert levelled(cut, UNTIL, seed=0).level == levelled(watched, UNTIL, seed=0).level


@PROPERTY
@given(st.lists(st.floats(0.001, 0.6), min_size=5, max_size=60), st.floats(0.3, 3.0))
def test_the_level_found_is_the_one_put_in(chances: list[float], factor: float) -> None:
    said = np.array(chances)
    came = float((1 - (1 - said) ** factor).sum())
    assert level_of(said, came) == pytest.approx(factor, rel=1e-6)  # type: ignore[arg-type]


def test_shuffled_histories_rank_no_better_than_chance(watched: Watch) -> None:
    told = shuffled(watched, UNTIL, rounds=1, seed=0)
    assert told.startswith("Learnt from default histories shuffled among borrowers, the AUC")
    assert "over 1 round; chance allows 0." in told


def test_who_reads_labels_too_early_is_caught_by_shuffled_histories(watched: Watch) -> None:
    def peeking(other: Watch, until: int, *, seed: int) -> Any:
        tells = -np.minimum(other.days[:, until], 999.0)
        return SimpleNamespace(chances=lambda _, who, look: np.stack([tells[who]] * 3, axis=1))

    with pytest.raises(BankmineError, match=r"With shuffled labels the AUC is 1\.000"):
        shuffled(watched, UNTIL, rounds=1, seed=0, learning=peeking)


def test_a_planted_leak_is_named_and_a_real_one_stops(watched: Watch) -> None:
    assert "was named; none of the 15 real columns" in planted(watched, UNTIL, seed=0)
    measures = dict(watched.panel.measures) | {"credits": (watched.days < 365).astype(float)}
    leaking = replace(watched, panel=replace(watched.panel, measures=measures))
    with pytest.raises(BankmineError, match="number of credits"):
        planted(leaking, UNTIL, seed=0)
    with pytest.raises(FeasibilityError):
        planted(replace(watched, days=np.full_like(watched.days, np.inf)), UNTIL, seed=0)


# contagion

CUSTOMERS, MONTHS = 5, 15
one_link = st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from([*BESIDE, "other"]))


def neighbours(links: list[tuple[int, int, str]], customer: int) -> list[tuple[int, str]]:
    """Whom a customer stands beside and the other's role, link by link."""
    found = []
    for one, other, kind in links:
        if kind in BESIDE and one != other and one <= CUSTOMERS and other <= CUSTOMERS:
            role_of_one, role_of_other = BESIDE[kind]
            if other == customer:
                found.append((one, role_of_one))
            if one == customer:
                found.append((other, role_of_other))
    return found


def panel(links: list[tuple[int, int, str]], **measures: np.ndarray) -> Panel:
    columns = {name: [one[place] for one in links] for place, name in enumerate(("from_id", "to_id", "kind"))}
    table = pa.table(columns, schema=pa.schema([("from_id", pa.int64()), ("to_id", pa.int64()),
                                                ("kind", pa.string())]))  # fmt: skip
    ids = np.arange(1, CUSTOMERS + 1)
    return Panel(customers=ids, cutoffs=np.arange(MONTHS), measures=measures, codes={}, names={},
                 credits=None, links=[links_of(table, ids)] * MONTHS)  # fmt: skip


@PROPERTY
@given(st.lists(one_link, max_size=8), st.sampled_from(sorted({r for pair in BESIDE.values() for r in pair})),
       st.integers(0, 2**32 - 1))  # fmt: skip
def test_trouble_beside_is_that_of_looking_at_every_link_and_month(
    links: list[tuple[int, int, str]], role: str, seed: int
) -> None:
    late = np.random.default_rng(seed).integers(0, 90, (CUSTOMERS, MONTHS)).astype(float)
    found = trouble_of(role)(panel(links, days_past_due=late))
    for customer in range(1, CUSTOMERS + 1):
        beside = [other for other, its in neighbours(links, customer) if its == role]
        for month in range(MONTHS):
            seen = [late[other - 1, at] for other in beside for at in range(max(0, month - 11), month + 1)]
            np.testing.assert_equal(found[customer - 1, month], max(seen, default=np.nan))


@PROPERTY
@given(st.lists(one_link, max_size=8), st.integers(0, 2**32 - 1))
def test_an_employer_in_trouble_is_that_of_looking_at_every_link(
    links: list[tuple[int, int, str]], seed: int
) -> None:
    takings = np.random.default_rng(seed).integers(0, 1_000, (CUSTOMERS, MONTHS)).astype(float)
    made = panel(links, takings=takings, received=takings)
    lost, found = takings_lost(made), employer_takings(made)
    for customer in range(1, CUSTOMERS + 1):
        employers = [other for other, role in neighbours(links, customer) if role == "employer"]
        for month in range(MONTHS):
            known = [lost[one - 1, month] for one in employers if np.isfinite(lost[one - 1, month])]
            np.testing.assert_equal(found[customer - 1, month], max(known, default=np.nan))


# lateness


@PROPERTY
@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 700), st.sampled_from([None, 0, 4, 5, 40])),
                min_size=1, max_size=14, unique_by=lambda one: one[:2]))  # fmt: skip
def test_times_late_are_unbroken_runs_and_not_events(drawn: list[tuple[int, int, int | None]]) -> None:
    import duckdb

    rows = sorted(drawn)
    events = pa.table({
        "loan_id": [one[0] for one in rows], "customer_id": [1] * len(rows),
        "event_time": pa.array([one[1] * DAY for one in rows], pa.timestamp("us", "UTC")),
        "seq": list(range(len(rows))), "kind": ["paid"] * len(rows), "amount_minor": [1] * len(rows),
        "principal_after_minor": [100] * len(rows),
        "days_past_due": pa.array([one[2] for one in rows], pa.int64()),
    })  # fmt: skip
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    connection.register("loan_event", events)
    bound = {"at": 700 * DAY, "year": 335 * DAY, "half": 520 * DAY}
    found = connection.execute(statement(FOLDER, "credit"), bound).to_arrow_table().to_pylist()
    for one in found:
        times, events, before = 0, 0, False
        for _, day, late in (row for row in rows if row[0] == one["loan_id"]):
            is_late = day >= 335 and late is not None and late >= 5
            times, before = times + (is_late and not before), is_late
            events += is_late
        assert (one["late_year"], one["late_events"]) == (times, events)
