"""Follow-ups become standalone; filters are read off the words."""

import pytest

from ds542_tutor.dialogue import Turn
from ds542_tutor.queries import NO_ANSWER, standalone

ASKED = (
    Turn("user", "What does dropout do to hidden units?"),
    Turn("assistant", "It zeroes them."),
)


@pytest.mark.parametrize(
    "question", ["and why?", "Why does it help?", "what about at test time?", "in one line?"]
)
def test_a_follow_up_takes_its_subject_along(question: str) -> None:
    assert standalone(question, ASKED).text == f"What does dropout do to hidden units? {question}"


def test_a_chain_of_follow_ups_reaches_back_to_the_subject() -> None:
    turns = (*ASKED, Turn("user", "and why?"), Turn("assistant", "It regularizes."))
    assert "dropout" in standalone("is that always so?", turns).text


@pytest.mark.parametrize(
    "question",
    [
        "different question: what is a residual block",
        "ok switching topics, who wrote the book",
        "btw what does softmax do",
        "Unrelated, but when is hw2 due?",
    ],
)
def test_what_says_that_it_is_another_topic_stands_alone(question: str) -> None:
    query = standalone(question, ASKED)
    assert (query.text, query.context, query.said) == (question, "", "")


def test_the_question_and_the_answer_before_come_along() -> None:
    query = standalone("how many heads are usual", ASKED)
    assert query.text == f"{ASKED[0].text} how many heads are usual"
    assert query.original == "how many heads are usual"
    assert query.context == ASKED[0].text
    assert query.said == ASKED[1].text.replace(" [1]", "")


def test_code_and_silence_are_nothing_that_was_said() -> None:
    code = (ASKED[0], Turn("assistant", "Like this [1]:\n```python\nx = dropout(x)\n```\nSo."))
    assert standalone("and why?", code).said == "Like this : So."
    silent = (ASKED[0], Turn("assistant", f"{NO_ANSWER} Piazza is the place to ask."))
    assert standalone("and why?", silent).said == ""
    long = (ASKED[0], Turn("assistant", "word " * 500))
    assert len(standalone("and why?", long).said.split()) == 60


def test_filters_of_earlier_questions_hold_only_where_a_question_leans_on_them() -> None:
    turns = (Turn("user", "what is due for homework 2 in lecture 7?"), Turn("assistant", "A."))
    assert standalone("and the other one?", turns).assignment == "homework2"
    fresh = standalone("Explain the softmax function in multiclass classification please", turns)
    assert (fresh.assignment, fresh.lectures) == (None, ())


def test_without_a_conversation_nothing_is_added() -> None:
    assert standalone("and why?", ()).text == "and why?"


def test_filters_are_read_off_the_words() -> None:
    query = standalone("Which slide in lecture 7 shows the mask? slide 12?", ())
    assert (query.lectures, query.page, query.kind) == ((7,), 12, "slides")
    assert standalone("hw #2 question 3", ()).assignment == "homework2"
    assert standalone("the disc 5 notebook", ()).assignment == "discussion5"
    assert standalone("UDL 4.2 says what?", ()).section == "4.2"
    assert standalone("what is eq. 11.3.2", ()).section == "11.3.2"


@pytest.mark.parametrize(
    ("question", "locate"),
    [
        ("page w/ the three loss curves side by side?", True),
        ("what part of the book covers scaling laws", True),
        ("looking for that slide w/ the two tables next to each other", True),
        ("does it have the code of a decoder somewhere, section pls", True),
        ("the bit with the two students and the old exams. page?", True),
        ("is there one overview pic of all the tricks", True),
        ("where does the textbook mention falsifiability", True),
        ("which discussion was it where we overlaid the curves", True),
        ("momentum or nesterov: where does each of them measure the slope?", False),
        ("so where does the recurrence happen?", False),
        ("what properties should a model have? looking for the whole list", False),
        ("where's the 4 from in Linear(4 * hidden, 2)", False),
        ("which problem does dropout solve", False),
        ("Which slide shows the causal mask?", True),
        ("where can I find the update equations for Adam", True),
        ("did he ever show activations other than relu? where", True),
        ("slide comparing lenet and vgg pls", True),
        ("is there a notebook on 1D convolution?", True),
        ("Where does the variance come from?", False),
        ("What does dropout do?", False),
    ],
)
def test_questions_for_a_place_are_told_from_questions_for_content(
    question: str, locate: bool
) -> None:
    assert standalone(question, ()).locate is locate
