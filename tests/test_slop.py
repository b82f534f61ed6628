"""Slop and length: what nobody asked for goes, prose fits its question, formulas and code stay."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ds542_tutor.dialogue import Action, Decision
from ds542_tutor.policy.budget import HINT_WORDS, Budget, words_for
from ds542_tutor.policy.disclosure import make_disclosure
from ds542_tutor.policy.enforce import enforce
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.slop import without_unasked

GRADED = GradedItems()


def let_out(draft: str, question: str = "What is dropout?", action: Action = "answer") -> str:
    disclosure = make_disclosure(question, "", "scripted", date(2026, 2, 3), "", "0.1.0")
    return enforce(draft, Decision(action, "concept", "5", ""), disclosure, GRADED).text


DRAFTS = {
    "flattery and offers": (
        "Great question! Dropout sets random activations to zero [1]. It is off in testing [2]. "
        "I hope this helps! Let me know if you have any other questions.",
        "Dropout sets random activations to zero [1]. It is off in testing [2].",
    ),
    "a conversation of its own": (
        "Dropout sets random activations to zero [1].\n\nQuestion: What is weight decay?\n"
        "Answer: It shrinks weights [2].\n\n```python\nx = 1\n```",
        "Dropout sets random activations to zero [1].",
    ),
    "the roles of a chat": (
        "Dropout sets random activations to zero [1].\nUser: thanks!\nAssistant: You're welcome.",
        "Dropout sets random activations to zero [1].",
    ),
    "an aside": (
        "Dropout sets random activations to zero [1]. By the way, Hinton proposed it at a bank "
        "[2]. It is off in testing [3].",
        "Dropout sets random activations to zero [1]. It is off in testing [3].",
    ),
    "an answer to another question": (
        "Dropout sets random activations to zero [1]. It is off in testing [3]. You might also "
        "wonder how weight decay works: it shrinks the weights [2].",
        "Dropout sets random activations to zero [1]. It is off in testing [3].",
    ),
    "extras": (
        "Dropout sets random activations to zero [1].\n\n## Further reading\n\nSee chapter 9 [2].",
        "Dropout sets random activations to zero [1].",
    ),
    "saying it again": (
        "Dropout sets random activations to zero [1]. It is off in testing [2]. In summary, "
        "dropout sets activations to zero and is off in testing [1][2].",
        "Dropout sets random activations to zero [1]. It is off in testing [2].",
    ),
    "show": (
        "# Dropout Explained 🎓\n\n**Dropout** sets random activations to zero ✨ [1].",
        "**Dropout** sets random activations to zero [1].",
    ),
}


@pytest.mark.parametrize(("draft", "left"), DRAFTS.values(), ids=DRAFTS.keys())
def test_what_nobody_asked_for_goes(draft: str, left: str) -> None:
    made = let_out(draft)
    assert made == left
    assert let_out(made) == left


@pytest.mark.parametrize(
    "text",
    [
        "The question: is the mean zero? It is [1].",
        "A question that is open: whether it converges [1].",
        "To summarize a sequence the encoder keeps one vector [1].",
        "It drops units [1]. Overall accuracy rises from 0.80 to 0.85 on this set [2].",
        "Further layers see larger patches [1].\n\nAdditional heads look elsewhere [2].",
        "Q: the query matrix, K: the key matrix [1].",
    ],
)
def test_sentences_that_only_look_like_it_stay(text: str) -> None:
    assert without_unasked(text) == (text, False)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is dropout?", 140),
        ("Why does dropout help?", 180),
        ("Compare dropout and weight decay", 220),
        ("Derive the gradient of the softmax", 320),
        ("Explain dropout in one sentence", 28),
        ("explain dropout in 50 words", 50),
        ("tl;dr of attention?", 80),
        ("What is long short-term memory?", 140),
        ("dropout", 160),
    ],
)
def test_the_budget_fits_the_question(question: str, words: int) -> None:
    assert words_for(question) == words
    assert words_for(question, hint=True) == min(words, HINT_WORDS)


def words(text: str) -> int:
    """Words of letters; markers are none."""
    return len(re.findall(r"[a-zA-Z]+", text))


LONG = " ".join(f"Sentence number {i} says a thing about dropout [1]." for i in range(60))


def test_prose_ends_between_sentences_within_its_budget() -> None:
    made = let_out(LONG)
    assert made.endswith("[1].") and 120 < words(made) <= 140
    assert words(let_out(LONG, action="hint")) <= HINT_WORDS
    assert words(let_out(LONG, "Why dropout? In one sentence, please.")) <= 28


def test_lists_end_between_items() -> None:
    listed = "It has parts:\n\n" + "\n".join(
        f"- Part {i} does one thing that has a name of its own [2]" for i in range(40)
    )
    made = let_out(listed)
    lines = made.split("\n")
    assert lines[0] == "It has parts:" and words(made) <= 140
    assert all(re.fullmatch(r"- Part \d+ does .* own \[2\]", line) for line in lines[2:])


def test_code_and_formulas_are_never_cut() -> None:
    code = "```python\n" + "\n".join(f"x{i} = {i}" for i in range(60)) + "\n```"
    formula = "$$\n" + r"\begin{aligned} a &= b \\ c &= d \end{aligned}" + "\n$$"
    stated = "With that, $L = -\\log p$ holds [3]."
    made = let_out(f"{LONG}\n\nSo the loss is:\n\n{formula}\n\n{stated}\n\nIn code:\n\n{code}")
    assert formula in made and stated in made and "x59 = 59" in made
    assert "So the loss is:" in made and "In code:" in made
    assert "Sentence number 59" not in made


def test_one_long_sentence_stays() -> None:
    sentence = "Dropout " + "very " * 300 + "often helps [1]."
    assert let_out(sentence) == sentence


PIECES = st.lists(
    st.sampled_from(
        [
            "Dropout sets activations to zero [1].", "- an item of a list [2]", "1. a first step",
            "$$ a = b $$", "With $x = y$ it holds [3].", "By the way, it rains.", "So:", "",
            "In summary, dropout sets activations to zero.", "## Further reading", "| a | b |",
            "```\ncode = 1\n```", "Q: and now?", "`x`", " ".join(["word"] * 60) + ".",
        ]
    ),
    max_size=25,
).map("\n".join)  # fmt: skip


@settings(deadline=None)
@given(PIECES, st.sampled_from(["What is it?", "Why?", "in 10 words?", "derive it"]))
def test_letting_out_twice_changes_nothing_more(draft: str, question: str) -> None:
    once = let_out(draft, question)
    assert let_out(once, question) == once


@settings(deadline=None)
@given(PIECES, st.integers(1, 60))
def test_a_budget_only_takes_whole_pieces_away(draft: str, words: int) -> None:
    kept = Budget(words).fit(draft)
    assert kept.count("$$ a = b $$") == draft.count("$$ a = b $$")
    assert kept.count("$x = y$") == draft.count("$x = y$")
    known = {line.strip() for line in draft.split("\n")}
    sentences = {line.strip() for line in kept.split("\n")}
    assert all(
        line in known or any(line in whole or whole in line for whole in known if whole)
        for line in sentences
    )
