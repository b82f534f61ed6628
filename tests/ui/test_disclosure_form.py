"""Writing a disclosure from the page: of an answer, of a conversation, and how the form looks."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from browsing import LAPTOP, PHONE, Open, ask
from playwright.sync_api import Page, expect

HOW, WHY = "I used its <b>explanation</b> & wording.", "The slide was too short for me."


def opened(page: Page, number: int = 1) -> str:
    """Press the button under an answer; return the form's selector."""
    page.locator(f"#ds-chat button[value=export-{number}]").click()
    form = f"#export-{number}"
    expect(page.locator(f"{form} select")).to_be_focused()
    expect(page.locator(form)).to_be_visible()
    return form


def written(page: Page, form: str) -> str:
    page.locator(f"{form} .ds-make").click()
    expect(page.locator(f"{form} .ds-made")).to_be_visible()
    return page.locator(f"{form} .ds-made pre").text_content() or ""


def test_an_appendix_of_one_answer_is_written_downloaded_and_copied(
    visit: Open, scripted_url: str
) -> None:
    page = visit(scripted_url, permissions=["clipboard-read", "clipboard-write"])
    ask(page, "Why <i>divide</i>?")
    form = opened(page)
    page.fill(f"{form} [name=how]", HOW)
    page.fill(f"{form} [name=why]", WHY)
    page.check(f"{form} [name=used] >> nth=0")
    text = written(page, form)
    assert "**Answer, used**" in text and "> Why &lt;i>divide&lt;/i>?" in text
    assert "> I used its &lt;b>explanation&lt;/b> & wording." in text and WHY in text
    with page.expect_download() as download:
        page.click(f"{form} .ds-download")
    assert download.value.suggested_filename == "ai-use.md"
    assert Path(download.value.path()).read_text(encoding="utf-8") == text
    page.get_by_role("button", name="Copy the disclosure").click()
    expect(page.locator(f"{form} .ds-copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text


def test_how_and_why_are_asked_for(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "Why?")
    form = opened(page)
    page.click(f"{form} .ds-make")
    expect(page.locator(f"{form} .ds-wrong")).to_contain_text("Say how and why you used the tutor")
    expect(page.locator(f"{form} .ds-made")).to_be_hidden()
    page.fill(f"{form} [name=how]", HOW)
    page.click(f"{form} .ds-make")
    expect(page.locator(f"{form} .ds-wrong")).to_contain_text("Say why you used the tutor")
    page.fill(f"{form} [name=why]", WHY)
    assert WHY in written(page, form)
    expect(page.locator(f"{form} .ds-wrong")).to_be_hidden()


def test_the_whole_conversation_in_order_with_the_parts_of_each_answer(
    visit: Open, scripted_url: str
) -> None:
    page = visit(scripted_url)
    ask(page, "First?")
    first = opened(page)
    page.fill(f"{first} [name=how]", HOW)
    page.check(f"{first} [name=used] >> nth=0")
    ask(page, "Second?")
    # A new answer draws everything anew: what was typed and marked is still there.
    expect(page.locator(f"{first} [name=how]")).to_have_value(HOW)
    expect(page.locator(f"{first} [name=used] >> nth=0")).to_be_checked()
    second = opened(page, 2)
    page.check(f"{second} [value=all]")
    page.fill(f"{second} [name=how]", HOW)
    page.fill(f"{second} [name=why]", WHY)
    page.select_option(f"{second} select", "text")
    text = written(page, second)
    assert 0 < text.index("| First?") < text.index("| Second?")
    assert text.count("Answer, used:") == 1 and text.count("Answer:") == 1
    page.click("#ds-new")
    expect(page.locator("#ds-chat .user-row")).to_have_count(0)
    ask(page, "Anew?")
    expect(page.locator("#export-1 [name=how]")).to_have_value("")


@pytest.mark.parametrize("form_name", ["code", "notebook", "latex"])
def test_the_other_forms(visit: Open, scripted_url: str, form_name: str) -> None:
    page = visit(scripted_url)
    ask(page, "Forms?")
    form = opened(page)
    page.select_option(f"{form} select", form_name)
    if form_name == "latex":
        page.fill(f"{form} [name=how]", "100 % \\input{x}")
        page.fill(f"{form} [name=why]", WHY)
        assert r"100\ \%\ \textbackslash{}input\{x\}" in written(page, form)
        return
    expect(page.locator(f"{form} [name=how]")).to_be_hidden()
    text = written(page, form)
    assert "# Prompt: Forms?" in text and "Use: [ ] as is  [ ] modified somewhat" in text
    if form_name == "notebook":
        cell = json.loads(text)
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
        nbformat.validate(nbformat.from_dict(book))


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_form_fits_the_window(
    visit: Open, starter_url: str, viewport: dict[str, int], tmp_path: Path
) -> None:
    page = visit(starter_url, viewport)
    ask(page, "How late can I hand in homework, and what does it cost me?")
    form = opened(page)
    page.fill(f"{form} [name=how]", HOW)
    page.fill(f"{form} [name=why]", WHY)
    written(page, form)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= viewport["width"]
    for box in page.locator(f"{form} :is(select, textarea, pre:not([hidden]))").all():
        place = box.bounding_box()
        assert place and place["x"] >= 0 and place["x"] + place["width"] <= viewport["width"]
    page.screenshot(path=tmp_path / "form.png")


def test_the_keyboard_is_enough(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "Keys?")
    page.locator("#ds-chat button[value=export-1]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#export-1 select")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#export-1 [name=used] >> nth=0")).to_be_checked()
