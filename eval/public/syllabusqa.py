"""SyllabusQA: questions about the running of a course, each answered from its own syllabus.

Fernandez et al. 2024, https://arxiv.org/abs/2403.14666; data and syllabi as plain text in
https://github.com/umass-ml4ed/SyllabusQA (data/dataset_split, syllabi/syllabi_redacted/text). A
JSON list of {"id", "syllabus_name", "question_type", "question", "answer", ...}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from ds542_tutor.settings import Settings
from ds542_tutor.tutor import Tutor
from eval.public.figures import Figure, Listing, Report, Row, Table, mean
from eval.public.overlap import number_recall, token_f1, token_recall
from eval.public.reading import Item, PublicSetError, every_nth, read_list
from eval.public.texts import Given, Text, ask, found_by_words, tutors_over

PAPER = "https://arxiv.org/abs/2403.14666"
EXPECTED = (
    'a split of SyllabusQA: a JSON list of {"id", "syllabus_name", "question_type", "question", '
    '"answer"}'
)
NO_ANSWER = "no answer"
TYPES = (
    "yes/no", "single factual", "multi factual", "single reasoning", "multi reasoning",
    "summarization", NO_ANSWER,
)  # fmt: skip
SUFFIXES = (".txt", ".md")

TUTOR, BM25 = "tutor", "BM25's first passage"
ALWAYS, NEVER = "always answer", "never answer"

Measure = Callable[[str, str], float | None]
"""Judges an answer by the reference answer, in [0, 1]; None where it does not apply."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a syllabus, one of `TYPES`, and its reference answer."""

    id: str
    syllabus: str
    type: str
    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what the tutor gave, and the first passage that BM25 finds."""

    question: Question
    given: Given
    first: str

    @property
    def text(self) -> str:
        """The tutor's answer; "" where it gave none."""
        return self.given.text if self.given.status in ("answered", "hinted") else ""


def run(path: Path, limit: int | None, settings: Settings, syllabi: Path) -> Report:
    """Put the questions of a file to tutors that each know one syllabus of the folder `syllabi`.

    Raises:
        PublicSetError: the file is unfit, or a syllabus is missing. ModelError: a model cannot be
        loaded or fails.
    """
    questions, texts = load(path, limit, syllabi)
    with tutors_over({name: [text] for name, text in texts.items()}, settings) as tutors:
        bar = tqdm(questions, desc="questions", disable=None)
        asked = [_ask(tutors[question.syllabus], question) for question in bar]
        any_tutor = next(iter(tutors.values()))
        configuration = {
            "model": any_tutor.model.name,
            "embedder": any_tutor.generation.manifest.embedder,
            "syllabi": str(len(texts)),
        }
    return report(asked, configuration, path)


def load(path: Path, limit: int | None, folder: Path) -> tuple[list[Question], dict[str, Text]]:
    """Read the questions, every n-th one under a limit, and the syllabi they are about, by name.

    Raises:
        PublicSetError: the file is unfit, or a syllabus is missing, empty or unreadable.
    """
    if not folder.is_dir():
        raise PublicSetError(f"--syllabi {folder} must be a folder with one text file a syllabus.")
    items = every_nth(read_list(path, EXPECTED), limit)
    questions = [_question(item) for item in items]
    texts: dict[str, Text] = {}
    for item, question in zip(items, questions, strict=True):
        if question.syllabus not in texts:
            texts[question.syllabus] = _syllabus(folder, question.syllabus, item.place)
    return questions, texts


def _question(item: Item) -> Question:
    # As the authors' own evaluation reads it: "Multi-Factual" is "multi factual".
    kind = item.text("question_type").lower().replace("-", " ")
    if kind not in TYPES:
        item.fail("question_type", f"must be one of {', '.join(TYPES)}, but is {kind!r}")
    return Question(
        id=item.text("id"),
        syllabus=item.text("syllabus_name"),
        type=kind,
        text=item.text("question", blank=True),
        answer=item.text("answer", blank=kind == NO_ANSWER),
    )


