"""A behaviour card from Taiwan's credit cards: special codes, print, measure, export."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from bankmine.evaluation.intervals import interval, paired_difference
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.scorecard.export import to_sql
from bankmine.mining.scorecard.scorecard import Scorecard

DATA = Path(__file__).with_name("default_of_credit_card_clients.parquet")
LABEL = "default_payment_next_month"
LEFT_OUT = ["SEX", "MARRIAGE", "AGE"]  # a lender may not use them, or only under conditions
STATES = {"no use": [-2], "paid in full": [-1], "minimum paid": [0]}  # the others are months overdue
MONTHS = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")


def main() -> None:
    """Prints the worked example."""
    table = pyarrow.parquet.read_table(DATA)
    bad = table[LABEL].to_numpy() == 1
    table = table.drop_columns([*LEFT_OUT, LABEL])
    order = np.random.default_rng(2026).permutation(len(bad))
    train, test = order[:15_000], order[15_000:]
    learnt, kept = table.take(pa.array(train)), table.take(pa.array(test))

    states = {month: {"special": STATES, "min_share": 0.01} for month in MONTHS}
    card = Scorecard(columns={**states, "EDUCATION": {"categorical": True}}, resamples=5)
    card.fit(learnt, bad[train])
    print(card.text())
    print("Columns that are not in the card:")
    for one in card.screened_:
        if one.why_not:
            print(f"  {one.name:10} {one.information_value:6.3f}  {one.why_not}")
    print(f"\nWhole points: {card.rounding_}.")

    values = [
        np.column_stack([part[name].to_numpy() for name in table.column_names]) for part in (learnt, kept)
    ]
    other = Logistic().fit(values[0], bad[train]).decision_function(values[1])
    risk = card.decision_function(kept)
    print(f"\nOn {len(test):,} rows not used, AUC of the card: {interval('auc', bad[test], risk)}")
    print(f"                       logistic regression: {interval('auc', bad[test], other)}")
    print(f"                            card − logistic: {paired_difference('auc', bad[test], risk, other)}")
    print("\nThe card as SQL:\n")
    print(to_sql(card.expression(), "clients"))


if __name__ == "__main__":
    main()
