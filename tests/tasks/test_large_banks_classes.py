"""Classes of a large bank: the past is that of the customers drawn, everybody has a class at the cutoff."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from test_classification import PRAGUE, UNTIL, looks_of, made

from bankmine.config import QUICK
from bankmine.engine.journey import Journey
from bankmine.engine.session import Session
from bankmine.tasks.classification.classes import class_names
from bankmine.tasks.classification.question import InClass
from bankmine.tasks.contract import Bank

LATER = PRAGUE.midnight(date(2021, 3, 1))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    warehouse = made(tmp_path_factory.mktemp("large") / "warehouse", customers=2_000)
    return Bank(warehouse=warehouse, cutoff=UNTIL)


def drawn(bank: Bank) -> Bank:
    return replace(bank, budget=replace(QUICK, customers=800), statements={})


def test_a_statement_of_some_customers_alone_sees_no_other(bank: Bank) -> None:
    """What it says of everybody is what it says of a bank that has no other customers."""
    some = np.arange(1, 2_001, 7)
    shares = "SELECT quantile_disc(base_minor, 0.8) AS high, count(DISTINCT customer_id) AS customers FROM "
    with Journey(bank.warehouse, shares + "customer_transaction", customers=some, alone=True) as journey:
        told = [journey.ask(at, {}).to_pylist()[0] for at in (LATER, UNTIL)]
    for at, one in zip((LATER, UNTIL), told, strict=True):
        with Session(bank.warehouse, at, until=at) as session:
            seen = session.arrow("SELECT customer_id, base_minor FROM customer_transaction")
        mine = np.sort(
            seen.column("base_minor").to_numpy()[np.isin(seen.column("customer_id").to_numpy(), some)]
        )
        assert one["customers"] == len(some)
        assert one["high"] == mine[int(np.ceil(0.8 * len(mine))) - 1]


def test_a_statement_that_begins_with_its_own_relations_may_be_asked_of_some_alone(bank: Bank) -> None:
    sql = "WITH people AS (SELECT customer_id FROM customer) SELECT count(*) AS many FROM people"
    with Journey(bank.warehouse, sql, customers=np.array([3, 4, 5]), alone=True) as journey:
        assert journey.ask(UNTIL, {}).to_pylist() == [{"many": 3}]


def test_the_past_is_of_the_drawn_and_the_present_of_everybody(bank: Bank) -> None:
    looks = looks_of(drawn(bank))
    assert looks.drawn is not None
    assert 500 < len(looks.drawn) < 1_100
    past = PRAGUE.months_before(UNTIL, 8)
    assert looks.at(past)[0].tolist() == looks.drawn.tolist()
    every = np.arange(1, 2_001)
    now = looks.of(every, np.full(2_000, UNTIL), earlier=True)
    assert (now == looks_of(bank).of(every, np.full(2_000, UNTIL), earlier=True)).all()
    assert (now != "").all()
    assert (looks.of(every, np.full(2_000, past)) != "").sum() == len(looks.drawn)
    assert "drawn" in looks.bank.statements["classes"]


def test_the_drawn_have_nearly_the_classes_they_have_among_all(bank: Bank) -> None:
    """The limits are quantiles of the drawn: they move a customer only near a limit."""
    whole, part = looks_of(bank), looks_of(drawn(bank))
    past = PRAGUE.months_before(UNTIL, 8)
    customers, classes = part.at(past)
    among_all = whole.of(customers, np.full(len(customers), past))
    assert (classes == among_all).mean() > 0.9
    share = {name: float((classes == name).mean()) for name in class_names(part, np.array([past]))}
    assert share["prime"] == pytest.approx(0.2, abs=0.07)


def test_a_period_that_is_past_and_present_is_asked_of_both(bank: Bank) -> None:
    looks = looks_of(drawn(bank))
    start = PRAGUE.days_before(UNTIL, 90)
    assert len(looks.at(start)[0]) == len(looks.drawn if looks.drawn is not None else ())
    assert len(looks.at(start, everybody=True)[0]) == 2_000


def test_a_small_bank_is_looked_at_whole(bank: Bank) -> None:
    looks = looks_of(bank)
    assert looks.drawn is None
    assert len(looks.at(PRAGUE.months_before(UNTIL, 8))[0]) == 2_000
    assert "drawn" not in bank.statements["classes"]


def test_all_classes_are_asked_of_the_same_rows_read_once(bank: Bank) -> None:
    looks = looks_of(drawn(bank))
    first, second = (InClass(looks, name, families=["boosting"], kind="person") for name in ("prime", "main"))
    plan = first.plan(looks.bank)
    banks = [replace(looks.bank, statements={}) for _ in range(2)]
    rows = first.population(banks[0], plan)
    assert second.population(banks[1], plan) is rows
    assert banks[0].statements == banks[1].statements
    assert "customer_transaction" in banks[1].statements["population"]
