"""What stands on a booking: texts of transfers, orders and salaries, in English and Chinese.

An entry's `words` is a place in WORDS; 0 stands for no text.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.simulation.frame import Ints

_GROUPS: dict[str, tuple[str, ...]] = {
    "none": ("",),
    "salary": ("SALARY", "MONTHLY PAY", "PAYROLL CREDIT", "Wages", "工资", "月薪"),
    "pension": ("PENSION", "CPF LIFE PAYOUT", "Retirement income", "退休金"),
    "benefit": ("UNEMPLOYMENT SUPPORT", "WORK SUPPORT SCHEME", "失业补助"),
    "business": ("INVOICE", "Invoice payment", "INV SETTLEMENT", "Project fee", "货款", "服务费"),
    "rent": ("RENT", "Monthly rent", "Rent flat", "House rental", "房租", "租金"),
    "savings": ("SAVINGS", "To savings", "Rainy day", "存钱"),
    "utilities": ("POWER AND WATER", "ELECTRICITY", "WATER AND GAS", "水电费"),
    "telecom": ("MOBILE PLAN", "HOME BROADBAND", "PHONE BILL", "手机话费"),
    "insurance": ("PREMIUM", "INSURANCE PREMIUM", "POLICY PREMIUM", "保险费"),
    "membership": ("GYM MEMBERSHIP", "FITNESS CLUB", "MEMBERSHIP FEE", "健身会费"),
    "school": ("SCHOOL FEES", "Tuition", "补习费", "CHILDCARE FEE"),
    "friends": ("Dinner", "Lunch", "Thanks!", "Taxi share", "Tickets", "Drinks", "Trip", "Groceries", "Movie",
                "午饭", "晚饭", "谢谢", "打车", "AA 聚餐", "买菜", "电影票", "Badminton court", "Owe you",
                "For yesterday", "Coffee", "还你钱"),
    "family": ("For mum", "Allowance", "Pocket money", "家用", "给爸妈", "生活费", "Household money",
    "Family"),
    "gift": ("Ang bao", "Happy New Year", "红包", "新年快乐", "恭喜发财", "Birthday", "Wedding", "生日快乐"),
    "elsewhere": ("Transfer", "To own account", "Funds transfer", "FAST PAYMENT", "转账", "Own funds"),
    "home": ("Down payment", "HOME PURCHASE", "Conveyancing", "首付"),
    "windfall": ("Settlement", "BONUS", "Sale proceeds", "Inheritance", "奖金"),
    "supplier": ("SUPPLIER", "Goods delivered", "INV", "PURCHASE ORDER", "供应商货款"),
    "payroll": ("PAYROLL", "STAFF SALARY", "员工工资"),
    "tax": ("TAX", "INCOME TAX", "GST"),
    "fee": ("ACCOUNT FEE", "CARD FEE"),
    "interest": ("INTEREST",),
    "overdrawn": ("OVERDRAFT INTEREST",),
    "card": ("CARD BILL",),
    "closing": ("ACCOUNT CLOSED",),
    "reversal": ("REVERSAL",),
    "opening": ("First deposit", "OPENING DEPOSIT"),
    "matured": ("DEPOSIT MATURED",),
}  # fmt: skip
WORDS = tuple(text for group in _GROUPS.values() for text in group)
_FIRST = dict(
    zip(_GROUPS, np.cumsum([0, *(len(group) for group in _GROUPS.values())]).tolist(), strict=False)
)


def words(group: str, luck: Any = 0) -> Ints:
    """A text of a group for each whole number in `luck`."""
    return np.asarray(_FIRST[group] + np.asarray(luck, dtype=np.int64) % len(_GROUPS[group]))
