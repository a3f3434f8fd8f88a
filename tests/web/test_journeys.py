"""What each role does on an ordinary day, in both languages, in a real browser: without a complaint.

Everybody opens every entry of their menu; then each role does its own work and takes it back.
"""

import pytest
from walking import NO_BROWSER, Walk

from bankmine.governance import Role
from bankmine.web.texts import texts

pytestmark = [pytest.mark.slow, NO_BROWSER, pytest.mark.xdist_group("pages")]
LANGUAGES = ("en", "zh")


def undone(walk: Walk) -> None:
    """The act that was just done is taken back by its link."""
    walk.page.click(".done button.link")
    walk.page.wait_for_selector(".done[role=status]")


def operator(walk: Walk, t) -> None:
    """From the list of whom to keep to one customer, whose reasons are read."""
    walk.page.goto(f"{walk.site}/lists/churn")
    walk.page.click("table tbody a[href^='/customers/'] >> nth=0")
    walk.page.wait_for_load_state("networkidle")
    assert walk.page.locator("h1").count() == 1
    walk.page.click("details.how summary")
    assert walk.page.locator("details.how p").first.is_visible()


def risk_officer(walk: Walk, t) -> None:
    """The register by expected saving, then its first borrower."""
    walk.page.goto(f"{walk.site}/lists/early_warning/register")
    walk.page.click("thead a >> nth=2")
    assert "sort=" in walk.page.url
    walk.page.click("table tbody a[href^='/customers/'] >> nth=0")
    walk.page.wait_for_load_state("networkidle")


def fraud_analyst(walk: Walk, t) -> None:
    """The cards to look at today, by grade."""
    walk.page.goto(f"{walk.site}/lists/card_fraud")
    walk.page.select_option("#f-grade", index=1)
    walk.page.press("#f-grade", "Enter")
    walk.page.wait_for_load_state("networkidle")
    assert walk.page.locator("table tbody tr").count() > 0


def data_miner(walk: Walk, t) -> None:
    """A model's verdict and tests, and the form that starts a run."""
    walk.page.goto(f"{walk.site}/models/churn")
    assert walk.page.locator("ul.statements li").count() > 3
    walk.page.goto(f"{walk.site}/tasks")
    walk.page.select_option("#task", "churn")
    assert walk.page.locator("button.main").inner_text() == t("tasks.start")


def database_administrator(walk: Walk, t) -> None:
    """What runs and ran, and what a run's SQL was."""
    walk.page.goto(f"{walk.site}/models/value")
    walk.page.click("details.panel summary >> nth=-1")
    assert walk.page.locator("details.panel pre").last.is_visible()


def auditor(walk: Walk, t) -> None:
    """The chain is verified and found whole."""
    walk.page.goto(f"{walk.site}/administration/audit")
    walk.page.click("form[action*='verify'] button")
    walk.page.wait_for_selector(".done[role=status]")


def administrator(walk: Walk, t) -> None:
    """Somebody is added, and that is taken back."""
    walk.page.goto(f"{walk.site}/administration/people")
    walk.page.click("details.panel summary")
    name = f"new colleague {t.language}"
    walk.page.fill("details.panel #name", name)
    walk.page.fill("details.panel #password", "five slow green turtles")
    walk.page.check("details.panel input[value=auditor]")
    walk.page.click("details.panel button.main")
    walk.page.wait_for_selector(".done[role=status]")
    assert name in walk.page.inner_text("main")
    undone(walk)


WORK = {
    Role.operator: operator, Role.risk_officer: risk_officer, Role.fraud_analyst: fraud_analyst,
    Role.data_miner: data_miner, Role.database_administrator: database_administrator,
    Role.auditor: auditor, Role.administrator: administrator,
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", Role)
def test_the_day_of(browser, site, role, language):
    with Walk(browser, site, theme="dark" if language == "zh" else "light") as walk:
        walk.sign_in(f"walking {role}")
        walk.chooses(language)
        entries = walk.page.locator("#navigation a")
        for number in range(entries.count()):
            label = entries.nth(number).inner_text()
            entries.nth(number).click()
            walk.page.wait_for_load_state("networkidle")
            assert walk.page.locator("#navigation a[aria-current=page]").inner_text() == label
            assert walk.page.locator("h1").count() == 1, label
        WORK[role](walk, texts(language))
        assert walk.complaints == []
        assert all(url.startswith((site, "data:")) for url in walk.requests)


def test_every_role_has_its_work():
    assert set(WORK) == set(Role)
