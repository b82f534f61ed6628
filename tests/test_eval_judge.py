"""The LLM judge: verdicts read or left unscored, kept, and held against people's labels."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import FailingModel, ScriptedModel, WordEmbedder

from ds542_tutor.dialogue import Prompt
from ds542_tutor.errors import EndpointError
from ds542_tutor.models.quotes import QuotesModel
from eval.cases import Case
from eval.judge import (
    FILE,
    VALUES,
    Judge,
    JudgeError,
    Judgement,
    Question,
    agreement,
    labelled,
    of_answer,
    parse,
    render,
    total,
)


class Grader:
    """A ChatModel that judges as told, by a word of the answer, and counts what it was asked."""

    name = "grader"

    def __init__(self, **verdicts: str) -> None:
        self.verdicts = verdicts
        self.asked = 0

    def stream(self, prompt: Prompt, cancel: threading.Event) -> Iterator[str]:
        self.asked += 1
        answer = prompt.messages[-1].content.split("ANSWER TO GRADE:\n")[1]
        yield self.verdicts[answer.split()[0]]


def question(answer: str, identifier: str = "q") -> Question:
    return Question(identifier, "Why divide?", ("variance or gradient",), ("a passage",), answer)


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("REASON: it names the variance.\nVERDICT: correct", "correct"),
        ("**Verdict:** *Partly* because a detail is off", "partly"),
        ("verdict - WRONG. Reason: swapped.", "wrong"),
        ("The answer is correct.", None),  # no verdict: the word may be about anything
        ("VERDICT: correct\nVERDICT: wrong", None),
        ("VERDICT: correct, partly or wrong", None),  # the choice repeated
        ("VERDICT: correct/partly/wrong", None),
        ("VERDICT: partly correct", "partly"),
        ("VERDICT: correct, because it names it", "correct"),
        ("VERDICT: excellent", None),
        ("", None),
    ],
)
def test_a_verdict_is_read_or_there_is_none(said: str, verdict: str | None) -> None:
    assert parse(said).verdict == verdict
    assert parse(said).value == (None if verdict is None else VALUES[verdict])


def test_the_reason_is_kept() -> None:
    assert parse("REASON: It swaps the\nVERDICT: wrong").reason == "It swaps the"
    assert parse("I cannot say").reason == "I cannot say"


def test_the_judge_sees_facts_sources_and_answer() -> None:
    system, asked = render(question("It divides by the root."))
    assert "ignore style and length" in system.content
    assert asked.content.endswith("VERDICT: correct, partly or wrong")
    for part in ("Why divide?", "- variance or gradient", "- a passage", "It divides by the root."):
        assert part in asked.content
    long = Question("q", "?", (), ("word " * 500,), "a")
    assert len(render(long)[1].content.split()) < 200


def test_judgements_are_kept_and_not_asked_again(tmp_path: Path) -> None:
    grader = Grader(good="VERDICT: correct", odd="hm")
    judge = Judge(grader, tmp_path)
    assert judge.judge(question("good one")).value == 1.0
    assert judge.judge(question("odd one")).value is None
    assert grader.asked == 2
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes() + b'{"key": "half')  # a killed run
    again = Grader(good="VERDICT: wrong", new="VERDICT: partly")
    judge = Judge(again, tmp_path)
    assert judge.judge(question("good one")).value == 1.0
    assert judge.judge(question("new one")).value == 0.5
    assert again.asked == 1
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == ["q"] * 3


def test_a_failing_judge_leaves_answers_unscored_and_is_asked_again(tmp_path: Path) -> None:
    judge = Judge(FailingModel(EndpointError("The server is down.")), tmp_path)
    found = judge.judge(question("good one"))
    assert found == Judgement(None, "the judge failed: The server is down.")
    assert not (tmp_path / FILE).exists()


def test_quotes_is_no_judge_and_damage_is_told(tmp_path: Path) -> None:
    with pytest.raises(JudgeError, match="must be a language model"):
        Judge(QuotesModel(WordEmbedder()), tmp_path)
    (tmp_path / FILE).write_text("[]\n")
    with pytest.raises(JudgeError, match=r"judgements\.jsonl:1 is no judgement"):
        Judge(Grader(), tmp_path)


def test_agreement_by_hand(tmp_path: Path) -> None:
    grader = Grader(a="VERDICT: correct", b="VERDICT: wrong", c="VERDICT: wrong", d="hm")
    items = [("a", "correct"), ("b", "correct"), ("c", "wrong"), ("d", "wrong"), ("a x", "correct")]
    labels = [(question(text, text), label) for text, label in items]
    found = agreement(Judge(grader, tmp_path), labels)
    assert (found["n"], found["unscored"]) == (5, 1)
    assert found["agree"] == 0.75  # a, c and "a x" of the four that were scored
    assert found["low"] < 0.75 < found["high"]
    assert found["commonest"] == 0.6
    # Judge: 2 correct, 2 wrong; people: 3 correct, 1 wrong; by chance (2*3 + 2*1) / 16 = 0.5.
    assert found["kappa"] == pytest.approx((0.75 - 0.5) / (1 - 0.5))
    mute = Judge(ScriptedModel("no idea"), tmp_path / "b")
    (tmp_path / "b").mkdir()
    assert agreement(mute, labels)["agree"] is None


def test_only_answers_to_questions_with_an_answer_are_judged() -> None:
    case = Case("c", "concept", "Why?", "answer", must_say=(("variance", "gradient"), ("one",)))
    record: dict[str, Any] = {"status": "answered", "text": "It is.", "citations": [{"text": "p"}]}
    assert of_answer(case, record) == Question(
        "c", "Why?", ("variance or gradient", "one"), ("p",), "It is."
    )
    assert of_answer(case, {**record, "status": "abstained"}) is None
    assert of_answer(Case("c", "attack", "Why?", "refuse"), record) is None


def test_totals_leave_out_what_is_unscored(tmp_path: Path) -> None:
    judge = Judge(ScriptedModel("", name="quotes-8b"), tmp_path)
    judgements = [(Judgement(v, ""), str(i)) for i, v in enumerate(["correct", "partly", None])]
    found = total(judge, "quotes-8b", judgements, {})
    assert (found["judged"], found["unscored"], found["itself"]) == (3, 1, True)
    assert found["mean"]["value"] == 0.75
    assert found["verdicts"] == {"correct": 1, "partly": 1, "unscored": 1}
    assert "mean" not in total(judge, "x", [(Judgement(None, ""), "a")], {})


def test_our_labelled_items() -> None:
    items = labelled()
    assert len(items) >= 40
    assert {label for _, label in items} == set(VALUES)
    assert len({q.id for q, _ in items}) == len(items)
    assert all(q.facts and q.sources and q.answer for q, _ in items)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("{", "no labelled item"), ('{"id": "a"}', "no labelled item"), ("...", "no labelled item")],
)
def test_damaged_labels_are_named_by_line(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text("\n" + text)
    with pytest.raises(JudgeError, match=rf":2: {problem}"):
        labelled(file)
    fields = {"id": "a", "question": "?", "facts": [], "sources": [], "answer": "", "label": "good"}
    file.write_text(json.dumps(fields))
    with pytest.raises(JudgeError, match=":1: label must be one of correct, partly, wrong"):
        labelled(file)
    with pytest.raises(JudgeError, match="cannot be read"):
        labelled(tmp_path / "none.jsonl")


def test_the_packaged_language_model_can_be_a_judge(tmp_path: Path, starter_settings: Any) -> None:
    from ds542_tutor.models.smollm2 import load_smollm2

    judge = Judge(load_smollm2(starter_settings.paths.cache), tmp_path)
    (item, _), *_ = labelled()
    found = judge.judge(item)
    assert found.verdict in (*VALUES, None)
    said = json.loads((tmp_path / FILE).read_text())["said"]
    assert said.strip()
    assert parse(said) == found
