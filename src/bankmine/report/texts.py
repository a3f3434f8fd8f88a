"""Every word the report itself says (buttons, headings, notes), once per language.

Sentences about data are made in `statements.py` or arrive from the rooms; templates and scripts hold
no words of their own.
"""

from types import SimpleNamespace

from bankmine.errors import UsageError

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "as_of": "as of",
        "report": "Report",
        "menu": "Menu",
        "theme": "Light or dark",
        "skip": "Skip to the content",
        "good": "good",
        "watch": "watch",
        "bad": "bad",
        "neutral": "",
        "baseline": "baseline",
        "interval": "{level} interval",
        "since_last": "{n} since last time",
        "table": "Table",
        "query": "Query",
        "rows_one": "1 row",
        "rows": "{n} rows",
        "shown": "The first {shown} of {n} rows are shown; the CSV holds all of them.",
        "search": "Search in this table",
        "search_shown": "Search in the rows shown",
        "sideways": "scroll →",
        "none_found": "No row matches.",
        "empty": "No rows.",
        "csv": "CSV",
        "png": "PNG",
        "copy": "Copy",
        "copied": "Copied",
        "sort": "Sort",
        "missing": "missing",
        "no_script": "Pictures need JavaScript; the table under each holds the same data.",
        "no_data": "No data to draw.",
        "how": "How this was computed",
        "goal": "Goal",
        "population": "Population",
        "method": "Method",
        "sql": "SQL",
        "features": "Features",
        "run": "Run",
        "baselines": "Baselines",
        "tests": "Tests",
        "passed": "passed",
        "failed": "failed",
        "not_run": "not run",
        "feature": "Feature",
        "unit": "Unit",
        "meaning": "Meaning",
        "weight": "Weight",
        "reproduce": "Reproduce this report",
        "reproduce_sentence": "The command and every version, seed and hash that made these pages.",
        "reproduce_group": "About",
        "command": "Command",
        "made_with": "Made with bankmine. Works offline; nothing is loaded from elsewhere.",
        "chance": "chance",
        "perfect": "perfect calibration",
        "count": "count",
        "subjects": "subjects",
        "median": "median",
    },
    "zh": {
        "as_of": "截至",
        "report": "报告",
        "menu": "目录",
        "theme": "浅色或深色",
        "skip": "跳到正文",
        "good": "良好",
        "watch": "留意",
        "bad": "不佳",
        "neutral": "",
        "baseline": "基准",
        "interval": "{level} 区间",
        "since_last": "较上次 {n}",
        "table": "数据表",
        "query": "查询语句",
        "rows_one": "1 行",
        "rows": "{n} 行",
        "shown": "仅显示前 {shown} 行，共 {n} 行；完整数据见 CSV。",
        "search": "在表中查找",
        "search_shown": "在已显示的行中查找",
        "sideways": "向右滑动 →",
        "none_found": "没有符合的行。",
        "empty": "没有数据。",
        "csv": "CSV",
        "png": "PNG",
        "copy": "复制",
        "copied": "已复制",
        "sort": "排序",
        "missing": "缺失",
        "no_script": "图形需要 JavaScript；图下的表格内容相同。",
        "no_data": "没有可画的数据。",
        "how": "计算方法",
        "goal": "目标",
        "population": "对象范围",
        "method": "方法",
        "sql": "SQL",
        "features": "特征",
        "run": "运行编号",
        "baselines": "基准",
        "tests": "检验",
        "passed": "通过",
        "failed": "未通过",
        "not_run": "未运行",
        "feature": "特征",
        "unit": "单位",
        "meaning": "含义",
        "weight": "权重",
        "reproduce": "重现本报告",
        "reproduce_sentence": "生成这些页面的命令，以及所有版本、种子和哈希值。",
        "reproduce_group": "关于",
        "command": "命令",
        "made_with": "由 bankmine 生成。可离线阅读，不从任何外部地址加载内容。",
        "chance": "随机",
        "perfect": "完全校准",
        "count": "数量",
        "subjects": "对象",
        "median": "中位数",
    },
}

LABELS = {
    "zh": {
        "Share": "占比",
        "Count": "数量",
        "Curve": "曲线",
        "Group": "组",
        "Name": "名称",
        "Lane": "类别",
        "From": "起",
        "Linked": "一方",
        "Linked to": "另一方",
        "Link": "关联",
        "Steps": "步数",
        "Until": "止",
        "to": "至",
        "What": "内容",
        "predicted": "预测",
        "observed": "实际",
        "observed, low": "实际下限",
        "observed, high": "实际上限",
        "share of subjects, best first": "对象占比（从最有把握起）",
        "share of positives found": "已找到的正例占比",
        "false positive rate": "假正率",
        "true positive rate": "真正率",
    }
}
"""Headings and axis names that pictures make themselves; all others arrive in the page's language."""

ENDS = {"zh": {"low": "（下限）", "high": "（上限）"}}
"""How the two ends of an interval are named behind the label of what it is of."""

SCRIPT_TEXTS = ("copied", "none_found", "no_data", "chance", "perfect", "count", "missing", "subjects")
"""The words the scripts need; they travel in the page as data."""


def label(text: str, language: str) -> str:
    """One of the pictures' own labels in the language; any other text as it is, its interval's ends named."""
    own = LABELS.get(language, {})
    front, between, end = text.rpartition(", ")
    if text not in own and between and end in ENDS.get(language, {}):
        return label(front, language) + ENDS[language][end]
    return own.get(text, text)


class Words(SimpleNamespace):
    """The words of one language, by attribute or by item; a plain dict would answer `copy` with a method."""

    def __getitem__(self, name: str) -> str:
        return str(getattr(self, name))


def texts(language: str) -> Words:
    """The words of one language. Raises UsageError for a language the report does not speak."""
    if language not in TEXTS:
        raise UsageError(f"no texts in the language {language!r}", hint=f"Use one of {', '.join(TEXTS)}.")
    return Words(**TEXTS[language])
