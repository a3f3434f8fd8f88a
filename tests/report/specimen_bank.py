"""The specimen's pages about the bank: home, data and quality, customers."""

from datetime import date

import numpy as np
from specimen_common import CNY, MONTHS, RANDOM, SHARE, SQL, how

from bankmine.report import (
    Baseline,
    Chart,
    Column,
    Interval,
    Kind,
    Metric,
    Page,
    Section,
    Statement,
    Table,
    Tone,
)
from bankmine.report import pictures as p
from bankmine.report import statements as say


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
                        title="Three customers give one telephone",
                        subtitle="Links around customer 7f3a",
                        wide=False,
                        picture=p.Network(
                            nodes=[
                                p.Node(name="7f3a"),
                                p.Node(name="02bc", source=0, tone=Tone.BAD),
                                p.Node(name="91de", source=0),
                                p.Node(name="c044", source=2),
                            ],
                            edges=[
                                p.Edge(one=0, other=1, text="same phone"),
                                p.Edge(one=0, other=2, text="same phone, household"),
                                p.Edge(one=2, other=3, text="guarantor"),
                            ],
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
                        empty="No row was rejected. A row that breaks a contract would stand here.",
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
