"""What tests of the staff page share: a small corpus, accounts, a staff area, signed-in clients."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from index_samples import publish

from ds542_tutor.accounts import password_line
from ds542_tutor.app.ingest_commands import IngestCommands
from ds542_tutor.app.staff import StaffArea
from ds542_tutor.conversations import Conversations
from ds542_tutor.course import Assignment, Course
from ds542_tutor.dialogue import Decision, Turn
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.policy.classify import decide
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.rules import Policy
from ds542_tutor.settings import PathSettings, Settings, StaffSettings

STAFF, STUDENT, WORDS = "yukili@bu.edu", "student@bu.edu", "four unrelated words here"
ORIGIN = {"Origin": "http://testserver"}
PDF = b"%PDF-1.7\n% not a whole one, but it says what it is\n"
TOML = """
[corpus]
name = "tiny"
term = "sp2026"
materials = "materials"

[[source]]
files = ["lectures/*.pdf", "lectures/*.pptx"]
kind = "slides"
number = '^(\\d+)'
lecture = true

[[source]]
files = ["notes/**/*.md", "notes/*.ipynb"]
kind = "notes"
"""


@functools.cache
def line(account: str) -> str:
    """The account's password line; hashing takes a while."""
    return password_line(account, WORDS)


def fake_program() -> tuple[str, ...]:
    return (sys.executable, str(Path(__file__).with_name("fake_ingest.py")))


class RulesTutor:
    """Judges by the real rules, of a course with two homeworks and no graded files."""

    def __init__(self) -> None:
        works = (
            Assignment(f"homework{n}", f"Homework {n}", f"site/homework{n}.md") for n in (1, 2)
        )
        self.course = Course("DS542", "sp2026", assignments=tuple(works))

    @property
    def generation(self) -> RulesTutor:
        return self

    def decisions(
        self, question: str, turns: Sequence[Turn], now: datetime, policies: Sequence[Policy]
    ) -> list[Decision]:
        return [decide(question, turns, p, self.course, GradedItems(), now) for p in policies]


class Area:
    """A staff area over a corpus of two decks, one generation of which is in use."""

    def __init__(self, folder: Path, accounts: tuple[str, ...] = (STAFF, STUDENT)) -> None:
        self.folder = folder
        self.materials = folder / "materials"
        for name in ("07", "08"):
            self.write(f"lectures/{name}.pdf", PDF + name.encode())
        (folder / "tiny.toml").write_text(TOML, encoding="utf-8")
        self.passwords = folder / "passwords.txt"
        self.passwords.write_text("\n".join(map(line, accounts)), encoding="utf-8")
        self.policy = folder / "policy.toml"
        self.policy.write_bytes(Path("corpus/policy.toml").read_bytes())
        self.index = folder / "index"
        self.first = self.publish()
        self.settings = Settings(
            paths=PathSettings(index=self.index, data=folder / "data", policy=self.policy),
            staff=StaffSettings(
                passwords=str(self.passwords), sources=folder / "tiny.toml", max_upload_mb=1
            ),
        )
        self.open()

    def open(self) -> None:
        """Start the server's part, as after a restart."""
        commands = IngestCommands.of(self.settings)
        commands = IngestCommands(
            commands.sources, commands.index, commands.materials, fake_program()
        )
        self.log = Conversations(self.settings.paths.data)
        self.area = StaffArea(self.settings, RulesTutor(), self.log, commands)
        self.app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        self.app.include_router(self.area.router())

    def write(self, name: str, content: bytes) -> Path:
        path = self.materials / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def publish(self) -> Manifest:
        return publish(self.index, {"lectures/07.pdf": ["one", str(time.time())]})

    def client(self, account: str | None = None) -> TestClient:
        """A browser of its own, signed in when there is an account."""
        client = TestClient(self.app, headers=ORIGIN, follow_redirects=False)
        if account:
            assert sign_in(client, account).status_code == 303
        return client

    def wait(self, client: TestClient, until: Callable[[str], bool] | None = None) -> str:
        """Return the page once the re-ingest is over, or `until` says so."""
        over = until or (lambda page: 'id="cancel"' not in page)
        for _ in range(400):
            page = client.get("/staff").text
            if over(page):
                return page
            time.sleep(0.05)
        raise AssertionError(f"still not: {page}")


def sign_in(client: TestClient, account: str, password: str = WORDS) -> httpx.Response:
    return client.post("/sign-in", data={"account": account, "password": password})


def child_environment(monkeypatch: object, how: str) -> None:
    """Let the next re-ingest go as `how` says; its modules are found from any folder."""
    set_ = monkeypatch.setenv  # type: ignore[attr-defined]
    set_("FAKE_INGEST", how)
    set_("PYTHONPATH", os.pathsep.join((str(Path(__file__).parent), *filter(None, sys.path))))
