"""In a real browser: the map is drawn, figures follow what is typed, and rows chosen are called."""

import pytest
from walking import NO_BROWSER, Walk

pytestmark = [pytest.mark.slow, NO_BROWSER, pytest.mark.xdist_group("pages")]


@pytest.fixture
def walk(browser, site):
    with Walk(browser, site) as one:
        one.sign_in()
        one.chooses("en")
        yield one
        assert not one.complaints


def until(page, holds) -> None:
    """Waits till something holds; the pages' policy lets no browser evaluate it."""
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(50)
    pytest.fail("it never held")


def test_the_map_is_drawn_with_a_disc_for_each_segment(walk):
    page = walk.page
    page.goto(f"{walk.site}/segments")
    page.wait_for_selector('.picture[data-drawn="scatter"] canvas')
    drawn = page.evaluate(
        "document.querySelector('.picture').closest('figure').bankmineSpec.groups[0].sizes.length"
    )
    assert drawn == page.locator(".portrait").count() > 2


def test_counts_follow_while_rules_are_written_and_the_focus_stays(walk):
    page = walk.page
    page.goto(f"{walk.site}/segments/rules/new")
    page.fill("#set_name", "Written in a browser")
    page.fill("#r0_name", "Earning")
    page.select_option("#r0_c0_column", "profit_minor")
    page.wait_for_selector("#r0_c0_test")
    page.fill("#r0_c0_value", "1")
    until(page, lambda: page.inner_text("#counts tbody td") != "0")
    many = page.inner_text("#counts")
    page.fill("#r0_c0_value", "2000")
    until(page, lambda: page.inner_text("#counts") != many)
    assert page.evaluate("document.activeElement.id") == "r0_c0_value"
    until(
        page,
        lambda: page.inner_text("#takes-0").split()[1] == page.inner_text("#counts tbody td:nth-child(3)"),
    )
    page.fill("#r0_c0_value", "2001")  # and at once a button: neither is lost
    page.focus("button[value=add]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#r1_name")
    assert page.input_value("#r0_c0_value") == "2001"
    page.focus("button[value=drop-1]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#r1_name", state="detached")
    page.focus("button.main[formaction]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".done")
    assert "Written in a browser" in page.inner_text("h1")


def test_rows_chosen_in_a_browser_are_on_the_call_list(walk):
    page = walk.page
    page.goto(f"{walk.site}/value/top")
    boxes = page.locator("input[name=customer]:checked")
    chosen = 2
    while boxes.count() > chosen:
        boxes.nth(chosen).uncheck()
    page.fill("#name", "Chosen in a browser")
    page.fill("#due", "2027-01-01")
    page.click("fieldset.put button.main")
    page.wait_for_selector(".done")
    assert page.locator("select[name=state]").count() == chosen
    page.click(".done button.link")
    page.wait_for_selector(".done:has-text('taken off')")
    assert page.locator("select[name=state]").count() == 0


def test_figures_follow_what_is_typed_in_a_browser(walk):
    page = walk.page
    page.goto(f"{walk.site}/portfolio/strategies")
    page.fill("#r2_w_probability", "> 2%")
    page.press("#r2_w_probability", "Tab")
    page.wait_for_selector("#trial:has-text('strategy tried')")
    assert page.input_value("#r2_w_probability") == "> 2%"
    assert page.evaluate("document.activeElement.id") == "r2_w_app_product"
