"""A customer as text: money is written with its currency, never as raw minor units."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from bankmine.customers.listing import profile_lines
from bankmine.overview.customer_360 import NO_OFFER, Change, KeptRows, ScoreLine, without_offers
from bankmine.overview.customer_lines import lines


def profile() -> Any:
    features = (
        SimpleNamespace(name="in_sum_1mo", value=123_456.0, unit="minor units", percentile=0.5),
        SimpleNamespace(name="age", value=41, unit="years", percentile=None),
    )
    months = (SimpleNamespace(month=date(2025, 1, 1), in_minor=250_000, out_minor=None, transactions=3),)
    return SimpleNamespace(
        customer_id=7, cutoff_shown="2025-02-01", who={}, features=features, timeline=months,
        holdings={"loans": [{"loan_id": 5, "principal_minor": 900_000, "status": None}]},
    )  # fmt: skip


def seen() -> Any:
    kept = KeptRows(
        task="Churn", title="Who to keep",
        columns={"stake_minor": {"label": "At stake", "kind": "money"},
                 "chance": {"label": "Chance", "kind": "share"}, "why": {"label": "Why", "kind": "text"}},
        rows=[{"stake_minor": 123_400, "chance": 0.25, "why": None}],
    )  # fmt: skip
    change = Change(
        name="in_sum_1mo", sentence="Received", unit="minor units", now=100_000.0, usual=500_000.0, own=-4.0,
        peers=-5.0, marked=True,
    )  # fmt: skip
    return SimpleNamespace(
        profile=profile(), conditions=(), scores=(), kept=(kept,), changes=(change,), alike=(), moments=(),
        currency="SGD",
    )  # fmt: skip


def test_all_money_has_its_currency_and_none_is_in_minor_units() -> None:
    text = "\n".join(lines(seen()))
    for told in ("SGD 1,234", "SGD 2,500", "SGD 9,000", "SGD 1,000", "SGD 5,000", "SGD 1,235", "25"):
        assert told in text
    assert "minor" not in text
    assert not any(raw in text for raw in ("123,456", "123456", "250,000", "250000", "900,000", "500000"))


def test_a_profile_alone_says_that_its_money_is_in_minor_units() -> None:
    text = "\n".join(profile_lines(profile()))
    assert "in, minor units" in text
    assert "250,000" in text
    assert "principal_minor 900,000" in text


def test_a_flagged_customer_is_not_told_what_the_segment_is_offered() -> None:
    def line(task: str) -> ScoreLine:
        return ScoreLine(
            task=task, title=task, question="", cutoff="2025-02-01", run_id="r", value=1.0, unit="",
            probability=None, grade="travel", rank=1, of=2, flags=(), why=(), action="Offer a fund.",
        )  # fmt: skip

    assert without_offers(line("segmentation")).action == NO_OFFER
    assert without_offers(line("churn")).action == "Offer a fund."  # tasks of lists bar by themselves
