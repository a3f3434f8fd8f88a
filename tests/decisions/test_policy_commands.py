"""The commands of credit policy on a small bank: what they say, what they keep, and how they refuse."""

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from applications_bank import make_bank
from typer.testing import CliRunner

from bankmine.cli.app import app
from bankmine.cli.run import _run
from bankmine.decisions.credit_policy.applicants import Applicants
from bankmine.decisions.credit_policy.desk import Desk, open_desk
from bankmine.decisions.credit_policy.inference import of_bank
from bankmine.decisions.credit_policy.inference.masked import Answer
from bankmine.decisions.credit_policy.inference.of_bank import inferred_of, masked_test_of
from bankmine.decisions.credit_policy.money import read_terms
from bankmine.decisions.credit_policy.policy import Policy, Row
from bankmine.decisions.credit_policy.reading import read_policy
from bankmine.errors import UsageError
from bankmine.folder import BankFolder

TABLES = Path(__file__).parents[2] / "src" / "bankmine" / "decisions" / "credit_policy" / "tables"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> BankFolder:
    return make_bank(tmp_path_factory.mktemp("policy") / "bank")


@pytest.fixture(scope="module")
def desk(bank: BankFolder) -> Desk:
    return open_desk(bank, terms=read_terms(TABLES / "terms.toml"))


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    (tmp_path / "credit.toml").write_bytes((TABLES / "credit.toml").read_bytes())
    return tmp_path / "credit.toml"


def say(*words: object) -> list[str]:
    result = CliRunner().invoke(app, ["policy", *map(str, words)])
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.output.splitlines()


def refused(*words: object) -> int:
    return _run(["policy", *map(str, words)], debug=False)


def test_those_tested_are_the_granted_ones_and_those_scored_are_all(desk: Desk) -> None:
    tested, scored = desk.tested(), desk.scored()
    assert tested.granted.all()
    assert set(scored.table.column("today").to_pylist()) == {"approved", "declined"}
    assert np.isfinite(tested.number("came_true")).all()
    assert "came_true" not in scored.table.column_names
    assert set(np.unique(scored.number("list_rate"))) == {0.05, 0.12, 0.2}
    assert np.isnan(scored.number("app_term_months")[np.array(scored.products) == "CRD-GOLD"]).all()


def test_an_example_is_written_and_checked(
    tmp_path: Path, bank: BankFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("example", tmp_path / "mine")[-1].startswith("Next: bankmine policy check")
    lines = say("check", tmp_path / "mine" / "credit.toml", "--bank", bank.folder)
    assert any("every row can be reached" in line for line in lines)
    assert any("observed applicants" in line for line in lines)
    assert refused("example", tmp_path / "mine") == 2
    assert "is there already" in capsys.readouterr().err


def test_a_policy_with_a_gap_ends_with_one_and_names_an_applicant(tmp_path: Path) -> None:
    (tmp_path / "gap.toml").write_text(
        '[fields.p]\nkind="number"\nlow=0\nhigh=1\n[[rows]]\nwhen={p="< 0.4"}\noutcome="approve"\n'
    )
    result = CliRunner().invoke(app, ["policy", "check", str(tmp_path / "gap.toml")])
    assert result.exit_code == 1
    assert "gap: no row holds where p [0.4, 1]. For example: p 0.4" in result.output


def test_decisions_are_kept_and_replayed_and_another_policy_is_compared(
    bank: BankFolder, policy_file: Path
) -> None:
    kept = say("decide", bank.folder, policy_file)
    assert kept[-1].startswith("Kept as decisions 1 to")
    stricter = policy_file.with_name("stricter.toml")
    stricter.write_text(policy_file.read_text().replace("> 20%", "> 10%"))
    lines = say("replay", bank.folder, "--policy", stricter)
    assert "Every part is equal to the last byte." in lines
    assert any("would change the outcome of" in line for line in lines)
    part = next((bank.folder / "decisions" / "parts").glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-1])
    assert refused("replay", bank.folder) == 6


def test_a_simulation_prints_both_groups_and_says_what_nobody_knows(
    bank: BankFolder, policy_file: Path
) -> None:
    folder = policy_file.with_name("page")
    lines = say("simulate", bank.folder, policy_file, "--terms", TABLES / "terms.toml", "--page", folder)
    text = "\n".join(lines)
    page = (folder / "index.html").read_text(encoding="utf-8")
    for words in ("Policy on trial", "swapped in", "loan-best", "Profit by share approved"):
        assert words in page
    assert "all granted: their outcome is known" in text
    assert "no outcome is known yet" in text
    assert "swapped in" in text
    assert "approved are charged" in text
    assert "reject inference" in text or "finds the hidden truth better" in text
    assert "Cut-off by profit" in text


def test_champion_and_challenger_that_are_equal_earn_the_same(desk: Desk, policy_file: Path) -> None:
    policy = read_policy(policy_file)
    found = desk.simulate(policy, policy, desk.tested(policy))
    assert found.gain_minor.value == pytest.approx(0)
    assert found.swap[1].applicants == found.swap[2].applicants == 0


def test_chances_inferred_for_the_refused_widen_what_the_swapped_in_may_cost(
    desk: Desk, policy_file: Path
) -> None:
    policy = read_policy(policy_file)
    found = desk.scored(policy)
    riskier = np.minimum(found.number("probability") * 2, 1)
    alone, both = (desk.simulate(policy, None, found, more) for more in (None, {"twice": riskier}))
    came, wider = alone.swap[1], both.swap[1]
    assert came.applicants == wider.applicants > 0
    assert wider.bad_rate.high > came.bad_rate.high
    assert both.swap[0].bad_rate.high == alone.swap[0].bad_rate.high  # the granted keep their own chances


