"""Every page, by its routes, in both themes: no serious finding of axe, and a keyboard is enough."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from crawling import all_pages
from walking import NO_BROWSER, Walk

pytestmark = [pytest.mark.slow, NO_BROWSER, pytest.mark.xdist_group("pages")]
GRAVE = ("serious", "critical")
ANNOUNCED = ("/sign-in/elsewhere", "/sign-in/back")
"""Pages that only answer where signing in elsewhere is set up."""

FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  return {
    where: one === document.body ? "" : one.tagName + " " + one.outerHTML.slice(0, 90),
    seen: box.width > 0 && box.height > 0 && (style.outlineStyle !== "none" || style.boxShadow !== "none"),
  };
}"""
REACHABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.type !== 'hidden'
    && one.tabIndex < 0 && !one.closest('[aria-hidden=true]')).map(one => one.outerHTML.slice(0, 90))"""


@pytest.fixture
def addresses(chief) -> list[str]:
    """One address of each page."""
    found = [address for _, address, _ in all_pages(chief, most=1)]
    return [one for one in found if not one.startswith(ANNOUNCED)]


@pytest.mark.parametrize(
    ("theme", "language", "width"), [("light", "en", 1440), ("dark", "zh", 1440), ("light", "zh", 390)]
)
def test_no_page_has_a_serious_finding(browser, site, addresses, theme, language, width):
    grave = {}
    with Walk(browser, site, width=width, theme=theme) as walk:
        walk.sign_in()
        walk.chooses(language)
        for address in addresses:
            walk.page.goto(site + address)
            answer = Axe().run(walk.page, options={"resultTypes": ["violations"]}).response
            for one in answer["violations"]:
                if one["impact"] in GRAVE:
                    grave[address, one["id"]] = [node["html"][:120] for node in one["nodes"]][:3]
    assert not grave


def test_axe_would_notice(browser, site):
    with Walk(browser, site) as walk:
        walk.page.goto(f"{site}/sign-in")
        walk.page.evaluate("document.querySelector('label[for=name]').remove()")
        answer = Axe().run(walk.page).response
        assert "label" in {one["id"] for one in answer["violations"] if one["impact"] in GRAVE}


def test_each_stop_of_the_keyboard_is_seen_and_nothing_is_left_out(browser, site, addresses):
    unseen, left_out = {}, {}
    with Walk(browser, site) as walk:
        walk.sign_in()
        for address in addresses:
            walk.page.goto(site + address)
            if found := walk.page.evaluate(REACHABLE):
                left_out[address] = found
            for _ in range(60):
                walk.page.keyboard.press("Tab")
                stop = walk.page.evaluate(FOCUSED)
                if not stop["where"]:
                    break
                if not stop["seen"]:
                    unseen.setdefault(address, stop["where"])
    assert not unseen
    assert not left_out


def test_the_first_stop_is_the_way_past_the_menu(browser, site, addresses):
    with Walk(browser, site) as walk:
        walk.sign_in()
        for address in addresses:
            walk.page.goto(site + address)
            walk.page.keyboard.press("Tab")
            assert walk.page.evaluate("document.activeElement.className") == "skip", address


def test_escape_closes_menus_and_gives_the_focus_back(browser, site):
    with Walk(browser, site) as walk:
        walk.sign_in()
        walk.page.focus(".person summary")
        walk.page.keyboard.press("Enter")
        assert walk.page.locator(".person-menu").is_visible()
        walk.page.keyboard.press("Escape")
        assert not walk.page.locator(".person-menu").is_visible()
        assert walk.page.evaluate("document.activeElement.tagName") == "SUMMARY"
    with Walk(browser, site, width=390) as walk:
        walk.sign_in()
        walk.page.click("button.menu")
        assert walk.page.locator("button.menu").get_attribute("aria-expanded") == "true"
        walk.page.keyboard.press("Escape")
        assert walk.page.locator("button.menu").get_attribute("aria-expanded") == "false"
        assert walk.page.evaluate("document.activeElement.className").startswith("icon menu")


def test_every_page_has_one_title(chief):
    for _, address, page in all_pages(chief, most=1):
        assert len(re.findall(r"<h1[ >]", page)) == 1, address
