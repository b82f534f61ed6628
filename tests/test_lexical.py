"""Lexical search: what counts as a word, and how words find texts."""

from pathlib import Path

import pytest

from ds542_tutor.index.lexical import LexicalIndex, tokenize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Section 11.3.2", ["section", "11.3.2"]),
        ("batch_size", ["batch_size", "batch", "size"]),
        ("nn.CrossEntropyLoss", ["nn", "crossentropyloss", "cross", "entropi", "loss"]),
        ("ReLU and relu", ["relu", "relu"]),
        ("maxPool2d", ["maxpool2d", "max", "pool2d"]),
        ("dot-product", ["dot", "product", "dotproduct"]),
        ("𝜃 and θ and \\theta", ["theta", "theta", "theta"]),
        ("λ", ["lambda"]),
        ("x² naïve ŷ", ["x2", "naiv", "y"]),
        ("Adam’s gradients", ["adam", "gradient"]),
        ("ﬁlters", ["filter"]),
        ("a 3 × 3 filter, 1x1 conv", ["3x3", "filter", "1x1", "conv"]),
        ("Why do we divide?", ["divid"]),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokenize(text) == expected


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    texts = {
        "a": "Gradient descent with momentum, section 6.3",
        "b": "Scaled dot-product attention divides by the square root of the dimension",
        "c": "Call optimizer.zero_grad() before loss.backward()",
        "d": "Stochastic gradient descent, section 6.2",
    }
    return LexicalIndex.build(tmp_path / "lexical", list(texts), list(texts.values()))


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("Why does attention divide by a square root?", "b"),
        ("6.2", "d"),
        ("6.3", "a"),
        ("zero_grad", "c"),
        ("zero the grad", "c"),
        ("dotproduct", "b"),
    ],
)
def test_best_hit(index: LexicalIndex, query: str, best: str) -> None:
    assert index.search(query, 3)[0][0] == best


def test_scores_fall_and_only_texts_with_a_common_word_are_found(index: LexicalIndex) -> None:
    hits = index.search("gradient descent", 10)
    assert {i for i, _ in hits} == {"a", "d"}
    assert hits[0][1] >= hits[1][1] > 0


def test_k_and_among_limit_the_hits(index: LexicalIndex) -> None:
    assert len(index.search("gradient", 1)) == 1
    assert [i for i, _ in index.search("gradient", 5, among={"d", "b", "unknown"})] == ["d"]
    assert index.search("gradient", 5, among=()) == []


def test_nothing_in_common_finds_nothing(index: LexicalIndex) -> None:
    assert index.search("zebra", 5) == []
    assert index.search("", 5) == []
    assert index.search("gradient", 0) == []


def test_ties_come_in_indexing_order(tmp_path: Path) -> None:
    index = LexicalIndex.build(tmp_path / "l", ["z", "y", "x"], ["same words"] * 3)
    assert [i for i, _ in index.search("same", 3)] == ["z", "y", "x"]


def test_an_index_without_words_opens_and_finds_nothing(tmp_path: Path) -> None:
    index = LexicalIndex.build(tmp_path / "l", ["a"], ["—"])
    assert len(index) == 1
    assert index.search("anything", 5) == []


def test_matches_say_which_chunk_has_which_term(tmp_path: Path) -> None:
    index = LexicalIndex.build(tmp_path / "lexical", ["a", "b", "c"], ["red fox", "red", "owl"])
    found = index.matches(["red", "fox", "unknown"], ["c", "a", "nowhere", "b"])
    assert found.tolist() == [
        [False, True, False, True],
        [False, True, False, False],
        [False, False, False, False],
    ]
    assert index.has("red")
    assert not index.has("unknown")


def test_only_the_best_are_sorted_but_all_ties_keep_their_order(tmp_path: Path) -> None:
    ids = [f"c{i:03}" for i in range(200)]
    texts = ["red fox" if i % 7 == 0 else "red" for i in range(200)]
    index = LexicalIndex.build(tmp_path / "lexical", ids, texts)
    whole = index.search("red fox", 200)
    assert len(whole) == 200
    for k in (1, 3, 40, 199):
        assert index.search("red fox", k) == whole[:k]
