"""How often abbreviations and what they stand for occur: counted in one reading of each text."""

import time

from ds542_tutor.index.lexicon import _count


def test_phrases_and_plurals_are_counted_by_the_texts_that_have_them() -> None:
    texts = [" a neural network and neural networks ", " networks of networks ", " neural nets "]
    counts = _count(texts, {"neural network", "networks", "network", "neural net", "of networks"})
    assert counts == {
        "neural network": 1,
        "network": 1,
        "networks": 2,
        "neural net": 1,
        "of networks": 1,
    }


def test_many_phrases_with_one_beginning_cost_little() -> None:
    """A million chunks have a hundred thousand phrases: asking each text for each took hours."""
    phrases = {f"deep model number {i}" for i in range(20_000)}
    texts = [f" the deep model number {i} is one of many words in a text " for i in range(2_000)]
    began = time.perf_counter()
    counts = _count(texts, phrases)
    assert time.perf_counter() - began < 2
    assert sum(counts.values()) == 2_000
