"""What a text states, in both languages, and where it contradicts what is known."""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf
from time import process_time

import pyarrow as pa
import pytest

from bankmine.errors import UsageError
from bankmine.mining.text.amounts import amounts, han_number
from bankmine.mining.text.contradictions import CHECKS, contradictions, contradictions_of, likeness
from bankmine.mining.text.facts import facts


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("12k", 12_000, 12_000), ("8,500.50", 8_500.5, 8_500.5), ("4-5k", 4_000, 5_000),
        ("$3.2k", 3_200, 3_200),
        ("between 4,000 and 5,000", 4_000, 5_000), ("over 50k", 50_000, inf), ("at most 900", 0, 900),
        ("about 2000", 1_700, 2_300), ("five thousand five hundred", 5_500, 5_500), ("4k+", 4_000, inf),
        ("six figures", 100_000, 999_999), ("一万二", 12_000, 12_000), ("1万2", 12_000, 12_000),
        ("八千五", 8_500, 8_500), ("1.5万", 15_000, 15_000), ("两三千", 2_000, 3_000),
        ("8千到1万", 8_000, 10_000),
        ("八千多", 8_000, 10_000), ("五位数", 10_000, 99_999), ("不到3千", 0, 3_000), ("2w", 20_000, 20_000),
        ("6000元", 6_000, 6_000), ("十二万", 120_000, 120_000),
    ],
)  # fmt: skip
def test_amounts_are_read_as_written(text: str, low: float, high: float) -> None:
    [found] = amounts(text)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_chinese_numbers_follow_the_unit_before() -> None:
    assert han_number("三千零五十") == (3_050, 3_050)
    assert han_number("一万零五百") == (10_500, 10_500)
    assert han_number("二十五万八") == (258_000, 258_000)


def stated(text: str, kind: str) -> list[tuple[float, float, str]]:
    return [(fact.low, fact.high, fact.word) for fact in facts(text) if fact.kind == kind]


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("my salary is 12k a month", 12_000), ("annual income 60,000", 5_000), ("月薪一万二", 12_000),
        ("年薪15万", 12_500), ("taking home 2.8k", 2_800), ("I earn 900 a week", 3_900),
        ("每个月工资6000", 6_000),
    ],
)  # fmt: skip
def test_incomes_are_read_a_month(text: str, month: float) -> None:
    assert stated(text, "income")[0][:2] == pytest.approx((month, month))


@pytest.mark.parametrize(
    "text",
    [
        "my wife earns 4,000 a month", "太太月薪八千", "I used to earn 9k", "以前月薪一万",
        "i can repay 500 a month from my salary", "the rent is 1,500 a month", "I hope to earn 6k",
        "房租每月2000",
        "I do not earn 5k", "earn 4k, sometimes my salary is 9k", "call me after 8pm", "salary on the 25th",
    ],
)  # fmt: skip
def test_what_is_not_the_writers_income_now_is_no_income(text: str) -> None:
    assert stated(text, "income") == []


@pytest.mark.parametrize(
    ("text", "work"),
    [
        ("i have worked in the same company for 6 years", "employed"), ("工作一直稳定", "employed"),
        ("self employed with regular customers", "self-employed"), ("自己开公司", "self-employed"),
        ("i'm between jobs", "not working"), ("上个月没了工作", "not working"), ("I am retired", "retired"),
    ],
)  # fmt: skip
def test_work_is_read(text: str, work: str) -> None:
    assert stated(text, "work")[0][2] == work


def test_what_a_text_says_both_ways_states_nothing() -> None:
    assert stated("full time job. i run my own shop.", "work") == []


def test_a_contradiction_says_both_sides() -> None:
    [found] = contradictions_of("I earn 8,000 a month.", stated_income=20_000)
    assert found.check == "income_form"
    assert found.sentence() == "The text says 8,000 a month, the form 20,000 a month."
    assert found.sentence("zh") == "文字说：每月8,000；申请表：每月20,000。"


