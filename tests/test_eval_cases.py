"""Evaluation cases: the file format with its errors, and the gold of our own cases."""

import functools
import json
import re
import unicodedata
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from ds542_tutor.dialogue import Turn
from eval.cases import KINDS, Case, CaseError, Gold, load_cases, parse_case, select

ROOT = Path(__file__).parents[1]
STARTER = ROOT / "corpus" / "starter"
# Judged by the decision (tests/test_policy_cases.py) or the date (tests/test_calendar_cases.py).
ELSEWHERE = ("policy", "injections", "calendar")
OURS = [
    p for p in sorted((ROOT / "eval" / "cases").glob("*.jsonl")) if not p.name.startswith(ELSEWHERE)
]

VALID = {
    "id": "a-1",
    "kind": "followup",
    "today": "2026-02-10",
    "history": [["user", "What is a joint?"], ["assistant", "Where the slope changes."]],
    "question": "why there?",
    "expect": "answer",
    "relevant": [{"doc": "lectures/x.pdf", "pages": [3, 4]}, {"doc": "site/index.md", "pages": []}],
    "must_say": [["slope", "gradient"], ["zero"]],
    "must_not_say": ["curve"],
    "note": "",
}


def line(**changes: object) -> str:
    return json.dumps({k: v for k, v in {**VALID, **changes}.items() if v is not ...})


def test_a_case_is_read_with_all_its_fields() -> None:
    assert parse_case(line(), "f:1") == Case(
        id="a-1",
        kind="followup",
        question="why there?",
        expect="answer",
        today=date(2026, 2, 10),
        history=(Turn("user", "What is a joint?"), Turn("assistant", "Where the slope changes.")),
        relevant=(Gold("lectures/x.pdf", (3, 4)), Gold("site/index.md")),
        must_say=(("slope", "gradient"), ("zero",)),
        must_not_say=("curve",),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{not json", "f:3: not JSON"),
        ("[1, 2]", "f:3: a case must be a JSON object"),
        (line(id=...), "field id: is missing"),
        (line(id=" "), "field id: must not be blank"),
        (line(question=...), "field question: is missing"),
        (line(question=7), "field question: must be a string, but is 7"),
        (line(kind="conzept"), "field kind: must be one of concept, "),
        (line(expect="answered"), "field expect: must be one of answer, hint, refuse, abstain"),
        (line(today="Feb 10"), 'field today: must be like 2026-02-10 or null, but is "Feb 10"'),
        (line(today=20260210), "field today: must be like"),
        (line(history=[["student", "hi"]]), "field history: must hold"),
        (line(history="hi"), "field history: must be a list"),
        (line(relevant=[{"pages": [1]}]), "field relevant[0]: must be"),
        (line(relevant=[{"doc": "a", "pages": 3}]), "field relevant[0].pages: must be a list"),
        (line(relevant=[{"doc": "a", "pages": [0]}]), "field relevant[0].pages: must be a list"),
        (line(relevant=[{"doc": "a", "pages": [True]}]), "field relevant[0].pages"),
        (line(relevant=[{"doc": "a", "page": [1]}]), "field relevant[0].page: is not known"),
        (
            line(relevant=[{"doc": "a", "pages": [1, 2], "support": ["x"]}]),
            "field relevant[0].support: must have one entry for each page",
        ),
        (line(must_say=["slope"]), "field must_say[0]: must be a list of alternatives"),
        (line(must_say=[[]]), "field must_say[0]: must be a list of alternatives"),
        (line(must_say=[["a"], [" "]]), "field must_say[1]: must not hold blank strings"),
        (line(must_not_say=[1]), "field must_not_say: must be a string"),
        (line(mustsay=[["x"]]), "field mustsay: is not known"),
    ],
)
def test_an_unfit_case_is_named_with_place_and_field(text: str, problem: str) -> None:
    with pytest.raises(CaseError, match=r"^f:3: ") as caught:
        parse_case(text, "f:3")
    assert problem in str(caught.value)


