"""Tutors over plain texts: temporary indexes of the real kind, and one question put to them.

Texts are cut, embedded and published as `ingest` does it, without its readers: a public set's
documents are plain text and have no pages.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.dialogue import Finished, Hit, Turn
from ds542_tutor.documents import Chunk, Locator, chunk_id
from ds542_tutor.errors import QuestionError
from ds542_tutor.index.chunks import DocumentRecord
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.models.embedding import load_embedder
from ds542_tutor.protocols import Vector
from ds542_tutor.sentences import split_sentences
from ds542_tutor.settings import Settings
from ds542_tutor.tutor import Tutor
from eval.public.overlap import without_markers

MAX_TOKENS = 230
"""Size of a chunk with its title, as in `ingest.chunking`: what MiniLM reads, with some room."""

_LEAST_TOKENS = 96  # however long its title, a chunk has room for this much text
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Text:
    """A document of a public set. `path`: its name, unique within an index."""

    path: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Given:
    """What the tutor gave to a question.

    Attributes:
        status: of `Answer`, or "error" where the tutor does not take the question (it is blank).
        text: without citation markers. hits: what was found, best first.
        model: which model spoke, or the part of the tutor that needs none.
    """

    status: str
    text: str
    hits: tuple[Hit, ...] = ()
    model: str = ""

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents of the hits, best first, each once."""
        return tuple(dict.fromkeys(hit.chunk.document for hit in self.hits))


def ask(tutor: Tutor, question: str, turns: Sequence[Turn] = ()) -> Given:
    """Put a question to the tutor and return what came of it.

    Raises:
        ModelError: the model failed.
    """
    try:
        *_, last = tutor.answer(question, turns)
    except QuestionError:
        return Given("error", "")
    assert isinstance(last, Finished)
    answer = last.answer
    return Given(answer.status, without_markers(answer.text), answer.hits, answer.model)


def found_by_words(tutor: Tutor, question: str) -> list[Chunk]:
    """Return the best chunk of each document by BM25 alone, best first: the floor of search."""
    lexical, chunks = tutor.generation.lexical, tutor.generation.chunks
    found = chunks.get([identifier for identifier, _ in lexical.search(question, len(lexical))])
    best: dict[str, Chunk] = {}
    for chunk in found:
        best.setdefault(chunk.document, chunk)
    return list(best.values())


@contextmanager
def tutors_over(
    groups: Mapping[str, Sequence[Text]], settings: Settings
) -> Iterator[dict[str, Tutor]]:
    """Give a tutor for each group of texts, over a temporary index of its own.

    The models are loaded once. The indexes are gone afterwards.

    Raises:
        ModelError, SettingsError: a model cannot be loaded.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="ds542-public-")))
        roots = {name: folder / str(number) for number, name in enumerate(groups)}
        publish(groups, roots, settings)
        (first, root), *others = roots.items()
        tutor = LiveTutor(with_overrides(settings, root, None)).tutor
        held.callback(tutor.generation.close)
        tutors = {first: tutor}
        for name, root in others:
            generation = IndexStore(root).open_current(tutor.retriever.embedder.model_id)
            held.callback(generation.close)
            retriever = replace(tutor.retriever, generation=generation)
            tutors[name] = replace(tutor, generation=generation, retriever=retriever)
        yield tutors


def publish(
    groups: Mapping[str, Sequence[Text]], roots: Mapping[str, Path], settings: Settings
) -> None:
    """Cut and embed all texts, and publish the index of each group in its folder of `roots`."""
    embedder = load_embedder(settings.models, "documents")
    chunks = {
        name: [chunk for text in texts for chunk in chunks_of(text, embedder.count_tokens)]
        for name, texts in groups.items()
    }
    wanted = list(dict.fromkeys(c.search_text for found in chunks.values() for c in found))
    vectors: dict[str, Vector] = {}
    for start in tqdm(range(0, len(wanted), _BATCH), desc="embedding", disable=None):
        batch = wanted[start : start + _BATCH]
        vectors.update(zip(batch, embedder.embed_documents(batch), strict=True))
    for name, texts in groups.items():
        records = [_record(text, chunks[name]) for text in texts]
        with IndexStore(roots[name]).begin() as writer:
            writer.write(records, chunks[name], [vectors[c.search_text] for c in chunks[name]])
            writer.publish(
                Manifest(embedder.model_id, embedder.dimension, corpus=f"public set: {name}")
            )


def chunks_of(text: Text, count_tokens: Callable[[str], int]) -> list[Chunk]:
    """Cut a text into chunks of whole sentences; passages that repeat are kept once."""
    room = max(MAX_TOKENS - count_tokens(text.title), _LEAST_TOKENS)
    pieces = dict.fromkeys(cut(text.text, count_tokens, room))
    return [
        Chunk(
            id=chunk_id(text.path, (), piece),
            document=text.path,
            title=text.title,
            kind="notes",
            text=piece,
            search_text=f"{text.title}\n{piece}",
            locator=Locator(),
            ordinal=ordinal,
            sha256=_sha256(text),
        )
        for ordinal, piece in enumerate(pieces)
    ]


def cut(text: str, count_tokens: Callable[[str], int], room: int) -> list[str]:
    """Cut `text` into pieces of at most `room` tokens, between sentences where one can."""
    pieces: list[str] = []
    start = end = size = 0
    for first, last in _units(text, count_tokens, room):
        more = count_tokens(text[first:last])
        if size and size + more > room:
            pieces.append(text[start:end].strip())
            start, size = first, 0
        end, size = last, size + more
    return [*pieces, text[start:end].strip()] if size else pieces


def _units(text: str, count_tokens: Callable[[str], int], room: int) -> Iterator[tuple[int, int]]:
    """Yield the sentences, of one that is too long its words: what must not be cut."""
    for span in split_sentences(text):
        if count_tokens(span.text) <= room:
            yield span.start, span.end
        else:
            for word in re.finditer(r"\S+", text[span.start : span.end]):
                yield span.start + word.start(), span.start + word.end()


def _record(text: Text, chunks: Sequence[Chunk]) -> DocumentRecord:
    own = sum(chunk.document == text.path for chunk in chunks)
    return DocumentRecord(text.path, "notes", text.title, _sha256(text), own)


def _sha256(text: Text) -> str:
    return hashlib.sha256(text.text.encode()).hexdigest()
