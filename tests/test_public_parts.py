"""What the public sets share: measures of words, figures with intervals, tutors over texts."""

from __future__ import annotations

import pytest
from public_samples import NOTES, QUOTES

from eval.public.figures import Figure, mean, rate, zero_note
from eval.public.overlap import (
    contains,
    exact,
    normalise,
    number_recall,
    shares_run,
    token_f1,
    token_recall,
    without_markers,
)
from eval.public.reading import every_nth
from eval.public.texts import Given, Text, ask, chunks_of, cut, found_by_words, tutors_over
from eval.stats import wilson

# --- Measures of words ----------------------------------------------------------------------------


def test_squad_normal_form() -> None:
    assert normalise("  The U.S.  Army's\nan apple, A-team!") == "us armys apple ateam"
    assert normalise("Theatre anthem") == "theatre anthem"  # articles are whole words


def test_token_f1_and_exact_match_by_hand() -> None:
    # answer: cat sat on mat (4), gold: cat on rug (3), shared 2 -> 2*2 / 7
    assert token_f1("The cat sat on the mat.", ["a cat on a rug"]) == pytest.approx(4 / 7)
    assert token_f1("cat cat", ["cat"]) == pytest.approx(2 / 3)  # repetitions count once
    assert token_f1("nothing", ["other", "Nothing!"]) == 1.0  # the best gold
    assert token_f1("", [""]) == 1.0
    assert token_f1("words", [""]) == 0.0
    assert exact("The Normans.", ["French", "normans"]) == 1.0
    assert exact("The Normans came.", ["normans"]) == 0.0


def test_containment_is_of_whole_words() -> None:
    assert contains("It was in the year 1066, they say.", ["1066"])
    assert contains("He met the King of France.", ["king of the France"])  # articles do not matter
    assert not contains("It was in 10661.", ["1066"])
    assert not contains("anything", ["the", ""])  # nothing is left of these


def test_recall_of_words_and_numbers_by_hand() -> None:
    # reference: service counts for 10 of grade -> 6 tokens, found: counts 10 of grade
    assert token_recall("It counts 10% of your grade.", "Service counts for 10% of the grade") == (
        pytest.approx(4 / 6)
    )
    assert token_recall("late late", "late late late") == pytest.approx(2 / 3)
    assert token_recall("", "Yes") == 0.0
    assert number_recall("due at 5, worth 12.5%", "12.5% of 100 by 5") == pytest.approx(2 / 3)
    assert number_recall("due at 5", "no numbers here") is None


def test_runs_of_words() -> None:
    text = "reach out to us at mail dot com"
    assert shares_run(text, "Please, reach OUT to us at mail!", 6)
    assert not shares_run(text, "Please reach out to us by mail", 6)
    assert not shares_run("too short", "too short", 6)


def test_markers_are_taken_out() -> None:
    assert without_markers("It converges [1][12]. So does x[1234].") == (
        "It converges. So does x[1234]."
    )


# --- Figures --------------------------------------------------------------------------------------


def test_rates_have_wilsons_interval() -> None:
    figure = rate([True, True, False, True])
    assert figure == Figure(0.75, *wilson(0.75, 4), 4)
    assert rate([]) is None and mean([], []) is None


def test_means_are_drawn_by_document() -> None:
    figure = mean([1.0, 1.0, 0.0, 0.0], ["a", "a", "b", "b"])
    assert figure and figure.value == 0.5 and figure.n == 4
    assert (figure.low, figure.high) == (0.0, 1.0)  # a draw may hold one document twice
    alike = mean([0.0] * 6, ["a", "a", "a", "b", "b", "b"])
    assert alike == Figure(0.0, *wilson(0.0, 2), 6)  # two documents, not six cases
    assert mean([0.4], ["a"]) == Figure(0.4, *wilson(0.4, 1), 1)
    single = mean([1.0, 0.0, 0.0, 1.0], ["a"] * 4)
    assert single and single.low < 0.5 < single.high  # one document: its items are drawn


def test_no_case_at_all_leaves_room_for_some() -> None:
    assert zero_note("Attacks", rate([True, False])) == ()
    (note,) = zero_note("Attacks", rate([False] * 30))
    assert "none of 30" in note and "9.5%" in note  # 1 - 0.05^(1/30)


def test_every_nth_item() -> None:
    assert every_nth(range(10), 3) == [0, 3, 6]
    assert every_nth(range(3), None) == every_nth(range(3), 9) == [0, 1, 2]


# --- Texts ----------------------------------------------------------------------------------------


def words(text: str) -> int:
    return len(text.split())


def test_texts_are_cut_between_sentences_and_nothing_is_lost() -> None:
    text = "One two three. Four five six.\n\nSeven eight nine. " + "ten " * 12 + "end."
    pieces = cut(text, words, 6)
    assert pieces[:2] == ["One two three. Four five six.", "Seven eight nine. ten ten ten"]
    assert all(words(piece) <= 6 for piece in pieces)
    assert " ".join(pieces).split() == text.split()
    assert cut(" \n ", words, 6) == []


def test_chunks_carry_their_title_and_repeat_nothing() -> None:
    text = Text("a.md", "Rules", ("Be on time. " * 40 + "\n") * 6)
    chunks = chunks_of(text, words)
    assert len({chunk.id for chunk in chunks}) == len(chunks) < 7
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert chunks[0].search_text.startswith("Rules\nBe on time.")
    assert chunks[0].kind == "notes" and not chunks[0].text.startswith("Rules")


def test_each_group_has_an_index_of_its_own() -> None:
    groups = {"one": NOTES[:1], "two": NOTES[1:]}
    with tutors_over(groups, QUOTES) as tutors:
        found = ask(tutors["one"], "How does dropout reduce overfitting?")
        assert found.documents == ("softmax.md",)
        given = ask(tutors["two"], "How does dropout reduce overfitting?")
        assert given.status == "answered" and given.documents[0] == "dropout.md"
        assert "overfitting" in given.text and "[1]" not in given.text
        assert tutors["one"].model is tutors["two"].model
        assert ask(tutors["one"], "  ") == Given("error", "")
        first, *_ = found_by_words(tutors["two"], "gradient step with momentum")
        assert first.document == "momentum.md"
        assert found_by_words(tutors["two"], "zzz") == []
