"""Building a generation from real files: what fails, what is kept, what is embedded again."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from index_samples import EMBEDDER, TOML, HashEmbedder, chunk

from ds542_tutor.errors import IndexFullError, IndexStoreError, SourceError
from ds542_tutor.index import writer
from ds542_tutor.index.generations import IndexStore
from ingest import checking, parsing
from ingest.build import Wishes, build
from ingest.report import Embedded, Event, FileDone, Phase, Report, Started
from ingest.sources import load_sources
from ingest.vectors import VectorCache

DECK = Path(__file__).parents[1] / "corpus/starter/lectures/05_regularization.pdf"
ATTENTION = "# Attention\n\nAttention weighs the values by how well keys match the query.\n"
MOMENTUM = "# Momentum\n\nMomentum keeps a moving average of past gradients for each weight.\n"


class Course:
    """A folder of course files and an index built from them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = IndexStore(folder / "index")
        self.embedder = HashEmbedder()
        self.events: list[Event] = []
        (folder / "tiny.toml").write_text(TOML)
        # An empty pattern is a failure, so there is always one deck.
        deck = (
            Path(__file__).parents[1] / "corpus" / "starter" / "lectures" / "05_regularization.pdf"
        )
        (folder / "05.pdf").write_bytes(deck.read_bytes())

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def build(self, **wishes: Any) -> Report:
        sources = load_sources(self.folder / "tiny.toml")
        self.events = []
        return build(sources, self.store, self.embedder, self.events.append, Wishes(**wishes))

    def finds(self, word: str) -> set[str]:
        """Documents that the current generation finds by a word of theirs."""
        with self.store.open_current(EMBEDDER) as generation:
            hits = generation.lexical.search(word, 50)
            return {chunk.document for chunk in generation.chunks.get([i for i, _ in hits])}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = Course(tmp_path)
    made.write("a.md", ATTENTION)
    made.write("b.md", MOMENTUM)
    return made


def test_everything_is_read_and_found(course: Course) -> None:
    report = course.build()
    assert [(f.path, f.status) for f in report.files] == [
        ("05.pdf", "read"), ("a.md", "read"), ("b.md", "read"),
    ]  # fmt: skip
    assert report.generation == course.store.current_id()
    assert course.finds("query") == {"a.md"}
    assert "05.pdf" in course.finds("regularization")
    with course.store.open_current(EMBEDDER) as generation:
        assert generation.manifest.corpus == "tiny"
        assert generation.manifest.embedder == EMBEDDER
        assert generation.manifest.chunks == report.chunks == len(generation.dense)
        for document in generation.manifest.documents:
            stored = generation.source_file(document.sha256)
            assert stored.read_bytes() == (course.folder / document.path).read_bytes()


def test_events_tell_the_story_in_order(course: Course) -> None:
    report = course.build()
    kinds = [type(event) for event in course.events]
    assert kinds[0] is Started
    assert kinds[1:4] == [FileDone] * 3
    assert kinds[-3:] == [Phase, Phase, Report]
    assert set(kinds[4:-3]) == {Embedded}
    files = [event for event in course.events if isinstance(event, FileDone)]
    assert [(f.done, f.total) for f in files] == [(1, 3), (2, 3), (3, 3)]
    last = [event for event in course.events if isinstance(event, Embedded)][-1]
    assert last.done == last.total
    assert course.events[-1] == report


def test_only_new_text_is_embedded_again(course: Course) -> None:
    first = course.build()
    assert first.embedded == first.chunks
    course.write("c.md", "# Dropout\n\nDropout sets random activations to zero while training.\n")
    course.embedder.embedded.clear()
    assert course.build().embedded == 1
    assert any("Dropout" in text for text in course.embedder.embedded)


def test_a_removed_file_is_found_nowhere(course: Course) -> None:
    course.build()
    with course.store.open_current(EMBEDDER) as generation:
        [gone] = generation.chunks.by_document("b.md")
    (course.folder / "b.md").unlink()
    course.build()
    assert course.finds("momentum") <= {"05.pdf"}
    with course.store.open_current(EMBEDDER) as generation:
        assert generation.chunks.get([gone.id]) == []
        [vector] = course.embedder.embed_documents([gone.search_text])
        everything = generation.dense.search(vector, 1000)
        assert len(everything) == len(generation.chunks)
        assert gone.id not in dict(everything)


def test_a_corrupt_file_leaves_the_old_generation(course: Course) -> None:
    first = course.build()
    (course.folder / "06.pdf").write_bytes(b"%PDF-1.7 this is no PDF")
    course.write("a.md", "# Convolution\n\nA convolution slides a kernel over the input.\n")
    report = course.build()
    assert report.generation is None
    [failed] = [f for f in report.files if f.status == "failed"]
    assert failed.path == "06.pdf"
    assert failed.reason
    assert course.store.current_id() == first.generation
    assert course.finds("query") == {"a.md"}
    assert not any(isinstance(event, Embedded) for event in course.events)


