"""A conversation in a real browser: streaming, stopping, starting anew, failing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from browsing import ANSWER_MS, BOX, LAST, Open, ask, begin, serving
from fakes_app import FakeTutor
from playwright.sync_api import expect

from ds542_tutor.conversations import FILE
from ds542_tutor.settings import PathSettings, Settings


def test_an_answer_streams_and_the_stop_button_ends_it(
    visit: Open, scripted_url: str, scripted: FakeTutor
) -> None:
    scripted.cancelled.clear()
    page = visit(scripted_url)
    begin(page, "a slow one")
    expect(page.locator(LAST)).to_contain_text("word word", timeout=ANSWER_MS)
    expect(page.locator(LAST)).to_contain_text("Writing")
    page.click("#ds-stop")
    expect(page.locator("#ds-send")).to_be_visible(timeout=5000)
    assert scripted.cancelled.wait(3), "the model itself was stopped"
    expect(page.locator(LAST)).to_contain_text("Cut short")
    expect(page.locator(BOX)).to_be_focused()


def test_a_visitor_who_leaves_frees_the_model(
    visit: Open, scripted_url: str, scripted: FakeTutor
) -> None:
    scripted.cancelled.clear()
    page = visit(scripted_url)
    begin(page, "slow, and I am off")
    expect(page.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
    page.close()
    assert scripted.cancelled.wait(15)


def test_a_new_chat_forgets_the_old_one_even_in_mid_answer(
    visit: Open, scripted_url: str, scripted: FakeTutor
) -> None:
    page = visit(scripted_url)
    ask(page, "Something old?")
    begin(page, "slow and old")
    expect(page.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
    page.click("#ds-new")
    expect(page.locator("#ds-chat .user-row")).to_have_count(0)
    expect(page.locator(".ds-source")).to_have_count(0)
    ask(page, "Something new?")
    expect(page.locator("#ds-chat .user-row")).to_have_count(1)
    assert scripted.asked[-1] == ("Something new?", ())


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("   ", "The question is empty"),
        ("x" * 100_000, "100,000 characters"),
        ("is the server down", "does not answer; start it."),
    ],
)
def test_an_error_is_one_friendly_line_and_the_question_is_given_back(
    visit: Open, scripted_url: str, question: str, said: str
) -> None:
    page = visit(scripted_url)
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    failure = page.locator("#ds-chat .ds-failure")
    expect(failure).to_contain_text(said, timeout=ANSWER_MS)
    expect(page.locator(BOX)).to_have_value(question)
    page.fill(BOX, "")
    ask(page, "And now?")
    expect(page.locator(LAST)).to_contain_text("You asked: And now?")


def test_an_unforeseen_failure_tells_the_student_nothing_of_the_machine(
    visit: Open, scripted_url: str
) -> None:
    page = visit(scripted_url)
    begin(page, "crash please")
    expect(page.locator("#ds-chat .ds-failure")).to_contain_text("Something went wrong")
    assert "/home/someone" not in page.content()
    assert "Traceback" not in page.content()


def test_an_answer_that_cannot_be_saved_is_still_given(
    visit: Open, scripted: FakeTutor, tmp_path: Path
) -> None:
    settings = Settings(paths=PathSettings(data=tmp_path / "data"))
    with serving(scripted, settings) as url:
        page = visit(url)
        ask(page, "Before?")
        with closing(sqlite3.connect(tmp_path / "data" / FILE)) as broken, broken:
            broken.execute("ALTER TABLE answers RENAME TO lost")
        ask(page, "After?")
        expect(page.locator(LAST)).to_contain_text("You asked: After?")
        expect(page.locator(LAST)).to_contain_text("could not be saved")


def test_a_question_typed_during_an_answer_is_kept(
    visit: Open, scripted_url: str, scripted: FakeTutor
) -> None:
    page = visit(scripted_url)
    begin(page, "slow still")
    expect(page.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
    page.fill(BOX, "my next question")
    page.press(BOX, "Enter")
    page.click("#ds-stop")
    expect(page.locator("#ds-send")).to_be_visible(timeout=ANSWER_MS)
    expect(page.locator(BOX)).to_have_value("my next question")
    assert scripted.asked[-1][0] == "slow still"
    page.press(BOX, "Enter")
    expect(page.locator(LAST)).to_contain_text("You asked: my next question", timeout=ANSWER_MS)
