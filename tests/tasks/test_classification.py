"""Classification: what a definition may say, each class as known at its time, and a whole run."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from made_up_bank import ZONE, full, payments, write

from bankmine import lifecycle
from bankmine.bank.civil import DAY, Zone
from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.lifecycle.run import Run
from bankmine.tasks.classification.classes import Looks, class_names, definition_of, read_definition
from bankmine.tasks.classification.task import TASK
from bankmine.tasks.classification.together import largest_before, shares
from bankmine.tasks.contract import Bank
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.sql import micros

PRAGUE = Zone(ZONE)
FROM, UNTIL = PRAGUE.midnight(date(2019, 1, 1)), PRAGUE.midnight(date(2021, 4, 1))
OWN = """-- Savers
-- Savers have more than 500 coming in.
SELECT customer_id, CASE WHEN sum(base_minor) > 500 THEN 'saver' ELSE 'other' END AS class
FROM customer_transaction
WHERE direction = 'in' AND event_time >= make_timestamptz($since) AND event_time < make_timestamptz($until)
GROUP BY customer_id
"""


def made(folder: Path, customers: int = 500) -> Warehouse:
    """Monthly income whose size wanders slowly, payments of half of it; forms that say a little."""
    draw = np.random.default_rng(3)
    months = np.arange(FROM, UNTIL, 30 * DAY)
    level = draw.normal(0, 1, customers)
    who, when, much, way = [], [], [], []
    band = np.clip(np.round(level + draw.normal(0, 0.5, customers)) + 3, 1, 5).astype(int)
    for at in months:
        level = level * 0.99 + draw.normal(0, 0.15, customers)
        for direction, factor in (("in", 1.0), ("out", 0.5)):
            who.append(np.arange(1, customers + 1))
            when.append(at + draw.integers(0, 20, customers) * DAY)
            much.append((np.exp(level) * 1000 * factor).astype(np.int64) + 1)
            way += [direction] * customers
    table = payments(np.concatenate(who), np.concatenate(when), np.concatenate(much), direction=way)
    people = full(
        "customer",
        {"customer_id": np.arange(1, customers + 1), "kind": ["person"] * customers,
         "birth_year": 1940 + draw.integers(0, 60, customers), "income_band": band,
         "valid_from": np.full(customers, FROM), "known_at": np.full(customers, FROM)},
        customers,
    )  # fmt: skip
    made_here: Warehouse = write(folder, {"transaction": table, "customer": people}, start=FROM, end=UNTIL)
    return made_here


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    return Bank(warehouse=made(tmp_path_factory.mktemp("classes") / "warehouse"), cutoff=UNTIL)


def looks_of(bank: Bank, sql: Path | None = None) -> Looks:
    definition = definition_of(bank.warehouse.folder.parent, None) if sql is None else read_definition(sql)
    return Looks(bank, definition, LabelRule(horizon_days=90, delay_days=1, tables=definition.tables))


def test_a_banks_own_classes_equal_a_slow_count(bank: Bank, tmp_path: Path) -> None:
    file = tmp_path / "savers.sql"
    file.write_text(OWN)
    looks = looks_of(bank, file)
    raw = bank.warehouse.read("transaction", ["customer_id", "event_time", "base_minor", "direction"])
    who, when = raw.column("customer_id").to_numpy(), micros(raw.column("event_time"))
    amount = raw.column("base_minor").to_numpy()
    came = np.array(raw.column("direction").to_pylist()) == "in"
    for since in (PRAGUE.months_before(UNTIL, 6), PRAGUE.months_before(UNTIL, 9)):
        end = PRAGUE.days_before(since, -90)
        inside = came & (when >= since) & (when < end)
        customers, classes = looks.at(since)
        assert customers.tolist() == np.unique(who[inside]).tolist()
        for place in range(0, len(customers), 17):
            total = amount[inside & (who == customers[place])].sum()
            assert classes[place] == ("saver" if total > 500 else "other")
    assert looks.definition.title == "Savers"


def test_the_class_after_a_cutoff_is_the_class_before_the_cutoff_a_period_later(bank: Bank) -> None:
    looks = looks_of(bank)
    customers = np.arange(1, 501)
    at = PRAGUE.months_before(UNTIL, 8)
    later = PRAGUE.days_before(at, -90)
    after = looks.of(customers, np.full(500, at))
    before = looks.of(customers, np.full(500, later), earlier=True)
    assert (after == before).all()


def test_the_shipped_classes_are_a_fifth_a_half_and_three_tenths(bank: Bank) -> None:
    looks = looks_of(bank)
    at = PRAGUE.months_before(UNTIL, 8)
    _, classes = looks.at(at)
    share = {name: float((classes == name).mean()) for name in class_names(looks, np.array([at]))}
    assert share["prime"] == pytest.approx(0.2, abs=0.06)
    assert share["side account"] == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT customer_id FROM customer", "it gives customer_id"),
        ("SELECT customer_id, kind AS class FROM customer WHERE $today > 0", r"asks for \$today"),
        ("SELECT customer_id, 'a' AS class FROM read_csv('/etc/passwd')", "no bank table"),
        ("DELETE FROM customer", "no SELECT"),
        ("SELEC customer_id", "cannot be used"),
    ],
)
def test_a_definition_that_cannot_be_meant_is_refused(text: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "own.sql").write_text(text)
    with pytest.raises(ConfigurationError, match=what):
        read_definition(tmp_path / "own.sql")


def test_a_definition_outside_the_banks_folder_or_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="outside"):
        definition_of(tmp_path, "../else.sql")
    with pytest.raises(ConfigurationError, match="no such file"):
        definition_of(tmp_path, "own.sql")


def test_two_classes_for_one_customer_or_one_class_for_all_are_refused(bank: Bank, tmp_path: Path) -> None:
    twice = tmp_path / "twice.sql"
    twice.write_text("SELECT customer_id, direction AS class FROM customer_transaction GROUP BY ALL")
    with pytest.raises(ConfigurationError, match="two classes in one period"):
        looks_of(bank, twice).at(PRAGUE.months_before(UNTIL, 6))
    same = tmp_path / "same.sql"
    same.write_text("SELECT customer_id, 'all' AS class FROM customer")
    with pytest.raises(FeasibilityError, match="1 classes"):
        class_names(looks_of(bank, same), np.array([PRAGUE.months_before(UNTIL, 6)]))


def test_settings_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="families"):
        TASK.check_settings({"families": ["svm"]})
    with pytest.raises(ConfigurationError, match="customer_kind"):
        TASK.check_settings({"customer_kind": "robots"})
    TASK.check_settings({"families": ["naive Bayes"], "test_months": 1})


def test_chances_of_all_classes_add_up_to_one() -> None:
    table = shares([np.array([0.5, 0.0]), np.array([0.25, 0.0])])
    assert table.tolist() == [[2 / 3, 1 / 3], [0.5, 0.5]]


@pytest.fixture(scope="module")
def run(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = bank.warehouse.folder.parent
    settings = {"families": ["decision tree", "naive Bayes", "logistic"]}
    config = Config(
        folder=folder, name="made", mapping="none", extracts=folder, time_zone=ZONE, currency="EUR",
        keys=folder, tasks={"classification": settings},
    )  # fmt: skip
    return lifecycle.run_task(
        bank.warehouse, config, "classification", results_folder=tmp_path_factory.mktemp("results")
    )


def test_a_run_foresees_a_class_for_everybody_with_its_families_and_rules(run: Run) -> None:
    figures = run.about["figures"]
    assert set(figures["classes"]) == {"prime", "main account", "side account"}
    assert {one["name"] for one in figures["questions"]} == {
        "class_prime", "class_main_account", "class_side_account",
    }  # fmt: skip
    lines = {line["family"]: line for line in figures["families"]["prime"]["lines"]}
    assert lines["decision tree"]["rules"] > 1
    assert lines["logistic"]["fidelity"] > 0.8
    assert lines["naive Bayes"]["auc"] > 0.8
    assert figures["families"]["prime"]["texts"]["naive Bayes"][0].startswith("IF ")
    assert figures["together"]["right"]["value"] > figures["together"]["largest"]
    assert run.about["form"]
    assert figures["form_tested"]["auc"]["prime"] > 0.6


def test_the_list_has_one_class_a_customer_and_one_chance_a_class(run: Run) -> None:
    scores = run.scores
    whole = scores.filter(pa.array([one == "class" for one in scores.column("question").to_pylist()]))
    assert len(set(whole.column("subject_id").to_pylist())) == whole.num_rows == 500
    table = run.table("classes")
    changes = table.column("changes").to_pylist()
    assert changes == sorted(changes, reverse=True)


def test_the_page_shows_classes_families_and_rules(run: Run) -> None:
    shown = TASK.show(run.about)
    titles = [section.title for section in shown.sections]
    assert "Families side by side: prime" in titles
    assert titles[0] == "The classes: Standing"
    assert shown.metrics[0].interval is not None


def test_the_largest_class_is_chosen_before_the_test_and_not_by_what_came() -> None:
    before = np.array(["side", "side", "main", "main", "main", "main"], dtype=object)
    assert largest_before(("main", "side"), before, np.array([1, 1, 1, 2, 2, 2])) == "side"
