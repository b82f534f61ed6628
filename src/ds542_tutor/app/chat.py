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
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from ds542_tutor.app import messages, sources
from ds542_tutor.app.files import CourseFiles
from ds542_tutor.app.markup import LATEX_DELIMITERS
from ds542_tutor.app.streaming import relay
from ds542_tutor.conversations import Conversations
from ds542_tutor.dialogue import (
    Answer,
    AnswerEvent,
    Delta,
    Finished,
    Judged,
    Stage,
    Turn,
    Verdict,
)
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
_BUSY = "Too many students are asking at this moment. Your question is still below: try it again."
_UNSAVED = "This answer could not be saved on the server; copy what you need."

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
    """One browser tab.

    Attributes:
        session: its secret. conversation: in the store, once there is an answer.
        exchanges: what was asked and answered so far.
        asked: the question under way. running: its turn has come.
        cancel: set to stop it. over: set when nobody answers it any more; a browser that lost its
            connection comes back to a question that is `running` and `over`.
        dropped: set when a new chat began meanwhile: nothing about this one is shown any more.
    """

    session: str
    conversation: str | None = None
    exchanges: tuple[Exchange, ...] = ()
    asked: Exchange | None = None
    running: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    dropped: threading.Event = field(default_factory=threading.Event)

    @property
    def busy(self) -> bool:
        """A question is being answered at this moment."""
        return self.running and not self.over.is_set()

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
    verdicts: tuple[Verdict, ...] = ()
    answer: Answer | None = None

    def take(self, events: Iterable[AnswerEvent]) -> None:
        for event in events:
            match event:
                case Stage(name):
                    self.stage = name
                case Delta(piece):
                    self.text += piece
                case Judged(verdicts):
                    self.verdicts += verdicts
                case Finished(answer):
                    self.answer = answer

    @property
    def shown(self) -> str:
        return messages.draft(self.text, self.stage, self.verdicts)


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
            [self._box.submit, self._send.click],
            self.begin, [self._box, self._visit], outputs, queue=False, **private,
        )  # fmt: skip
        chosen = self._chat.example_select(
            self.begin_example, [self._visit], outputs, queue=False, **private
        )
        events = []
        for begun in (typed, chosen):
            events += [answered := begun.then(self.answer, [self._visit], **asking)]
            # Gradio refuses a question without calling us when too many are waiting.
            answered.failure(self.refuse, [self._visit], outputs, queue=False, **private)
        self._stop.click(self.stop, [self._visit], outputs, queue=False, **private)
        # In two steps: what the old answer had sent already has arrived when the page is cleared.
        self._new.click(self.drop, [self._visit], queue=False, cancels=events, **private).then(
            self.restart, [self._visit], outputs, queue=False, **private
        )

    def begin(self, question: str, visit: Visit | None) -> Update:
        """Show a question at once, while its answer waits for its turn."""
        visit = visit or Visit(secrets.token_urlsafe(16))
        if visit.busy or (visit.asked and not question.strip()):  # pressed twice, or too early
            return _unchanged()
        given_up = (replace(visit.asked, shown=messages.stopped("")),) if visit.asked else ()
        visit.cancel.set()
        visit = Visit(
            visit.session,
            visit.conversation,
            (*visit.exchanges, *given_up),
            asked=Exchange(question, messages.working("waiting")),
        )
        return {
            self._visit: visit,
            self._chat: _history(visit),
            self._box: "",
            self._send: gr.update(visible=False),
            self._stop: gr.update(visible=True),
        }

    def begin_example(self, visit: Visit | None, chosen: gr.SelectData) -> Update:
        """Ask one of the example questions."""
        return self.begin(chosen.value["text"], visit)

    async def answer(self, visit: Visit | None) -> AsyncGenerator[Update, None]:
        """Answer the question under way, streaming; at last with the checked text and sources."""
        if visit is None or visit.asked is None or visit.running:
            return
        visit = replace(visit, running=True)
        yield {self._visit: visit, **self._shown(visit, messages.working("searching"))}
        written = _Written()
        try:
            async with aclosing(relay(lambda: self._events(visit), visit.cancel)) as batches:
                async for events in batches:
                    written.take(events)
                    if visit.dropped.is_set():
                        return
                    if written.answer is None:
                        yield self._shown(visit, written.shown)
            if visit.dropped.is_set():
                return
            if written.answer is None:
                yield self._ended(visit, messages.stopped(written.text))
            else:
                yield await asyncio.to_thread(self._finish, visit, written.answer)
        except TutorError as error:
            yield self._failed(visit, str(error))
        except Exception:
            log.exception("a question failed")
            yield self._failed(visit, _UNEXPECTED)
        finally:
            visit.over.set()

    def stop(self, visit: Visit | None) -> Update:
        """Stop the question under way; what was written so far is still checked and shown."""
        if visit is None or visit.asked is None:
            return _unchanged()
        visit.cancel.set()
        if visit.busy:
            return _unchanged()
        return self._ended(visit, messages.stopped(""))

    def refuse(self, visit: Visit | None) -> Update:
        """Say that the queue is full, or that the connection broke."""
        if visit is None or visit.asked is None or visit.dropped.is_set():
            return _unchanged()
        return self._failed(visit, _UNEXPECTED if visit.running else _BUSY)

    def drop(self, visit: Visit | None) -> None:
        """Show nothing more of the question under way."""
        if visit:
            visit.dropped.set()
            visit.cancel.set()

    def restart(self, visit: Visit | None) -> Update:
        """Begin a new chat; the old one stays in the store."""
        self.drop(visit)
        return {
            self._visit: Visit(visit.session) if visit else None,
            self._chat: [],
            self._box: "",
            self._sources: sources.EMPTY,
            **self._idle(),
        }

    def _events(self, visit: Visit) -> Iterator[AnswerEvent]:
        assert visit.asked is not None  # `answer` has looked
        return self._tutor.answer(visit.asked.question, visit.turns(), cancel=visit.cancel)

    def _finish(self, visit: Visit, answer: Answer) -> Update:
        """Save an answer and lay it out. Blocking: the store and the page sizes are on disk."""
        notices = list(answer.notices)
        try:
            if visit.conversation is None:
                visit = replace(visit, conversation=self._store.start(visit.session))
            self._store.save(visit.conversation or "", visit.session, answer)
        except ConversationError as error:
            log.warning("%s", error)
            notices.append(_UNSAVED)
        identifier = str(len(visit.exchanges) + 1)
        shown = messages.answer(identifier, answer, notices)
        return self._ended(visit, shown, answer, sources.panel(identifier, answer, self._files))

    def _shown(self, visit: Visit, text: str) -> Update:
        """The conversation with `text` as the answer so far."""
        assert visit.asked is not None
        return {self._chat: _history(replace(visit, asked=replace(visit.asked, shown=text)))}

    def _ended(
        self, visit: Visit, text: str, answer: Answer | None = None, panel: str = ""
    ) -> Update:
        """The question under way becomes part of the conversation, and the box is free again."""
        assert visit.asked is not None
        done = Exchange(visit.asked.question, text, answer, panel)
        visit = replace(visit, exchanges=(*visit.exchanges, done), asked=None, running=False)
        update = {self._visit: visit, self._chat: _history(visit), **self._idle()}
        if panel:
            update[self._sources] = "".join(e.sources for e in reversed(visit.exchanges))
        return update

    def _failed(self, visit: Visit, reason: str) -> Update:
        """Say in one line what went wrong, and give the question back to be mended."""
        assert visit.asked is not None
        return {
            **self._ended(visit, messages.failure(reason)),
            self._box: visit.asked.question,
        }

    def _idle(self) -> Update:
        return {self._send: gr.update(visible=True), self._stop: gr.update(visible=False)}


def _unchanged() -> Update:
    """No new value for anything: what another event is showing meanwhile stays."""
    skipped: Update = gr.skip()
    return skipped


def _history(visit: Visit) -> list[dict[str, str]]:
    """Every message of the tab, as the chat component wants them."""
    exchanges = (*visit.exchanges, visit.asked) if visit.asked else visit.exchanges
    return [
        message
        for exchange in exchanges
        for message in (
            {"role": "user", "content": messages.question(exchange.question)},
            {"role": "assistant", "content": exchange.shown},
        )
    ]
