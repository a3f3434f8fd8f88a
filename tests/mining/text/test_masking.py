"""Personal data is masked in both languages; amounts, dates and counts are not."""

from __future__ import annotations

import pytest

from bankmine.mining.text.masking import MASKS, is_card, is_chinese_id, is_iban, mask, mask_all
from bankmine.mining.text.words import LONGEST, language, normal, words


@pytest.mark.parametrize(
    ("text", "name", "hidden"),
    [
        ("call me at 9123 4567 after six", "phone", "9123"),
        ("my hp is +65 91234567", "phone", "91234567"),
        ("ring (415) 555-2671 please", "phone", "2671"),
        ("我的电话是13812345678", "phone", "138"),
        ("打010-62345678找我", "phone", "62345678"),
        ("write to a.b-c+d@mail.example.com.sg", "email", "example"),
        ("see https://example.org/me?id=9", "link", "example"),
        ("card 4111 1111 1111 1111 was used", "card", "1111"),
        ("卡号6222021234567890128", "card", "6222"),
        ("NRIC S1234567D", "id", "1234567"),
        ("身份证11010519491231002X", "id", "1949"),
        ("to GB82 WEST 1234 5698 7654 32", "iban", "WEST"),
        ("I live at Blk 123 Ang Mo Kio Avenue 3 #04-12 Singapore 560123", "address", "560123"),
        ("at 221 Baker Street", "address", "Baker"),
        ("住在上海市南京路100号", "address", "南京路"),
        ("Dear Mr Tan Ah Kow", "name", "Tan"),
        ("陈先生您好", "name", "陈"),
        ("我是欧阳，找王小明经理", "name", "小明"),
        ("account 123-456789-0", "number", "456789"),
    ],
)
def test_personal_data_is_masked(text: str, name: str, hidden: str) -> None:
    told = mask(text)
    assert f"<{name}>" in told
    assert hidden not in told


@pytest.mark.parametrize(
    "text",
    [
        "salary 12,000 a month", "need 150000 over 5 years", "月薪一万二，借20000元", "in 2024 and 2025",
        "paid $1,234.56 on 12/03/2024", "年薪120000", "尊敬的经理", "3.14159265",
        "4111 1111 1111 1112 fails the check of a card"[20:],
    ],
)  # fmt: skip
def test_amounts_and_dates_stay(text: str) -> None:
    assert mask(text) == text.replace("，", ",")


def test_check_digits_decide() -> None:
    assert is_card("4111 1111 1111 1111")
    assert not is_card("4111 1111 1111 1112")
    assert not is_card("0000 0000 0000 0000")
    assert is_chinese_id("11010519491231002X")
    assert not is_chinese_id("110105194912310021")
    assert is_iban("GB82 WEST 1234 5698 7654 32")
    assert not is_iban("GB83 WEST 1234 5698 7654 32")


def test_masking_all_counts_and_keeps_nulls() -> None:
    told, seen = mask_all(["91234567 or 81234567", None, ""])
    assert told.to_pylist() == [" <phone>  or  <phone> ", None, ""]
    assert seen == {**dict.fromkeys(MASKS, 0), "phone": 2}


def test_a_masked_text_masks_to_itself_up_to_blanks() -> None:
    told = mask("Mr Tan, 9123 4567, a@b.com, 陈先生")
    assert mask(told).split() == told.split()


def test_full_width_digits_are_masked_too() -> None:
    assert "<phone>" in mask("电话９１２３４５６７")


def test_signs_that_are_not_seen_hide_nothing() -> None:
    assert mask("call 9123\u200b4567") == "call  <phone> "
    assert mask_all(["\ud800 broken"])[0].to_pylist() == [" broken"]
    assert [word.text for word in words(normal("\ud800\x00 房子"))] == ["房子"]


def test_a_megabyte_of_text_is_cut_and_quick() -> None:
    for sign in ("1", "a", "@", "路", "a1 ", "Blk 1 ", "1-", "a.", "GB82 "):
        assert len(mask(sign * (1_000_000 // len(sign)))) <= 4 * LONGEST
    assert len(normal("x" * 1_000_000)) == LONGEST


def test_words_of_mixed_text_stand_where_they_say() -> None:
    text = normal("Need 贷款装修房子 for my FLAT! <phone>")
    cut = words(text)
    assert [word.text for word in cut] == ["need", "贷款", "装修", "房子", "for", "my", "flat", "<phone>"]
    assert all(text[word.start : word.end] == word.text for word in cut)


def test_languages_are_told_by_their_letters() -> None:
    assert [language(t) for t in ("hello", "你好", "借loan用", "!?…", "")] == [
        "en",
        "zh",
        "zh",
        "none",
        "none",
    ]
