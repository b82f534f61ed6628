"""The chat page: from a typed question to a streamed, checked answer with its sources beside it.

Everything about one browser tab is in its `Visit`, which Gradio keeps per session; nothing is
shared between tabs but the tutor and the store. How sources look is `sources`, how text is made
safe `markup`, how answers come about `tutor`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from ds542_tutor.app import messages, sources
from ds542_tutor.app.files import CourseFiles
from ds542_tutor.app.markup import LATEX_DELIMITERS
from ds542_tutor.app.streaming import relay
from ds542_tutor.conversations import Conversations
from ds542_tutor.dialogue import Answer, AnswerEvent, Delta, Finished, Stage, Turn
from ds542_tutor.errors import ConversationError, TutorError
from ds542_tutor.settings import Settings

if TYPE_CHECKING:
    from ds542_tutor.assembly import LiveTutor

EXAMPLES = (
    "How late can I hand in homework, and what does it cost me?",
    "Why do we divide by the square root of the dimension in attention?",
    "What does a convolutional layer assume about images?",
    "When is the next homework due?",
)
"""Questions the starter corpus answers; they fit the real course as well."""

_UNEXPECTED = "Something went wrong on the server. Your question is still below: try it again."

log = logging.getLogger(__name__)

Update = dict[Any, Any]
"""New values by component; components left out stay as they are."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question as asked and what the page shows for it."""

    question: str
    shown: str
    answer: Answer | None = None
    sources: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser tab. `session` is its secret; `conversation` is set by the first answer."""

    session: str
    conversation: str | None = None
    exchanges: tuple[Exchange, ...] = ()

    def turns(self) -> tuple[Turn, ...]:
        """What was said so far, as the tutor wants it; failed questions are left out."""
        return tuple(
            turn
            for exchange in self.exchanges
            if exchange.answer
            for turn in (
                Turn("user", exchange.question),
                Turn("assistant", exchange.answer.text),
            )
        )


@dataclass(slots=True)
class _Written:
    """What of an answer has arrived."""

    stage: str = "searching"
    text: str = ""
    answer: Answer | None = None

    def take(self, events: Iterable[AnswerEvent]) -> None:
        for event in events:
            match event:
                case Stage(name):
                    self.stage = name
                case Delta(piece):
                    self.text += piece
                case Finished(answer):
                    self.answer = answer


class ChatPage:
    """Builds the page and answers its events."""

    def __init__(
        self, tutor: LiveTutor, settings: Settings, store: Conversations, files: CourseFiles
    ) -> None:
        """`store` takes every finished answer; `files` finds the pages that sources show."""
        self._tutor = tutor
        self._settings = settings
        self._store = store
        self._files = files
        self._running: dict[str, threading.Event] = {}

    def build(self) -> gr.Blocks:
        """Return the page."""
        server = self._settings.server
        course = self._tutor.generation.course
        title = f"{course.name or 'Course'} tutor"
        page: gr.Blocks = gr.Blocks(title=title, analytics_enabled=False, fill_width=True)
        with page:
            self._visit = gr.State(None)
            with gr.Row(elem_id="ds-top"):
                gr.HTML(messages.masthead(title, course.term), elem_id="ds-masthead")
                self._new = gr.Button("New chat", elem_id="ds-new")
            with gr.Column(elem_id="ds-main"):
                self._place_components()
            gr.HTML(messages.footer(self._tutor.model.name), elem_id="ds-footer")
            self._wire()
        page.queue(max_size=server.queue, default_concurrency_limit=server.concurrency)
        return page

    def _place_components(self) -> None:
        self._chat = gr.Chatbot(
            elem_id="ds-chat",
            label="Conversation with the tutor",
            show_label=False,
            height=None,
            layout="bubble",
            buttons=[],
            latex_delimiters=LATEX_DELIMITERS,
            placeholder=messages.WELCOME,
            examples=[{"text": text} for text in EXAMPLES],
            feedback_options=None,
            sanitize_html=True,
            group_consecutive_messages=False,
        )
        self._sources = gr.HTML(sources.EMPTY, elem_id="ds-sources")
        with gr.Row(elem_id="ds-ask"):
            self._box = gr.Textbox(
                elem_id="ds-question",
                label="Your question",
                show_label=False,
                container=False,
                placeholder="Ask about the course",
                autofocus=True,
                lines=1,
                max_lines=8,
                scale=1,
                html_attributes=gr.InputHTMLAttributes(enterkeyhint="send"),
            )
            self._send = gr.Button("Ask", variant="primary", elem_id="ds-send", min_width=88)
            self._stop = gr.Button("Stop", elem_id="ds-stop", min_width=88, visible=False)

    def _wire(self) -> None:
        """Connect events. None is an endpoint for programs: `ds542-tutor ask --json` is that."""
        outputs = [self._visit, self._chat, self._box, self._send, self._stop, self._sources]
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        asking: dict[str, Any] = {
            **private,
            "outputs": outputs,
            "concurrency_limit": self._settings.server.concurrency,
            "concurrency_id": "answers",
        }
        typed = gr.on(
            [self._box.submit, self._send.click], self.ask, [self._box, self._visit], **asking
        )
        chosen = self._chat.example_select(self.ask_example, [self._visit], **asking)
        self._stop.click(self.stop, [self._visit], queue=False, **private)
        self._new.click(
            self.restart, [self._visit], outputs, queue=False, cancels=[typed, chosen], **private
        )

    async def ask_example(
        self, visit: Visit | None, chosen: gr.SelectData
    ) -> AsyncGenerator[Update, None]:
        """Ask one of the example questions."""
        async with aclosing(self.ask(chosen.value["text"], visit)) as updates:
            async for update in updates:
                yield update

    async def ask(self, question: str, visit: Visit | None) -> AsyncGenerator[Update, None]:
        """Answer a question, streaming; the final update has the checked answer and its sources."""
        visit = visit or Visit(secrets.token_urlsafe(16))
        asked = Exchange(question, messages.working("searching"))
        yield self._begin(visit, asked)
        cancel = self._running[visit.session] = threading.Event()
        stream = relay(lambda: self._tutor.answer(question, visit.turns(), cancel=cancel), cancel)
        written = _Written()
        try:
            async with aclosing(stream) as batches:
                async for events in batches:
                    written.take(events)
                    if written.answer is None:
                        shown = messages.draft(written.text, written.stage)
                        yield {self._chat: self._history(visit, replace(asked, shown=shown))}
            if written.answer is None:
                yield self._end(visit, replace(asked, shown=messages.stopped(written.text)))
            else:
                yield self._end(*await asyncio.to_thread(self._finish, visit, written.answer))
        except TutorError as error:
            yield self._fail(visit, asked, str(error))
        except Exception:
            log.exception("a question failed")
            yield self._fail(visit, asked, _UNEXPECTED)
        finally:
            cancel.set()
            if self._running.get(visit.session) is cancel:
                del self._running[visit.session]

    def stop(self, visit: Visit | None) -> None:
        """Stop the running answer; what was written so far is still checked and shown."""
        if visit and (cancel := self._running.get(visit.session)):
            cancel.set()

    def restart(self, visit: Visit | None) -> Update:
        """Begin a new chat; the old one stays in the store."""
        self.stop(visit)
        fresh = Visit(visit.session) if visit else None
        return {
            self._visit: fresh,
            self._chat: [],
            self._box: "",
            self._sources: sources.EMPTY,
            **self._idle(),
        }

    def _finish(self, visit: Visit, answer: Answer) -> tuple[Visit, Exchange]:
        """Save an answer and lay it out. Blocking: the store and the page sizes are on disk."""
        notices = list(answer.notices)
        try:
            if visit.conversation is None:
                visit = replace(visit, conversation=self._store.start(visit.session))
            self._store.save(visit.conversation or "", visit.session, answer)
        except ConversationError as error:
            log.warning("%s", error)
            notices.append("This answer could not be saved on the server; copy what you need.")
        identifier = str(len(visit.exchanges) + 1)
        return visit, Exchange(
            answer.question,
            messages.answer(identifier, answer, notices),
            answer,
            sources.panel(identifier, answer, self._files),
        )

    def _begin(self, visit: Visit, asked: Exchange) -> Update:
        return {
            self._visit: visit,
            self._chat: self._history(visit, asked),
            self._box: "",
            self._send: gr.update(visible=False),
            self._stop: gr.update(visible=True),
        }

    def _end(self, visit: Visit, done: Exchange) -> Update:
        visit = replace(visit, exchanges=(*visit.exchanges, done))
        update = {self._visit: visit, self._chat: self._history(visit), **self._idle()}
        if done.sources:
            update[self._sources] = "".join(e.sources for e in reversed(visit.exchanges))
        return update

    def _fail(self, visit: Visit, asked: Exchange, reason: str) -> Update:
        """Say in one line what went wrong, and give the question back to be mended."""
        failed = replace(asked, shown=messages.failure(reason))
        return {**self._end(visit, failed), self._box: asked.question}

    def _idle(self) -> Update:
        return {self._send: gr.update(visible=True), self._stop: gr.update(visible=False)}

    @staticmethod
    def _history(visit: Visit, current: Exchange | None = None) -> list[dict[str, str]]:
        """Every message of the tab, as the chat component wants them."""
        exchanges = (*visit.exchanges, current) if current else visit.exchanges
        return [
            message
            for exchange in exchanges
            for message in (
                {"role": "user", "content": messages.question(exchange.question)},
                {"role": "assistant", "content": exchange.shown},
            )
        ]
