"""What a question compares, and that each side of it is found."""

from dataclasses import replace
from pathlib import Path

import pytest
from index_samples import EMBEDDER, HashEmbedder, chunk, record, vector

from ds542_tutor.comparisons import compared
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.queries import standalone
from ds542_tutor.retrieval import Retriever
from ds542_tutor.settings import RetrievalSettings


@pytest.mark.parametrize(
    ("question", "things"),
    [
        ("whats the difference between an LSTM and a GRU?", ("LSTM", "GRU")),
        ("batch vs layer norm, which one for text", ("batch norm", "layer norm")),
        ("relu vs leaky relu when would i bother with the leaky one", ("relu", "leaky relu")),
        ("is weight decay the same thing as L2? someone said not for adam", ("weight decay", "L2")),
        (
            "how is DDIM sampling different from normal sampling",
            ("DDIM sampling", "normal sampling"),
        ),
        ("lasso or ridge, what kind of weights do i end up with in each", ("lasso", "ridge")),
        ("compare SGD, momentum and Adam", ("SGD", "momentum", "Adam")),
        ("why use cross entropy instead of squared error?", ("cross entropy", "squared error")),
        # No comparison, or none of things with names.
        ("What is dropout?", ()),
        ("does adding depth make training easier or harder?", ()),
        ("which slides have the training algo and the sampling algo for diffusion", ()),
        ("are the reflections graded on being right or just for doing them", ()),
        ("there was 1 figure stacking GAN, VAE and flows under each other, which slide?", ()),
        ("", ()),
        ("vs", ()),
        ("a vs b vs c vs d vs e vs f vs g", ()),
    ],
)
def test_things_are_read_off(question: str, things: tuple[str, ...]) -> None:
    assert compared(question) == things


def test_a_long_question_is_read_in_no_time() -> None:
    assert compared("word " * 3000 + "and " * 2000) == ()
    assert compared("a, " * 3000 + "or b which one") == ()


def test_the_side_that_a_search_misses_joins_the_hits(tmp_path: Path) -> None:
    """The corpus says much about one thing, and of the other only what it is."""
    words = "speech text music video vision robots games".split()
    sentence = "The difference of the LSTM cell state in {}: reset, and it forgets."
    much = [chunk(sentence.format(word), ordinal=n) for n, word in enumerate(words)]
    rest = " ".join(f"word{n}" for n in range(80))
    little = chunk(f"A reset gate is one of two. {rest}", ordinal=9)
    store = IndexStore(tmp_path)
    with store.begin() as writer:
        chunks = [*much, little]
        writer.write(
            [record(name, 1) for name in {c.document for c in chunks}],
            chunks,
            [vector(c.search_text) for c in chunks],
        )
        writer.publish(Manifest(embedder=EMBEDDER, dimension=16, corpus="test"))
    retriever = Retriever(store.open_current(EMBEDDER), HashEmbedder(), RetrievalSettings())
    query = standalone("difference between the LSTM cell state and the reset gate", ())
    assert query.things == ("LSTM cell state", "reset gate")

    alone = [hit.chunk.id for hit in retriever.search(replace(query, things=()))]
    both = retriever.search(query)
    assert alone.index(little.id) > 3
    assert [hit.chunk.id for hit in both].index(little.id) == 2
    assert sorted(hit.chunk.id for hit in both) == sorted(alone)
    assert [hit.score for hit in both] == sorted((hit.score for hit in both), reverse=True)