def test_allow_partial_publishes_the_rest_and_remembers_what_failed(course: Course) -> None:
    (course.folder / "06.pdf").write_bytes(b"%PDF-1.7 this is no PDF")
    report = course.build(allow_partial=True)
    assert report.generation == course.store.current_id()
    assert report.count("failed") == 1
    with course.store.open_current(EMBEDDER) as generation:
        [failed] = generation.manifest.failed
    assert failed.startswith("06.pdf: ")
    assert failed.count("06.pdf") == 1


def test_a_pattern_that_matches_nothing_is_a_failure(course: Course) -> None:
    (course.folder / "05.pdf").unlink()
    report = course.build()
    assert [(f.path, f.status) for f in report.files if f.status != "read"] == [("*.pdf", "failed")]
    assert report.generation is None


def test_nothing_to_read_at_all(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('[corpus]\nname = "x"\nterm = "t"\n')
    sources = load_sources(tmp_path / "x.toml")
    store = IndexStore(tmp_path / "index")
    with pytest.raises(SourceError, match="no file that can be read"):
        build(sources, store, HashEmbedder(), lambda _: None)
    assert store.current_id() is None


def test_the_same_text_twice_at_one_place_is_one_chunk() -> None:
    one, other = chunk("print(loss)", "n.ipynb", 0), chunk("plot(loss)", "n.ipynb", 1)
    kept = parsing.distinct([one, replace(one, ordinal=1), replace(other, ordinal=2)])
    assert kept == [one, other]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_full_disk_or_ctrl_c_while_embedding(
    course: Course, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    first = course.build()
    course.write("c.md", "# New\n\nSomething that has to be embedded first of all today.\n")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(VectorCache, "put", fail)
    with pytest.raises(IndexFullError if isinstance(error, OSError) else KeyboardInterrupt):
        course.build()
    assert course.store.current_id() == first.generation
    assert course.finds("query") == {"a.md"}
    hidden = [p for p in (course.store.root / "generations").iterdir() if p.name[0] == "."]
    assert hidden == []


class ShiftedEmbedder(HashEmbedder):
    """Gives every text another text's vector, the first time it sees it."""

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        wrong = [text not in self.embedded for text in texts]
        vectors = super().embed_documents([t + "!" * w for t, w in zip(texts, wrong, strict=True)])
        self.embedded.extend(texts)
        return vectors


def test_an_index_that_does_not_find_its_own_text_is_not_published(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = course.build()
    # Else the right vectors of the generation in use would be taken over.
    monkeypatch.setattr(writer, "MAX_EXCHANGED", 0)
    course.embedder = ShiftedEmbedder()
    for path in course.store.root.glob("embeddings.sqlite*"):
        path.unlink()
    with pytest.raises(IndexStoreError, match="by its own text"):
        course.build(force=True)
    assert course.store.current_id() == first.generation


def test_an_index_with_a_lost_vector_is_not_published(course: Course) -> None:
    lost: Any = SimpleNamespace(chunks=[1, 2], dense=[1], lexical=[1, 2])
    with pytest.raises(IndexStoreError, match="instead of 2 each"):
        checking.check(lost, [chunk("a"), chunk("b")], course.embedder)


def test_a_damaged_embedding_cache_is_begun_anew(course: Course) -> None:
    course.build()
    cache = course.store.root / "embeddings.sqlite"
    cache.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    report = course.build(force=True)
    assert report.embedded == report.chunks


KILLED = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from index_samples import HashEmbedder
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.writer import GenerationWriter
from ingest.build import Wishes, build
from ingest.sources import load_sources

write = GenerationWriter.write
def stall(self, *rest, **more):
    write(self, *rest, **more)
    print("written", flush=True)
    time.sleep(60)
GenerationWriter.write = stall
build(load_sources(Path("tiny.toml")), IndexStore(Path("index")), HashEmbedder(), lambda _: None)
"""


def test_a_killed_ingest_leaves_the_old_generation_answering(course: Course) -> None:
    first = course.build()
    course.write("a.md", "# Convolution\n\nA convolution slides a kernel over the input.\n")
    tests = str(Path(__file__).parent)
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(tests=tests)],
        cwd=course.folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "written\n"
    with pytest.raises(IndexStoreError, match=f"Another ingest \\(process {child.pid}\\)"):
        course.build()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()

    generations = course.store.root / "generations"
    assert [p.name for p in generations.glob(".building-*")] != []
    assert course.store.current_id() == first.generation
    assert course.finds("query") == {"a.md"}
    second = course.build()
    assert course.store.current_id() == second.generation
    assert course.finds("kernel") >= {"a.md"}
    assert list(generations.glob(".*")) == []
