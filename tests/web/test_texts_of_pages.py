"""Every text exists in every language, with the same places to fill in, and the pages ask for no other."""

import re
from pathlib import Path
from string import Formatter

import pytest

import bankmine.web
from bankmine.errors import ConfigurationError
from bankmine.web.texts import LANGUAGES, texts

WEB = Path(bankmine.web.__file__).parent
ASKED = re.compile(r"""\bt\(\s*f?["']([a-z_0-9.-]+)(?:["'](\s*~)?|(\{))""")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def stem(key: str) -> str:
    return re.sub(r"\.(one|other)$", "", key)


def asked() -> dict[str, str]:
    """Each key that a template or page asks for, with its file; of keys put together, their beginning."""
    found = {}
    for file in [*WEB.rglob("*.j2"), *WEB.rglob("*.py")]:
        for key, joined, formatted in ASKED.findall(file.read_text(encoding="utf-8")):
            found[key.rstrip(".") + ".*" if joined or formatted else key] = file.name
    return found


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_both_languages_have_the_same_texts(language):
    assert {stem(key) for key in texts(language).by_key} == {stem(key) for key in texts("en").by_key}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_has_the_same_places_in_every_language(language):
    own, english = texts(language).by_key, texts("en").by_key
    for key, text in own.items():
        twin = english.get(key) or english[f"{stem(key)}.other"]
        assert places(text) == places(twin), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_a_page_asks_for_exists(language):
    keys = {stem(key) for key in texts(language).by_key}
    missing = {
        key: file
        for key, file in asked().items()
        if (not any(one.startswith(key[:-1]) for one in keys) if key.endswith(".*") else key not in keys)
    }
    assert not missing


def test_no_text_is_written_that_nobody_asks_for():
    wanted = asked()
    open_ends = tuple(key[:-1] for key in wanted if key.endswith(".*"))
    keys = {stem(key) for key in texts("en").by_key}
    assert not {key for key in keys if key not in wanted and not key.startswith(open_ends)}


def test_a_missing_key_is_an_error_that_names_it():
    with pytest.raises(ConfigurationError, match=r"frame\.no_such_text"):
        texts("zh")("frame.no_such_text")


def test_templates_hold_no_words_of_their_own():
    said = re.compile(r">[^<>{}]*[A-Za-z\u4e00-\u9fff]{3,}[^<>{}]*<")
    for file in WEB.rglob("*.j2"):
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", file.read_text(encoding="utf-8"), flags=re.S)
        words = [found for found in said.findall(text) if "bankmine" not in found]
        assert not words, (file.name, words)


def test_words_of_the_data_unknown_in_chinese_stay_as_they_came():
    assert texts("zh").term("something new") == "something new"
    assert texts("zh").known("something new") is None
    assert texts("en").known("something new") == "something new"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("open complaint", "投诉未结"),
        ("in arrears, open complaint", "欠款中、投诉未结"),
        ("took insurance", "开办保险"),
        ("debit card issued", "发放借记卡"),
        ("B02", "B02"),
        ("245e760ab93fc2ff", "245e760ab93fc2ff"),
        ("in arrears, something new", None),
        ("took something new", None),
    ],
)
def test_words_of_the_data_are_known_whole_by_pattern_or_part_by_part(words, said):
    assert texts("zh").known(words) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_act_the_audit_records_has_a_name(language):
    said = texts(language)
    code = "\n".join(file.read_text(encoding="utf-8") for file in WEB.parent.rglob("*.py"))
    acts, kinds = (set(re.findall(rf'\b{name}="([a-z_]+)"', code)) for name in ("act", "object_kind"))
    assert not {one for one in acts if not said.has(f"audit.acts.{one}")}
    assert not {one for one in kinds if not said.has(f"audit.kinds.{one}")}
