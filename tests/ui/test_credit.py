"""Crediting an answer from the page."""

from __future__ import annotations

import pytest
from browsing import Open, ask
from playwright.sync_api import expect

COMMENT = "# AI assistance: ds542_tutor\n# Prompt: Credit?"
APPENDIX = "## Appendix: use of generative AI\n\n> Credit?"


@pytest.mark.parametrize(
    ("name", "text"), [("Copy code comment", COMMENT), ("Copy appendix", APPENDIX)]
)
def test_the_credit_is_copied_from_under_the_answer_without_a_mouse(
    visit: Open, scripted_url: str, name: str, text: str
) -> None:
    page = visit(scripted_url, permissions=["clipboard-read", "clipboard-write"])
    ask(page, "Credit?")
    ask(page, "Something else?")
    expect(page.locator("#ds-chat .ds-credit")).to_have_count(2)
    button = page.locator("#ds-chat").get_by_role("button", name=name).first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ds-chat .ds-copy", has_text="Copied")).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == text
    expect(button).to_have_text(name, timeout=5000)
    expect(button).to_be_focused()


def test_the_credit_is_copied_where_the_clipboard_is_closed(visit: Open, scripted_url: str) -> None:
    """As over plain http from another machine."""
    page = visit(scripted_url, permissions=["clipboard-read"])
    page.evaluate("Object.defineProperty(window, 'isSecureContext', {value: false})")
    ask(page, "Credit?")
    page.get_by_role("button", name="Copy code comment").click()
    expect(page.locator("#ds-chat .ds-copy").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == COMMENT


def test_the_credit_is_unfolded_where_nothing_can_be_copied(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    page.evaluate("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.evaluate("document.execCommand = () => false")
    ask(page, "Credit?")
    page.get_by_role("button", name="Copy appendix").click()
    expect(page.locator("#ds-chat .ds-copy").last).to_have_text("Select and copy")
    expect(page.locator("#appendix-1")).to_be_in_viewport()
    expect(page.locator("#appendix-1")).to_be_focused()


def test_the_whole_credit_can_be_read_and_copied_in_the_panel(
    visit: Open, scripted_url: str
) -> None:
    page = visit(scripted_url, permissions=["clipboard-read", "clipboard-write"])
    ask(page, "Credit?")
    page.click(".ds-credit > summary")
    expect(page.locator("#comment-1")).to_have_text(COMMENT)
    page.get_by_role("button", name="Copy the comment").click()
    expect(page.locator("#ds-sources .ds-copy").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == COMMENT
