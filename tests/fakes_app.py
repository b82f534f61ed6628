"""A tutor whose words are scripted, over one real PDF, for tests of the page around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pypdfium2 as pdfium

from ds542_tutor.course import Course
from ds542_tutor.dialogue import (
    Answer,
    AnswerEvent,
    Citation,
    Decision,
    Delta,
    Disclosure,
    Finished,
    Judged,
    Stage,
    Turn,
    Verdict,
)
from ds542_tutor.documents import Chunk, Locator, TextRun
from ds542_tutor.errors import EndpointError, IndexStoreError, QuestionError
from ds542_tutor.policy.rules import Policy

GENERATION = "20260201T000000Z-abcd1234"
SOURCE = r"""
#set document(title: "Lecture 7: Attention")
#set page(width: 16cm, height: 9cm, margin: 1.2cm)
#set text(size: 13pt, font: "Libertinus Serif")
= Scores and scale
- A score is a sum of $d_k$ products, so it grows with the square root of $d_k$.
- Large scores drive the softmax into saturation.
- #strong[Dividing by the square root keeps the scores near one.]
#pagebreak()
= Tags in a title: <script>alert(1)</script>
The second page says that a layer is `<img src=x onerror=alert(1)>` free.
"""


def make_pdf(folder: Path) -> Path:
    """Write a two-page PDF, named by its hash as the index stores it."""
    import typst

    data = typst.compile(SOURCE.encode())
    path = folder / f"{sha256(data).hexdigest()}.pdf"
    path.write_bytes(data)
    return path


def chunk_of(path: Path, page: int, title: str = "Lecture 7: Attention") -> Chunk:
    """Return a whole page as a chunk, aligned character by character but for its line breaks."""
    raw = pdfium.PdfDocument(path)[page - 1].get_textpage().get_text_range()
    runs, text, position = [], "", 0
    for line in raw.split("\r\n"):
        runs.append(TextRun(len(text), len(line), page, position))
        text += line + "\n"
        position += len(line) + 2
    return Chunk(
        id=f"{page:016x}",
        document="lectures/07_attention.pdf",
        title=title,
        kind="slides",
        text=text,
        search_text=text,
        locator=Locator(page=page, page_label=str(page), slide_title="Scores and scale"),
        pages=(page,),
        runs=tuple(runs),
        sha256=path.stem,
    )


class FakeGeneration:
    """What the app needs of a generation: chunks, files, the course's name."""

    def __init__(self, path: Path, chunks: Sequence[Chunk]) -> None:
        self.id = GENERATION
        self._path = path
        self._chunks = {chunk.id: chunk for chunk in chunks}
        self.chunks = self
        self.course = Course(name="DS542", term="sp2026")
        self.manifest = SimpleNamespace(documents=[SimpleNamespace(sha256=path.stem)])

    def get(self, ids: Sequence[str]) -> list[Chunk]:
        return [self._chunks[i] for i in ids if i in self._chunks]

    def source_file(self, sha256: str) -> Path:
        if sha256 != self._path.stem:
            raise IndexStoreError("no such file")
        return self._path


UNJUDGED_S = 0.8  # long enough for a browser on a busy machine to show what is not judged yet
JUDGED = {
    "perhaps": Verdict("All scores grow.", (1,), "supported", 0.9),
    "moon": Verdict("A layer is perhaps free.", (2,), "weak", 0.6),
    "quite": Verdict("It flies to the moon.", (), "unsupported", 0.1),
}
"""Verdicts by the word of the draft after which they come."""


@dataclass
class FakeTutor:
    """Answers by keyword of the question: "slow", "down", "formula", "<", else a cited answer.

    With "judged" sentences get their verdicts a little after their ends.

    `asked` records each question with its turns; `cancelled` is set when a slow answer was stopped.
    """

    generation: FakeGeneration
    model: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(name="scripted"))
    asked: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    pause: float = 0.05

    def answer(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        now: datetime | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[AnswerEvent]:
        cancel = cancel or threading.Event()
        self.asked.append((question, tuple(turns)))
        if not question.strip():
            raise QuestionError("The question is empty; type what you would like to know.")
        if len(question) > 8000:
            raise QuestionError(f"The question has {len(question):,} characters; keep less.")
        yield Stage("searching")
        if "down" in question:
            raise EndpointError("The model server at http://localhost:1 does not answer; start it.")
        if "crash" in question:
            raise ZeroDivisionError("a secret path /home/someone")
        yield Stage("writing")
        text = self._text(question)
        for piece in text.split(" "):
            if cancel.is_set():
                self.cancelled.set()
                break
            time.sleep(self.pause)
            yield Delta(piece + " ")
            if "judged" in question and (verdict := JUDGED.get(piece)):
                time.sleep(UNJUDGED_S)
                yield Judged((verdict,))
        yield Stage("checking")
        yield Finished(self.finished(question, text if not cancel.is_set() else "Cut short [1]."))

    def decisions(
        self, question: str, turns: Sequence[Turn], now: datetime, policies: Sequence[Policy]
    ) -> list[Decision]:
        return [Decision("answer", "concept", "", "a concept") for _ in policies]

    def finished(self, question: str, text: str) -> Answer:
        """Return the answer that cites what it can of the first chunks."""
        citations = []
        for marker, chunk in enumerate(self.generation._chunks.values(), start=1):
            line = max(chunk.text.split("\n"), key=len)
            start = chunk.text.index(line)
            citations.append(
                Citation(
                    marker=marker,
                    document=chunk.document,
                    title=chunk.title,
                    page=chunk.locator.page,
                    page_label=chunk.locator.page_label,
                    locator=chunk.locator.describe(),
                    quote=line,
                    support="supported" if marker == 1 else "weak",
                    score=0.9,
                    chunk_id=chunk.id,
                    text=chunk.text,
                    sha256=chunk.sha256,
                    start=start,
                    end=start + len(line),
                    spans=((start, start + len(line)),),
                )
            )
        judged = "judged" in question
        if judged:
            text = text.replace("It flies to the moon [1]. ", "")
        return Answer(
            question=question,
            standalone_question=question,
            status="answered",
            text=text,
            verdicts=tuple(JUDGED.values())[:2] if judged else (),
            citations=tuple(citations),
            hits=(),
            decision=Decision("answer", "concept", "", "a concept"),
            disclosure=Disclosure(
                "ds542_tutor 0.1.0", "scripted", "2026-02-01", question, "Use: [ ] as is", "",
                f"# AI assistance: ds542_tutor\n# Prompt: {question}",
                f"## Appendix: use of generative AI\n\n> {question}",
            ),
            generation=self.generation.id,
            model="scripted",
        )  # fmt: skip

    def _text(self, question: str) -> str:
        if "judged" in question:
            return (
                "All scores grow [1]. A layer is perhaps free [2]. It flies to the moon [1]. "
                + ("And so on, for quite a while, without a stop " * 8)
            )
        if "slow" in question:
            return "word " * 400
        if "formula" in question:
            return (
                r"Inline $a<b$ and \(\sqrt{d_k}\), displayed $$\frac{q\cdot k}{\sqrt{d_k}}$$ "
                r"and \[\sum_i x_i > 0\] cost $5 and $6 [1]."
            )
        if "<" in question:
            return (
                '<img src=x onerror="window.pwned=1"> ![x](http://foreign.example/x.png) '
                "<script>window.pwned=1</script> [go](javascript:window.pwned=1) ${pwned=1} "
                "{{pwned}} and `<b>code</b>` [1] [9]."
            )
        return f"You asked: {question} The scores grow [1], and a layer is free [2]."
