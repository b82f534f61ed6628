"""Several students at once, each with a chat of their own."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from browsing import ANSWER_MS, BOX, LAST, Open, ask, begin, serving
from fakes_app import FakeTutor
from playwright.sync_api import expect

from ds542_tutor.conversations import FILE
from ds542_tutor.settings import PathSettings, ServerSettings, Settings


def test_two_visitors_at_once_see_and_store_their_own_chat_only(
    visit: Open, scripted_url: str, scripted: FakeTutor, scripted_data: Path
) -> None:
    anna, ben = visit(scripted_url), visit(scripted_url)
    begin(anna, "annas secret")
    begin(ben, "bens secret")
    for page, own, other in ((anna, "annas", "bens"), (ben, "bens", "annas")):
        expect(page.locator("#ds-send")).to_be_visible(timeout=ANSWER_MS)
        assert f"You asked: {own} secret" in page.inner_text("#ds-chat")
        assert f"{other} secret" not in page.content()
    ask(anna, "and then?")
    turns = scripted.asked[-1][1]
    assert [turn.text for turn in turns if turn.role == "user"] == ["annas secret"]
    with closing(sqlite3.connect(scripted_data / FILE)) as store:
        chats = dict(store.execute("SELECT text, conversation_id FROM turns WHERE role = 'user'"))
    assert chats["annas secret"] == chats["and then?"] != chats["bens secret"]


def test_students_are_answered_side_by_side(visit: Open, scripted_url: str) -> None:
    one, two = visit(scripted_url), visit(scripted_url)
    begin(one, "slow for one")
    expect(one.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
    begun = time.monotonic()
    ask(two, "quick for two")
    assert time.monotonic() - begun < 10, "a slow answer holds up nobody else"
    one.click("#ds-stop")
    expect(one.locator("#ds-send")).to_be_visible(timeout=ANSWER_MS)


def test_students_wait_their_turn_and_a_full_queue_says_so(
    visit: Open, scripted: FakeTutor, tmp_path: Path
) -> None:
    settings = Settings(
        paths=PathSettings(data=tmp_path), server=ServerSettings(concurrency=1, queue=1)
    )
    with serving(scripted, settings) as url:
        first, second, third = visit(url), visit(url), visit(url)
        begin(first, "slow and first")
        expect(first.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
        begin(second, "second")
        expect(second.locator(LAST)).to_contain_text("Waiting for a free place")
        third.fill(BOX, "third")
        third.press(BOX, "Enter")
        expect(third.locator("#ds-chat .ds-failure")).to_contain_text("Too many students")
        expect(third.locator(BOX)).to_have_value("third")
        first.click("#ds-stop")
        expect(second.locator(LAST)).to_contain_text("You asked: second", timeout=ANSWER_MS)
