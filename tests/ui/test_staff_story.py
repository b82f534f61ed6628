"""A TA corrects a deck before class: the whole way through the staff page, with a real ingest."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typst
from browsing import ANSWER_MS, LAST, Open, ask, serving
from playwright.sync_api import Page, expect
from staff_samples import STAFF, WORDS, line

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.settings import ModelSettings, PathSettings, Settings, StaffSettings

INGEST_MS = 120_000
DECKS = ("06_convolutional_networks", "07_attention_and_transformers")
TOML = """
[corpus]
name = "two-decks"
term = "sp2026"
course = "DS542"

[[source]]
files = "lectures/*.pdf"
kind = "slides"
number = '^(\\d+)_'
lecture = true
"""
SLIDE = """
#slide("Rotary position embeddings")[
  - A rotary position embedding turns each query and key by an angle that grows with its position.
  - The dot product of the two then depends on the distance between the tokens alone.
]

#slide("What to remember about attention")["""
QUESTION = "How does a rotary position embedding turn queries and keys?"
NEW = "by an angle that grows with its position"


@pytest.fixture(scope="module")
def corpus(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of two starter decks, indexed."""
    folder = tmp_path_factory.mktemp("two-decks")
    (folder / "lectures").mkdir()
    for deck in DECKS:
        shutil.copy(root / f"corpus/starter/lectures/{deck}.pdf", folder / "lectures")
    (folder / "decks.toml").write_text(TOML, encoding="utf-8")
    command = [sys.executable, "-m", "ingest", str(folder / "decks.toml")]
    done = subprocess.run(
        [*command, "--index", str(folder / "index")],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def corrected(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deck on attention with one more slide, under the name it has."""
    sources = tmp_path_factory.mktemp("sources")
    shutil.copytree(root / "corpus/starter/src", sources, dirs_exist_ok=True)
    source = sources / f"lectures/{DECKS[1]}.typ"
    text = source.read_text(encoding="utf-8")
    before = '\n#slide("What to remember about attention")['
    assert text.count(before) == 1
    source.write_text(text.replace(before, SLIDE), encoding="utf-8")
    pdf = sources / f"{DECKS[1]}.pdf"
    pdf.write_bytes(typst.compile(str(source), root=str(sources), ignore_system_fonts=True))
    return pdf


@pytest.fixture(scope="module")
def url(corpus: Path, root: Path) -> Iterator[str]:
    (corpus / "passwords.txt").write_text(line(STAFF), encoding="utf-8")
    settings = Settings(
        paths=PathSettings(index=corpus / "index", data=corpus / "data"),
        models=ModelSettings(chat="quotes"),
        staff=StaffSettings(passwords=str(corpus / "passwords.txt"), sources=corpus / "decks.toml"),
    )
    with serving(LiveTutor(settings), settings) as url:
        yield url


def test_a_corrected_deck_is_answered_from_once_it_is_published(
    visit: Open, url: str, corrected: Path
) -> None:
    student, staff = visit(url), visit(url, path="staff", ready="#password")
    ask(student, QUESTION)
    assert NEW not in student.inner_text(LAST)

    staff.fill("#account", STAFF)
    staff.fill("#password", WORDS)
    staff.press("#password", "Enter")
    expect(staff.locator("#rows tr")).to_have_count(2, timeout=ANSWER_MS)
    expect(staff.locator("#patterns")).to_contain_text("lectures/*.pdf", timeout=ANSWER_MS)

    staff.set_input_files("#file", corrected)
    expect(staff.locator("#target")).to_have_value(f"lectures/{DECKS[1]}.pdf")
    staff.click("#send")
    expect(staff.locator("#changes")).to_contain_text("replaced", timeout=ANSWER_MS)

    staff.click("#begin")
    expect(staff.locator("#bar")).to_be_visible(timeout=ANSWER_MS)
    expect(staff.locator("#diff")).to_be_visible(timeout=INGEST_MS)
    expect(staff.locator("#diff .changed")).to_have_count(1)
    expect(staff.locator("#diff .changed")).to_contain_text(DECKS[1])
    expect(staff.locator("#diff caption")).to_contain_text("1 document unchanged")
    ask(student, QUESTION)
    assert NEW not in student.inner_text(LAST), "nothing is published yet"

    staff.click("#publish")
    expect(staff.locator("#review")).to_contain_text("Published by", timeout=ANSWER_MS)
    ask(student, QUESTION)
    expect(student.locator(LAST)).to_contain_text(NEW)

    roll_back(staff)
    ask(student, QUESTION)
    assert NEW not in student.inner_text(LAST)


def roll_back(staff: Page) -> None:
    """Return to the generation before, and see it marked."""
    staff.once("dialog", lambda dialog: dialog.accept())
    staff.get_by_role("button", name="Roll back to").click()
    expect(staff.locator("#said")).to_contain_text("Rolled back", timeout=ANSWER_MS)
    expect(staff.locator("#generations li").nth(1)).to_contain_text("In use")