def test_the_place_is_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(line() + "\n\n" + line(id="a-2", kind="?") + "\n")
    with pytest.raises(CaseError, match=re.escape(f"{file}:3: field kind")):
        load_cases([file])


def test_an_id_is_used_once_over_all_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text(line())
    two.write_text(line(id="b") + "\n" + line())
    with pytest.raises(CaseError, match=re.escape(f"{two}:2: field id: 'a-1' is taken by {one}:1")):
        load_cases([one, two])


def test_files_that_hold_no_cases(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty.jsonl", tmp_path / "binary.jsonl"
    empty.write_text("\n \n")
    binary.write_bytes(b"\xff\xfe{}")
    for file, problem in (
        (tmp_path / "none.jsonl", "cannot be read"),
        (empty, "is empty"),
        (binary, "is not UTF-8"),
    ):
        with pytest.raises(CaseError, match=problem):
            load_cases([file])


def test_a_line_separator_inside_a_question_does_not_end_the_line(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    text = json.dumps({**VALID, "question": "one\u2028two"}, ensure_ascii=False)
    file.write_text(text, encoding="utf-8")
    assert [case.question for case in load_cases([file])] == ["one\u2028two"]


def test_selection_by_kind_and_limit() -> None:
    cases = [parse_case(line(id=str(i), kind=KINDS[i % 2]), "f:1") for i in range(10)]
    assert [c.id for c in select(cases)] == [str(i) for i in range(10)]
    assert [c.id for c in select(cases, ["locate"])] == ["1", "3", "5", "7", "9"]
    assert [c.id for c in select(cases, limit=3)] == ["0", "3", "6"]
    assert [c.id for c in select(cases, ["locate"], limit=9)] == ["1", "3", "5", "7", "9"]
    with pytest.raises(CaseError, match="No case is of kind attack; the files have concept, loc"):
        select(cases, ["attack"])


# --- Our own cases --------------------------------------------------------------------------------


def test_our_cases_cover_every_kind_and_every_lecture() -> None:
    cases = load_cases(OURS)
    assert {case.kind for case in cases} == set(KINDS)
    decks = {path.relative_to(STARTER).as_posix() for path in STARTER.glob("lectures/*.pdf")}
    assert decks <= {gold.doc for case in cases for gold in case.relevant}


@functools.cache
def page_texts(document: str) -> tuple[str, ...]:
    pdf = pypdfium2.PdfDocument(STARTER / document)
    try:
        return tuple(plain(page.get_textpage().get_text_bounded()) for page in pdf)
    finally:
        pdf.close()


@functools.cache
def file_text(document: str) -> str:
    text = (STARTER / document).read_text(encoding="utf-8")
    if document.endswith(".ipynb"):
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return plain(text)


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


@pytest.mark.parametrize("case", load_cases(OURS), ids=lambda case: case.id)
def test_gold_pages_hold_the_supporting_words(case: Case) -> None:
    for gold in case.relevant:
        assert gold.support, f"{gold.doc} has no support"
        if not gold.pages:
            for words in gold.support:
                assert plain(words) in file_text(gold.doc), f"{gold.doc}: {words!r}"
        for page, words in zip(gold.pages, gold.support, strict=False):
            texts = page_texts(gold.doc)
            assert page <= len(texts), f"{gold.doc} has no page {page}"
            there = [i for i, text in enumerate(texts, start=1) if plain(words) in text]
            assert page in there, f"{gold.doc} p. {page}: {words!r} stands on pages {there}"


@pytest.mark.parametrize("case", load_cases(OURS), ids=lambda case: case.id)
def test_a_case_says_what_a_good_answer_holds(case: Case) -> None:
    if case.expect == "answer":
        assert case.relevant, "an answer needs a place where it stands"
        assert case.must_say, "an answer needs a fact by which it is known"
    if case.expect == "abstain":
        assert not case.relevant, "what the materials hold is no reason to abstain"
