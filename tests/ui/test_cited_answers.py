"""Cited answers in a real browser: markers, marked pages, the PDF, over the starter corpus."""

from __future__ import annotations

from browsing import ANSWER_MS, LAST, MARKER, Open, ask, begin, marked_share
from playwright.sync_api import expect


def test_a_question_gets_a_cited_answer_and_its_page_with_the_passage_marked(
    visit: Open, starter_url: str
) -> None:
    page = visit(starter_url)
    ask(page, "Why do we divide by the square root of the dimension in attention?")
    expect(page.locator(MARKER).first).to_be_visible()
    assert "softmax" in page.inner_text(LAST)
    assert "quotes" in page.inner_text("#ds-chat .ds-by")
    source = page.locator(".ds-source", has_text="Lecture 7").first
    expect(source.locator("h3")).to_contain_text("Attention")
    expect(source.locator(".ds-place")).to_contain_text("slide")
    image = source.locator("img")
    image.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 600",
                           arg=image.element_handle())  # fmt: skip
    assert source.locator("mark").count() > 1, "every sentence that it supports is marked"
    png = page.request.get(starter_url + (image.get_attribute("src") or "")).body()
    assert 0.002 < marked_share(png) < 0.5
    assert marked_share(image.screenshot()) > 0.002, "the mark shows on the page as well"


def test_the_pdf_opens_at_the_cited_page(visit: Open, starter_url: str) -> None:
    page = visit(starter_url)
    ask(page, "Why do we divide by the square root of the dimension in attention?")
    address = page.locator(".ds-links a").first.get_attribute("href") or ""
    file, _, fragment = address.partition("#page=")
    assert int(fragment) > 1
    got = page.request.get(starter_url + file)
    assert got.headers["content-type"] == "application/pdf"
    assert got.body().startswith(b"%PDF")


def test_the_syllabus_answers_how_late_homework_may_be(visit: Open, starter_url: str) -> None:
    page = visit(starter_url)
    page.get_by_text("How late can I hand in homework").click()
    expect(page.locator(MARKER).first).to_be_visible(timeout=ANSWER_MS)
    text = page.inner_text(LAST)
    assert "48 hours" in text or "two days" in text
    assert "20" in text
    expect(page.locator(".ds-source", has_text="Course site").first).to_be_visible()
    expect(page.locator(".ds-source mark").first).to_be_visible()


def test_a_marker_shows_its_source(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "First?")
    ask(page, "Second?")
    page.locator(MARKER).nth(1).click()  # the first answer's second marker
    current = page.locator(".ds-source.ds-current")
    expect(current).to_have_count(1)
    expect(current).to_have_id("source-1-2")
    expect(current).to_be_focused()
    expect(current).to_be_in_viewport()


def test_a_marker_works_from_the_keyboard(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "Keys?")
    page.locator(MARKER).first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#source-1-1")).to_be_focused()


def test_markers_settle_while_the_answer_is_written(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    begin(page, "a judged one")
    last = page.locator(LAST)
    expect(last.locator("span.ds-open")).to_have_text("1", timeout=ANSWER_MS)
    expect(last.locator("span.ds-supported")).to_have_text("1")
    expect(last.locator("span.ds-weak")).to_have_text("2")
    expect(last.locator("span.ds-unsupported")).to_have_text("1")
    expect(last).to_contain_text("Writing")  # the text is still coming

    expect(last.locator("a.ds-supported")).to_have_text("1", timeout=ANSWER_MS)
    expect(last.locator("a.ds-weak")).to_have_attribute(
        "title", "Show source 2: it says this only in part"
    )
    expect(last).not_to_contain_text("moon")
