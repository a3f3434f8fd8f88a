"""Segmentation on a whole simulated bank: groups found again, honest tests, nobody kept out is suggested."""

from pathlib import Path

import numpy as np
import pytest

from bankmine import lifecycle
from bankmine.bank.keys import show_key
from bankmine.cli.segment import lines
from bankmine.customers.conditions import WORDS, conditions
from bankmine.folder import BankFolder
from bankmine.lifecycle.run import Run
from bankmine.mining.clustering.agreement import adjusted_rand_index
from bankmine.tasks.contract import Bank
from bankmine.tasks.segmentation.model import SegmentModel
from bankmine.tasks.segmentation.why import WhyFound, WhyRule, why

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("simulated-segments")]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("segments")


@pytest.fixture(scope="module")
def before(simulated: BankFolder, results: Path) -> Run:
    return lifecycle.run_task(
        simulated.warehouse, None, "segmentation", cutoff="2025-07-01", results_folder=results
    )


@pytest.fixture(scope="module")
def run(simulated: BankFolder, results: Path, before: Run) -> Run:
    return lifecycle.run_task(simulated.warehouse, None, "segmentation", results_folder=results)


def bank_of(simulated: BankFolder, run: Run) -> Bank:
    return Bank(warehouse=simulated.warehouse, cutoff=int(run.about["cutoff_us"]))


def test_the_segments_are_found_again_and_every_customer_is_in_one(run: Run) -> None:
    assert run.verdict.startswith("Use the")
    segments = run.metrics["segments"]
    assert sum(one["size"] for one in segments) == run.scores.num_rows == run.metrics["rows"]
    assert run.metrics["silhouette"] > run.metrics["silhouette_shuffled"]
    assert segments[-1]["name"] == "companies"


def test_the_segments_are_nearer_the_ways_of_life_than_chance_could_bring_them(
    run: Run, simulated: BankFolder
) -> None:
    import pyarrow.parquet as pq

    truth = pq.ParquetDataset(simulated.folder.parent / "extracts" / "truth" / "customers").read()
    lives = dict(
        zip(truth.column("customer").to_pylist(), truth.column("life_style").to_pylist(), strict=True)
    )
    token = {simulated.keyring.token("customer", str(one)): life for one, life in lives.items()}
    members = run.table("members")
    known = members.column("known").to_numpy(zero_copy_only=False)
    life = [token[one] for one in members.column("customer_id").to_pylist()]
    code = np.unique(life, return_inverse=True)[1].astype(np.int64)
    number = members.column("number").to_numpy().astype(np.int64)
    assert adjusted_rand_index(code, number) > 0.35
    assert adjusted_rand_index(code[known], number[known]) > 0.45


def test_what_a_segment_is_described_by_took_no_part_in_finding_it(run: Run) -> None:
    model = SegmentModel.from_json(run.metrics["model_of_segments"])
    described = {each["feature"] for one in run.metrics["segments"] for each in one["banking"]}
    assert described
    assert not described & set(model.style.columns)
    assert all(each["q"] <= 0.05 for one in run.metrics["segments"] for each in one["banking"])


def test_segments_keep_their_numbers_and_names_from_run_to_run(before: Run, run: Run) -> None:
    changes = run.metrics["changes"]
    earlier = {one["number"]: one["name"] for one in before.metrics["segments"]}
    now = {one["number"]: one["name"] for one in run.metrics["segments"]}
    kept = set(earlier) & set(now)
    assert len(kept) == changes["carried"] >= 3
    assert all(earlier[number] == now[number] for number in kept)
    assert before.metrics["changes"] == {}


def test_the_migration_counts_every_customer_of_both_looks(run: Run) -> None:
    moves = run.metrics["migration"]
    assert moves["months"] == 12
    assert sum(map(sum, moves["customers"])) == moves["both"]
    each = run.table("whereabouts")
    assert each.num_rows == moves["both"]
    assert sum(row["source"] != row["target"] for row in each.to_pylist()) == moves["moved"]
    now = [sum(column) for column in zip(*moves["customers"], strict=True)]
    sizes = [one["size"] for one in run.metrics["segments"]]
    assert [a + b for a, b in zip(now, moves["joined"], strict=True)] == sizes


