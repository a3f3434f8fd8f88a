"""What the pages of the specimen share: random numbers, months, columns, how a page was computed."""

from datetime import date, timedelta

import numpy as np

from bankmine.report import (
    Column,
    FeatureNote,
    HowComputed,
    Kind,
    Sql,
    Test,
)

RANDOM = np.random.default_rng(7)
MONTHS = [date(2024 + (5 + i) // 12, (5 + i) % 12 + 1, 1) for i in range(24)]
DAYS = [date(2026, 4, 1) + timedelta(days=i) for i in range(60)]
AUC = Column(label="AUC", kind=Kind.NUMBER, digits=3)
SHARE = Column(label="share", kind=Kind.SHARE)
CNY = Column(label="money in", kind=Kind.MONEY, unit="CNY")
SQL = Sql(
    title="Population",
    text="""
SELECT customer_id,
       cutoff,
       count(*) FILTER (WHERE direction = 'out') AS purchases
FROM customer_transaction
WHERE event_time >= cutoff - INTERVAL 90 DAY
  AND event_time <  cutoff
GROUP BY ALL
ORDER BY customer_id
""",
)


def how(goal: str, population: str, *, run: str = "7f3a91c2d4e8b605") -> HowComputed:
    return HowComputed(
        goal=goal,
        population=population,
        method="Logistic regression and LightGBM against two baselines; forward split, embargo 97 days.",
        sql=[SQL],
        features=[
            FeatureNote(
                name="recency_days",
                sentence="Days since the last booked purchase.",
                unit="days",
                weight=0.412,
            ),
            FeatureNote(
                name="spend_sum_3mo",
                sentence="Sum of booked purchases in three months.",
                unit="CNY",
                weight=0.233,
            ),
            FeatureNote(
                name="channel_share_mobile_6mo",
                sentence="Share of events in the mobile channel.",
                unit="share",
            ),
        ],
        run_id=run,
        baselines=["prior: the share of positives in training", "recency rule: silent for more than 60 days"],
        tests=[
            Test(
                name="truncation",
                passed=True,
                sentence="Features at the cutoff are equal on cut data (4 990 rows).",
            ),
            Test(
                name="future poison", passed=True, sentence="Absurd values after the cutoff change nothing."
            ),
            Test(name="permuted labels", passed=True, sentence="AUC 0.503 on shuffled labels."),
            Test(name="planted leak", passed=None, sentence="Not run: the task has no outcome column."),
        ],
    )
