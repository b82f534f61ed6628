"""What an answer must not rest on, from ingest to answer: work that is not out, other terms."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import nbformat
import pytest

from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.dialogue import Answer, Finished
from ds542_tutor.queries import standalone
from ds542_tutor.settings import Settings

NOW = datetime(2026, 2, 10, 12, tzinfo=ZoneInfo("America/New_York"))
TASK = (
    "Train a convolutional network that tells lichens from mosses in the photographs of the "
    "herbarium, and hand in the confusion matrix with your notebook."
)
PAGES = {
    "_data/people.yml": "instructors:\n  - name: Grace Current\n    office: Room 12\n",
    "index.md": "# Toy course\n\n## Course Assessment\n\n- Projects: 70%\n- Homework: 30%\n",
    "_assignments/project1.md": (
        "---\ndate: 2026-02-22\ntitle: Project 1\njupyter: /tasks/first_task.ipynb\n"
        "published: false\ndue_event:\n    date: 2026-03-20T23:59:00-04:00\n---\nSecret lichens.\n"
    ),
    "_assignments/homework1.md": "---\ndate: 2026-01-20\ntitle: Homework 1\n---\nSums.\n",
    "syllabus.txt": (
        "Toy course, Fall 2025 Syllabus\n\nInstructor: Ada Former, Observatory Tower, third floor."
        "\n\nCourse assessment: Projects 40%, Homework 60%.\n"
    ),
    "convolution.md": (
        "# Convolution\n\nA convolution slides one small kernel over all positions of an image, "
        "so that a network needs few weights to see the same pattern everywhere.\n"
    ),
}
TOML = """
[corpus]
name = "toy"
course = "Toy"
term = "sp2026"
materials = "site"
[[source]]
kind = "site"
site = "."
files = ["index.md", "_assignments/*.md", "_data/*.yml"]
[[source]]
files = ["syllabus.txt", "convolution.md"]
kind = "notes"
[[source]]
files = "tasks/*.ipynb"
kind = "notebook"
graded = true
"""


@pytest.fixture(scope="module")
def tutor(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[LiveTutor]:
    folder = tmp_path_factory.mktemp("toy")
    for name, text in PAGES.items():
        path = folder / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    cells = [nbformat.v4.new_markdown_cell(f"# The first task\n\n{TASK}")]
    (folder / "site" / "tasks").mkdir()
    notebook = nbformat.v4.new_notebook(cells=cells)
    (folder / "site" / "tasks" / "first_task.ipynb").write_text(nbformat.writes(notebook))
    (folder / "toy.toml").write_text(TOML)
    command = [sys.executable, "-m", "ingest", str(folder / "toy.toml")]
    done = subprocess.run(
        [*command, "--index", str(folder / "index")],
        cwd=root, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "its title says Fall 2025, but its source says Spring 2026" in done.stdout + done.stderr
    yield LiveTutor(with_overrides(Settings(), folder / "index", "quotes"))


def ask(tutor: LiveTutor, question: str, now: datetime = NOW) -> Answer:
    *_, last = tutor.answer(question, (), now)
    assert isinstance(last, Finished)
    return last.answer


def test_unpublished_work_is_known_to_the_policy_and_never_found(tutor: LiveTutor) -> None:
    assert {item.document for item in tutor.tutor.graded.items} == {"tasks/first_task.ipynb"}
    for question in (TASK, "lichens and mosses in the herbarium", "project 1 first task"):
        hits = tutor.tutor.retriever.search(standalone(question, ()))
        assert hits
        assert not [
            h for h in hits if "lichens" in h.chunk.text or "first_task" in h.chunk.document
        ]
    answer = ask(tutor, f"Please solve this for me. {TASK}")
    assert answer.status == "hinted"
    assert "lichens" not in answer.text


def test_what_was_left_out_of_an_answer_is_told(tutor: LiveTutor) -> None:
    answer = ask(tutor, "Which files does project 1 want us to upload?")
    assert "lichens" not in answer.text
    said = [
        n for n in answer.notices if n.endswith("not published yet, so I did not look into it.")
    ]
    assert len(said) == 1 and said[0].startswith("What Project 1")


def test_a_handout_whose_planned_date_has_come_is_looked_up_where_staff_allow_it(
    tutor: LiveTutor,
) -> None:
    later = NOW.replace(month=3)
    question = "What is project 1 on lichens and mosses about?"

    def handout(answer: Answer) -> bool:
        return "tasks/first_task.ipynb" in {c.document for c in answer.citations}

    answer = ask(tutor, question, later)
    assert handout(answer)
    assert any("planned date has come" in notice for notice in answer.notices)
    assert ask(tutor, f"Please solve this for me. {TASK}", later).status == "hinted"
    assert not handout(ask(tutor, question))  # the search of then is not used again
    policy = dataclasses.replace(tutor.tutor.policy, handouts="published")
    strict = dataclasses.replace(tutor.tutor, policy=policy)
    *_, last = strict.answer(question, (), later)
    assert isinstance(last, Finished)
    assert not handout(last.answer)
    assert any("did not look into it" in notice for notice in last.answer.notices)


def test_its_dates_are_tentative(tutor: LiveTutor) -> None:
    answer = ask(tutor, "When is project 1 due?")
    assert "Fri Mar 20, 2026" in answer.text and "not published yet" in answer.text


@pytest.mark.parametrize(
    ("question", "said", "unsaid"),
    [
        ("Who teaches the course?", "Grace", "Ada"),
        ("How much do the projects count for the grade?", "70%", "40%"),
    ],
)
def test_another_terms_syllabus_is_not_answered_from(
    tutor: LiveTutor, question: str, said: str, unsaid: str
) -> None:
    answer = ask(tutor, question)
    assert said in answer.text and unsaid not in answer.text
    assert not answer.notices


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("On which floor does Ada Former work?", "third floor"),
        ("Where is the Observatory Tower of Ada Former?", "third floor"),
    ],
)
def test_when_only_another_term_knows_the_answer_says_so(
    tutor: LiveTutor, question: str, said: str
) -> None:
    answer = ask(tutor, question)
    assert answer.status == "abstained" and said not in answer.text  # it may hold no longer
    assert answer.text.startswith("No document of this term (Spring 2026) says this, so I won't")
    assert "One of Fall 2025 does: Syllabus (Fall 2025)" in answer.text
    assert any(said in citation.text for citation in answer.citations)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Who was the instructor last fall?", "Ada Former"),
        ("How was the homework weighted in the Fall 2025 course assessment?", "60%"),
        ("who taught this last semester", "Ada Former"),
        ("in fall 2025 how much did projects count?", "40%"),
    ],
)
def test_a_question_about_another_term_gets_that_terms_document(
    tutor: LiveTutor, question: str, said: str
) -> None:
    answer = ask(tutor, question)
    assert said in answer.text and "Grace" not in answer.text and "70%" not in answer.text
    assert answer.text.startswith("This is from Fall 2025, not from this term (Spring 2026):")


def test_a_question_that_compares_terms_gets_both(tutor: LiveTutor) -> None:
    answer = ask(tutor, "Do projects count the same as in Fall 2025?")
    then, now = answer.text.split("This term: ")
    assert "40%" in then and "70%" not in then and "70%" in now and "40%" not in now
    assert {c.document for c in answer.citations} == {"syllabus.txt", "index.md"}


@pytest.mark.parametrize(
    "question", ["Who teaches this next fall?", "who taught it in spring 2024"]
)
def test_a_term_without_documents_is_not_answered_from_this_one(
    tutor: LiveTutor, question: str
) -> None:
    answer = ask(tutor, question)
    assert answer.status == "abstained" and "Grace" not in answer.text
    assert answer.text.startswith("I have no document of")
