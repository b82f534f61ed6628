"""Material of a later lecture: named with its date, deferred, or left alone, as staff set it."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.calendar_answers.ahead import lecture_of, taught_later
from ds542_tutor.course import Course, Lecture
from ds542_tutor.dialogue import Answer, Finished, Hit
from ds542_tutor.documents import Chunk, Locator

EASTERN = ZoneInfo("America/New_York")
ATTENTION = "Why do we divide by the square root of the dimension in attention?"
COMES = "Tue Mar 24, 2026, 3:30 pm"


def ask(tutor: LiveTutor, question: str, day: str, ahead: str = "note") -> Answer:
    settings = tutor.tutor.settings
    set_so = replace(
        tutor.tutor, settings=replace(settings, answer=replace(settings.answer, ahead=ahead))
    )
    moment = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=EASTERN)
    *_, last = set_so.answer(question, (), moment)
    assert isinstance(last, Finished)
    return last.answer


def test_later_material_is_answered_with_its_date_and_what_to_read(
    starter_tutor: LiveTutor,
) -> None:
    answer = ask(starter_tutor, ATTENTION, "2026-02-03")
    assert answer.status == "answered" and "variance" in answer.text
    (notice,) = answer.notices
    assert "Lecture 7, Attention and transformers" in notice and COMES in notice
    assert "Read first: Course notes, Chapter 7" in notice


@pytest.mark.parametrize("day", ["2026-03-25", "2026-05-20"])
def test_what_was_taught_gets_no_notice(starter_tutor: LiveTutor, day: str) -> None:
    assert ask(starter_tutor, ATTENTION, day).notices == ()


def test_staff_can_allow_and_defer(starter_tutor: LiveTutor) -> None:
    assert ask(starter_tutor, ATTENTION, "2026-02-03", "allow").notices == ()
    deferred = ask(starter_tutor, ATTENTION, "2026-02-03", "defer")
    assert deferred.status == "answered" and COMES in deferred.text
    assert "Course notes, Chapter 7" in deferred.text and "variance" not in deferred.text
    assert deferred.citations[0].document == "site/_lectures/07_attention_and_transformers.md"
    assert "variance" in ask(starter_tutor, ATTENTION, "2026-03-25", "defer").text


@pytest.mark.parametrize(
    "question",
    [
        "when is hw2 due",
        "how do I cite the AI help I used on a coding assignment?",
        "how much do the discussions count?",
        "What is a ReLU unit?",
    ],
)
def test_logistics_and_what_was_taught_earlier_stay_as_they_are(
    starter_tutor: LiveTutor, question: str
) -> None:
    answer = ask(starter_tutor, question, "2026-01-29", "defer")
    assert not any("comes on" in notice for notice in answer.notices)
    assert "ask me to leave it" not in answer.text


def test_when_a_topic_is_taught_is_known_from_the_slides(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, "when are we going to learn about causal masking?", "2026-02-03")
    assert "Lecture 7" in answer.text and COMES in answer.text
    assert "site/_lectures/07_attention_and_transformers.md" in {
        c.document for c in answer.citations
    }


# --- Decks and lectures ---------------------------------------------------------------------------


def lecture(number: int, day: int, title: str, page: str, deck: str | None) -> Lecture:
    starts = datetime(2026, 2, day, 15, 30, tzinfo=EASTERN)
    return Lecture(number, title, starts, f"site/_lectures/{page}", "", (), deck)


COURSE = Course(
    "DS542",
    "sp2026",
    lectures=(
        lecture(1, 3, "Deep Learning Concepts", "01_intro.md", "01_introduction.pdf"),
        lecture(3, 5, "Shallow Networks", "03_shallow_networks.md", "03_shallow_networks.pdf"),
        lecture(4, 10, "Deep Networks", "04_deep_networks.md", "04_deep_networks.pdf"),
        lecture(6, 12, "Gradient Descent", "06_gradients.md", "04_gradient_descent.pdf"),
        lecture(9, 17, "Graph Neural Networks", "09_graphnns.md", None),
    ),
)


def slide(document: str, term: str = "sp2026") -> Chunk:
    return Chunk("id", document, "title", "slides", "text", "text", Locator(page=1), term=term)


@pytest.mark.parametrize(
    ("deck", "number"),
    [
        ("04_gradient_descent.pdf", 6),  # by the link, whatever its number
        ("05_shallow_neural_networks.pdf", 3),
        ("07_deep_neural_networks.pdf", 4),
        ("27_graph_neural_networks.pdf", 9),
        ("28_deep_reinforcement_learning.pdf", None),  # on no page of the site
    ],
)
def test_a_deck_is_known_by_link_or_name(deck: str, number: int | None) -> None:
    found = lecture_of(COURSE, slide(f"sp2026/lectures/{deck}"))
    assert (found.number if found else None) == number


def test_decks_of_another_term_and_other_files_belong_to_no_lecture() -> None:
    assert lecture_of(COURSE, slide("fa2025/04_deep_networks.pdf", "fa2025")) is None
    page = replace(slide("04_deep_networks.pdf"), kind="site")
    assert lecture_of(COURSE, page) is None


def test_an_earlier_deck_that_covers_it_is_enough() -> None:
    now = datetime(2026, 2, 11, tzinfo=EASTERN)
    later, held = slide("04_gradient_descent.pdf"), slide("04_deep_networks.pdf")

    def hits(*found: tuple[Chunk, float]) -> list[Hit]:
        return [Hit(chunk, 1.0, "dense", similarity) for chunk, similarity in found]

    found = taught_later(COURSE, hits((later, 0.8), (held, 0.5)), now)
    assert found is not None and found.number == 6
    assert taught_later(COURSE, hits((later, 0.8), (held, 0.75)), now) is None
    assert taught_later(COURSE, hits((held, 0.6), (later, 0.8)), now) is None  # ranked first
    assert taught_later(COURSE, hits((later, 0.8)), datetime(2026, 3, 1, tzinfo=EASTERN)) is None
    page = replace(later, kind="site", document="site/assignments.md")
    assert taught_later(COURSE, hits((page, 0.6), (later, 0.8)), now) is None  # hand-in, rooms …


def test_work_that_the_course_does_not_have_is_no_answer(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, "when is project 7 due", "2026-02-03")
    assert answer.status == "abstained"
    assert "has no project 7; it lists Project 1" in answer.text
