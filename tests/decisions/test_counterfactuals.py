"""The cheapest change that approves, over facts of the request alone, as the policy itself says."""

from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from made_up_policies import shipped

from bankmine.decisions.credit_policy.counterfactual import explain
from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.policy import Policy
from bankmine.errors import UsageError

PERSON = {
    "probability": 0.12, "app_amount": 1_000_000, "app_term_months": 24, "income_minor": 80_000,
    "app_instalment_to_income": 1_000_000 / 24 / 80_000,
}  # fmt: skip


def ratio(table: pa.Table) -> pa.Table:
    """The instalment's share of income, worked out anew."""
    amount = pc.cast(table.column("app_amount"), pa.float64())
    share = pc.divide(pc.divide(amount, table.column("app_term_months")), table.column("income_minor"))
    return table.set_column(
        table.column_names.index("app_instalment_to_income"), "app_instalment_to_income", share
    )


def changed(values: dict[str, int]) -> dict[str, object]:
    """The person with other values."""
    table = pa.table({name: [value] for name, value in {**PERSON, **values}.items()})
    found: dict[str, object] = ratio(table).to_pylist()[0]
    return found


def test_the_first_answer_is_the_cheapest_of_all_combinations_and_the_policy_says_yes() -> None:
    decider = Decider(shipped())
    assert decider.decide(PERSON).outcome == "refer"
    found = explain(decider, PERSON, derive=ratio)
    steps = product(range(-9, 30), range(-3, 17))
    approved = [
        abs(less) + abs(longer) * 0.5
        for less, longer in steps
        if decider.decide(
            changed({"app_amount": 1_000_000 + 100_000 * less, "app_term_months": 24 + 6 * longer})
        ).outcome == "approve"
    ]  # fmt: skip
    assert found.changes[0].cost == min(approved)
    for one in found.changes:
        assert decider.decide(changed(dict(one.values))) == one.decided
        assert one.decided.outcome == "approve"
        assert set(one.values) <= {"app_amount", "app_term_months"}


def test_an_approved_one_needs_no_change_and_a_hopeless_one_is_told_so() -> None:
    decider = Decider(shipped())
    assert explain(decider, {**PERSON, "probability": 0.01}).changes == ()
    hopeless = explain(decider, {**PERSON, "probability": 0.5})
    assert hopeless.changes == ()
    assert any("None of the" in line for line in hopeless.lines())


def test_a_score_that_hangs_on_the_amount_is_worked_out_anew() -> None:
    def rescored(table: pa.Table) -> pa.Table:
        chance = pc.multiply(pc.cast(table.column("app_amount"), pa.float64()), 1.2e-7)
        return table.set_column(0, "probability", chance)

    found = explain(Decider(shipped()), {**PERSON, "app_instalment_to_income": 0.1}, derive=rescored, most=1)
    assert found.changes == () or found.changes[0].decided.outcome == "approve"
    held = {**PERSON, "probability": 0.18, "app_amount": 1_500_000, "app_instalment_to_income": 0.1}
    change = explain(Decider(shipped()), held, derive=rescored, most=1).changes[0]
    assert change.values["app_amount"] * 1.2e-7 < 0.15


def test_a_policy_that_lets_nothing_change_says_so() -> None:
    fixed = shipped()
    fields = tuple(type(f)(**{**vars(f), "change": None}) for f in fixed.fields)
    with pytest.raises(UsageError, match="no field"):
        explain(Decider(Policy(fixed.name, fixed.hit, fields, fixed.rows)), PERSON)
    assert np.isfinite(PERSON["probability"])
