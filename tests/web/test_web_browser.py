"""The pages in a real browser: sign in, find a customer, look at them; both languages, light, dark, narrow.

Nothing breaks the policy, nothing is said on the console, nothing is asked of another host.
"""

import pytest
from walking import NO_BROWSER, Walk

pytestmark = [pytest.mark.slow, NO_BROWSER, pytest.mark.xdist_group("pages")]
PAGES = (
    "/", "/customers", "/lists/segmentation", "/lists/value", "/models", "/models/value", "/tasks",
    "/account", "/administration/people", "/administration/sessions", "/administration/audit",
)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "customers", "flags"), [("en", "Customers", "Flags"), ("zh", "客户", "标记")]
)
def test_the_journey_from_signing_in_to_a_customer_whole(browser, site, language, customers, flags):
    with Walk(browser, site) as walk:
        page = walk.page
        walk.sign_in()
        walk.chooses(language)
        page.click(f"nav a:text-is('{customers}')")
        assert page.locator("h1").inner_text() == customers
        count = "#rows .caption + .quiet"
        before = page.locator(count).inner_text()
        page.click("summary:has(+ fieldset input[name=kind])")
        page.check("input[name=kind][value=company]")
        page.wait_for_url("**kind=company**")
        page.wait_for_function(
            "n => document.querySelector('#rows .caption + .quiet').innerText !== n", arg=before
        )
        page.click("#rows tbody a >> nth=0")
        page.wait_for_selector(".picture canvas, .columns")
        assert page.locator("#flags").inner_text() == flags
        assert "asof=" in page.url
        page.wait_for_load_state("networkidle")
        page.click("#identity summary")
        page.select_option("#reason", "complaint")
        page.click("#identity button")
        page.wait_for_selector("#identity .shown")
        page.click(".person summary")
        page.click(".person-menu button")
        page.wait_for_url("**/sign-in")
        assert walk.complaints == []
        assert all(url.startswith((site, "data:")) for url in walk.requests)


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (1024, "light"), (390, "dark")])
def test_no_page_is_wider_than_the_window_or_complains(browser, site, width, theme):
    with Walk(browser, site, width=width, theme=theme) as walk:
        walk.sign_in()
        for path in PAGES:
            walk.page.goto(site + path)
            assert walk.page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert walk.complaints == []


def test_the_policy_would_be_noticed_if_it_were_broken(browser, site):
    with Walk(browser, site) as walk:
        walk.page.goto(f"{site}/sign-in")
        walk.page.evaluate("document.body.setAttribute('style', 'color: red')")
        walk.page.wait_for_timeout(50)
        assert any("CSP style-src" in complaint for complaint in walk.complaints)


def test_everything_is_reached_by_keyboard(browser, site):
    with Walk(browser, site) as walk:
        walk.sign_in()
        walk.page.keyboard.press("Tab")
        assert walk.page.evaluate("document.activeElement.className") == "skip"
        walk.page.keyboard.press("Enter")
        walk.page.keyboard.press("Tab")
        assert walk.page.evaluate("document.activeElement.closest('main') !== null")
