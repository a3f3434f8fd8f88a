"""Personal data in free text, masked before anything is learnt or stored.

Rules only, for names are not known here: e-mails, links, payment cards (13 to 19 digits that pass Luhn's
check, ISO/IEC 7812), IBANs (ISO 13616, mod 97), identity numbers of Singapore (letter, seven digits, letter)
and mainland China (GB 11643-1999, with its check digit), telephones, street addresses and postcodes, and
names after a title (Mr Tan, 陈先生). What a mask hides is gone: `<card>` stays, its digits do not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from bankmine.mining.text.words import HAN, LONGEST, texts_of

MASKS = ("email", "link", "iban", "card", "id", "phone", "address", "name", "number")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\ud800-\udfff]")  # would hide digits from a rule
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", re.A)
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>，。；）]{3,500}", re.I)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])", re.I
)
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_CHINESE_ID = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])")
_SINGAPORE_ID = re.compile(r"(?<![A-Za-z0-9])[STFGM]\d{7}[A-Z](?![A-Za-z0-9])", re.I)
_PHONE = re.compile(
    r"(?<![\d.,$¥])(?:\+\d{1,3}[ -]?(?:\(\d{1,4}\)[ -]?)?\d(?:[ -]?\d){5,12}"  # international
    r"|1[3-9]\d[ -]?\d{4}[ -]?\d{4}"  # mainland mobile
    r"|0\d{2,3}[ -]\d{7,8}"  # mainland landline
    r"|[689]\d{3}[ -]?\d{4}"  # Singapore
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\d%]|[,.]\d)"  # North America
)
_ROAD = "street|st|road|rd|avenue|ave|drive|dr|lane|ln|crescent|cres|close|walk|boulevard|blvd|way|terrace"
_ADDRESS = re.compile(
    rf"\b(?:blk|block|no\.?)\s?\d{{1,4}}[a-z]?\b(?:[ ,]+[\w']+){{0,5}}?(?:[ ,]+(?:{_ROAD})\b)(?:\s\d{{1,3}})?"
    r"(?:[ ,]*#\d{1,3}-\d{1,5})?(?:[ ,]+(?:singapore|s)\s?\(?\d{6}\)?)?"
    rf"|(?<!\w)\d{{1,5}}[a-z]?\s(?:[A-Z][\w']+\s){{1,4}}(?i:{_ROAD})\b\.?"
    r"|#\d{1,3}-\d{1,5}\b|\b(?:singapore|postal code|postcode)\s?\(?\d{6}\)?"
    rf"|[{HAN}]{{2,8}}(?:路|街|道|巷|弄)\d{{1,5}}号(?:[{HAN}\d]{{1,12}}?(?:室|单元|楼|栋))?(?:\d{{1,4}}室)?"
    rf"|[{HAN}]{{0,6}}大牌\d{{1,4}}[a-z]?",
    re.I,
)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蔡蒋余于杜叶程苏魏吕丁任"
    "沈姚卢姜崔钟谭陆汪范石廖贾韦夏付方白邹孟熊秦邱江尹薛阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤"
)
_NAME = re.compile(
    r"\b(?:Mr|Mrs|Ms|Mdm|Miss|Dr)\.?\s+[A-Z][a-z]+(?:\s[A-Z][a-z]+){0,2}"
    rf"|[{_SURNAMES}][{HAN}]{{0,2}}?(?=先生|小姐|女士|经理|主任)"
)
_LONG_NUMBER = re.compile(r"(?<![\d.,])\d(?:[ -]?\d){8,29}(?![\d]|[.,]\d)")


def mask(text: str | None) -> str:
    """The text without personal data; each is replaced by its mask, as `<phone>`. None gives an empty text.

    At most LONGEST signs are read; the rest is gone, for what is not read cannot be masked.
    """
    return _masked(text)[0]


def mask_all(texts: Any) -> tuple[pa.StringArray, dict[str, int]]:
    """All texts masked, and how often each of MASKS was set. Nulls stay null."""
    seen: Counter[str] = Counter()
    result: list[str | None] = []
    for text in texts_of(texts):
        told, found = _masked(text)
        seen.update(found)
        result.append(None if text is None else told)
    return pa.array(result, pa.string()), {name: seen[name] for name in MASKS}


def _masked(text: str | None) -> tuple[str, Counter[str]]:
    seen: Counter[str] = Counter()
    if not text:
        return "", seen
    told = unicodedata.normalize("NFKC", _UNSEEN.sub("", text[:LONGEST]))
    for name, pattern, passes in _RULES:
        told = pattern.sub(_replacing(name, passes, seen), told)
    return told, seen


def _replacing(
    name: str, passes: Callable[[str], bool], seen: Counter[str]
) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        if not passes(found.group()):
            return found.group()
        seen[name] += 1
        return f" <{name}> "

    return replace


def is_card(number: str) -> bool:
    """Whether 13 to 19 digits, blanks and dashes apart, pass Luhn's check and are not all equal."""
    digits = [int(sign) for sign in number if sign.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    passes = (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and passes


def is_chinese_id(number: str) -> bool:
    """Whether 18 signs have a right month and day and the check sign of GB 11643-1999."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(sign) * weight for sign, weight in zip(number, weights, strict=False))
    right = "10X98765432"[total % 11] == number[17].upper()
    return right and 1 <= int(number[10:12]) <= 12 and 1 <= int(number[12:14]) <= 31


def is_iban(number: str) -> bool:
    """Whether the number modulo 97 is 1 after ISO 13616's turn."""
    signs = number.replace(" ", "").upper()
    turned = "".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])
    return 15 <= len(signs) <= 34 and int(turned) % 97 == 1


def _any(_: str) -> bool:
    return True


_RULES: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("email", _EMAIL, _any),
    ("link", _LINK, _any),
    ("iban", _IBAN, is_iban),
    ("id", _CHINESE_ID, is_chinese_id),
    ("card", _CARD, is_card),
    ("id", _SINGAPORE_ID, _any),
    ("phone", _PHONE, _any),
    ("address", _ADDRESS, _any),
    ("name", _NAME, _any),
    ("number", _LONG_NUMBER, _any),
)
