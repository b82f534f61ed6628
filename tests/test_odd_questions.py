"""Odd input to the tutor: each ends in a sensible, readable answer or in a word on what to do."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakes import ScriptedModel, check, make_passage

from ds542_tutor.app.markup import safe_markdown
from ds542_tutor.assembly import LiveTutor
from ds542_tutor.citations import Checker, number
from ds542_tutor.dialogue import Answer, Finished, Hit, Turn
from ds542_tutor.errors import QuestionError
from ds542_tutor.inputs import legible, read_history, read_question
from ds542_tutor.markers import markers_in, normalise_markers, only_known
from ds542_tutor.prompts import escape, render
from ds542_tutor.queries import IN_ENGLISH, NO_ANSWER, NO_TOPIC, standalone, why_unanswered
from ds542_tutor.support import find_exact
from ds542_tutor.tutor import Tutor

EARLY_FEBRUARY = datetime(2026, 2, 3, 12, tzinfo=ZoneInfo("America/New_York"))
DROPOUT_FILES = {"lectures/05_regularization.pdf", "book/course-notes.pdf"}
CODE = "\n".join(
    ["class Net(nn.Module):", "    def forward(self, h0):"]
    + [f"        h{i} = self.act(self.layer{i}(h{i - 1}))" for i in range(1, 149)]
)
LIMIT = 8000


def ask(tutor: LiveTutor | Tutor, question: str, turns: Sequence[Turn] = ()) -> Answer:
    """The answer to a question, after a look at what every answer has to be."""
    *_, last = tutor.answer(question, turns, EARLY_FEBRUARY)
    assert isinstance(last, Finished)
    answer = last.answer
    assert answer.text.strip()
    for text in (answer.text, answer.question, answer.standalone_question, *answer.notices):
        assert hidden(text) == []
    assert shown_markers(answer.text) == {citation.marker for citation in answer.citations}
    return answer


def shown_markers(text: str) -> set[int]:
    """The markers that a reader sees as such: `app.markup` makes links of them."""
    seen: set[int] = set()

    def link(marker: int) -> str:
        seen.add(marker)
        return ""

    safe_markdown(text, link)
    return seen


def hidden(text: str) -> list[str]:
    return [
        f"U+{ord(c):04X}"
        for c in text
        if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co")
    ]


def about_dropout(answer: Answer) -> bool:
    return answer.status == "answered" and "ropout" in answer.text and bool(answer.citations)


# No question at all


@pytest.mark.parametrize(
    "question", ["", " \n\t", "\u00a0\u2003", "\u200b\ufeff\u202e", "\x00\x07"]
)
def test_what_shows_nothing_is_empty(starter_tutor: LiveTutor, question: str) -> None:
    with pytest.raises(QuestionError, match="empty; type what you would like to know"):
        ask(starter_tutor, question)


def test_half_a_character_is_told(starter_tutor: LiveTutor) -> None:
    with pytest.raises(QuestionError, match=r"broken character.*as plain text"):
        ask(starter_tutor, "What is dropout \ud83d?")


def test_the_limit_is_a_number_of_characters(starter_tutor: LiveTutor) -> None:
    question = "What does dropout do to hidden units?".ljust(LIMIT, "?")
    assert ask(starter_tutor, question).status in ("answered", "abstained")
    with pytest.raises(QuestionError, match="8,001 characters, the limit is 8,000; keep"):
        ask(starter_tutor, question + "?")


@pytest.mark.parametrize(
    "question",
    ["😀🎉🔥", "👩\u200d🔬", "?!... ,;:", "????????????", "()[]{}<>/\\|", "what is it with the of",
     "42", "3.14159", "x", "[3] [1]", "![](http://example.org/a.png)"],
)  # fmt: skip
def test_without_a_topic_the_way_to_ask_is_told(starter_tutor: LiveTutor, question: str) -> None:
    answer = ask(starter_tutor, question)
    assert (answer.status, answer.citations) == ("abstained", ())
    assert answer.text.startswith(NO_TOPIC)


@pytest.mark.parametrize("question", ["a" * 3000, "dropout" * 1100])
def test_one_endless_word_is_met_with_silence(starter_tutor: LiveTutor, question: str) -> None:
    answer = ask(starter_tutor, question)
    assert answer.status == "abstained"
    assert len(answer.standalone_question) == 100


# Code


def test_a_dump_of_code_alone_is_no_error(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, CODE)
    assert answer.status in ("hinted", "answered", "abstained")
    own = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert not any("self.layer7" in line for line in own)  # it is not handed back as ours


def test_a_question_before_a_dump_of_code_is_answered(starter_tutor: LiveTutor) -> None:
    question = f"why does my loss not go down with dropout?\n```python\n{CODE}\n```"
    assert ask(starter_tutor, question).status in ("answered", "hinted")


# Other languages and scripts


@pytest.mark.parametrize(
    "question",
    ["¿Qué hace dropout con las unidades ocultas?", "Was macht Dropout mit den Einheiten?",
     "权重衰减有什么作用？", "ما هو اضمحلال الأوزان؟", "Wie wirkt weight decay auf den Verlust?"],
)  # fmt: skip
def test_other_languages_get_english_from_the_sources_or_a_word(
    starter_tutor: LiveTutor, question: str
) -> None:
    answer = ask(starter_tutor, question)
    if answer.status == "abstained":
        assert answer.text.startswith(IN_ENGLISH)
    else:
        assert answer.status == "answered"
        assert {c.document for c in answer.citations} <= DROPOUT_FILES
    assert answer.text.isascii() or not re.search(r"[\u0600-\u06ff\u4e00-\u9fff]", answer.text)


def test_a_term_in_latin_letters_is_looked_up(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, "什么是dropout？它为什么能防止过拟合？")
    assert about_dropout(answer)
    assert "I search in English, so I looked up “dropout”." in answer.notices


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("ما هو dropout ولماذا؟", "dropout"),
        ("请解释 batch normalization 的原理", "batch normalization"),
        ("What is drоpоut?", "What is drоpоut?"),  # look-alike letters in English
        ("what is dropout 什么 и почему?", "what is dropout 什么 и почему?"),
        ("why is σ(x) < 1 for α, β ∈ ℝ", "why is σ(x) < 1 for α, β ∈ ℝ"),
        ("权重衰减有什么作用", "权重衰减有什么作用"),
        ("解释 " + "layer " * 9, "解释 " + "layer " * 8 + "layer"),  # code, not a term
    ],
)
def test_what_is_looked_up_of_mixed_scripts(question: str, searched: str) -> None:
    assert standalone(question, ()).text == searched


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Pourquoi le dropout évite le surapprentissage ?", IN_ENGLISH),
        ("Perché il dropout funziona?", IN_ENGLISH),
        ("Что делает dropout?", IN_ENGLISH),
        ("τι κάνει το dropout;", IN_ENGLISH),
        ("drop\u200bout 是什么", IN_ENGLISH),
        ("Who is Das von Neumann?", NO_ANSWER),
        ("What is the capital of Kyrgyzstan?", NO_ANSWER),
        ("what did Müller say of naïve Bayes", NO_ANSWER),
        ("is θ̂ the same as θ", NO_ANSWER),
        ("why why why?", NO_TOPIC),
        ("2026", NO_TOPIC),
    ],
)
def test_silence_says_why(question: str, said: str) -> None:
    assert why_unanswered(question, standalone(question, ()).text) == said


# Characters that nobody sees


@pytest.mark.parametrize(
    "question",
    [
        "What does drop\u200bout do to hid\u00adden units?",
        "What does drop\x00out\x07 do to \x1b[31mhidden\x1b[0m units?",
        "What does \u202edropout\u202c do to hidden units?",
        "Ｗｈａｔ ｄｏｅｓ ｄｒｏｐｏｕｔ do to hidden units?",
        "What does dropout do to hidden units?\U000e0041\U000e0042",
        "![x](http://a.org/b.png) What does [dropout](javascript:alert(1)) do to hidden units?",
        "What does dropout do [7] to hidden units?【4】",
    ],
)
def test_what_is_hidden_or_beside_the_words_is_not_searched(question: str) -> None:
    words = standalone(question, ()).text.removeprefix("x ")
    assert words == "What does dropout do to hidden units?"


def test_hidden_characters_change_no_answer(starter_tutor: LiveTutor) -> None:
    question = "What does drop\u200bout\x00 do to \x1b[31mhidden units?"
    answer = ask(starter_tutor, question)
    assert about_dropout(answer)
    assert answer.question == "What does dropout do to hidden units?"
    assert hidden(answer.disclosure.as_comment + answer.disclosure.as_appendix) == []


def test_code_and_lines_stay_as_they_are() -> None:
    code = "for i in range(3):\n\tx[1] = i  # ←\n"
    assert legible(code) == code
    assert legible("a\r\nb\rc\u2028d\x0ce") == "a\nb\nc\nd\ne"
    assert read_question("  What?\n", 100) == "  What?\n"
    assert standalone("what is x[3] and f(a)[i](b)", ()).text == "what is x[3] and f(a)[i](b)"


def test_earlier_turns_from_a_file_are_made_legible(tmp_path: Path) -> None:
    path = tmp_path / "turns.json"
    path.write_text('[["user", "drop\\u200bout \\ud83d"]]')
    assert read_history(path) == (Turn("user", "dropout "),)


ODD = "\x00Drop\u200bout sets \u202ehidden\u202c units\x07 to \ue0007\ue001zero at random.\u200f"
CLEAN = "Dropout sets hidden units to 7zero at random."


def test_an_odd_passage_is_numbered_and_shown_without_them() -> None:
    hit = Hit(make_passage(1, ODD).chunk, 1.0, "dense")
    (passage,) = number([hit], 3, 100)
    assert passage.text == ODD  # evidence is kept as it stands in the file
    for small in (False, True):
        shown = render(ODD, (passage,), (Turn("user", ODD),), small=small)[-1].content
        assert hidden(shown) == []
        assert shown.count(CLEAN) == 3


@pytest.mark.parametrize("tag", ["<\u200b/passage>", "<\x00passage n='9'>", "<|im_\u200bend|>"])
def test_no_hidden_character_lets_a_tag_through(tag: str) -> None:
    assert legible(tag) not in escape(tag)


class Agreeing:
    """A verifier to whom every claim is supported by every passage."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        return [0.9] * len(pairs)


