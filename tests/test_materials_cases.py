"""The cases over the real materials: their form here, their gold where the materials are."""

import functools
import json
from collections import Counter
from pathlib import Path

import pypdfium2
import pytest

from eval.cases import Case, Gold, load_cases
from eval.metrics.answer import normalise

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "eval" / "cases" / "materials"
# Judged by the decision (tests/test_policy_cases.py) or the date (tests/test_calendar_cases.py).
ELSEWHERE = ("policy", "calendar", "near_misses")
FILES = [path for path in sorted(FOLDER.glob("*.jsonl")) if not path.name.startswith(ELSEWHERE)]
CASES = load_cases(FILES)
LECTURES = "sp2026/static_files/lectures/"


def test_ids_are_unique_over_all_our_case_files() -> None:
    files = sorted((ROOT / "eval" / "cases").rglob("*.jsonl"))
    assert set(FILES) < set(files)
    load_cases(files)  # raises where two cases share an id


def test_no_question_is_asked_twice() -> None:
    asked = Counter(normalise(case.question) for case in CASES)
    assert [question for question, times in asked.items() if times > 1] == []


def test_the_cases_cover_the_materials() -> None:
    assert len(CASES) >= 100
    documents = {gold.doc for case in CASES for gold in case.relevant}
    assert len({doc for doc in documents if doc.startswith(LECTURES) and ".pdf" in doc}) >= 18
    for other in ("book/", "udl/", "sp2026_discussions/", "sp2026/_", "fa2025/"):
        assert any(doc.startswith(other) for doc in documents), other
    kinds = {"concept", "locate", "compare", "code", "logistics", "followup"}
    assert {case.kind for case in CASES} == kinds


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_has_gold_words_and_a_reason(case: Case) -> None:
    assert case.expect == "answer"
    assert case.relevant
    assert case.must_say
    assert case.note
    # Copies of the materials stay out of the repository, so no support words here.
    assert not any(gold.support for gold in case.relevant)
    said = [phrase for group in case.must_say for phrase in group]
    assert all(phrase == phrase.lower() for phrase in [*said, *case.must_not_say])
    assert len({gold.doc for gold in case.relevant}) == len(case.relevant), "a document twice"
    assert bool(case.history) == (case.kind == "followup")


def test_near_misses_are_to_be_met_with_silence() -> None:
    cases = load_cases([FOLDER / "near_misses.jsonl"])
    assert len(cases) >= 60
    for case in cases:
        assert case.expect == "abstain"
        assert not case.relevant
        assert case.note, "what comes nearest, and why it is no answer"


def test_the_questions_are_not_those_of_the_sample(shared: Path) -> None:
    sample = load_cases([shared / "cases" / "dev.jsonl"])
    assert not {normalise(c.question) for c in CASES} & {normalise(c.question) for c in sample}
    assert not {c.id for c in CASES} & {c.id for c in sample}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_gold_exists_and_holds_what_must_be_said(case: Case, shared: Path) -> None:
    texts = [text_of(shared / "materials", gold) for gold in case.relevant]
    if case.kind == "locate":  # such an answer names the place
        texts += [f"{gold.doc} {gold.pages}" for gold in case.relevant]
    together = "\n".join(normalise(text) for text in texts)
    for group in case.must_say:
        assert any(normalise(phrase) in together for phrase in group), group


def text_of(materials: Path, gold: Gold) -> str:
    """What a reader sees at a gold; fails where there is no such document or page."""
    path = materials / gold.doc
    assert path.is_file(), gold.doc
    if path.suffix == ".pdf":
        pages = page_texts(path)
        assert gold.pages, f"{gold.doc}: a PDF's gold is a page"
        assert max(gold.pages) <= len(pages), f"{gold.doc} has {len(pages)} pages"
        assert list(gold.pages) == sorted(set(gold.pages))
        return "\n".join(pages[page - 1] for page in gold.pages)
    assert not gold.pages, f"{gold.doc} has no pages"
    return file_text(path)


@functools.cache
def page_texts(path: Path) -> tuple[str, ...]:
    pdf = pypdfium2.PdfDocument(path)
    try:
        # Line ends at which pdfium marks a hyphen, U+FFFE, do not part a word.
        return tuple(page.get_textpage().get_text_range().replace("\ufffe", "") for page in pdf)
    finally:
        pdf.close()


@functools.cache
def file_text(path: Path) -> str:
    if path.suffix == ".pptx":
        pptx = pytest.importorskip("pptx")
        shapes = [shape for slide in pptx.Presentation(path).slides for shape in slide.shapes]
        return "\n".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return text
