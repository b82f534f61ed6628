"""Hints teach: the task that is meant, the idea by name, the next question, the place."""

import functools
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.dialogue import Answer, Finished, Passage
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.hints import idea, next_question, shared_terms, teaches, worked_example
from ds542_tutor.policy.enforce import REMOVED
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.solutions import OpenWork
from ds542_tutor.tasks import Task, find_task

NOW = datetime(2026, 2, 3, 12, tzinfo=ZoneInfo("America/New_York"))

# The task as the student names it; words of the idea's title; what the question back asks about.
HINTS = [
    ("write max_regions for me", "regions", "the count"),
    ("Solve problem 2.1 of homework 2: the joints function", "Joints", "`joints`"),
    ("how do I implement region_slopes? just the code", "regions", "`theta`, `phi`, `low`"),
    ("write relu(z) for hw2", "ReLU", "`relu`"),
    ("write fit_output_weights for homework 2", "least squares", "squared error"),
    ("answer problem 1.3 of hw2 for me please", "hallow network|ReLU", "in one sentence"),
    ("what is the answer to Exercise 1 in discussion 4", "learning rate", "What does “"),
    ("write the answer to homework 2 problem 2.4", "regions|Joints|joints", "What "),
]


@functools.cache
def _hint(tutor: LiveTutor, question: str) -> Answer:
    *_, last = tutor.answer(question, (), NOW)
    assert isinstance(last, Finished)
    return last.answer


@pytest.mark.parametrize(("question", "named", "asked"), HINTS)
def test_a_hint_names_the_idea_asks_back_and_points(
    starter_tutor: LiveTutor, question: str, named: str, asked: str
) -> None:
    answer = _hint(starter_tutor, question)
    assert answer.status == "hinted"
    first = re.search(r"The idea behind it: “([^”]+)” \[(\d)\]", answer.text)
    assert first and re.search(named, first[1]), answer.text
    cited = {citation.marker: citation for citation in answer.citations}
    assert int(first[2]) in cited
    back = answer.text.split("A question to go on with: ")[1]
    assert asked in back and back.rstrip().endswith("?"), back
    places = answer.text.split("Where to read on: ")[1].split("\n")[0]
    assert re.search(r"(?:slide \d+|p\. \d+).*\[\d\]", places), places
    assert not any(c.document.startswith("notebooks/") for c in answer.citations)
    markers = {int(n) for n in re.findall(r"\[(\d+)\]", answer.text)}
    assert markers <= set(cited)


def test_the_questions_back_are_not_one_sentence_for_all(starter_tutor: LiveTutor) -> None:
    asked = {
        _hint(starter_tutor, question).text.split("A question to go on with: ")[1]
        for question, *_ in HINTS
    }
    assert len(asked) == len(HINTS)


def test_no_hint_holds_what_is_to_be_written(starter_tutor: LiveTutor) -> None:
    for question, *_ in HINTS:
        text = _hint(starter_tutor, question).text
        assert "math.comb" not in text and "np.maximum" not in text and "lstsq" not in text
        assert REMOVED not in text


def chunk(text: str, **more: object) -> Chunk:
    fields: dict[str, object] = {
        "id": text[:20], "document": "hw.ipynb", "title": "Homework 9", "kind": "notebook",
        "text": text, "search_text": text, "locator": Locator(), "assignment": "homework9",
        "graded": True, **more,
    }  # fmt: skip
    return Chunk(**fields)  # type: ignore[arg-type]


SHEET = [
    chunk(
        "In this homework you will blur images.\n\nProblem 1 - Kernels\nWrite a kernel.\n\n"
        'def make_kernel(size):\n    """Return a flat kernel of that size."""\n    ...',
        ordinal=0,
        locator=Locator(section=("Homework 9", "Problem 1 - Kernels")),
    ),
    chunk(
        "# Check of Problem 1\nassert make_kernel(3).shape == (3, 3)\n\nProblem 2 (4 points)\n"
        "Explain why a larger kernel blurs the edges of an image more.\n\nWrite your answer here.",
        ordinal=1,
        locator=Locator(section=("Homework 9", "Problem 1 - Kernels")),
    ),
]


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("write make_kernel", "Problem 1"),
        ("do problem 2 of homework 9", "Problem 2"),
        ("hw9 q2 pls", "Problem 2"),
        ("why do larger kernels blur edges? answer for my homework 9", "Problem 2"),
    ],
)
def test_the_task_that_a_question_means_is_found(question: str, label: str) -> None:
    task = find_task(question, SHEET)
    assert task and task.label == label


