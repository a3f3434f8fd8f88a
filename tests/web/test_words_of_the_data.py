"""What features and runs say in English is said in Chinese: whole, by rule, part by part, and fast."""

import re
import time

import pytest

from bankmine.bank.catalogue import TABLES
from bankmine.customers.catalogue import CATALOGUE
from bankmine.lifecycle.reasons import short
from bankmine.tasks.early_warning import measures, signals
from bankmine.web.texts import texts
from bankmine.web.texts.speaking import Speaker, money, rule, rules_of

LATIN = re.compile(r"[A-Za-z]{3,}")
SAME = {"AUC"}
VALUES = ("3", "missing", "SGD 12.3 k", "4.2%", "yes")


def strange(english: str) -> list[str]:
    """Latin words left in the Chinese of a sentence; the sentence itself where nobody knows it."""
    said = texts("zh").known(english)
    return [english] if said is None else [word for word in LATIN.findall(said) if not word.isupper()]


def test_every_feature_of_the_catalogue_says_in_chinese_what_it_is():
    assert not [one.name for one in CATALOGUE.values() if strange(one.sentence)]
    assert not [one.name for one in CATALOGUE.values() if strange(one.unit)]


def test_every_feature_gives_its_reasons_in_chinese():
    for number, one in enumerate(CATALOGUE.values()):
        way = ("; raises the chance", "; lowers the value", ", typical of the segment")[number % 3]
        assert not strange(f"{short(one.sentence)}: {VALUES[number % len(VALUES)]}{way}"), one.name


def test_every_feature_is_known_by_its_name_too():
    assert not [one for one in CATALOGUE if strange(one.replace("_", " "))]
    assert texts("zh").known("customer occupation clerk: −12") is not None


def test_every_bank_table_and_column_says_in_chinese_what_it_holds():
    for table in TABLES.values():
        assert not strange(table.sentence), table.name
        for column in table.columns:
            assert not strange(column.sentence), (table.name, column.name)
            assert not strange(column.name.replace("_", " ")), (table.name, column.name)
            assert not [word for word in column.allowed or () if strange(word)], (table.name, column.name)


def test_every_signal_of_the_register_is_said_in_chinese():
    for one in signals.SIGNALS:
        for value, s in (("1", ""), ("3", "s"), ("12%", "s")):
            words = one.words.format(value=value, s=s)
            assert not strange(f"{words} (since 2026-01)"), words
    assert not [one.name for one in measures.FEATURES if strange(one.sentence)]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("days since the last payment made: 214; raises the chance", "上次付款至今天数：214，提高概率"),
        ("Sum of payments made in the 3 months before the cutoff.", "截止日前 3 个月内付款合计。"),
        ("16 days past due (since 2026-01); no wage for 2 months (since 2025-12)",
         "逾期 16 天（自 2026-01 起）；2 个月未发工资（自 2025-12 起）"),
        ("In the past twelve months 4,428 customers earned SGD 6.52 m, to the cent the bank's own result.",
         "过去十二个月 4,428 位客户创利 SGD 652 万，与本行损益分毫不差。"),
        ("card.closed_on is missing in 85 % of 605 rows from 2022-01-01 to 2022-12-31; elsewhere in 19 %.",
         "银行卡·关闭日（2022-01-01 至 2022-12-31） 605 行中 85% 缺失；其余时段为 19%。"),
        ("number of payments made in the 3 months: 14; raises the chance; and something new", None),
    ],
)  # fmt: skip
def test_sentences_of_runs(english, chinese):
    assert texts("zh").known(english) == chinese


def test_the_rule_with_the_most_letters_comes_first_wherever_it_stands():
    general, particular = rule("days since {x}", "{x}至今"), rule("days since the {x} ended", "{x}终止至今")
    for rules in ([general, particular], [particular, general]):
        assert Speaker({"loan": "贷款"}, rules).known("days since the loan ended") == "贷款终止至今"


def test_an_unknown_part_leaves_the_whole_unknown():
    speaker = Speaker({"loan": "贷款"}, [rule("days since the {x} ended", "{x}终止至今")])
    assert speaker.known("days since the card ended") is None
    assert speaker.known("loan; card") is None


def test_optional_letters_and_choices_fit_both_ways():
    speaker = Speaker({}, rules_of([{"{n} day[s] [late|early]": "{n} 天"}]))
    assert [speaker.known(one) for one in ("1 day late", "3 days early", "3 days soon")] == [
        "1 天", "3 天", None
    ]  # fmt: skip


def test_counted_things_have_their_measure_word():
    speaker = Speaker({}, rules_of([{"counted": {"complaints": "投诉|次"}}]))
    assert speaker.known("complaints") == "投诉"
    assert speaker.known("number of complaints") == "投诉次数"


def test_braces_in_the_data_are_no_places_to_fill_in():
    assert Speaker({}, [rule("held out of {c}", "对照组：{c}")]).known("held out of {0}") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [("SGD 158.12 m", "SGD 1.58 亿"), ("CNY −12.3 k", "CNY −1.23 万"), ("SGD 1,234", "SGD 1,234")],
)
def test_money_is_shortened_as_chinese_pages_shorten_it(text, said):
    assert money(text) == said


def test_a_long_text_nobody_knows_is_given_up_soon():
    began = time.perf_counter()
    assert texts("zh").known("; ".join(f"something new {n}, and more: {n}" for n in range(60))) is None
    assert time.perf_counter() - began < 2
