"""Public sets: read strictly, figures computed by hand, the commands over real indexes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from public_samples import (
    ANSWERABLE,
    CLAIM,
    OTHER,
    PAYLOADS,
    PROMPT,
    QUOTES,
    SQUAD,
    SYLLABUS_QUESTION,
    run,
    saved,
    value,
    write,
)

from ds542_tutor.models.embedding import choose_dtype
from eval.public import injections, squad, syllabusqa, wice
from eval.public.figures import markdown
from eval.public.reading import PublicSetError
from eval.public.texts import Given, Text
from eval.stats import wilson
from eval.tables import TargetError

# --- Reading --------------------------------------------------------------------------------------


def broken(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in value.items() if k != key}


def load(name: str, file: Path) -> object:
    loaders: dict[str, Any] = {
        "wice": wice.load,
        "squad": squad.load,
        "notinject": injections.load_prompts,
        "bipia": injections.load_payloads,
        "syllabusqa": lambda path, limit: syllabusqa.load(path, limit, path.parent),
    }
    return loaders[name](file, None)


@pytest.mark.parametrize("name", ["wice", "squad", "notinject", "bipia", "syllabusqa"])
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "holds no items"),
        ("{oops", "not JSON"),
        ("[1, 2]", "no JSON object"),
        ('"text"', "no JSON"),
    ],
)
def test_what_is_no_set_at_all(name: str, content: str, problem: str, tmp_path: Path) -> None:
    file = write(tmp_path / "set.json", content)
    if content == "":
        problem = "is no JSON list|holds no items|no JSON object"
    with pytest.raises(PublicSetError, match=problem) as raised:
        load(name, file)
    assert str(file) in str(raised.value) and "must be" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["wice", "squad", "notinject", "bipia", "syllabusqa"])
def test_a_file_that_is_not_there_or_no_text(name: str, tmp_path: Path) -> None:
    with pytest.raises(PublicSetError, match="cannot be read: No such file"):
        load(name, tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'["caf\xe9"]')
    with pytest.raises(PublicSetError, match="not UTF-8"):
        load(name, tmp_path / "latin.json")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("wice", [PROMPT], "field claim is missing"),
        ("wice", [CLAIM, broken(OTHER, "evidence")], ":2: field evidence is missing"),
        ("wice", [CLAIM, {**OTHER, "evidence": "a"}], "evidence must be a list of strings"),
        ("wice", [CLAIM, {**OTHER, "label": "maybe"}], "label must be one of .*'maybe'"),
        ("wice", [CLAIM, CLAIM], "all supported, or none is"),
        ("squad", PAYLOADS, "field data is missing; --path must be a file of SQuAD"),
        ("squad", {"data": [{"title": "t"}]}, r"data\[0\]: field paragraphs is missing"),
        ("squad", {"data": []}, "has no questions"),
        ("notinject", [CLAIM], "item 1: field word_list is missing; --path must be NotInject"),
        ("notinject", [PROMPT, {**PROMPT, "prompt": 5}], "item 2: field prompt must be a string"),
        ("notinject", [{**PROMPT, "prompt": " "}], "must not be blank"),
        ("bipia", [PROMPT], "no JSON object"),
        ("bipia", {"A": "text"}, "field A must be a list of strings"),
        ("bipia", {"A": ["fine here", "!?"]}, "field A holds payload 2 without a word"),
        ("bipia", {"A": []}, "holds no payloads"),
        ("syllabusqa", [PROMPT], "item 1: field question_type is missing"),
        ("syllabusqa", [{**SYLLABUS_QUESTION, "question_type": "x"}], "must be one of yes/no"),
        ("syllabusqa", [SYLLABUS_QUESTION], r"syllabus_name: .* has no bio 101\.txt or bio 101\."),
    ],
)  # fmt: skip
def test_an_unfit_item_is_named(name: str, content: Any, message: str, tmp_path: Path) -> None:
    lines = "\n".join(map(json.dumps, content)) if name == "wice" else content
    with pytest.raises(PublicSetError, match=message):
        load(name, write(tmp_path / "set.json", lines))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"is_impossible": True}, "must be empty when is_impossible is true"),
        ({"answers": []}, "must not be empty when is_impossible is false"),
        ({"is_impossible": "no"}, "must be true or false"),
        ({"answers": [{"text": ""}]}, r"qas\[0\], answers\[0\]: field text must not be blank"),
    ],
)
def test_squad_questions_must_agree_with_themselves(
    changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    question = {**ANSWERABLE, **changes}
    data = {"data": [{"title": "t", "paragraphs": [{"context": "c", "qas": [question]}]}]}
    with pytest.raises(PublicSetError, match=message):
        load("squad", write(tmp_path / "set.json", data))


def test_a_paragraph_that_occurs_twice_is_one(tmp_path: Path) -> None:
    paragraph = {"context": "It rained.", "qas": [ANSWERABLE]}
    data = {"data": [{"title": "a", "paragraphs": [paragraph]}] * 2}
    texts, questions = squad.load(write(tmp_path / "s.json", data), None)
    assert len(texts) == 1 and len(questions) == 2
    assert {q.paragraph for q in questions} == {texts[0].path}


# --- WiCE -----------------------------------------------------------------------------------------


def claims(*labels: int) -> list[wice.Claim]:
    texts = ("alpha beta gamma delta", "alpha beta")
    return [wice.Claim(texts[0], texts[0] if label else texts[1], label) for label in labels]


def test_wice_figures_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wice, "RESAMPLES", 50)
    scores = np.array([0.9, 0.6, 0.8, 0.6, 0.2, 0.1])
    check = wice.Check("ours", lambda pairs: [], 0.7, 0.5)
    report = wice.report(claims(2, 2, 1, 1, 0, 0), scores, check, Path("dev.jsonl"))
    # Pairs (supported, other) of 8: 0.9 beats all 4; 0.6 loses to 0.8, ties with 0.6, beats 2.
    assert value(report, 0, "AUROC, supported", "ours") == pytest.approx(6.5 / 8)
    # From 0.7: items 0 and 2. Supported: tp 1, fp 1, fn 1 -> 1/2; rest: tp 3, fp 1, fn 1 -> 3/4.
    assert value(report, 0, "macro-F1, two classes", "ours") == pytest.approx(5 / 8)
    assert value(report, 0, "accuracy, two classes", "ours") == pytest.approx(4 / 6)
    # Three: full {0, 2}, partial {1, 3}, none {4, 5} -> F1 1/2, 1/2, 1.
    assert value(report, 0, "macro-F1, three classes", "ours") == pytest.approx(2 / 3)
    assert value(report, 0, "accuracy, three classes", "ours") == pytest.approx(4 / 6)
    # In hindsight: from 0.9 up only item 0 -> 2/3 and 8/9.
    assert value(report, 0, "macro-F1, two classes", "ours, hindsight") == pytest.approx(7 / 9)
    # The floor's overlap is 1 for classes 1 and 2, and 2 words of 4 for class 0.
    assert value(report, 0, "AUROC, supported", "word overlap, hindsight") == pytest.approx(6 / 8)
    assert value(report, 0, "macro-F1, two classes", "majority class") == pytest.approx(0.4)
    assert value(report, 0, "AUROC, supported", "majority class") == 0.5
    assert "ours 0.70 (two classes), 0.50 and 0.70 (three)" in markdown(report)


def test_wice_measures_with_a_class_that_nobody_names() -> None:
    truth, guess = np.array([0, 0, 1]), np.array([0, 0, 0])
    assert wice.macro_f1(truth, guess, 3) == pytest.approx((4 / 5) / 3)
    assert math.isnan(wice.auroc(np.array([1, 1]), np.array([0.1, 0.2])))


def test_thresholds_in_hindsight_are_the_best() -> None:
    scores, truth = np.array([0.1, 0.4, 0.5, 0.9]), np.array([0, 1, 1, 2])
    low, high = wice.best_cuts(scores, truth, 2)
    assert 0.1 < low <= 0.4 and 0.5 < high <= 0.9
    assert wice.macro_f1(truth, np.digitize(scores, (low, high)), 3) == 1.0


def test_a_long_premise_is_read_in_windows() -> None:
    seen: list[str] = []

    def score(pairs: Sequence[tuple[str, str]]) -> list[float]:
        seen.extend(premise for premise, _ in pairs)
        return [0.9 if claim in premise else 0.1 for premise, claim in pairs]

    premise = "Filler is said here again and again. " * 60 + "The needle is here."
    found = wice.in_windows(score)([(premise, "needle"), ("", "needle"), ("A needle.", "needle")])
    assert found == [0.9, 0.1, 0.9]
    assert max(len(window.split()) for window in seen) <= 180 and len(seen) == 5


def test_wice_command_with_either_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wice, "RESAMPLES", 20)
    lines = [CLAIM, {**OTHER, "claim": "The committee elected Susan in Vermont."}] * 3
    file = write(tmp_path / "dev.jsonl", "\n".join(map(json.dumps, lines)) + "\n")
    out = tmp_path / "new" / "wice.json"
    assert run("wice", "--path", file, "--limit", 4, "--out", out) == 0
    printed = capsys.readouterr().out
    assert "# WiCE: 4 items" in printed and "word overlap, hindsight" in printed
    assert saved(out, 0, "AUROC, supported", "support check")["value"] == 1.0

    class Fake:
        def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
            return [0.6 if "rained" in claim else 0.4 for _, claim in pairs]

    monkeypatch.setattr("ds542_tutor.models.entailment.load_entailment", lambda name: Fake())
    assert run("wice", "--path", file, "--entailment", "tiny", "--out", out) == 0
    assert saved(out, 0, "accuracy, two classes", "entailment tiny")["value"] == 1.0


# --- SQuAD ----------------------------------------------------------------------------------------


def test_squad_figures_by_hand() -> None:
    def asked(
        answers: tuple[str, ...], status: str, text: str, rank: int, first: str
    ) -> squad.Asked:
        found = tuple(f"p{i}" for i in range(1, 8))
        question = squad.Question("q", "?", found[rank - 1], answers)
        model = "search" if rank == 1 else "quotes"
        return squad.Asked(question, Given(status, text, model=model), found, first)

    report = squad.report(
        [
            asked(("blue whale",), "answered", "A blue whale it is", 1, "the blue whale"),
            asked(("red",), "abstained", "I do not know red", 5, "green"),
            asked((), "abstained", "I do not know", 6, "green"),
            asked((), "refused", "No.", 7, "green"),
        ],
        {},
        Path("s.json"),
    )
    assert value(report, 0, "has an answer", "tutor") == 0.5
    assert value(report, 0, "has no answer", "tutor") == 0.5
    assert value(report, 0, "has no answer", "never answer") == 1.0
    assert value(report, 0, "all: refused, hinted or not taken", "tutor") == 0.25
    assert value(report, 0, "all: answered by naming places", "tutor") == 0.25
    assert value(report, 1, "contains (has an answer)", "tutor") == 0.5
    # blue whale it is against blue whale: 2*2 / 6; the abstention counts as empty.
    assert value(report, 1, "F1 (has an answer)", "tutor") == pytest.approx((4 / 6) / 2)
    assert value(report, 1, "EM (has an answer)", "tutor") == 0.0
    assert value(report, 1, "EM (has an answer)", "BM25's first paragraph") == 0.5
    # Empty answers to impossible questions are right, also when refused.
    assert value(report, 1, "EM (all)", "tutor") == 0.5
    assert value(report, 1, "EM (all)", "never answer") == 0.5
    assert value(report, 1, "words of an answer", "tutor") == 5.0
    assert value(report, 2, "success@1", "BM25 alone") == 0.5
    assert value(report, 2, "success@5", "BM25 alone") == 1.0
    assert report.listings[0].entries == ("refused: ? (q)",)


def test_squad_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = write(tmp_path / "dev.json", SQUAD), tmp_path / "out.json"
    assert run("squad", "--path", file, "--out", out) == 0
    assert saved(out, 0, "has an answer", "tutor") == {
        "value": 1.0, "low": pytest.approx(wilson(1, 1)[0]), "high": 1.0, "n": 1,
    }  # fmt: skip
    assert saved(out, 0, "has no answer", "tutor")["value"] == 1.0
    assert saved(out, 1, "contains (has an answer)", "tutor")["value"] == 1.0
    assert saved(out, 2, "success@1", "tutor")["value"] == 1.0
    printed = capsys.readouterr().out
    assert "paragraphs 3" in printed and "near 0 by design" in printed


# --- SyllabusQA -----------------------------------------------------------------------------------

SYLLABI = {
    # On one line, as the published syllabi are.
    "bio 101.txt": "Biology 101 Spring. Grading: The final exam is 40% of the grade. Homework is "
    "60% of the grade. Office hours are on Friday at 3 pm in room 12.",
    "art 7.md": "# Art 7\n\nThe final exam counts 25% of the grade.\n\nSketchbooks are due weekly.",
}
NO_ANSWER = {
    **SYLLABUS_QUESTION,
    "id": "s2",
    "question_type": "No answer",
    "question": "Which airline offers discounts for tourists to Reykjavik?",
    "answer": "No/insufficient information",
}
OF_ART = {
    **SYLLABUS_QUESTION,
    "id": "s3",
    "syllabus_name": "art 7",
    "question_type": "Single-Factual",
    "answer": "25%",
}


@pytest.fixture
def syllabi(tmp_path: Path) -> Path:
    folder = tmp_path / "syllabi"
    folder.mkdir()
    for name, text in SYLLABI.items():
        write(folder / name, text)
    return folder


def test_syllabusqa_command(
    tmp_path: Path, syllabi: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "val.json", [SYLLABUS_QUESTION, NO_ANSWER, OF_ART])
    out = tmp_path / "out.json"
    assert run("syllabusqa", "--path", file, "--syllabi", syllabi, "--out", out) == 0
    assert saved(out, 0, "single factual: answered", "tutor")["value"] == 1.0
    assert saved(out, 0, "no answer: abstained", "tutor")["value"] == 1.0
    assert saved(out, 0, "no answer: abstained", "always answer")["value"] == 0.0
    # Each syllabus has a number of its own: both are right only when each is searched by itself.
    assert saved(out, 3, "all with an answer", "tutor") == {
        "value": 1.0, "low": pytest.approx(wilson(1, 2)[0]), "high": 1.0, "n": 2,
    }  # fmt: skip
    assert saved(out, 1, "all with an answer", "tutor")["value"] == 1.0
    printed = capsys.readouterr().out
    assert "syllabi 2" in printed and "Numbers recall" in printed


def test_syllabusqa_figures_by_hand() -> None:
    def asked(kind: str, answer: str, status: str, text: str, first: str) -> syllabusqa.Asked:
        question = syllabusqa.Question("i", "s", kind, "?", answer)
        return syllabusqa.Asked(question, Given(status, text), first)

    report = syllabusqa.report(
        [
            asked("yes/no", "Yes", "answered", "It is so", "yes it is"),
            asked("single factual", "at 3 pm, 12", "answered", "at 3 pm", "at 4 pm"),
            asked("no answer", "No/insufficient information", "answered", "at 3 pm", ""),
        ],
        {},
        Path("v.json"),
    )
    assert value(report, 0, "no answer: abstained", "tutor") == 0.0
    assert value(report, 0, "all with an answer: answered", "tutor") == 1.0
    assert value(report, 1, "yes/no", "tutor") == 0.0
    assert value(report, 1, "single factual", "tutor") == pytest.approx(3 / 4)
    assert value(report, 1, "all with an answer", "BM25's first passage") == pytest.approx(0.75)
    assert value(report, 2, "single factual", "tutor") == pytest.approx(2 * 3 / 7)
    assert value(report, 3, "single factual", "tutor") == 0.5
    assert next(r for r in report.tables[3].rows if r.name == "yes/no").figures["tutor"] is None


def test_syllabi_are_read_as_they_come(tmp_path: Path, syllabi: Path) -> None:
    file = write(tmp_path / "val.json", [OF_ART])
    (syllabi / "art 7.md").write_bytes("Café hours".encode("iso-8859-1"))
    _, texts = syllabusqa.load(file, None, syllabi)
    assert texts["art 7"] == Text("art 7.md", "art 7", "Café hours")
    write(syllabi / "art 7.md", " \n")
    with pytest.raises(PublicSetError, match=r"art 7\.md is empty"):
        syllabusqa.load(file, None, syllabi)
    with pytest.raises(PublicSetError, match=r"--syllabi .* must be a folder"):
        syllabusqa.load(file, None, tmp_path / "none")


# --- The command line -----------------------------------------------------------------------------


def test_results_that_cannot_be_saved_are_told_first(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="is a folder"):
        run("wice", "--path", tmp_path / "none", "--out", tmp_path)
    write(tmp_path / "file", "")
    with pytest.raises(TargetError, match="cannot be written"):
        run("wice", "--path", tmp_path / "none", "--out", tmp_path / "file" / "out.json")


@pytest.mark.parametrize("arguments", [["wice"], ["syllabusqa", "--path", "x"], ["other"]])
def test_what_is_missing_is_told(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        run(*arguments)


def test_a_limit_is_a_positive_number(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("wice", "--path", "x", "--limit", "0")
    assert "must be 1 or more" in capsys.readouterr().err


# --- The real set ---------------------------------------------------------------------------------


def test_the_support_check_beats_word_overlap_on_wice(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wice, "RESAMPLES", 2)  # the figures matter here, not their intervals
    # In bfloat16 where that is fast: the ranking is the same, the test half as long.
    dtype = choose_dtype("auto", "documents", "cpu")
    settings = replace(QUOTES, models=replace(QUOTES.models, embedder_dtype=dtype))
    report = wice.run(shared / "public" / "wice_dev.jsonl", None, settings, None)
    assert report.items == 349
    ours = value(report, 0, "AUROC, supported", "support check")
    assert ours >= 0.80
    assert ours > value(report, 0, "AUROC, supported", "word overlap, hindsight") + 0.05