def test_a_question_that_names_no_task_finds_none() -> None:
    assert find_task("do my homework 9", SHEET) is None
    assert find_task("anything", []) is None


def test_a_task_knows_its_statement_and_its_function() -> None:
    one, two = find_task("problem 1", SHEET), find_task("problem 2", SHEET)
    assert one and one.function == ("make_kernel", ("size",), "a flat kernel of that size")
    assert one.statement.endswith("Write a kernel. Return a flat kernel of that size.")
    assert "In this homework" not in one.statement
    assert two and two.function is None
    assert two.statement == "Explain why a larger kernel blurs the edges of an image more."


def test_an_exercise_sheet_numbers_its_questions_alone() -> None:
    sheet = [chunk("1. What is a mean?\n2. (2 points) What is a variance?", kind="notes")]
    task = find_task("homework 9 question 2", sheet)
    assert task and "variance" in task.statement and "mean" not in task.statement


SLIDE = chunk(
    "A kernel weighs the neighbours of a pixel. A larger kernel reaches across an edge.",
    kind="slides", document="06.pdf", title="Lecture 6", graded=False, assignment=None,
    locator=Locator(page=4, slide_title="3. Kernels as weights:"),
)  # fmt: skip


def test_the_idea_is_the_title_without_its_number() -> None:
    assert idea(SLIDE) == "Kernels as weights"
    section = chunk("x", locator=Locator(page=1, section=("2 Nets", "2.3 Several inputs")))
    assert idea(section) == "Several inputs"


@pytest.mark.parametrize(
    ("statement", "asked"),
    [
        ("Explain why a larger kernel blurs the edges of an image.", "in one sentence of your own"),
        ("How many weights does a kernel of that size have?", "what is the count there"),
        ("Compare the kernel of size 3 with the one of size 5.", "on each side of the comparison"),
        ("Plot the image after each kernel.", "Before you run it"),
        ("Derive the gradient with respect to the kernel.", "in symbols"),
        ("Hand in the kernel.", "What is given in the task"),
    ],
)
def test_the_question_back_fits_the_task(statement: str, asked: str) -> None:
    question = next_question(Task("", (), statement), SLIDE, lambda _: 1.0)
    assert asked in question and ("kernel" in question or "Kernels" in question)


def test_terms_are_things_that_task_and_passage_name() -> None:
    task = "Explain the linear change of a hidden unit and of the joints, as computed exactly."
    passage = "A hidden unit has joints. The linear part is computed. Each change is small."
    assert shared_terms(task, passage, lambda _: 1.0) == ["hidden unit", "joints"]


def test_a_passage_that_poses_the_same_task_does_not_teach_it() -> None:
    graded = GradedItems.from_chunks(SHEET)
    assert teaches(SLIDE, graded)
    same = chunk(SHEET[1].text, graded=False, assignment=None, kind="notes")
    assert not teaches(same, graded)
    exercise = chunk("x", graded=False, assignment=None, exercise=True)
    assert not teaches(exercise, graded) and not teaches(SHEET[0], graded)


def test_an_example_shows_something_else_or_nothing() -> None:
    work = OpenWork.of(GradedItems.from_chunks(SHEET), "homework9")
    task = find_task("make_kernel", SHEET)
    other = "rain = np.array([3, 1, 2])\nprint(rain.cumsum() / rain.sum())"
    shown = [Passage(2, chunk("x", graded=False, assignment=None, kind="notes"), f"So:\n\n{other}")]
    assert worked_example(task, shown, work) == (shown[0], other)
    own = "def make_kernel(size):\n    return np.ones((size, size)) / size ** 2"
    solved = [Passage(2, shown[0].chunk, f"So:\n\n{own}")]
    assert worked_example(task, solved, work) is None
    written = find_task("problem 2", SHEET)
    assert (
        worked_example(written, shown, work) is None and worked_example(None, shown, work) is None
    )
