"""Values for one exchange: Turn, Query, Hit, Passage, Prompt, Citation, Decision, Answer, events.

Pure data, standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ds542_tutor.documents import Chunk

Role = Literal["user", "assistant"]
Action = Literal["answer", "hint", "refuse"]
Status = Literal["answered", "abstained", "refused", "hinted"]
Support = Literal["supported", "weak", "unsupported"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for search.

    Attributes:
        text: standalone wording. original: as the student typed it.
        lectures, page, assignment, kind: preferences read off the words, when present.
        section: a book section or equation number such as "6.3" or "11.3.2".
        labels: what it names by number, such as "equation 11.3.2" (see `labels`).
        locate: the question asks where something stands, not what it says.
        term: the term that it asks about when that is not the running one, such as "fa2025".
        about_course: it asks how the course is run, which its own pages say, not the book.
        things: what it compares, two to four; () where it compares nothing.
        context: the earlier question that `text` begins with; "" for a question by itself.
        said: the beginning of the answer to that one.
        matter: what a question about the course is about, see `course_matters`.
        out: keys of graded work that may be shown although its page is not published.
    """

    text: str
    original: str
    lectures: tuple[int, ...] = ()
    page: int | None = None
    assignment: str | None = None
    kind: str | None = None
    section: str | None = None
    labels: tuple[str, ...] = ()
    locate: bool = False
    term: str | None = None
    about_course: bool = False
    things: tuple[str, ...] = ()
    context: str = ""
    said: str = ""
    matter: str = ""
    out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that a search found. `score`: higher is better; comparable within one search only.

    `similarity` is the cosine between query and chunk in [-1, 1], comparable across searches.
    `also`: other chunks that say the same, best first.
    """

    chunk: Chunk
    score: float
    retriever: str
    similarity: float = 0.0
    also: tuple[Chunk, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as numbered in the prompt; `number` is what a marker [n] refers to, from 1.

    `text` is what the model sees: the chunk's text, perhaps cut to fit. `also`: see `Hit`.
    """

    number: int
    chunk: Chunk
    text: str
    also: tuple[Chunk, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message for a language model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything a chat model may need for one answer.

    Language models read `messages`; `quotes`, which is no language model, reads `question` and
    `passages`. `max_tokens` bounds the answer. `rules`: the passages state rules of the course, of
    which a single sentence would tell half. `own`: the question without what it takes along from
    the one before; "" where it takes nothing. `matter`: words in
    which pages speak of what is asked.
    """

    question: str
    passages: tuple[Passage, ...]
    messages: tuple[Message, ...]
    action: Action = "answer"
    max_tokens: int = 512
    rules: bool = False
    own: str = ""
    matter: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the course's policy says to one question. `rule` and `clause` name where it says so.

    Attributes:
        reason: why, in a few words.
        evidence: what it rests on, a short text each: words of the message, the graded chunk it
            resembles, the earlier turn it goes on from, the mode in force.
        scores: measured likenesses by name, such as "overlap" or "cosine", in [0, 1].
    """

    action: Action
    rule: str
    clause: str
    reason: str
    assignment: str | None = None
    evidence: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Citation:
    """One marker of an answer, resolved and checked.

    Attributes:
        marker: the number shown in the text, as in [1].
        document, title, page, page_label, locator: where to look; `locator` in words.
        quote: the supporting span of the passage, verbatim; "" when none is certain.
        start, end: half-open range of `quote` in the chunk's text; 0, 0 when unsure.
        spans: all sure ranges that support sentences citing this marker, ascending, not
            overlapping; contains (start, end).
        support: verdict of the check of the citing sentences. score: in [0, 1].
        chunk_id: the evidence. sentence: the first sentence of the answer that carries it.
        text: the passage as the model saw it, so that a saved answer keeps its evidence.
        sha256: of the source file, so that its page can be shown as it was.
        notes: what else is known of the place, such as errata of the cited page, or where else the
            same stands.
    """

    marker: int
    document: str
    title: str
    page: int | None
    page_label: str | None
    locator: str
    quote: str
    support: Support
    score: float
    chunk_id: str = ""
    sentence: str = ""
    text: str = ""
    sha256: str = ""
    start: int = 0
    end: int = 0
    spans: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check says to one factual sentence of an answer.

    Attributes:
        sentence: what it claims, without markers.
        markers: the passages that support it; () for an unsupported one.
        support: of the best of them. score: in [0, 1].
    """

    sentence: str
    markers: tuple[int, ...]
    support: Support
    score: float


@dataclass(frozen=True, slots=True)
class Disclosure:
    """How a student credits the tutor, as the course's GAIA policy asks.

    Attributes:
        tool: name and version. model: which model spoke. date: ISO date.
        prompt: the question. use: what to fill in about the use. link: of the tutor, or "".
        as_comment: header for code. as_appendix: Markdown appendix for written work.
    """

    tool: str
    model: str
    date: str
    prompt: str
    use: str
    link: str
    as_comment: str
    as_appendix: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer to one question; `answer_json` is the form that `ask --json` prints.

    `evidence`: how far the hits were judged able to carry an answer, in [0, 1]; None where nothing
    had to be judged (refused, hinted, computed from the calendar). `verdicts`: on the sentences of
    a written answer.
    """

    question: str
    standalone_question: str
    status: Status
    text: str
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    decision: Decision
    disclosure: Disclosure
    generation: str
    model: str
    timings_ms: dict[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    dropped_markers: int = 0
    removed_sentences: int = 0
    evidence: float | None = None
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """Event: the tutor began a stage ("searching", "writing", "checking")."""

    name: str


@dataclass(frozen=True, slots=True)
class Delta:
    """Event: more text of the draft answer, not checked yet."""

    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Event: verdicts on sentences of the draft that have ended since the last one."""

    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """Event, always the last: the checked answer, which replaces the streamed draft."""

    answer: Answer


AnswerEvent = Stage | Delta | Judged | Finished