def test_nobody_to_whom_nothing_may_be_sold_is_suggested_anything(run: Run, simulated: BankFolder) -> None:
    at = int(run.about["cutoff_us"])
    known = conditions(simulated.warehouse, at)
    everybody = run.table("members").column("customer_id").to_pylist()
    assert not known.may_sell(everybody).all()
    assert known.may_sell(run.table("suggested").column("customer_id").to_pylist()).all()


def test_every_table_that_names_customers_shows_their_flags(run: Run, simulated: BankFolder) -> None:
    known = conditions(simulated.warehouse, int(run.about["cutoff_us"]))
    named = {name: run.table(name) for name in ("members", "predefined", "suggested")}
    for table in named.values():
        flags = known.flags_of(table.column("customer_id").to_pylist())
        assert table.column("flags").to_pylist() == [
            ", ".join(WORDS.get(one, one) for one in own) for own in flags
        ]
    said = " ".join(named["members"].column("flags").to_pylist())
    assert "in arrears" in said


def test_only_what_stood_its_test_becomes_an_action(run: Run) -> None:
    stood = [one for one in run.metrics["suggestions"] if one["stands"]]
    assert all(one["low"] > 1 and one["q"] <= 0.1 and one["adopted"] >= 5 for one in stood)
    offered = set(run.table("suggested").column("family").to_pylist())
    assert offered <= {one["family"] for one in stood}
    actions = run.metrics["decision"]["actions"]
    for one in run.metrics["segments"]:
        has = any(each["name"] == one["name"] for each in stood)
        assert actions[one["name"]].startswith("Offer" if has else "No offer")


def test_every_miner_is_compared_on_one_page(run: Run) -> None:
    assert {one["miner"] for one in run.metrics["miners"]} >= {"k-means", "k-medoids", "BIRCH", "DBSCAN"}
    titles = [one.title for one in lifecycle.page_of(run).sections]
    assert {"Portraits", "Other miners on the same customers", "Who moved between segments"} <= set(titles)


def test_the_kept_model_says_of_each_customer_what_the_run_said(run: Run, simulated: BankFolder) -> None:
    model = SegmentModel.from_json(run.metrics["model_of_segments"])
    rows = run.table("members").to_pylist()
    for row in rows[:3]:
        found = why(bank_of(simulated, run), model, row["customer_id"], row["segment"])
        assert isinstance(found, WhyFound)
        assert found.holds
        if found.pulls:
            assert found.distance == pytest.approx(row["distance"])
            assert found.distance <= found.other_distance


def test_the_pulls_say_why_a_customer_is_not_in_another_segment(run: Run, simulated: BankFolder) -> None:
    model = SegmentModel.from_json(run.metrics["model_of_segments"])
    row = next(one for one in run.table("members").to_pylist() if one["segment"] != "companies")
    other = next(name for name in model.names if name not in (row["segment"], "companies"))
    found = why(bank_of(simulated, run), model, row["customer_id"], other)
    assert isinstance(found, WhyFound)
    assert not found.holds
    assert found.other == row["segment"]
    assert found.distance > found.other_distance
    rule = why(bank_of(simulated, run), model, row["customer_id"], "young")
    assert isinstance(rule, WhyRule)
    assert len(rule.conditions) == 3


def test_the_command_says_why(run: Run, simulated: BankFolder, tmp_path: Path) -> None:
    for part in ("warehouse", "keys"):
        (tmp_path / part).symlink_to(simulated.folder / part)
    (tmp_path / "bankmine.toml").write_bytes((simulated.folder / "bankmine.toml").read_bytes())
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "segmentation").symlink_to(run.folder.parent)
    lifecycle.publish(lifecycle.load_run(tmp_path / "results" / "segmentation" / run.run_id))
    row = run.table("members").to_pylist()[0]
    key = show_key(row["customer_id"])
    said = list(lines(tmp_path, key, segment=None, raw=False, cutoff=None))
    assert f"Found segment: {row['segment']}" in said
    assert sum(line.startswith("  ") for line in said) == 5
    told = list(lines(tmp_path, key, segment="wealthy", raw=False, cutoff=None))
    assert told[1].startswith("Wealthy: ")
    assert all(line.split()[0] in ("holds", "fails", "not") for line in told[2:5])


def test_the_features_weigh_by_what_tells_the_segments_apart(run: Run) -> None:
    weights = {one["name"]: one["weight"] for one in run.features if one["weight"]}
    model = SegmentModel.from_json(run.metrics["model_of_segments"])
    assert set(weights) <= set(model.style.columns)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert min(weights.values()) >= 0
