"""The HTML report of an evaluation in a real browser: it fits, and its page links open pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import LAPTOP, PHONE
from playwright.sync_api import Browser, Page, expect
from report_samples import made_run

from ds542_tutor.assembly import LiveTutor
from eval.html.report import write_html

UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"


@pytest.fixture(scope="module")
def report(starter_tutor: LiveTutor, tmp_path_factory: pytest.TempPathFactory) -> str:
    generation = starter_tutor.tutor.generation
    path = write_html(tmp_path_factory.mktemp("report"), *made_run(generation), generation)
    return path.as_uri()


@pytest.fixture(params=[LAPTOP, PHONE], ids=["laptop", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, report: str) -> Iterator[Page]:
    """The opened report; fails on script errors, console messages and on any other request."""
    page = browser.new_page(viewport=request.param)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("request", lambda r: r.url.startswith((report, "data:")) or wrong.append(r.url))
    page.goto(report)
    yield page
    page.close()
    assert wrong == []


def test_nothing_overflows_folded_or_not(page: Page) -> None:
    overflow = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(overflow) <= 0
    page.evaluate(UNFOLD)
    assert page.evaluate(overflow) <= 0


def test_a_page_link_opens_the_page_and_closing_leads_back(page: Page) -> None:
    page.evaluate(UNFOLD)
    link = page.locator("a.open-page").first
    link.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    link.click()
    shown = page.locator(".lightbox:target img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1000
    page.locator(".lightbox:target .close").click()
    expect(page.locator(".lightbox:target")).to_have_count(0)
    assert page.evaluate("scrollY") == before


def test_escape_closes_a_page(page: Page) -> None:
    page.evaluate(UNFOLD)
    page.locator("a.open-page").first.click()
    expect(page.locator(".lightbox:target")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".lightbox:target")).to_have_count(0)


def test_it_works_without_scripts(browser: Browser, report: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    page.locator("details.failure:not([open]) > summary").first.click()
    page.locator("a.open-page:visible").first.click()
    expect(page.locator(".lightbox:target img")).to_be_visible()
    page.locator(".lightbox:target .close").click()
    expect(page.locator(".lightbox:target")).to_have_count(0)
    context.close()
