"""A whole report made by code: the six pages of a first run, with invented but plausible figures.

`python tests/report/specimen.py FOLDER` writes it, to look at.
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from bankmine.report import (
    Baseline,
    Card,
    Cards,
    Chart,
    Column,
    Facts,
    FeatureNote,
    HowComputed,
    Interval,
    Kind,
    Metric,
    Metrics,
    Page,
    Report,
    Reproducibility,
    Section,
    Sql,
    Statement,
    Statements,
    Table,
    Test,
    Tone,
    build_report,
)
from bankmine.report import pictures as p
from bankmine.report import statements as say

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
        method="Logistic regression and LightGBM against two baselines; split forward in time, embargo 97 days.",
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


def home() -> Page:
    flow = 2_400_000_00 * np.linspace(1, 1.22, 24) * (1 + 0.08 * np.sin(np.arange(24) / 12 * 2 * np.pi))
    flow = (flow * RANDOM.normal(1, 0.02, 24)).astype(np.int64)
    return Page(
        slug="home",
        title="Demo Bank at a glance",
        nav_title="Home",
        sentence="What the data of Demo Bank say about its customers, as known on 31 May 2026.",
        metrics=[
            Metric(
                label="Customers",
                value=4990,
                change=35,
                note="with an open account",
                trend=list(range(4800, 4991, 10)),
            ),
            Metric(
                label="Money in, May",
                value=int(flow[-1]),
                kind=Kind.MONEY,
                unit="CNY",
                baseline=Baseline(name="May 2025", value=int(flow[-13])),
                trend=flow.tolist(),
            ),
            Metric(
                label="Likely inactive in 90 days",
                value=312,
                interval=Interval(low=281, high=344),
                baseline=Baseline(name="recency rule", value=498),
            ),
            Metric(
                label="Data quality",
                value=0.962,
                kind=Kind.SHARE,
                note="2 findings to look at",
                tone=Tone.WATCH,
            ),
        ],
        statements=[
            Statement(
                say.change("Active customers", 4955, 4990, Column(label="", kind=Kind.NUMBER), since="April"),
                Tone.GOOD,
            ),
            Statement(
                "Silent attrition is seen 47 days (39–55) before the account closes.",
                Tone.NEUTRAL,
                "Found in 214 of 260 closures.",
            ),
            Statement(
                "Card fraud losses doubled in week 21; nine tenths of them pass through three terminals.",
                Tone.BAD,
                "See Card fraud, by terminal.",
            ),
            Statement(
                "The balances of one branch stand still since 12 May.",
                Tone.WATCH,
                "A frozen column: ask the source before using the balances.",
            ),
        ],
        sections=[
            Section(
                title="Money and customers",
                blocks=[
                    Chart(
                        title="Money in grew by a fifth in two years, with a winter peak",
                        subtitle="Money in by month, CNY, booked transactions of primary owners",
                        picture=p.Lines(
                            x=Column(label="Month", kind=Kind.MONTH),
                            y=CNY,
                            at=MONTHS,
                            from_zero=True,
                            series=[
                                p.Series(name="Money in", values=flow, low=flow * 0.95, high=flow * 1.05)
                            ],
                            baselines=[Baseline(name="mean of 2024", value=2_380_000_00)],
                            marks=[p.Mark(at=date(2025, 9, 1), text="new app")],
                        ),
                        sql=SQL,
                        wide=False,
                    ),
                    Chart(
                        title="Mobile is where most contact happens",
                        subtitle="Share of events by channel, last 12 months",
                        picture=p.Bars(
                            label=Column(label="Channel"),
                            measure=SHARE,
                            bars=[
                                p.Bar(label=n, value=v)
                                for n, v in [
                                    ("Branch", 0.11),
                                    ("Mobile", 0.483),
                                    ("Card terminal", 0.27),
                                    ("Web", 0.094),
                                    ("Telephone and call centre", 0.045),
                                ]
                            ],
                        ),
                        sql=SQL,
                        wide=False,
                    ),
                    Chart(
                        title="Four regions lose customers while the whole grows",
                        subtitle="Customers by region and month, one scale",
                        picture=p.SmallMultiples(
                            x=Column(label="Month", kind=Kind.MONTH),
                            y=Column(label="customers", kind=Kind.NUMBER, digits=0),
                            at=MONTHS,
                            series=[
                                p.Series(
                                    name=f"Region {name}",
                                    values=(500 + 80 * i + np.cumsum(RANDOM.normal(i - 3, 6, 24))).round(),
                                )
                                for i, name in enumerate(
                                    ["North", "Coast", "River", "Hills", "South", "East", "Border", "Capital"]
                                )
                            ],
                        ),
                    ),
                ],
            ),
        ],
        how_computed=how("Give the board one page.", "All customers with an open account on 31 May 2026."),
    )


def data_page() -> Page:
    names = [
        "customer",
        "account",
        "card",
        "transaction",
        "balance",
        "loan",
        "loan_event",
        "standing_order",
        "region",
    ]
    rows = [
        [
            n,
            int(RANDOM.integers(77, 2_000_000)),
            float(q),
            int(RANDOM.integers(0, 40)),
            date(2024, 6, 1),
            date(2026, 5, 31),
            RANDOM.integers(50, 90, 24).tolist(),
        ]
        for n, q in zip(names, RANDOM.uniform(0.9, 1, 9), strict=True)
    ]
    columns = [
        Column(label="Table", kind=Kind.KEY),
        Column(label="Rows", kind=Kind.NUMBER, bar=True),
        Column(label="Quality", kind=Kind.SHARE, note="Share of cells without a finding"),
        Column(label="Rejected", kind=Kind.NUMBER),
        Column(label="From", kind=Kind.DATE),
        Column(label="Until", kind=Kind.DATE),
        Column(label="Rows by month", kind=Kind.SPARK),
    ]
    missing = RANDOM.beta(0.6, 6, (9, 12))
    missing[2, 3] = np.nan
    return Page(
        slug="data",
        title="Data and quality",
        nav_title="Data",
        nav_tone=Tone.WATCH,
        sentence="What was loaded, what it covers and where it cannot be trusted, as known on 31 May 2026.",
        metrics=[
            Metric(label="Rows loaded", value=3_482_114, note="in 9 tables, 2 loads"),
            Metric(label="Rows rejected", value=214, note="0.006% of rows; allowed 1%"),
            Metric(label="Quality", value=0.962, kind=Kind.SHARE, change=-0.011, tone=Tone.WATCH),
            Metric(
                label="Load time",
                value=38.4,
                kind=Kind.DURATION,
                baseline=Baseline(name="last load", value=35.1),
            ),
        ],
        statements=[
            Statement(
                "balance.balance_minor does not change after 12 May 2026 in 1 204 accounts.",
                Tone.BAD,
                "Frozen column: 22 876 rows. Ask the source for the balances since then.",
            ),
            Statement(
                "transaction.city holds 318 values with broken encoding.",
                Tone.WATCH,
                "For example M\ufffdnchen.",
            ),
            Statement(
                "Coverage of all tables ends on 31 May 2026; the default cutoff follows it.", Tone.GOOD
            ),
        ],
        sections=[
            Section(
                title="Tables",
                sentence="One row per bank table; quality is the share of cells without a finding.",
                blocks=[Table(caption="Bank tables", columns=columns, rows=rows, sql=SQL)],
            ),
            Section(
                title="Columns",
                blocks=[
                    Chart(
                        title="Missing values sit in three columns",
                        subtitle="Share of missing values by table and month of 2025",
                        picture=p.HeatMap(
                            measure=SHARE,
                            columns=[f"2025-{m:02d}" for m in range(1, 13)],
                            rows=names,
                            values=missing,
                            row=Column(label="Table"),
                        ),
                    ),
                    Chart(
                        title="Half of all payments are below CNY 86",
                        subtitle="Payments by amount, CNY, log-spaced bins left out above CNY 600",
                        wide=False,
                        picture=p.Histogram(
                            measure=Column(label="amount", kind=Kind.MONEY, unit="CNY"),
                            edges=[i * 2000 for i in range(31)],
                            counts=(90_000 * np.exp(-np.arange(30) / 6)).astype(int),
                            marks=[p.Mark(at=8600, text="median CNY 86")],
                        ),
                    ),
                    Chart(
                        title="Loads arrived on time except in March",
                        subtitle="Loads and what happened to them",
                        wide=False,
                        picture=p.Timeline(
                            x=Column(label="When", kind=Kind.DATE),
                            lanes=["transaction", "balance", "region"],
                            moments=[
                                p.Moment(
                                    lane="transaction",
                                    at=date(2026, 1, 2),
                                    until=date(2026, 2, 20),
                                    text="load 1",
                                ),
                                p.Moment(
                                    lane="transaction",
                                    at=date(2026, 4, 1),
                                    until=date(2026, 5, 31),
                                    text="load 2",
                                ),
                                p.Moment(
                                    lane="balance", at=date(2026, 5, 12), text="stands still", tone=Tone.BAD
                                ),
                                p.Moment(
                                    lane="region", at=date(2026, 1, 5), text="new figures", tone=Tone.GOOD
                                ),
                            ],
                        ),
                    ),
                    Table(
                        caption="Every column",
                        name="columns",
                        shown=40,
                        columns=[
                            Column(label="Table", kind=Kind.KEY),
                            Column(label="Column", kind=Kind.KEY),
                            Column(label="Missing", kind=Kind.SHARE, bar=True),
                            Column(label="Distinct", kind=Kind.NUMBER),
                            Column(label="What it means"),
                        ],
                        rows=[
                            [
                                n,
                                f"column_{i}",
                                None if i == 3 else float(RANDOM.beta(0.5, 8)),
                                int(RANDOM.integers(1, 90_000)),
                                "A sentence from the catalogue that says what the column means.",
                            ]
                            for n in names
                            for i in range(8)
                        ],
                    ),
                    Table(
                        caption="Rejected rows",
                        columns=[Column(label="Table"), Column(label="Reason")],
                        rows=[],
                        empty="No row was rejected. A row that breaks its table's contract would stand here with the reason.",
                    ),
                ],
            ),
        ],
        how_computed=how("Know what the data can carry.", "All rows of all loads."),
    )


def customers_page() -> Page:
    n = 4990
    tenure = RANDOM.gamma(2.5, 22, n)
    spend = np.exp(RANDOM.normal(10.5, 0.5, n) + tenure / 160)
    ages = ["18–24", "25–34", "35–44", "45–54", "55–64", "65 and over"]
    return Page(
        slug="customers",
        title="Customers",
        sentence="Who the customers are and how they use the bank, as known on 31 May 2026.",
        metrics=[
            Metric(label="Customers", value=n, change=35),
            Metric(
                label="Tenure, median",
                value=float(np.median(tenure)),
                unit="months",
                interval=Interval(low=48.1, high=51.9),
            ),
            Metric(
                label="Products per customer", value=2.31, baseline=Baseline(name="a year ago", value=2.18)
            ),
        ],
        sections=[
            Section(
                title="How they use the bank",
                blocks=[
                    Chart(
                        title="Spending rises with tenure, slowly",
                        subtitle="Customers by tenure and monthly spend; shade is their number",
                        wide=False,
                        picture=p.Hexagons(
                            x=Column(label="tenure", unit="months", kind=Kind.NUMBER),
                            y=Column(label="monthly spend", kind=Kind.MONEY, unit="CNY"),
                            xs=tenure,
                            ys=spend.round(),
                        ),
                    ),
                    Chart(
                        title="The middle-aged hold the money",
                        subtitle="Balance per customer by age, CNY, with 95% interval",
                        wide=False,
                        picture=p.Bars(
                            label=Column(label="Age"),
                            measure=Column(label="balance", kind=Kind.MONEY, unit="CNY"),
                            ordered=True,
                            bars=[
                                p.Bar(label=a, value=v * 100, low=v * 92, high=v * 108)
                                for a, v in zip(ages, [8200, 21400, 48100, 61800, 55200, 39900], strict=True)
                            ],
                            baselines=[Baseline(name="all", value=42_000_00)],
                        ),
                    ),
                    Chart(
                        title="Two branches serve the wealthy",
                        subtitle="Branches by customers and mean balance",
                        wide=False,
                        picture=p.Scatter(
                            x=Column(label="customers", kind=Kind.NUMBER),
                            y=Column(label="mean balance", kind=Kind.MONEY, unit="CNY"),
                            groups=[
                                p.Points(
                                    name="City",
                                    x=RANDOM.integers(100, 400, 24),
                                    y=RANDOM.integers(3_000_000, 7_000_000, 24),
                                    labels=[f"Branch {i}" for i in range(24)],
                                ),
                                p.Points(
                                    name="Country",
                                    x=RANDOM.integers(30, 180, 30),
                                    y=RANDOM.integers(1_000_000, 4_000_000, 30),
                                    labels=[f"Branch {i}" for i in range(24, 54)],
                                ),
                            ],
                        ),
                    ),
                    Chart(
                        title="Net flow turned negative in three regions",
                        subtitle="Net new money by region, CNY, last quarter",
                        wide=False,
                        picture=p.Bars(
                            label=Column(label="Region"),
                            measure=Column(label="net new money", kind=Kind.MONEY, unit="CNY"),
                            bars=[
                                p.Bar(label=r, value=v * 100, tone=Tone.BAD if v < 0 else Tone.NEUTRAL)
                                for r, v in [
                                    ("North", 1_240_000),
                                    ("Coast", 830_000),
                                    ("River", -210_000),
                                    ("Hills", -460_000),
                                    ("South", 95_000),
                                    ("East", -30_000),
                                ]
                            ],
                        ),
                    ),
                ],
            )
        ],
        how_computed=how("Know the customers.", "All persons with an open account."),
    )


def segmentation_page() -> Page:
    segments = [
        ("Salary and savings", 0.31, "Regular income on the same day each month, balance grows."),
        ("Card spenders", 0.24, "Many small card payments, little saved."),
        ("Quiet savers", 0.19, "Few events, high balance."),
        ("Newcomers", 0.15, "Less than twelve months with the bank."),
        ("Cash and counter", 0.11, "Cash at the counter, no digital channel."),
    ]
    features = [
        "income regularity",
        "balance",
        "card payments",
        "cash share",
        "digital share",
        "tenure",
        "products",
    ]
    cards = [
        Card(
            title=name,
            tag=say.count(int(s * 4990), "customer"),
            sentence=text,
            figures=[
                Metric(
                    label="Share of customers",
                    value=s,
                    kind=Kind.SHARE,
                    interval=Interval(low=s - 0.012, high=s + 0.012),
                ),
                Metric(
                    label="Balance, median",
                    value=int(RANDOM.integers(900_000, 9_000_000)),
                    kind=Kind.MONEY,
                    unit="CNY",
                    baseline=Baseline(name="all", value=4_200_000),
                ),
                Metric(
                    label="Stability",
                    value=float(RANDOM.uniform(0.78, 0.97)),
                    digits=2,
                    note="Jaccard over 100 bootstraps; gate 0.75",
                ),
            ],
            traits=[
                Statement("Income regularity 2.1 times the mean", Tone.GOOD),
                Statement("Cash share half the mean"),
            ],
            trend=RANDOM.normal(100, 4, 24).cumsum().tolist(),
            trend_label="customers, 24 months",
        )
        for name, s, text in segments
    ]
    return Page(
        slug="segmentation",
        title="Segments",
        nav_group="Tasks",
        sentence="Five kinds of customers by how they use the bank, as known on 31 May 2026.",
        metrics=[
            Metric(label="Segments", value=5, note="chosen from 2 to 9 by stability"),
            Metric(
                label="Stability",
                value=0.91,
                digits=2,
                interval=Interval(low=0.87, high=0.94),
                baseline=Baseline(name="gate", value=0.75),
                tone=Tone.GOOD,
            ),
            Metric(label="Silhouette", value=0.284, baseline=Baseline(name="one gaussian", value=0.102)),
        ],
        sections=[
            Section(
                title="The segments",
                sentence="Largest first; figures beside those of all customers.",
                blocks=[Cards(cards)],
            ),
            Section(
                title="What sets them apart",
                blocks=[
                    Chart(
                        title="Income regularity and cash set the segments apart",
                        subtitle="Standardised mean of each feature by segment; zero is the mean of all customers",
                        picture=p.HeatMap(
                            measure=Column(label="standard deviations", kind=Kind.NUMBER, digits=1),
                            columns=features,
                            rows=[s[0] for s in segments],
                            values=RANDOM.normal(0, 1, (5, 7)),
                            diverging=True,
                            row=Column(label="Segment"),
                        ),
                    ),
                    Chart(
                        title="Five segments are the most that hold still",
                        subtitle="Stability (mean Jaccard over 100 bootstraps) by number of segments",
                        wide=False,
                        picture=p.Lines(
                            x=Column(label="Segments", kind=Kind.NUMBER, digits=0),
                            y=Column(label="stability", kind=Kind.NUMBER, digits=2),
                            at=list(range(2, 10)),
                            series=[
                                p.Series(
                                    name="k-means",
                                    values=[0.97, 0.95, 0.93, 0.91, 0.72, 0.68, 0.61, 0.6],
                                    low=[0.95, 0.92, 0.9, 0.87, 0.64, 0.6, 0.55, 0.52],
                                    high=[0.99, 0.97, 0.95, 0.94, 0.79, 0.75, 0.68, 0.67],
                                ),
                                p.Series(
                                    name="hierarchical", values=[0.94, 0.9, 0.85, 0.83, 0.7, 0.61, 0.6, 0.55]
                                ),
                            ],
                            baselines=[Baseline(name="gate", value=0.75)],
                            marks=[p.Mark(at=5, text="chosen")],
                        ),
                    ),
                    Chart(
                        title="Sizes",
                        subtitle="Customers by segment, share",
                        wide=False,
                        picture=p.Bars(
                            label=Column(label="Segment"),
                            measure=SHARE,
                            bars=[
                                p.Bar(label=s[0], value=s[1], low=s[1] - 0.012, high=s[1] + 0.012)
                                for s in segments
                            ],
                        ),
                    ),
                ],
            ),
        ],
        how_computed=how(
            "Speak to each kind of customer in its own way.",
            "All 4 990 persons active in the last 12 months.",
        ),
    )


def curve(power: float, name: str, *, quiet: bool = False) -> p.Curve:
    x = np.linspace(0, 1, 60)
    return p.Curve(name=name, x=x, y=1 - (1 - x) ** power, quiet=quiet)


def inactivity_page() -> Page:
    predicted = np.array([0.02, 0.06, 0.11, 0.17, 0.25, 0.34, 0.46, 0.58, 0.7, 0.83])
    observed = np.clip(predicted + RANDOM.normal(0, 0.02, 10), 0, 1)
    auc = 0.81 + RANDOM.normal(0, 0.01, 12)
    text = say.comparison(
        "AUC", 0.812, Baseline(name="recency rule", value=0.731), AUC, between=Interval(low=0.794, high=0.829)
    )
    people = [
        [
            f"c{RANDOM.integers(1 << 40):011x}",
            float(1 - i / 700),
            int(RANDOM.integers(10_000, 9_000_000)),
            int(RANDOM.integers(20, 200)),
            "No purchase for 74 days; spend fell by half; no app visit in May",
        ]
        for i in range(640)
    ]
    return Page(
        slug="inactivity",
        title="Inactivity",
        nav_group="Tasks",
        sentence="Who is likely to buy nothing within 90 days, as known on 31 May 2026.",
        metrics=[
            Metric(
                label="Likely inactive",
                value=312,
                interval=Interval(low=281, high=344),
                baseline=Baseline(name="recency rule", value=498),
            ),
            Metric(
                label="Money at risk",
                value=3_820_000_000,
                kind=Kind.MONEY,
                unit="CNY",
                note="their balances",
                change=120_000_000,
                tone=Tone.WATCH,
            ),
            Metric(
                label="AUC",
                value=0.812,
                interval=Interval(low=0.794, high=0.829),
                baseline=Baseline(name="recency rule", value=0.731),
            ),
            Metric(
                label="Found in the best tenth",
                value=0.364,
                kind=Kind.SHARE,
                interval=Interval(low=0.331, high=0.398),
                baseline=Baseline(name="recency rule", value=0.27),
            ),
        ],
        statements=[
            Statement(text, Tone.GOOD),
            Statement(
                say.part_of(312, 4990, "customer")
                + " are likely to stay silent; calling the best tenth reaches a third of them."
            ),
        ],
        sections=[
            Section(
                title="How good it is",
                blocks=[
                    Chart(
                        title="Calling the best tenth reaches 36% of those who fall silent",
                        subtitle="Gain: share of inactive customers found by share of customers called, test months",
                        wide=False,
                        picture=p.Gain(
                            curves=[
                                curve(4.2, "LightGBM"),
                                curve(3.4, "logistic"),
                                curve(2.2, "recency rule", quiet=True),
                            ],
                            marks=[p.Mark(at=0.1, text="list of 499")],
                        ),
                    ),
                    Chart(
                        title="The chances mean what they say",
                        subtitle="Observed share by predicted chance, with 95% interval; counts below",
                        wide=False,
                        picture=p.Calibration(
                            predicted=predicted,
                            observed=observed,
                            low=np.clip(observed - 0.03, 0, 1),
                            high=np.clip(observed + 0.03, 0, 1),
                            counts=(9000 * np.exp(-np.arange(10) / 2.5)).astype(int),
                        ),
                    ),
                    Chart(
                        title="The model beats the recency rule in every month",
                        subtitle="AUC by cutoff, with 95% bootstrap interval",
                        wide=False,
                        picture=p.Lines(
                            x=Column(label="Cutoff", kind=Kind.MONTH),
                            y=AUC,
                            at=MONTHS[12:],
                            series=[
                                p.Series(name="LightGBM", values=auc, low=auc - 0.017, high=auc + 0.017),
                                p.Series(name="logistic", values=auc - 0.022),
                                p.Series(
                                    name="recency rule",
                                    values=np.full(12, 0.731) + RANDOM.normal(0, 0.006, 12),
                                    quiet=True,
                                ),
                            ],
                            baselines=[Baseline(name="prior", value=0.7)],
                        ),
                    ),
                    Chart(
                        title="Two candidates are not distinguishable",
                        subtitle="AUC on the test months, with 95% bootstrap interval",
                        wide=False,
                        picture=p.Estimates(
                            label=Column(label="Candidate"),
                            measure=AUC,
                            baselines=[Baseline(name="recency rule", value=0.731)],
                            bars=[
                                p.Bar(label="LightGBM", value=0.812, low=0.794, high=0.829),
                                p.Bar(label="logistic", value=0.79, low=0.772, high=0.807),
                                p.Bar(label="scorecard", value=0.781, low=0.762, high=0.799),
                                p.Bar(label="prior", value=0.5, low=0.5, high=0.5),
                            ],
                        ),
                    ),
                    Chart(
                        title="Area under the curve 0.812 (0.794–0.829)",
                        subtitle="Receiver operating characteristic, test months",
                        wide=False,
                        picture=p.Roc(curves=[curve(6, "LightGBM"), curve(3, "recency rule", quiet=True)]),
                    ),
                    Chart(
                        title="Days since the last purchase decide most",
                        subtitle="Mean absolute contribution to the score, log-odds",
                        wide=False,
                        picture=p.Bars(
                            label=Column(label="Feature"),
                            measure=Column(label="contribution", kind=Kind.NUMBER, digits=2),
                            bars=[
                                p.Bar(label=n, value=v)
                                for n, v in [
                                    ("recency_days", 0.92),
                                    ("spend_sum_3mo", 0.41),
                                    ("interpurchase_days_mean", 0.33),
                                    ("channel_share_mobile_6mo", 0.18),
                                    ("balance_trend_6mo", 0.12),
                                    ("tenure_months", 0.05),
                                ]
                            ],
                        ),
                    ),
                ],
            ),
            Section(
                title="Who",
                sentence="The best ranked first; the reasons are those of each customer.",
                blocks=[
                    Table(
                        caption="Customers likely to fall silent",
                        name="inactive-customers",
                        rows=people,
                        shown=100,
                        sql=SQL,
                        columns=[
                            Column(label="Customer", kind=Kind.KEY),
                            Column(label="Chance", kind=Kind.SHARE, bar=True),
                            Column(label="Balance", kind=Kind.MONEY, unit="CNY"),
                            Column(label="Last purchase", kind=Kind.NUMBER, unit="days ago"),
                            Column(label="Why"),
                        ],
                    )
                ],
            ),
        ],
        how_computed=how(
            "Reach customers before they fall silent; success is money kept per call.",
            "Persons with at least one purchase in the year before the cutoff; monthly cutoffs.",
        ),
    )


def fraud_page() -> Page:
    base, model = 0.42 + RANDOM.normal(0, 0.04, 60), 0.66 + RANDOM.normal(0, 0.04, 60)
    return Page(
        slug="card-fraud",
        title="Card fraud",
        nav_group="Tasks",
        nav_tone=Tone.BAD,
        sentence="Which card transactions are fraud, looked at before each one, as known on 31 May 2026.",
        metrics=[
            Metric(
                label="Average precision",
                value=0.661,
                interval=Interval(low=0.643, high=0.68),
                baseline=Baseline(name="amount rule", value=0.42),
            ),
            Metric(
                label="Precision in the top 100 a day",
                value=0.291,
                kind=Kind.SHARE,
                interval=Interval(low=0.28, high=0.302),
                baseline=Baseline(name="amount rule", value=0.2),
            ),
            Metric(
                label="Loss found, a day",
                value=412_000,
                kind=Kind.MONEY,
                unit="CNY",
                baseline=Baseline(name="amount rule", value=251_000),
            ),
        ],
        sections=[
            Section(
                title="Day by day",
                sentence="Each day is tested with a model trained on days whose labels were known by then.",
                blocks=[
                    Chart(
                        title="The model finds half as much again as the rule, on every day",
                        subtitle="Average precision by test day",
                        picture=p.Lines(
                            x=Column(label="Day", kind=Kind.DATE),
                            y=Column(label="average precision", kind=Kind.NUMBER, digits=2),
                            at=DAYS,
                            from_zero=True,
                            series=[
                                p.Series(name="LightGBM", values=model, low=model - 0.05, high=model + 0.05),
                                p.Series(name="logistic", values=model - 0.09),
                                p.Series(name="forest", values=model - 0.03),
                                p.Series(name="amount rule", values=base, quiet=True),
                            ],
                            marks=[p.Mark(at=date(2026, 5, 20), text="three terminals", tone=Tone.BAD)],
                        ),
                    ),
                    Metrics(
                        [
                            Metric(label="Transactions", value=1_754_155, note="14 681 of them fraud"),
                            Metric(label="Label delay", value=7, unit="days", note="as investigated"),
                        ]
                    ),
                    Statements(
                        [Statement("The delay of labels costs 0.03 of average precision.", Tone.NEUTRAL)]
                    ),
                    Facts(
                        (
                            ("Protocol", "7 days of training, 7 days of delay, 7 days of test"),
                            ("Subjects", "transactions, one replayed row before each"),
                        )
                    ),
                ],
            )
        ],
        how_computed=how(
            "Stop fraud before it is paid.",
            "All card transactions of 4 990 customers.",
            run="aa12bd34ef56ab78",
        ),
    )


def specimen() -> Report:
    return Report(
        bank="Demo Bank",
        as_of=date(2026, 5, 31),
        pages=[home(), data_page(), customers_page(), segmentation_page(), inactivity_page(), fraud_page()],
        reproducibility=Reproducibility(
            command="bankmine run demo-bank --as-of 2026-05-31",
            facts=[
                ("bankmine", "0.1.0"),
                ("warehouse", "9f2c41d07a55e1b2"),
                ("configuration", "41aa90cd"),
                ("seed", "20260531"),
                ("Python", "3.11.2"),
                ("duckdb", "1.5.1"),
            ],
        ),
    )


if __name__ == "__main__":
    print(build_report(specimen(), Path(sys.argv[1])))