def _syllabus(folder: Path, name: str, place: str) -> Text:
    files = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise PublicSetError(
            f"{place}: field syllabus_name: --syllabi {folder} has no {files[0].name} or "
            f"{files[1].name}; put the text of the syllabus there."
        )
    try:
        data = file.read_bytes()
    except OSError as error:
        raise PublicSetError(f"{file} cannot be read: {error.strerror}.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("iso-8859-1")  # as which the authors' own code reads the syllabi
    if not text.strip():
        raise PublicSetError(f"{file} is empty; it must hold the text of the syllabus.")
    return Text(file.name, name, text)


def _ask(tutor: Tutor, question: Question) -> Asked:
    found = found_by_words(tutor, question.text)
    return Asked(question, ask(tutor, question.text), found[0].text if found else "")


def report(asked: Sequence[Asked], configuration: dict[str, str], path: Path) -> Report:
    """Return the figures of the questions asked, by type."""
    return Report(
        name="SyllabusQA",
        paper=PAPER,
        path=str(path),
        items=len(asked),
        configuration=configuration,
        tables=(
            _decisions(asked),
            _answers(asked, "Token recall", "Share of the reference's words.", token_recall),
            _answers(
                asked,
                "Token F1",
                "Words of answer and reference, precision and recall together.",
                lambda answer, gold: token_f1(answer, (gold,)),
            ),
            _answers(
                asked,
                "Numbers recall",
                "Share of the reference's numbers, of references that have one.",
                number_recall,
            ),
        ),
        notes=(
            "A question is searched in its own syllabus only. Words are compared in SQuAD's normal "
            "form; an answer that was not given is empty.",
            "A reference of yes/no questions is one word, which an answer that quotes the syllabus "
            "seldom has: read their decision, not their words.",
            "95 % intervals by bootstrap over syllabi; over questions where there is one only.",
        ),
        listings=(
            Listing(
                "Refused, hinted or not taken",
                tuple(
                    f"{a.given.status}: {a.question.text} ({a.question.id})"
                    for a in asked
                    if a.given.status not in ("answered", "abstained")
                ),
            ),
        ),
    )


def _decisions(asked: Sequence[Asked]) -> Table:
    def row(kind: str, of: Sequence[Asked]) -> Row:
        wanted = "abstained" if kind == NO_ANSWER else "answered"
        right = {
            TUTOR: [a.given.status == wanted for a in of],
            ALWAYS: [wanted == "answered"] * len(of),
            NEVER: [wanted == "abstained"] * len(of),
        }
        return Row(f"{kind}: {wanted}", {name: _mean(flags, of) for name, flags in right.items()})

    answerable = [a for a in asked if a.question.type != NO_ANSWER]
    rows = [row(kind, of) for kind, of in _by_type(asked)]
    return Table(
        "Decision to answer",
        "Accuracy: abstained where the syllabus has no answer, answered otherwise.",
        (TUTOR, ALWAYS, NEVER),
        (*rows, row("all with an answer", answerable)),
    )


def _answers(asked: Sequence[Asked], title: str, meaning: str, measure: Measure) -> Table:
    def row(kind: str, of: Sequence[Asked]) -> Row:
        return Row(
            kind,
            {
                TUTOR: _judged([(a, a.text) for a in of], measure),
                BM25: _judged([(a, a.first) for a in of], measure),
            },
        )

    answerable = [a for a in asked if a.question.type != NO_ANSWER]
    rows = [row(kind, of) for kind, of in _by_type(answerable)]
    return Table(title, meaning, (TUTOR, BM25), (*rows, row("all with an answer", answerable)))


def _judged(pairs: Sequence[tuple[Asked, str]], measure: Measure) -> Figure | None:
    values = [(a, measure(text, a.question.answer)) for a, text in pairs]
    kept = [(a, value) for a, value in values if value is not None]
    return _mean([value for _, value in kept], [a for a, _ in kept])


def _by_type(asked: Sequence[Asked]) -> list[tuple[str, list[Asked]]]:
    """Return the questions of each type that occurs, in the order of `TYPES`."""
    groups = [(kind, [a for a in asked if a.question.type == kind]) for kind in TYPES]
    return [(kind, of) for kind, of in groups if of]


def _mean(values: Sequence[float], asked: Sequence[Asked]) -> Figure | None:
    return mean(values, [a.question.syllabus for a in asked])
