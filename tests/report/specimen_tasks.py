"""The specimen's pages of tasks: segments with cards, inactivity, card fraud."""

from datetime import date

import numpy as np
from specimen_common import AUC, DAYS, MONTHS, RANDOM, SHARE, SQL, how

from bankmine.report import (
    Baseline,
    Card,
    Cards,
    Chart,
    Column,
    Facts,
    Interval,
    Kind,
    Metric,
    Metrics,
    Page,
    Section,
    Statement,
    Statements,
    Table,
    Tone,
)
from bankmine.report import pictures as p
from bankmine.report import statements as say


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
                        subtitle="Standardised mean of each feature by segment; zero is the mean of all",
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
                        subtitle="Share of inactive customers found by share of customers called",
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