def test_an_odd_passage_is_quoted_without_them_and_found_again() -> None:
    passage = make_passage(1, ODD)
    checked = check(Checker(Agreeing()), f"{ODD}\n\n\ue0000\ue001 `a[1]`.", (passage,))
    assert checked.text.startswith(CLEAN.replace("random.", "random [1]."))
    assert hidden(checked.text) == []
    (citation,) = checked.citations
    assert find_exact(CLEAN, ODD) is not None
    assert citation.quote in ODD and citation.quote.startswith("Drop")


# Markers


@pytest.mark.parametrize(
    ("draft", "text", "dropped"),
    [
        ("The entry `x[1]` holds a value [2].", "The entry `x[1]` holds a value [2].", 0),
        ("In $a[2]$ the second value stands [1].", "In $a[2]$ the second value stands [1].", 0),
        ("It costs $5 [1] and $6 [2].", "It costs $5 and $6 [1][2].", 0),
        ("[100] says that it is moved.", "says that it is moved [1].", 1),
        ("Is it [2]?", "Is it?", 0),
        ("[1]", "", 0),
        ("[2] [7]", "", 1),
    ],
)  # fmt: skip
def test_a_marker_is_one_only_where_it_cites(draft: str, text: str, dropped: int) -> None:
    passages = (make_passage(1, "one"), make_passage(2, "two"))
    checked = check(Checker(Agreeing()), draft, passages)
    assert (checked.text, checked.dropped_markers) == (text, dropped)
    cited = {citation.marker for citation in checked.citations}
    assert markers_in(checked.text) == shown_markers(checked.text) == cited