def test_limits_stay_within_budgets_and_bands(bank: BankFolder, desk: Desk, policy_file: Path) -> None:
    policy = read_policy(policy_file)
    plan, found = desk.limits(policy, loss_budget=2e6, capital_budget=1e9)
    assert plan.budgets[0].used <= 2e6 * (1 + 1e-9)
    assert plan.budgets[0].shadow_price > 0 == plan.budgets[1].shadow_price
    assert (plan.limit <= found.number("app_amount") + 1e-6).all()
    few = found.table.slice(0, 5)
    chances = [None, *few.column("probability").to_pylist()[1:]]
    broken = few.set_column(few.column_names.index("probability"), "probability", [chances])
    one_unknown = SimpleNamespace(bank=desk.bank, terms_of=desk.terms_of)
    one_unknown.scored = lambda *_: Applicants(broken, found.part)
    anyone = Policy("all", "first", (), (Row("all", {}, "approve", "ok", (10**12, 10**13)),))
    plan, left = Desk.limits(cast(Desk, one_unknown), anyone, loss_budget=2e6, capital_budget=1e9)
    assert (plan.unknown, plan.below, len(left), plan.profit) == (1, 4, 4, 0.0)
    out = policy_file.with_name("limits.csv")
    say(
        "limits",
        bank.folder,
        policy_file,
        "--loss-budget",
        20_000,
        "--capital-budget",
        10_000_000,
        "--out",
        out,
    )
    with out.open() as opened:
        assert len(list(csv.DictReader(opened))) == len(found)


def test_an_explanation_rescores_the_changed_request_with_the_runs_own_model(
    bank: BankFolder, desk: Desk, policy_file: Path
) -> None:
    policy = read_policy(policy_file)
    found = desk.scored(policy)
    from bankmine.decisions.credit_policy.deciding import Decider

    outcome = Decider(policy).decide_all(found.table).column("outcome").to_pylist()
    place = next(n for n, one in enumerate(outcome) if one != "approve" and found.products[n] == "LOAN-CONS")
    application = found.table.column("subject_id")[place].as_py()
    answer, sentence = desk.explain(policy, application)
    assert "scores every changed request anew" in sentence
    assert answer.changes
    for one in answer.changes:
        assert set(one.values) <= {"app_amount", "app_term_months"}
        assert one.decided.outcome == "approve"
    assert any("Approved with" in line for line in say("explain", bank.folder, policy_file, application))
    assert refused("explain", bank.folder, policy_file, "-12") == 2


def test_inference_on_the_banks_own_applications_answers(desk: Desk) -> None:
    answer = masked_test_of(desk, None)
    assert answer.use == "ignore" or answer.gains[answer.use].low > 0
    assert masked_test_of(desk, "app_channel").p_value is not None
    same, chances = inferred_of(desk, desk.scored(), None)
    assert same == answer
    assert (chances is None) is (answer.use == "ignore")
    with pytest.raises(UsageError, match="no feature"):
        masked_test_of(desk, "leniency")


def test_where_a_method_is_to_be_used_it_says_the_chances_of_all_scored(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_bank, "masked_test", lambda data: Answer({}, 0, 0.0, "fuzzy parcelling"))
    answer, chances = inferred_of(desk, desk.scored(), None)
    assert answer.use == "fuzzy parcelling"
    assert chances is not None
    own = desk.scored().number("probability")
    assert np.corrcoef(chances, own)[0, 1] > 0.5
    assert chances.mean() > own.mean() * 0.5


@pytest.mark.parametrize(
    "words",
    [
        ("check", "nowhere.toml"), ("price", "1.5"), ("price", "0.1", "--months", "0"),
        ("price", "0.1", "--product", "SHOE"), ("price", "0.1", "--currency", "yen"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_an_exit_code(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(*words) in (2, 3)
    assert capsys.readouterr().err.count("\n") == 1


def test_a_run_that_scores_customers_and_a_bank_without_a_run_are_refused(
    bank: BankFolder, policy_file: Path
) -> None:
    with pytest.raises(UsageError, match="no published run"):
        open_desk(bank, task="churn")
    assert refused("decide", bank.folder, policy_file, "--task", "churn") == 2


def test_a_price_names_its_parts() -> None:
    (line,) = say(
        "price", "0.05", "--terms", TABLES / "terms.toml", "--product", "MTG-HOME", "--months", "240"
    )
    assert "for a chance of 5.0%" in line


def test_an_amount_is_priced_in_the_minor_units_of_its_currency() -> None:
    """A fixed cost of 10,000 yen weighs on 5,000 yen as 100 dollars do on 50."""
    assert say("price", "0.05", "--amount", "5000", "--currency", "JPY") == say(
        "price", "0.05", "--amount", "50", "--currency", "USD"
    )
    assert say("price", "0.05", "--currency", "JPY") != say("price", "0.05")
    assert say("price", "0.05", "--amount", "5", "--currency", "KWD") == say(
        "price", "0.05", "--amount", "50"
    )


@pytest.mark.parametrize("budget", ["-1", "nan", "inf"])
def test_budgets_that_are_no_amounts_are_refused_in_the_unit_they_were_given(
    bank: BankFolder, policy_file: Path, budget: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = refused("limits", bank.folder, policy_file, "--loss-budget", budget, "--capital-budget", 300)
    assert code == 2
    assert "and 300.00" in capsys.readouterr().err
