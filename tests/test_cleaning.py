"""Cleaning keeps every character's place; words cut by line ends are mended."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from reading import misaligned

from ingest import cleaning
from ingest.cleaning import HYPHEN_BREAK, Aligned

RAW = st.text(alphabet=st.sampled_from("ab Z1ﬁ•●\u00a0\t\r\n\u200b-.(𝑥²"), max_size=60)


@given(RAW, st.integers(0, 60), st.integers(0, 60))
def test_runs_point_at_the_same_characters_after_any_cleaning(raw: str, a: int, b: int) -> None:
    whole = Aligned.of_page(raw, 3)
    cut = whole[min(a, b) : max(a, b)]
    joined = cleaning.join([cleaning.tidy(cut), whole.strip()], " ")
    for text in (cleaning.tidy(whole), cut, joined, whole.sub(re.compile("a+"), "x")):
        runs = text.runs()
        mapped = [r for r in runs if "x" not in text.text[r.start : r.start + r.length]]
        assert not misaligned(text.text, mapped, {3: raw})
        assert all(run.page == 3 and run.length > 0 for run in runs)


@given(RAW)
def test_runs_cover_what_was_not_inserted(raw: str) -> None:
    text = cleaning.tidy(Aligned.of_page(raw, 1)) + "inserted"
    covered = sum(run.length for run in text.runs())
    assert covered == sum(where != cleaning.INSERTED for where in text.where)


def test_one_for_one_replacement_keeps_places_and_a_longer_one_does_not() -> None:
    text = Aligned.of_page("see ● ﬁt", 2)
    tidied = cleaning.tidy(text)
    assert tidied.text == "see • fit"
    assert [(r.start, r.length, r.source) for r in tidied.runs()] == [(0, 6, 0), (8, 1, 7)]
    assert tidied.span(2) == (0, 8)
    assert tidied.pages() == (2,)


def test_sub_of_nothing_returns_the_same_text() -> None:
    text = Aligned.of_page("plain", 0)
    assert text.sub(re.compile("q"), "") is text


def test_cut_words_are_closed_and_real_hyphens_kept() -> None:
    pages = ["The high-dimensional data of a network", "instantiating data, bias term and bias"]
    words = cleaning.count_words(pages)
    cases = {
        f"instanti{HYPHEN_BREAK}ating": "instantiating",
        f"high{HYPHEN_BREAK}dimensional": "high-dimensional",
        f"regres{HYPHEN_BREAK}sion": "regression",  # unknown word, no known halves
        f"bias{HYPHEN_BREAK}data": "bias-data",  # both halves are words of the document
        f"https://a.org/one{HYPHEN_BREAK}two": "https://a.org/one-two",
        f"x{HYPHEN_BREAK}1": "x-1",
    }
    for raw, mended in cases.items():
        text = cleaning.mend_hyphens(Aligned.of_page(raw, 1), words)
        assert text.text == mended
        assert not misaligned(text.text, text.runs(), {1: raw})


def test_tall_maths_signs_of_powerpoint_are_named_rightly() -> None:
    assert cleaning.tidy(Aligned.of_page("\u0dcd 𝑥, \u01b8𝑦", 1)).text == "∑ 𝑥, 𝑦"


def test_fold_makes_maths_letters_plain() -> None:
    assert cleaning.fold("𝑥 ∈ ℝ,  ﬁne  𝐱²") == "x ∈ R, fine x2"
    assert cleaning.key("  Dot-Product  (𝑞·𝑘) ") == "dotproductqk"


def test_similar_is_the_share_of_words_found() -> None:
    assert cleaning.similar(["a", "b", "c", "d"], {"a", "b", "c"}) == 0.75
    assert cleaning.similar([], {"a"}) == 1.0
