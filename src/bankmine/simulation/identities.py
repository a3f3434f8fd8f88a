"""Who the customers really are: names in Latin letters and Chinese characters, numbers, addresses.

All of it is made up. Addresses are those of the household until somebody moves; the bank hears of a move as
late as of any other fact.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.frame import COMMUNITY, DAY, REGIONS, Frame, Ints
from bankmine.simulation.people import FIRST_CUSTOMER, People
from bankmine.simulation.registry import Versions

_T = TypeVar("_T")
FIRST_PHONE = 65_8000_0000
FIRST_ADDRESS = 1_000_000  # of households; who moves gets one of FIRST_MOVED
FIRST_MOVED = 1_000_000_000_000
_FAMILY = (
    ("Tan", "陈"), ("Lim", "林"), ("Lee", "李"), ("Wong", "黄"), ("Zhang", "张"), ("Wang", "王"),
    ("Liu", "刘"), ("Chen", "陈"), ("Yang", "杨"), ("Zhao", "赵"), ("Zhou", "周"), ("Wu", "吴"),
    ("Xu", "徐"), ("Sun", "孙"), ("Ma", "马"), ("Zhu", "朱"), ("Hu", "胡"), ("Guo", "郭"),
    ("He", "何"), ("Gao", "高"), ("Lin", "林"), ("Luo", "罗"), ("Zheng", "郑"), ("Liang", "梁"),
    ("Xie", "谢"), ("Song", "宋"), ("Tang", "唐"), ("Deng", "邓"),
)  # fmt: skip
_FIRST = (
    ("Wei", "伟"), ("Min", "敏"), ("Jing", "静"), ("Li", "丽"), ("Qiang", "强"), ("Lei", "磊"),
    ("Jun", "军"), ("Yang", "洋"), ("Yong", "勇"), ("Yan", "艳"), ("Jie", "杰"), ("Juan", "娟"),
    ("Tao", "涛"), ("Ming", "明"), ("Chao", "超"), ("Xia", "霞"), ("Ping", "平"), ("Gang", "刚"),
    ("Hui", "慧"), ("Xin", "欣"), ("Yi", "怡"), ("Hao", "浩"), ("Yu", "雨"), ("Na", "娜"),
    ("Bo", "博"), ("Fang", "芳"), ("Zhi", "志"), ("Hong", "红"),
)  # fmt: skip
_WOMEN = ("Alice", "Priya", "Nur", "Sofia", "Grace", "Meera", "Hannah", "Aisha", "Clara", "Ruth", "Emily",
          "Farah", "Joanna", "Divya", "Laura", "Siti", "Maria", "Ingrid", "Olivia", "Kavita")  # fmt: skip
_MEN = ("Daniel", "Arjun", "Hafiz", "Marcus", "Peter", "Ravi", "Samuel", "Imran", "Victor", "Joel", "Adam",
        "Farid", "Oscar", "Kumar", "Louis", "Rahim", "David", "Henrik", "Ethan", "Vijay")  # fmt: skip
_OTHERS = ("Nair", "Rahman", "Silva", "Pereira", "Kumar", "Ismail", "Fernandez", "Menon", "Abdullah", "Reed",
           "Hughes", "Pillai", "Osman", "Carter", "Das", "Yusof", "Morris", "Iyer", "Webb")  # fmt: skip
_FIRM = ("Lucky", "Golden", "Harbour", "Evergreen", "Orchid", "Summit", "Bright", "Pacific", "Jade", "Union")
_TRADE = ("Trading", "Foods", "Builders", "Logistics", "Software", "Clinic", "Supplies", "Services", "Crafts")
_STREETS = ("Orchid", "Temple", "Market", "Bridge", "Hill", "Garden", "River", "Station", "Beach", "Park")
_MAILS = ("example.com", "example.org", "example.net")


def identity_table(frame: Frame, who: People, known: Versions) -> pa.Table:
    """Extract `identities`: one row a customer, and another for each move the bank has learnt of."""
    moved = np.append(True, (np.diff(known.person) != 0) | (np.diff(known.moved) != 0))[: known.person.size]
    rows = np.flatnonzero(moved & (known.recorded < frame.days) & (known.day < frame.days))
    person = known.person[rows]
    names, chinese, mails = _names(frame, who)
    home = _home(who, person, known.moved[rows])
    return pa.table(
        {
            "customer": columns.key(who.number[person]),
            "name": columns.text([names[place] for place in person]),
            "name_chinese": columns.text([chinese[place] for place in person]),
            "national_id": columns.text([_national(int(number)) for number in who.number[person]]),
            "phone": columns.key(FIRST_PHONE + who.number[person] - FIRST_CUSTOMER),
            "email": columns.text([mails[place] for place in person]),
            "address_no": columns.key(home),
            "address": columns.text(_addresses(home, known.region[rows])),
            "valid_from": columns.day(known.day[rows]),
            "recorded_at": columns.when(known.recorded[rows] * DAY + 9 * 3600 + person * 29 % 28_800),
        }
    )


def home_of(who: People) -> Ints:
    """Raw number of each customer's address before any move (n,): that of the household."""
    return np.asarray(FIRST_ADDRESS + who.community * COMMUNITY + who.household)


def _home(who: People, person: Ints, moved: Ints) -> Ints:
    away = FIRST_MOVED + (who.number[person] - FIRST_CUSTOMER) * 8 + np.minimum(moved, 7)
    return np.where(moved > 0, away, home_of(who)[person])


def _national(number: int) -> str:
    digits = number * 7_368_787 % 100_000_000  # a permutation, so that numbers say nothing
    return f"S{digits:08d}{'ABCDEFGHIZJ'[number % 11]}"


def _addresses(home: Ints, region: Ints) -> list[str]:
    picked = zip((home * 48_271 % 2_147_483_647).tolist(), region.tolist(), strict=True)
    return [
        f"{mixed % 240 + 1} {_STREETS[mixed // 240 % len(_STREETS)]} Road #{mixed // 2400 % 30 + 1:02d}-"
        f"{mixed // 72_000 % 90 + 1:02d}, {REGIONS[place]}"
        for mixed, place in picked
    ]


def _names(frame: Frame, who: People) -> tuple[list[str], list[str | None], list[str]]:
    """Latin name, Chinese name (None where there is none) and e-mail of each customer."""
    luck = frame.random(who.community, "names").random((4, who.count))
    names, chinese, mails = [], [], []
    facts = zip(*luck.tolist(), who.company.tolist(), who.chinese.tolist(), who.female.tolist(),
                who.number.tolist(), strict=True)  # fmt: skip
    for one, two, three, four, company, speaks, female, number in facts:
        written: str | None = None
        if company:
            name = f"{_of(_FIRM, one)} {_of(_OTHERS, two)} {_of(_TRADE, three)} Pte Ltd"
        elif speaks:
            family, first = _of(_FAMILY, one**1.5), _of(_FIRST, two)
            second = _of(_FIRST, three) if four < 0.7 else ("", "")
            name = f"{family[0]} {first[0]} {second[0]}".rstrip()
            written = family[1] + first[1] + second[1]
        else:
            name = f"{_of(_WOMEN if female else _MEN, one)} {_of(_OTHERS, two)}"
        names.append(name)
        chinese.append(written)
        mails.append(f"{name.split()[0].lower()}.{number % 9973}{int(three * 90) + 10}@{_of(_MAILS, four)}")
    return names, chinese, mails


def _of(choices: tuple[_T, ...], luck: float) -> _T:
    return choices[int(luck * len(choices))]
