"""An application card from the German credit data: build, print, measure, explain, change by hand."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from bankmine.evaluation.intervals import interval, paired_difference
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.scorecard.editing import edit
from bankmine.mining.scorecard.scorecard import Scorecard
from bankmine.preparation.preparation import Preparation

DATA = Path(__file__).with_name("germancredit.csv.gz")
LEFT_OUT = ["personal_status_and_sex", "foreign_worker"]  # a lender may not use them


def main() -> None:
    """Prints the worked example."""
    table = pyarrow.csv.read_csv(DATA)
    bad = np.array([word == "bad" for word in table["creditability"].to_pylist()])
    table = table.drop_columns([*LEFT_OUT, "creditability"])
    order = np.random.default_rng(2026).permutation(len(bad))
    train, test = order[:700], order[700:]
    learnt, kept = table.take(pa.array(train)), table.take(pa.array(test))

    card = Scorecard(base="spread").fit(learnt, bad[train])
    print(card.text())
    print("Columns, their information value, how many of 10 samples chose them, why not in the card:")
    for one in card.screened_:
        print(f"  {one.name:55} {one.information_value:6.3f} {one.frequency:5.0%}  {one.why_not}")
    print("\nInformation lost to each rule of binning:")
    for binning in card.binnings_:
        lost = ", ".join(f"{price.rule} {price.lost:.3f}" for price in binning.prices[1:])
        print(f"  {binning.name:55} {binning.prices[0].information:6.3f}: {lost}")
    print(f"\nWhole points: {card.rounding_}.")

    prepared = Preparation.for_linear().fit(learnt, bad[train])
    logistic = Logistic().fit(prepared.transform(learnt).values, bad[train])
    other = logistic.decision_function(prepared.transform(kept).values)
    risk = card.decision_function(kept)
    print(f"\nOn {len(test)} rows not used, AUC of the card: {interval('auc', bad[test], risk)}")
    print(f"                    logistic regression: {interval('auc', bad[test], other)}")
    print(f"                         card − logistic: {paired_difference('auc', bad[test], risk, other)}")

    worst = int(card.score(kept).argmin())
    print(f"\nThe lowest score of these is {card.score(kept)[worst]:g}. It lost most points for:")
    for code in card.reason_codes(kept.slice(worst, 1))[0]:
        print(f"  {code.column}: {code.attribute} ({code.lost:g} points less than the best)")

    found = edit(
        card, learnt, bad[train], "duration_in_month", edges=[12, 24], cutoff=540,
        author="example", reason="three terms the product has",
    )  # fmt: skip
    print(f"\nVersion {found.card.version}, terms cut at 12 and 24 months: {found.effect}.")


if __name__ == "__main__":
    main()
