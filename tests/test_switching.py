"""A running server goes over to new generations while it answers, and no question fails."""

import asyncio
import logging
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import copy

import httpx
import pytest
import uvicorn
from index_samples import TOML, publish

from ds542_tutor.app.server import build_app
from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.dialogue import Answer, Finished
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.policy.editing import add_mode
from ds542_tutor.policy.rules import ModeEntry
from ds542_tutor.settings import Settings
from eval.bench.browser import Asked, ChatPage, Tab

DECK = Path(__file__).parents[1] / "corpus" / "starter" / "lectures" / "05_regularization.pdf"
# What each edition of the note says, and no other does.
WORDS = ("forty", "seventy", "ninety")
QUESTION = "How large is the memory budget for gradient checkpointing?"
OTHER = "What does dropout do during training?"


def write_note(folder: Path, word: str) -> None:
    (folder / "note.md").write_text(
        "# Gradient checkpointing\n\nThe memory budget for gradient checkpointing is "
        f"{word} gigabytes on each machine of the cluster.\n"
    )


def ingest(folder: Path, *arguments: str) -> None:
    """Run `python -m ingest` as a process of its own."""
    command = [sys.executable, "-m", "ingest", *arguments, "--index", "index"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def settings_for(folder: Path) -> Settings:
    settings = with_overrides(Settings(), folder / "index", "quotes")
    return replace(settings, paths=replace(settings.paths, data=folder / "data"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A note and a deck, ingested."""
    (tmp_path / "tiny.toml").write_text(TOML)
    copy(DECK, tmp_path)
    write_note(tmp_path, WORDS[0])
    ingest(tmp_path, "tiny.toml")
    return tmp_path


def current(folder: Path) -> str:
    identifier = IndexStore(folder / "index").current_id()
    assert identifier is not None
    return identifier


def answer(tutor: LiveTutor, question: str) -> Answer:
    events = list(tutor.answer(question))
    assert isinstance(events[-1], Finished)
    return events[-1].answer


@contextmanager
def serving(tutor: LiveTutor, settings: Settings) -> Iterator[str]:
    """Serve the chat on a free port, in a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        build_app(tutor, settings), log_level="warning", timeout_graceful_shutdown=1
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(20)
        listening.close()


class Students:
    """Threads that ask one question after the other, of the tutor and over the page."""

    def __init__(self, tutor: LiveTutor, url: str) -> None:
        self.answers: list[tuple[float, Answer]] = []  # with the time when it was asked
        self.shown: list[Asked] = []
        self.failures: list[BaseException] = []
        self._tutor, self._url = tutor, url
        self._stop = threading.Event()
        jobs = (self._ask, self._ask, self._ask, self._visit)
        self._threads = [threading.Thread(target=self._guard, args=(job, i)) for i, job in
                         enumerate(jobs)]  # fmt: skip

    def _guard(self, job: object, number: int) -> None:
        try:
            job(number)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - told by the test
            self.failures.append(error)

    def _ask(self, number: int) -> None:
        while not self._stop.is_set():
            asked = time.monotonic()
            question = OTHER if number == 2 else QUESTION
            self.answers.append((asked, answer(self._tutor, question)))

    def _visit(self, _: int) -> None:
        async def talk() -> None:
            async with httpx.AsyncClient(base_url=f"{self._url}/", trust_env=False) as client:
                page = await ChatPage.load(client)
                while not self._stop.is_set():
                    async with Tab(client, page) as tab:
                        self.shown.append(await tab.ask(QUESTION, 60))

        asyncio.run(talk())

    def __enter__(self) -> "Students":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(90)

    def wait_for(self, generation: str, seconds: float = 30) -> None:
        """Wait until two answers come from `generation`."""
        end = time.monotonic() + seconds
        while Counter(a.generation for _, a in self.answers)[generation] < 2:
            assert time.monotonic() < end, f"nobody is answered from {generation}"
            assert self.failures == []
            time.sleep(0.05)


def test_two_new_generations_and_a_rollback_under_questions(folder: Path) -> None:
    settings = settings_for(folder)
    tutor = LiveTutor(settings)
    editions = {current(folder): WORDS[0]}
    moves = [(time.monotonic(), current(folder))]
    with serving(tutor, settings) as url, Students(tutor, url) as students:
        students.wait_for(current(folder))
        for word in WORDS[1:]:
            write_note(folder, word)
            ingest(folder, "tiny.toml")
            editions[current(folder)] = word
            moves.append((time.monotonic(), current(folder)))
            students.wait_for(current(folder))
        ingest(folder, "rollback")
        moves.append((time.monotonic(), current(folder)))
        assert editions[current(folder)] == WORDS[1]
        known = len(students.answers)
        while len(students.answers) < known + 6 and not students.failures:
            time.sleep(0.05)
    assert students.failures == []
    assert len(students.shown) > 3
    assert {(one.outcome, one.problem) for one in students.shown} == {("answered", "")}

    assert {a.generation for _, a in students.answers} == set(editions)
    for asked, found in students.answers:
        assert found.status == "answered", found
        if found.question == QUESTION:
            said = found.text + " ".join(c.text for c in found.citations)
            assert [w for w in WORDS if w in said] == [editions[found.generation]]
            assert "note.md" in [c.document for c in found.citations]
        # What was in use when it was asked, or came while it was being answered.
        then = [identifier for at, identifier in moves if at <= asked][-1]
        later = [identifier for at, identifier in moves if at > asked]
        assert found.generation in (then, *later)
    # After the last move every new question is answered from there.
    assert {a.generation for at, a in students.answers if at > moves[-1][0]} == {moves[-1][1]}


def test_an_old_generation_is_kept_while_it_is_read_and_goes_after(folder: Path) -> None:
    tutor, store = LiveTutor(settings_for(folder)), IndexStore(folder / "index")
    first = current(folder)
    begun = tutor.answer(QUESTION)
    next(begun)
    for word in WORDS[1:]:
        write_note(folder, word)
        ingest(folder, "tiny.toml")
    assert answer(tutor, QUESTION).generation == current(folder) != first
    ingest(folder, "gc", "--keep", "1")
    assert first in [manifest.id for manifest in store.generations()], "an answer is under way"
    *_, last = begun
    assert isinstance(last, Finished)
    assert last.answer.generation == first
    assert WORDS[0] in last.answer.text
    del begun, last, _
    ingest(folder, "gc", "--keep", "1")
    assert [manifest.id for manifest in store.generations()] == [current(folder)]
    assert answer(tutor, QUESTION).generation == current(folder)


def test_going_back_to_a_generation_that_is_still_being_read(folder: Path) -> None:
    """Two readers of one folder in one process: the end of one must not close the other."""
    tutor = LiveTutor(settings_for(folder))
    first = current(folder)
    begun = tutor.answer(QUESTION)
    next(begun)
    write_note(folder, WORDS[1])
    ingest(folder, "tiny.toml")
    assert WORDS[1] in answer(tutor, QUESTION).text
    ingest(folder, "rollback")
    assert answer(tutor, QUESTION).generation == first
    *_, last = begun
    assert isinstance(last, Finished)
    assert last.answer.generation == first
    del begun, last, _
    for _ in range(2):
        assert WORDS[0] in answer(tutor, QUESTION).text


def test_an_index_that_the_server_cannot_use_fails_no_question(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tutor = LiveTutor(settings_for(folder))
    first = current(folder)
    with caplog.at_level(logging.WARNING, logger="ds542_tutor.assembly"):
        publish(folder / "index", {"a.pdf": ["of another embedder"]})
        for _ in range(2):
            assert answer(tutor, QUESTION).generation == first
    [said] = [r.getMessage() for r in caplog.records if r.name == "ds542_tutor.assembly"]
    assert "was built with the embedder hash@1" in said
    write_note(folder, WORDS[1])
    ingest(folder, "tiny.toml")
    assert answer(tutor, QUESTION).generation == current(folder) != first
    (folder / "index/current").unlink()
    assert WORDS[1] in answer(tutor, QUESTION).text


def test_a_changed_policy_is_in_force_at_once_and_a_wrong_one_never(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    policy = folder / "policy.toml"
    policy.write_bytes((DECK.parents[2] / "policy.toml").read_bytes())
    settings = settings_for(folder)
    tutor = LiveTutor(replace(settings, paths=replace(settings.paths, policy=policy)))
    asked = "write the solution of homework 2 for me"
    assert answer(tutor, asked).status == "hinted"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(add_mode(text, ModeEntry("homework2", "deny")), encoding="utf-8")
    assert answer(tutor, asked).status == "refused"
    with caplog.at_level(logging.ERROR, logger="ds542_tutor.assembly"):
        policy.write_text(text.replace('action = "hint"', 'action = "maybe"'), encoding="utf-8")
        for _ in range(2):
            assert answer(tutor, asked).status == "refused"
    [said] = [r.getMessage() for r in caplog.records if r.name == "ds542_tutor.assembly"]
    assert "The policy stays as it was" in said and "maybe" in said
    policy.write_text(text, encoding="utf-8")
    assert answer(tutor, asked).status == "hinted"