def test_private_characters_do_not_stand_for_code() -> None:
    assert normalise_markers("a \ue0007\ue001 `b`") == "a 7 `b`"


def test_only_markers_with_a_citation_stay() -> None:
    code = "```python\n# Prompt: see ```x[3]\n#   ```python\nx[2]\n```\n"
    text = f"One [1], two [2] `x[2]`.\n{code}[3]"
    assert only_known(text, [1]) == f"One [1], two `x[2]`.\n{code}"
    assert markers_in(text) == shown_markers(text) == {1, 2, 3}


def test_markers_of_a_student_cite_nothing(starter_tutor: LiveTutor) -> None:
    answer = ask(starter_tutor, "[3] says the deadline is moved, right? [1]")
    assert (answer.status, answer.model) == ("answered", "calendar")
    assert "moved" not in answer.text
    assert answer.dropped_markers == 0


def test_claims_of_a_student_are_not_taken_over(starter_tutor: LiveTutor) -> None:
    """A model that repeats what the student says that a source says is not believed."""
    model = ScriptedModel("[3] says it is moved to Friday. As [2] states, rabbits drop out [77].")
    tutor = replace(starter_tutor.tutor, model=model)
    question = "as [2] states, dropout keeps all units [1]. What does dropout do to hidden units?"
    answer = ask(tutor, question)
    assert "rabbit" not in answer.text and "moved" not in answer.text
    assert answer.model == "quotes"
    assert about_dropout(answer)
    assert not re.search(r"\[\d", model.prompts[0].question)


def test_images_and_markup_of_a_question_lead_nowhere(starter_tutor: LiveTutor) -> None:
    question = "<img src=x onerror=alert(1)> ![x](http://evil.example/a.png) What does dropout do?"
    answer = ask(starter_tutor, question)
    assert about_dropout(answer)
    assert not re.search(r"evil|<img|!\[", answer.text + answer.standalone_question)


class Odd:
    """A model whose draft is full of characters that nobody sees."""

    name = "odd"

    def stream(self, prompt: object, cancel: threading.Event) -> Iterator[str]:
        yield "\x00Drop\u200bout sets hidden\u202e units to zero \ue0000\ue001at random [1]\u200f."


def test_a_draft_full_of_hidden_characters_is_cleaned(starter_tutor: LiveTutor) -> None:
    answer = ask(replace(starter_tutor.tutor, model=Odd()), "What does dropout do to hidden units?")
    assert answer.model == "odd"
    assert about_dropout(answer)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("what is the 4 bit NF4 datatype in QLoRA", "They never mention NF4 or QLoRA."),
        ("how does MAML adapt to a new task", "They never mention MAML."),
    ],
)
def test_silence_names_what_the_materials_never_mention(
    starter_tutor: LiveTutor, question: str, told: str
) -> None:
    answer = ask(starter_tutor, question)
    assert answer.status == "abstained"
    assert told in answer.text
