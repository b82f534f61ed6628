"""What the page shows, at both widths, to eyes, keyboards and screen readers."""

from __future__ import annotations

import pytest
from browsing import BOX, LAPTOP, LAST, MARKER, PHONE, Open, ask
from playwright.sync_api import Page, expect


def test_formulas_are_typeset_and_prices_are_not(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "a formula")
    expect(page.locator(f"{LAST} >> .katex")).to_have_count(4)
    expect(page.locator(f"{LAST} >> .katex-display")).to_have_count(2)
    assert page.locator(".katex-error").count() == 0
    assert "cost $5 and $6" in page.inner_text(LAST)


def test_markup_in_questions_answers_and_files_is_inert(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "<img src=x onerror='window.pwned=1'><svg onload='window.pwned=1'> ${pwned=1}")
    expect(page.locator(".ds-source")).to_have_count(2)
    page.wait_for_timeout(500)  # a handler would have run by now
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert page.locator("#ds-chat img").count() == 0
    assert page.locator("#ds-sources img[src=x], #ds-sources script").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert "<img src=x" in page.inner_text("#ds-chat .user-row")
    expect(page.locator(".ds-source h3").nth(1)).to_have_text("<b>Bold</b>")
    assert page.locator(MARKER).count() == 1, "a marker without a source is no link"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_nothing_is_wider_than_the_screen(
    visit: Open, scripted_url: str, viewport: dict[str, int], scheme: str
) -> None:
    page = visit(scripted_url, viewport, color_scheme=scheme)
    assert overflow(page) <= 0
    ask(page, "a formula")
    ask(page, "x" * 300)
    page.click(".ds-credit > summary >> nth=0")
    assert overflow(page) <= 0


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_sources_stand_beside_the_answer_or_below_it(visit: Open, scripted_url: str) -> None:
    for viewport, beside in ((LAPTOP, True), (PHONE, False)):
        page = visit(scripted_url, viewport)
        ask(page, "Where?")
        chat = page.locator("#ds-chat").bounding_box()
        panel = page.locator("#ds-sources").bounding_box()
        assert chat and panel
        assert (panel["x"] >= chat["x"] + chat["width"] - 1) == beside
        assert (panel["y"] >= chat["y"] + chat["height"] - 1) != beside
        expect(page.locator(BOX)).to_be_in_viewport()


def test_the_page_can_be_used_and_read_without_a_mouse(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    expect(page.locator(BOX)).to_be_focused()
    expect(page.get_by_role("textbox", name="Your question")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("DS542 tutor")
    ask(page, "Read aloud?")
    expect(page.locator(BOX)).to_be_focused()
    assert page.locator("#ds-chat [data-testid=bot][aria-label]").count() == 0
    expect(page.get_by_role("log")).to_contain_text("You asked: Read aloud?")
    assert all(page.locator(".ds-page img").evaluate_all("images => images.map(i => i.alt)"))
