"""SQuAD 2.0: does the tutor answer what a paragraph answers, and stay silent where none does?

Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822. All paragraphs of the file become one
index, so a question must also find its paragraph, which readers of SQuAD are given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from ds542_tutor.replies import SEARCH_SPEAKS
from ds542_tutor.settings import Settings
from ds542_tutor.tutor import Tutor
from eval.public.figures import Figure, Listing, Report, Row, Table, mean
from eval.public.overlap import contains, exact, token_f1
from eval.public.reading import Item, PublicSetError, every_nth, read_object
from eval.public.texts import Given, Text, ask, found_by_words, tutors_over

PAPER = "https://arxiv.org/abs/1806.03822"
EXPECTED = 'a file of SQuAD 2.0: {"data": [{"title", "paragraphs": [{"context", "qas": [...]}]}]}'

Measure = Callable[[str, Sequence[str]], float]
"""Judges an answer by the gold answers, in [0, 1]."""

TUTOR, BM25 = "tutor", "BM25's first paragraph"
ALWAYS, NEVER = "always answer", "never answer"


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the paragraph it was written for, and its gold answers; () when impossible."""

    id: str
    text: str
    paragraph: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what the tutor gave, and the paragraphs that BM25 alone finds."""

    question: Question
    given: Given
    found: tuple[str, ...]
    first: str

    @property
    def text(self) -> str:
        """The tutor's answer; "" where it gave none, as SQuAD's measures want it."""
        return self.given.text if self.given.status in ("answered", "hinted") else ""


def run(path: Path, limit: int | None, settings: Settings) -> Report:
    """Put the questions of a file to a tutor over all its paragraphs.

    Raises:
        PublicSetError: the file is unfit. ModelError: a model cannot be loaded or fails.
    """
    texts, questions = load(path, limit)
    with tutors_over({"squad": texts}, settings) as tutors:
        tutor = tutors["squad"]
        paragraphs = {text.path: text.text for text in texts}
        asked = [
            _ask(tutor, question, paragraphs)
            for question in tqdm(questions, desc="questions", disable=None)
        ]
        configuration = {
            "model": tutor.model.name,
            "embedder": tutor.generation.manifest.embedder,
            "paragraphs": str(len(texts)),
        }
    return report(asked, configuration, path)


def load(path: Path, limit: int | None) -> tuple[list[Text], list[Question]]:
    """Read all paragraphs of a file, and its questions, every n-th one under a limit.

    Raises:
        PublicSetError: the file is unfit, or it has no questions.
    """
    texts: dict[str, Text] = {}
    questions: list[Question] = []
    for article in read_object(path, EXPECTED).items("data"):
        title = article.text("title")
        for paragraph in article.items("paragraphs"):
            context = paragraph.text("context")
            # Paragraphs that occur twice are one: either copy is the right one.
            name = f"{title}/{len(texts) + 1:05}"
            text = texts.setdefault(context, Text(name, title.replace("_", " "), context))
            questions += [_question(item, text.path) for item in paragraph.items("qas")]
    if not questions:
        raise PublicSetError(f"{path} has no questions (qas); --path must be {EXPECTED}.")
    return list(texts.values()), every_nth(questions, limit)


def _question(item: Item, paragraph: str) -> Question:
    impossible = item.flag("is_impossible")
    answers = tuple(answer.text("text") for answer in item.items("answers"))
    if impossible is bool(answers):
        problem = "must be empty" if impossible else "must not be empty"
        item.fail("answers", f"{problem} when is_impossible is {str(impossible).lower()}")
    return Question(item.text("id"), item.text("question", blank=True), paragraph, answers)


def _ask(tutor: Tutor, question: Question, paragraphs: dict[str, str]) -> Asked:
    found = tuple(chunk.document for chunk in found_by_words(tutor, question.text))
    first = paragraphs[found[0]] if found else ""
    return Asked(question, ask(tutor, question.text), found, first)


def report(asked: Sequence[Asked], configuration: dict[str, str], path: Path) -> Report:
    """Return the figures of the questions asked."""
    has = [a for a in asked if a.question.answers]
    no = [a for a in asked if not a.question.answers]
    return Report(
        name="SQuAD 2.0",
        paper=PAPER,
        path=str(path),
        items=len(asked),
        configuration=configuration,
        tables=(_decisions(has, no), _answers(asked, has), _search(has)),
        notes=(
            "The tutor answers in whole sentences and cites them, so exact match is near 0 by "
            "design and F1 is low; contains-answer is the figure to read, beside the words used.",
            "A paragraph that happens to answer an impossible question elsewhere in the file is "
            "not known to SQuAD: with all paragraphs in one index, abstaining is judged strictly.",
            "95 % intervals by bootstrap over paragraphs; over questions where there is one only.",
        ),
        listings=(_stopped(asked),),
    )


def _decisions(has: Sequence[Asked], no: Sequence[Asked]) -> Table:
    def figures(of: Sequence[Asked], wanted: str, answered: bool) -> dict[str, Figure | None]:
        right = [float(a.given.status == wanted) for a in of]
        return {
            TUTOR: _mean(right, of),
            ALWAYS: _mean([float(answered)] * len(of), of),
            NEVER: _mean([float(not answered)] * len(of), of),
        }

    every = [*has, *no]
    other = [float(a.given.status not in ("answered", "abstained")) for a in every]
    places = [float(a.given.model == SEARCH_SPEAKS) for a in every]
    return Table(
        "Decision to answer",
        "Accuracy: answered where there is an answer, abstained where there is none. Then shares "
        "of what SQuAD has no place for.",
        (TUTOR, ALWAYS, NEVER),
        (
            Row("has an answer", figures(has, "answered", True)),
            Row("has no answer", figures(no, "abstained", False)),
            Row("all: refused, hinted or not taken", {TUTOR: _mean(other, every)}),
            Row("all: answered by naming places", {TUTOR: _mean(places, every)}),
        ),
    )


def _answers(asked: Sequence[Asked], has: Sequence[Asked]) -> Table:
    def figures(of: Sequence[Asked], measure: Measure) -> dict[str, Figure | None]:
        golds = [a.question.answers or ("",) for a in of]

        def judged(texts: Sequence[str]) -> Figure | None:
            pairs = zip(texts, golds, strict=True)
            return _mean([float(measure(text, gold)) for text, gold in pairs], of)

        return {
            TUTOR: judged([a.text for a in of]),
            BM25: judged([a.first for a in of]),
            NEVER: judged([""] * len(of)),
        }

    spoke = [a for a in has if a.text]
    lengths: dict[str, Figure | None] = {
        TUTOR: _mean([float(len(a.text.split())) for a in spoke], spoke),
        BM25: _mean([float(len(a.first.split())) for a in has], has),
    }
    return Table(
        "Answers",
        "SQuAD's normalisation. Contains: a gold answer stands in the text. An answer that was "
        "not given is empty; for an impossible question the empty answer is right.",
        (TUTOR, BM25, NEVER),
        (
            Row("contains (has an answer)", figures(has, contains)),
            Row("F1 (has an answer)", figures(has, token_f1)),
            Row("EM (has an answer)", figures(has, exact)),
            Row("F1 (all)", figures(asked, token_f1)),
            Row("EM (all)", figures(asked, exact)),
            Row("words of an answer", lengths),
        ),
    )


def _search(has: Sequence[Asked]) -> Table:
    def figures(k: int) -> dict[str, Figure | None]:
        return {
            TUTOR: _mean([float(a.question.paragraph in a.given.documents[:k]) for a in has], has),
            "BM25 alone": _mean([float(a.question.paragraph in a.found[:k]) for a in has], has),
        }

    return Table(
        "Search",
        "Success@k: the question's own paragraph is among the first k (has an answer).",
        (TUTOR, "BM25 alone"),
        tuple(Row(f"success@{k}", figures(k)) for k in (1, 5)),
    )


def _stopped(asked: Sequence[Asked]) -> Listing:
    return Listing(
        "Refused, hinted or not taken",
        tuple(
            f"{a.given.status}: {a.question.text} ({a.question.id})"
            for a in asked
            if a.given.status not in ("answered", "abstained")
        ),
    )


def _mean(values: Sequence[float], asked: Sequence[Asked]) -> Figure | None:
    return mean(values, [a.question.paragraph for a in asked])
