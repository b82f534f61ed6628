"""Follow-ups become standalone; filters are read off the words."""

import pytest

from ds542_tutor.dialogue import Turn
from ds542_tutor.queries import standalone

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
        "Explain the softmax function in multiclass classification please",
        "Who is the instructor of DS542?",
    ],
)
def test_a_new_subject_stands_alone(question: str) -> None:
    assert standalone(question, ASKED).text == question


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