@pytest.mark.parametrize(
    ("text", "fields", "check"),
    [
        ("月薪一万二", {"paid_income": 4_000}, "income_paid"),
        ("收入高还款没问题", {"stated_income": 2_000, "usual_income": 4_000}, "income_level"),
        ("i am my own boss", {"work": "employed"}, "work"),
        ("在同一家公司做了8年", {"months_in_job": 5}, "tenure"),
        ("I work at Keppel Offshore", {"employer": "DBS Bank"}, "employer"),
        ("no other loans", {"open_loans": 2}, "debt"),
        ("想借五万", {"amount": 9_000}, "amount"),
        ("for our wedding banquet", {"purpose": "car"}, "purpose"),
        ("Not for renovation, for a holiday", {"purpose": "home"}, "purpose"),
        ("Working at Singtel", {"employer": "DBS Bank"}, "employer"),
        ("I have no income now", {"stated_income": 4_000}, "income_form"),
        ("我没有收入", {"stated_income": 4_000}, "income_form"),
        ("公司倒闭了，我现在没有上班", {"work": "employed"}, "work"),
        ("我一个人住", {"household": 3}, "alone"),
        ("filled in by myself, no agent", {"device_sharers": 6}, "unaided"),
    ],
)
def test_each_check_fails_where_it_should(text: str, fields: dict[str, object], check: str) -> None:
    [found] = contradictions_of(text, **fields)
    assert found.check == check
    if check != "employer":
        assert not re.search("[a-z]", found.sentence("zh"))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("I earn about 4,000 a month", {"stated_income": 4_400, "paid_income": 3_400}),
        ("my pay is above 30k", {"stated_income": 2_600}),
        ("i work for Keppel Offshore & Marine", {"employer": "KEPPEL OFFSHORE PTE LTD"}),
        ("no other loans", {"open_loans": 0}), ("wedding and a used car", {"purpose": "car"}),
        ("在同一家公司做了2年", {"months_in_job": 30}), ("月薪一万二", {"stated_income": None}),
        ("my wage is 4'500 a month", {"stated_income": 4_500}),
        ("I will of course repay", {"purpose": "car"}),
        ("I am a doctor at a public hospital", {"purpose": "home"}),
        ("我在医院当护士", {"purpose": "home"}), ("call at the house after six", {"purpose": "car"}),
        ("no loans other than my car loan", {"open_loans": 1}),
        ("除了房贷，没有其他贷款", {"open_loans": 1}),
        ("公司倒闭了，我现在没有上班", {"employer": "星展银行"}),
        ("no income tax is owed", {"stated_income": 4_000}),
    ],
)  # fmt: skip
def test_what_agrees_or_is_unknown_is_no_contradiction(text: str, fields: dict[str, object]) -> None:
    assert contradictions_of(text, **fields) == []


def test_evidence_quotes_no_personal_data() -> None:
    [found] = contradictions_of("Mr Tan 9123 4567 earns well: my salary is 9k a month", stated_income=2_000)
    assert "salary is 9k" in found.said
    assert "tan" not in found.said
    assert "9123" not in found.said


def test_a_table_has_one_row_a_text_and_null_where_nothing_is_said() -> None:
    fields = pa.table({"stated_income": [9_000.0, 2_000.0, None, 5.0, 5.0], "work": ["employed"] * 5})
    texts = ["salary 9k a month", "salary 9k a month", "salary 9k", "", None]
    found = contradictions(texts, fields)
    assert found["income_form"].to_pylist() == [0, 1, None, None, None]
    assert found["contradictions"].to_pylist() == [0, 1, 0, 0, 0]
    assert found["evidence"].to_pylist()[1][0]["check"] == "income_form"
    assert set(CHECKS) < set(found.column_names)


def test_odd_texts_state_nothing_and_are_quick() -> None:
    for text in (
        "",
        None,
        "!?。。",
        "\x00\x01",
        "9" * 1_000_000,
        "earn " * 200_000,
        "万" * 50_000,
        "月薪" * 9_000,
        "one " * 5_000,
        "12,345," * 2_500,
    ):
        begun = process_time()
        assert contradictions_of(text, stated_income=3_000, work="employed") == []
        assert process_time() - begun < 2  # without bounds on repeats and clauses: minutes


def test_mixed_languages_are_read_together() -> None:
    [found] = contradictions_of("我 salary 大约 12k a month, need 装修 loan", stated_income=4_000)
    assert found.check == "income_form"


def test_wrong_asks_are_refused() -> None:
    with pytest.raises(UsageError, match="unknown columns"):
        contradictions(["a"], pa.table({"income": [1.0]}))
    with pytest.raises(UsageError, match="2 rows"):
        contradictions(["a"], pa.table({"work": ["employed", "retired"]}))
    with pytest.raises(UsageError, match="no field"):
        contradictions_of("a", salary=3)
    for name, value in (("stated_income", "5,000"), ("amount", inf), ("household", True), ("employer", 5)):
        with pytest.raises(UsageError, match=f"field '{name}' holds"):
            contradictions_of("my salary is 9k", **{name: value})
    assert contradictions_of("salary 9k a month", stated_income=Decimal("2000.00"))


def test_names_of_employers_are_alike_by_their_letters() -> None:
    assert likeness("Keppel Offshore", "keppel offshore pte ltd") == 1.0
    assert likeness("Keppel", "DBS Bank") < 0.5
