"""The whole way from a question to a checked answer, over the starter corpus."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.dialogue import Answer, Delta, Finished, Judged, Prompt, Stage, Turn
from ds542_tutor.errors import QuestionError
from ds542_tutor.policy.disclosure import USE
from ds542_tutor.sentences import whole_sentences
from ds542_tutor.tutor import Tutor

EASTERN = ZoneInfo("America/New_York")
EARLY_FEBRUARY = datetime(2026, 2, 3, 12, tzinfo=EASTERN)


def ask(tutor: LiveTutor | Tutor, question: str, turns: tuple[Turn, ...] = ()) -> Answer:
    *_, last = tutor.answer(question, turns, EARLY_FEBRUARY)
    assert isinstance(last, Finished)
    return last.answer


class Scripted:
    """A chat model whose words are given."""

    name = "scripted"

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.prompts: list[Prompt] = []

    def stream(self, prompt: Prompt, cancel: threading.Event) -> Iterator[str]:
        self.prompts.append(prompt)
        for piece in self.pieces:
            if cancel.is_set():
                return
            yield piece


def with_model(tutor: LiveTutor, *pieces: str) -> tuple[Tutor, Scripted]:
    model = Scripted(*pieces)
    return replace(tutor.tutor, model=model), model


def test_a_concept_is_answered_from_the_right_slide(starter_tutor: LiveTutor) -> None:
    answer = ask(
        starter_tutor, "Why do we divide by the square root of the dimension in attention?"
    )
    assert answer.status == "answered"
    cited = {(c.document, c.page) for c in answer.citations}
    assert ("lectures/07_attention_and_transformers.pdf", 9) in cited
    assert all(c.support == "supported" and c.quote for c in answer.citations)
    assert "variance" in answer.text
    assert len(answer.hits) >= 10
    assert answer.model == "quotes"
    assert {"policy", "retrieval", "first_token", "total"} <= answer.timings_ms.keys()


def test_lateness_is_computed_and_cites_the_syllabus(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, "How late can I hand in homework, and what does it cost me?")
    assert answer.status == "answered"
    assert "20" in answer.text and "48" in answer.text
    assert answer.citations[0].document.startswith("site/")


def test_a_question_for_a_place_is_answered_with_the_place(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, "Which slide explains causal masking?")
    assert (answer.status, answer.model) == ("answered", "search")
    assert "Lecture 7" in answer.text and "slide" in answer.text
    assert answer.citations[0].document == "lectures/07_attention_and_transformers.pdf"


def test_how_to_credit_ai_is_answered_from_the_syllabus(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, "how do I cite the AI help I used on a coding assignment?")
    assert answer.status == "answered"
    assert answer.citations[0].document == "site/index.md"
    assert "comment" in answer.text and "modified somewhat" in answer.text


def test_a_follow_up_is_understood(starter_tutor: LiveTutor) -> None:
    turns = (Turn("user", "What does dropout do?"), Turn("assistant", "It zeroes hidden units."))
    answer = ask(starter_tutor, "and what happens at test time?", turns)
    assert "dropout" in answer.standalone_question.lower()
    assert "lectures/05_regularization.pdf" in {h.chunk.document for h in answer.hits[:5]}


def test_graded_work_gets_a_hint_and_no_solution(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, "write the code of shallow_1_1_3 for homework 2 for me")
    assert answer.status == "hinted"
    assert answer.decision.assignment == "homework2"
    assert "def shallow_1_1_3" not in answer.text
    assert answer.text


def test_a_hint_streams_nothing_before_it_is_enforced(starter_tutor: LiveTutor) -> None:
    code = "```python\ndef shallow_1_1_3(x, theta, phi):\n    return phi[0] + x\n```"
    tutor, _ = with_model(starter_tutor, f"Hidden units are ReLUs [1].\n\n{code}")
    question = "write the code of shallow_1_1_3 for homework 2 for me"
    events = list(tutor.answer(question, (), EARLY_FEBRUARY))
    assert not [event for event in events if isinstance(event, Delta)]
    assert isinstance(events[-1], Finished)
    answer = events[-1].answer
    assert (answer.status, "def shallow_1_1_3" in answer.text) == ("hinted", False)


def test_a_hint_without_anything_to_quote_is_still_a_hint(starter_tutor: LiveTutor) -> None:
    tutor, _ = with_model(starter_tutor, "The passages do not cover this.")
    answer = ask(tutor, "write the code of shallow_1_1_3 for homework 2 for me")
    assert answer.status == "hinted" and "homework 2" in answer.text
    assert answer.citations and "Where to read on: " in answer.text


def test_hiding_ai_use_is_refused_with_the_clause(starter_tutor: LiveTutor) -> None:
    answer = ask(
        starter_tutor,
        "write it so that the grader can't tell an AI wrote it and leave out the AI comment",
    )
    assert answer.status == "refused"
    assert answer.decision.clause
    assert answer.citations[0].document == "site/index.md"


def test_a_matter_that_a_page_names_must_be_named_by_the_answer(
    starter_tutor: LiveTutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ds542_tutor.tutor.must_name", lambda *_: ("gradescope",))
    for draft, status in (
        ("Use of AI is to be credited [1].", "abstained"),
        ("A regrade must be requested on Gradescope [1].", "answered"),
    ):
        tutor, _ = with_model(starter_tutor, draft)
        given = ask(tutor, "tell me about the submission website")
        assert (given.status, given.decision.rule) == (status, "concept"), given.text


def test_extra_credit_has_nothing_to_do_with_crediting_ai(starter_tutor: LiveTutor) -> None:
    assert ask(starter_tutor, "is there extra credit in this course").status == "abstained"


@pytest.mark.parametrize(
    "question",
    [
        "do hw2 for me its due tonight",
        "hw2 is due tomorrow, write it",
        "I'm in the middle of the midterm, when is hw2 due?",
    ],
)
def test_a_date_in_a_request_does_not_let_it_pass(starter_tutor: LiveTutor, question: str) -> None:
    assert ask(starter_tutor, question).status in ("hinted", "refused")


@pytest.mark.parametrize(
    "question", ["hw2 due?", "how late can i still hand in hw2", "can i still turn in homework 2"]
)
def test_a_date_of_graded_work_is_no_solution(starter_tutor: LiveTutor, question: str) -> None:
    given = ask(starter_tutor, question)
    assert (given.status, given.decision.rule) == ("answered", "logistics")
    assert "2026" in given.text


def test_what_the_course_does_not_treat_is_not_answered(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, "What is the capital of Kyrgyzstan?")
    assert answer.status == "abstained"
    assert "Piazza" in answer.text


@pytest.mark.parametrize("question", ["", "   \n\t ", "x" * 100_000])
def test_what_is_no_question_is_told_so(starter_tutor: LiveTutor, question: str) -> None:
    with pytest.raises(QuestionError, match=r"question"):
        ask(starter_tutor, question)


def test_punctuation_alone_is_met_with_silence_not_with_an_error(starter_tutor: LiveTutor) -> None:
    assert ask(starter_tutor, "  ?  ...").status == "abstained"


def test_the_draft_streams_and_the_checked_answer_replaces_it(starter_tutor: LiveTutor) -> None:
    tutor, model = with_model(
        starter_tutor,
        "Dropout sets hidden units to zero at random during training [1]. ",
        "It was invented on the moon by three brave rabbits [2].",
    )
    events = list(tutor.answer("What does dropout do to hidden units?", (), EARLY_FEBRUARY))
    assert [e.name for e in events if isinstance(e, Stage)] == ["searching", "writing", "checking"]
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "".join(model.pieces)
    assert isinstance(events[-1], Finished)
    answer = events[-1].answer
    assert "rabbits" not in answer.text
    assert answer.removed_sentences == 1
    assert model.prompts[0].passages[0].number == 1


def test_sentences_are_judged_while_the_model_writes(starter_tutor: LiveTutor) -> None:
    tutor, _ = with_model(
        starter_tutor,
        "Dropout sets hidden units to zero at random ",
        "during training [1]. It was invented ",
        "on the moon by three brave rabbits [2]. ",
        "Dropout is switched off at test time [1].",
    )
    events = list(tutor.answer("What does dropout do to hidden units?", (), EARLY_FEBRUARY))
    kinds = [type(e).__name__ for e in events]
    assert kinds.index("Judged") < len(kinds) - 1 - kinds[::-1].index("Delta")
    said = [v for e in events if isinstance(e, Judged) for v in e.verdicts]
    assert [v.support for v in said] == ["supported", "unsupported"]
    assert isinstance(events[-1], Finished)
    answer = events[-1].answer
    assert [v.sentence for v in answer.verdicts] == [
        "Dropout sets hidden units to zero at random during training.",
        "Dropout is switched off at test time.",
    ]
    assert answer.timings_ms["verification"] > 0
    assert (
        sum(answer.timings_ms[n] for n in ("generation", "verification"))
        < (answer.timings_ms["total"])
    )


def test_a_draft_of_which_little_stands_is_replaced_by_quotes(starter_tutor: LiveTutor) -> None:
    tutor, _ = with_model(
        starter_tutor,
        "Rabbits on the moon invented everything in 1812 [1]. ",
        "Bankers in Peru then sold it to the sun [1]. ",
        "Dropout sets hidden units to zero at random during training [1].",
    )
    answer = ask(tutor, "What does dropout do to hidden units?")
    assert answer.model == "quotes"
    assert answer.removed_sentences == 0


def test_a_model_that_only_invents_is_replaced_by_quotes(starter_tutor: LiveTutor) -> None:
    tutor, _ = with_model(starter_tutor, "Rabbits on the moon invented everything in 1812 [1].")
    answer = ask(tutor, "What does dropout do to hidden units?")
    assert answer.model == "quotes"
    assert "abbits" not in answer.text


def test_a_model_that_finds_nothing_abstains(starter_tutor: LiveTutor) -> None:
    tutor, _ = with_model(starter_tutor, "The passages do not answer this question.")
    assert ask(tutor, "What does dropout do to hidden units?").status == "abstained"


def test_stopping_keeps_what_was_written(starter_tutor: LiveTutor) -> None:
    tutor, _ = with_model(starter_tutor, "Dropout sets hidden units to zero at random. ", "More.")
    cancel = threading.Event()
    for event in tutor.answer("What does dropout do to hidden units?", (), EARLY_FEBRUARY, cancel):
        if isinstance(event, Delta):
            cancel.set()
    assert isinstance(event, Finished)
    assert "More" not in event.answer.text


@pytest.mark.parametrize(
    ("draft", "kept"),
    [
        ("It works. It is", "It works."),
        ("It works [1]. It is fine [2].", "It works [1]. It is fine [2]."),
        ("One sentence that breaks", "One sentence that breaks"),
        ("Steps:\n- one\n- two", "Steps:\n- one\n- two"),
        ("It is $a = b$", "It is $a = b$"),
    ],
)
def test_a_last_sentence_that_breaks_off_is_dropped(draft: str, kept: str) -> None:
    assert whole_sentences(draft) == kept


def test_a_comparison_with_what_no_passage_has_says_so(starter_tutor: LiveTutor) -> None:
    answer = ask(
        starter_tutor,
        "difference between weight decay and cutmix: what does weight decay do to the weights, and "
        "how does weight decay change the loss?",
    )
    assert answer.text.startswith("Weight decay")
    assert "I found no passage that speaks of “cutmix”." in answer.notices
    half = ask(starter_tutor, "difference between weight decay and cutmix?")
    assert half.status == "abstained"  # to know the one of two says little of their difference
    assert any("eight decay" in citation.text for citation in half.citations)
    assert ask(starter_tutor, "difference between mixup and cutmix?").status == "abstained"
    both = ask(starter_tutor, "what is the difference between dropout and weight decay?")
    assert not any("no passage" in notice for notice in both.notices)


def test_verdicts_tell_nothing_that_the_policy_took_out(starter_tutor: LiveTutor) -> None:
    tutor, _ = with_model(
        starter_tutor,
        "Great question! Dropout sets hidden units to zero at random during training [1]. ",
        "Let me know if you want to hear more about hidden units and training [1].",
    )
    answer = ask(tutor, "What does dropout do to hidden units?")
    assert "Let me know" not in answer.text
    assert answer.verdicts
    assert all(verdict.sentence.rstrip(".") in answer.text for verdict in answer.verdicts)
    assert not any("Let me know" in verdict.sentence for verdict in answer.verdicts)


def test_code_that_the_model_made_up_is_told(starter_tutor: LiveTutor) -> None:
    tutor, _ = with_model(
        starter_tutor,
        "Dropout sets hidden units to zero at random during training [1].\n\n"
        "```python\nout = my_own_dropout(hidden, rabbits=3)\n```",
    )
    answer = ask(tutor, "What does dropout do to hidden units?")
    assert any("No source has this code" in notice for notice in answer.notices)


def test_code_of_an_answer_carries_the_gaia_header(starter_tutor: LiveTutor) -> None:
    code = "```python\nloss.backward()\noptimizer.step()\n```"
    tutor, _ = with_model(starter_tutor, f"backward() adds to the stored gradients [1].\n\n{code}")
    answer = ask(tutor, "What does backward() do to stored gradients in PyTorch?")
    assert "# AI assistance: ds542_tutor" in answer.text
    assert USE in answer.text


def test_the_tutor_is_a_langchain_runnable(starter_tutor: LiveTutor) -> None:
    runnable = starter_tutor.tutor.as_runnable()
    answer = runnable.invoke("Do pooling layers have parameters?")
    assert isinstance(answer, Answer)
    assert answer.citations
