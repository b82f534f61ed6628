"""Matters of the course: told by exemplars, searched in the words of pages, quoted whole."""

from datetime import datetime

import pytest

from ds542_tutor import course_matters
from ds542_tutor.assembly import LiveTutor
from ds542_tutor.calendar_answers import term_asked
from ds542_tutor.course import Course, Person
from ds542_tutor.course_matters import CREDITED, ELSEWHERE, WORDS, matter_of
from ds542_tutor.dialogue import Answer, Finished
from ds542_tutor.models.rule_excerpts import parts_of
from ds542_tutor.policy.disguise import meant
from ds542_tutor.reply_parts import speaker

NOW = datetime(2026, 2, 3, 12)


def ask(tutor: LiveTutor, question: str) -> Answer:
    *_, last = tutor.answer(question, (), NOW)
    assert isinstance(last, Finished)
    return last.answer


def test_each_matter_has_words_and_exemplars() -> None:
    told = {matter for matter, _ in course_matters.exemplars()}
    assert told == {*WORDS, ELSEWHERE}
    assert CREDITED - {""} <= told


@pytest.mark.parametrize(
    ("question", "matter"),
    [
        ("may i talk about the homework with my flatmate and compare answers", "collaboration"),
        ("got a letter from disability services, who gets it", "accommodations"),
        ("do i have to pay for the book", "textbook"),
        ("is there parking close to the building", ELSEWHERE),
    ],
)
def test_matters_are_told(starter_tutor: LiveTutor, question: str, matter: str) -> None:
    tutor = starter_tutor.tutor
    vector = tutor.retriever.embedder.embed_query(meant(question))
    assert matter_of(question, tutor.matters, vector) == matter
    assert matter_of(question, None, vector) == ""


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("me n my roommate wanna split the hw, each does half and we swap. cool?", "Copying"),
        ("what happens if they think an ai wrote my project", "oral"),
        ("do i lose points if my reading reflection is wrong", "participation"),
        ("is dropping the share link enough when i cite chatgpt", "enough as"),
        ("does a share link count as citing you", "enough as"),
        ("is pasting a link to my chat ok as citation or must it be more formal?", "enough as"),
    ],
)
def test_pages_are_found_in_other_words(starter_tutor: LiveTutor, question: str, says: str) -> None:
    answer = ask(starter_tutor, question)
    assert answer.status == "answered"
    assert says.casefold() in answer.text.casefold()


@pytest.mark.parametrize(
    "question", ["where can i park near the lecture hall", "what's my spot on the waitlist"]
)
def test_what_no_page_tells_is_not_guessed(starter_tutor: LiveTutor, question: str) -> None:
    assert ask(starter_tutor, question).status == "abstained"


def test_two_questions_get_two_rules(starter_tutor: LiveTutor) -> None:
    question = "do i have to buy the textbook? also how much linear algebra should i know before"
    text = ask(starter_tutor, question).text
    assert "free" in text and "linear algebra" in text


def test_when_somebody_took_the_course_is_no_term_asked_for() -> None:
    assert term_asked("my buddy took this last fall, may i see his solutions", "sp2026") is None
    assert term_asked("who taught this last fall", "sp2026") == "fa2025"


def test_a_weight_that_is_supposed_is_no_score(starter_tutor: LiveTutor) -> None:
    question = "reddit said sections count 35 percent of the grade, is that still true this term?"
    text = ask(starter_tutor, question).text
    assert "15%" in text and "35" not in text


def test_parts_of_a_message() -> None:
    assert parts_of("is the book free? also who grades the reflections") == [
        "is the book free?", "who grades the reflections",
    ]  # fmt: skip
    assert parts_of("is the book free") == []


def test_who_speaks_in_a_quotation() -> None:
    one = Course("DS542", "sp2026", people=(Person("Ada Young", "instructor", "p.yml"),))
    two = Course("DS542", "sp2026", people=(*one.people, Person("Bo Li", "instructor", "p.yml")))
    page = frozenset({1})
    found = speaker("Ask others [2]. Discuss your needs with me [1].", page, one)
    assert found is not None and found.name == "Ada Young"
    assert speaker("Discuss your needs with me [2]. Ask early [1].", page, one) is None
    assert speaker("The matrix `I` is the identity [1].", page, one) is None
    assert speaker("Discuss your needs with me [1].", page, two) is None
