"""One browser tab: questions that wait, get lost, are withdrawn or forgotten."""

import asyncio
from dataclasses import replace

import gradio as gr
import pytest
from fakes_app import FakeTutor

from ds542_tutor.app.chat import ChatPage, Visit
from ds542_tutor.app.files import CourseFiles
from ds542_tutor.conversations import Conversations
from ds542_tutor.settings import Settings


@pytest.fixture(scope="module")
def page(tutor: FakeTutor, tmp_path_factory: pytest.TempPathFactory) -> ChatPage:
    store = Conversations(tmp_path_factory.mktemp("visits"))
    page = ChatPage(tutor, Settings(), store, CourseFiles(lambda: tutor.generation))
    page.build()
    return page


def visit_in(update: dict[object, object]) -> Visit:
    return next(value for value in update.values() if isinstance(value, Visit))


def test_a_question_waits_until_the_one_before_is_answered(page: ChatPage) -> None:
    first = replace(visit_in(page.begin("first", None)), running=True)
    assert page.begin("second", first) == page.begin("", first) == gr.skip()
    assert not first.cancel.is_set()


def test_a_browser_that_comes_back_to_a_lost_answer_can_ask_again(page: ChatPage) -> None:
    lost = replace(visit_in(page.begin("first", None)), running=True)
    lost.over.set()
    again = visit_in(page.begin("second", lost))
    assert again.asked is not None
    assert again.asked.question == "second"
    assert [exchange.question for exchange in again.exchanges] == ["first"]
    assert again.session == lost.session
    assert not again.over.is_set()
    assert again.turns() == (), "an unanswered question is no turn"


def test_a_question_can_be_withdrawn_before_its_turn(page: ChatPage) -> None:
    waiting = visit_in(page.begin("first", None))
    stopped = visit_in(page.stop(waiting))
    assert stopped.asked is None
    assert waiting.cancel.is_set()


def test_nothing_of_an_answer_is_shown_after_a_new_chat_began(page: ChatPage) -> None:
    waiting = visit_in(page.begin("slow", None))

    async def run() -> list[dict[object, object]]:
        updates = []
        async for update in page.answer(waiting):
            updates.append(update)
            if len(updates) == 2:
                page.restart(waiting)
        return updates

    updates = asyncio.run(run())
    assert len(updates) == 2
    assert page.refuse(waiting) == gr.skip()


def test_every_visitor_gets_a_secret_of_their_own(page: ChatPage) -> None:
    sessions = {visit_in(page.begin("q", None)).session for _ in range(20)}
    assert len(sessions) == 20
    assert min(map(len, sessions)) >= 20
