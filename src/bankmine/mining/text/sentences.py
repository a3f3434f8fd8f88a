"""Both sides of a contradiction in Chinese: the few phrases `contradictions.py` makes, said anew."""

from __future__ import annotations

import re

_KINDS = {
    "employed": "受雇", "self-employed": "自雇", "not working": "没有工作", "retired": "已退休",
    "student": "学生",
    "home": "住房", "car": "汽车", "education": "教育", "wedding": "婚礼", "medical": "医疗",
    "business": "生意",
    "holiday": "旅行", "debt": "还债", "no other loans": "没有其他贷款", "living alone": "独居",
    "filled in without help": "自己填写", "a high income": "收入高", "a low income": "收入低",
}  # fmt: skip
_PHRASES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"^(.+) a month$", "每月{}"),
        (r"^(.+) or more$", "{}以上"),
        (r"^at most (.+)$", "最多{}"),
        (r"^(.+) is needed$", "需要{}"),
        (r"^(.+) years in the job$", "在职{}年"),
        (r"^a change of employer (.+) months ago$", "{}个月前换过雇主"),
        (r"^(.+) running$", "有{}笔在还"),
        (r"^(.+) others in the household$", "同住另有{}人"),
        (r"^(.+) other applicants on the same device$", "同一设备另有{}名申请人"),
        (r"^it is for (.+)$", "用于{}"),
        (r"^(.+) where (.+) is usual$", "{}，通常为{}"),
        (r"^(.+) to (.+)$", "{}到{}"),
        (r"^(.+) and (.+)$", "{}和{}"),
    )
)


def in_chinese(phrase: str) -> str:
    """The phrase in Chinese; names and figures stay as they are."""
    if phrase in _KINDS:
        return _KINDS[phrase]
    for pattern, said in _PHRASES:
        found = pattern.match(phrase)
        if found:
            return said.format(*(in_chinese(part) for part in found.groups()))
    return phrase
