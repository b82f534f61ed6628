"""Several questions in one message, follow-ups on what was said, and what a habit of asking hid."""

from dataclasses import replace
from datetime import datetime

import pytest
from test_days_and_weights import COURSE as SAMPLE
from test_days_and_weights import at

from ds542_tutor.calendar_answers import answer_from_course
from ds542_tutor.calendar_answers.administration import must_name
from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.course import Discussion, Event, Statement
from ds542_tutor.dialogue import Turn

COURSE = replace(
    SAMPLE,
    discussions=(Discussion(3, "Discussion 3: Trees", at("2026-02-20").date(), "d/3.md"),),
    events=(
        Event("Spring Recess Begins", at("2026-03-07"), "", "e/a.md"),
        Event("Spring Recess Ends", at("2026-03-15"), "", "e/b.md"),
    ),
    statements=(
        *SAMPLE.statements,
        Statement("regrade", "Ask for a regrade within a week of grades being released.", "r.md"),
    ),
)


def ask(question: str, now: str = "2026-02-16T12:00", *said: str) -> str:
    turns = [Turn("assistant" if i % 2 else "user", text) for i, text in enumerate(said)]
    answer = answer_from_course(COURSE, question, at(now), turns)
    return answer.text if answer else ""


def test_two_questions_that_need_no_context_are_both_answered() -> None:
    told = ask("what lecture is tomorrow and is hw4 due tomorrow too?")
    assert "Homework 4 is due Tue Feb 17" in told
    assert "Lecture 8, Attention" in told
    # One that leans on the first, and one that is told and not asked, bring nothing.
    alone = ask("when is hw4 due")
    assert ask("when is hw4 due, and is it long") == alone
    assert "Lecture 8" not in ask("i am in class tomorrow. when is hw4 due?")


@pytest.mark.parametrize(
    ("question", "now", "says"),
    [
        ("if hw4 goes up before midnight will they even take it", "2026-02-18T12:00", "loses 20%"),
        ("project 2 tmrw, do i need it in before class or after", "2026-02-18T12:00", "11:59 pm"),
        ("got any readings for tmrws lec, heard its not the book", "2026-02-16T12:00", "Lecture 8"),
        ("list me every session i'd be skipping this week", "2026-02-16T12:00", "Lecture 8"),
        (
            "flying home tomorrow!! what day do i actually have to be physically back for lecture",
            "2026-03-06T12:00",
            "The first weekday after it is Mon Mar 16",
        ),
        (
            "~90 on the homework part, 80 on projects, full marks discussions. whats that come out "
            "to overall",
            "2026-02-18T12:00",
            "= 84.5%",
        ),
    ],
)
def test_habits_of_asking(question: str, now: str, says: str) -> None:
    assert says in ask(question, now)


def test_follow_ups_on_lateness_regrades_and_shares() -> None:
    late = ask(
        "what if i turn it in on the thursday night instead", "2026-02-16T12:00",
        "deadline for hw4?", "Homework 4 is due Tuesday, February 17, 2026.",
    )  # fmt: skip
    assert "Handing it in on Thu Feb 19, 2026 is late but still accepted" in late
    over = ask(
        "scores came out on the 10th and i'm only looking now... still ok?", "2026-02-20T12:00",
        "how do i ask for a regrade", "Within a week of grades being released.",
    )  # fmt: skip
    assert "until Tue Feb 17, 2026; as of Fri Feb 20, 2026 that is over" in over
    half = ask(
        "so if everything else was perfect and i only got half of that, id end with?",
        "2026-02-20T12:00", "how much are discussions worth", "Discussions count 15%.",
    )  # fmt: skip
    assert "15% of 50 (Discussions) = 92.5%" in half


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("can you take a look at it?", ("when is hw4 due", "Homework 4 is due Feb 17.")),
        ("does hw4 need padding?", ("how do regrades work?", "Within a week.")),
        ("does gradescope accept a pdf for hw4?", ()),
        ("i was sick monday, when can i come back to class", ()),
    ],
)
def test_other_questions_get_no_rule_on_lateness_regrades_or_recess(
    question: str, said: tuple[str, ...]
) -> None:
    told = ask(question, "2026-03-04T12:00", *said)
    assert not any(word in told for word in ("48 hours", "regrade", "recess"))


def test_a_second_question_may_say_is_there_and_name_this_friday() -> None:
    told = ask("When is hw4 due, and is there class tomorrow?")
    assert "Homework 4" in told and "Lecture 8" in told
    told = ask("What is today's lecture on, and is anything due this Friday?", "2026-02-17T12:00")
    assert "Lecture 8" in told and "Discussion 3" in told


@pytest.mark.parametrize(
    ("question", "total"),
    [
        (
            "my grade if i get 90 on homework and get half on projects and 100 on discussions",
            "63.5",
        ),
        (
            "my final grade if i got half on projects and 90 on homework and 100 on discussions",
            "63.5",
        ),
    ],
)
def test_half_of_a_part_among_other_scores(question: str, total: str) -> None:
    assert f"= {total}%" in ask(question)


def test_a_session_of_two_spans_is_told_once() -> None:
    told = ask("which sessions would i miss this week, friday too?")
    assert told.count("Discussion 3") == 1


def test_a_message_of_many_sentences_is_weighed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pasted code has hundreds of them: each sentence against each took seconds."""
    weighed: list[str] = []
    strays = Asking.strays

    def counted(self: Asking, vocabulary: str = "") -> int:
        if not vocabulary:
            weighed.append(self.text)
        return strays(self, vocabulary)

    monkeypatch.setattr(Asking, "strays", counted)
    lines = "\n".join(f"loss{i} = crit(model(x{i}), y)" for i in range(60))
    now: datetime = at("2026-02-16T12:00")
    answer_from_course(COURSE, f"why does it fail?\n{lines}", now)
    assert len(weighed) <= 2 * 61


def test_a_copy_that_lives_somewhere_is_no_release_and_a_letter_no_section() -> None:
    assert "released" not in ask("where on the cluster should my own copy of the hw4 notebook live")
    assert ask("is hw4 live yet").startswith("Homework 4")
    letter = "sitting at 91.8, is that an A or an A- in this class"
    assert must_name(COURSE, letter, at("2026-02-16T12:00")) == ("letter grade",)
