"""Running an evaluation: every case kept, runs resumed, bad input told."""

import json
import re
import threading
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakes import ScriptedModel, make_prompt
from run_samples import CONFIGURATION, Asked, case, run

from ds542_tutor.answer_json import answer_json
from ds542_tutor.assembly import LiveTutor
from ds542_tutor.errors import EndpointError
from eval.__main__ import main
from eval.cases import CaseError, Gold, load_cases
from eval.floors import search_floors
from eval.metering import MeteredModel
from eval.run import (
    ANSWERS,
    CONFIG,
    AnswerLog,
    RunError,
    absent_documents,
    answer_cases,
    ask_tutor,
    check_golds,
)
from eval.summary import course_parts

NOON = datetime(2026, 2, 3, 12, tzinfo=ZoneInfo("America/New_York"))
STARTER_CASES = Path(__file__).parents[1] / "eval" / "cases" / "starter.jsonl"


# --- Running --------------------------------------------------------------------------------------


def test_answers_are_kept_as_they_come_with_id_and_configuration(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    log = AnswerLog(out, CONFIGURATION, restart="never")
    answers = answer_cases([case("a"), case("b")], Asked(), log)
    next(answers)
    kept = [json.loads(line) for line in (out / ANSWERS).read_text().splitlines()]
    assert [record["id"] for record in kept] == ["a"]
    assert kept[0]["text"] == "It is so. [1]"
    assert json.loads((out / CONFIG).read_text()) == CONFIGURATION


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    run(tmp_path, [case("a")], Asked())
    ask = Asked()
    records = run(tmp_path, [case("a"), case("b")], ask)
    assert ask.ids == ["b"]
    assert [record["id"] for record in records] == ["a", "b"]


def test_half_a_line_of_a_killed_run_is_asked_again(tmp_path: Path) -> None:
    run(tmp_path, [case("a"), case("b")], Asked())
    file = tmp_path / ANSWERS
    file.write_bytes(file.read_bytes()[:-40])
    ask = Asked()
    run(tmp_path, [case("a"), case("b")], ask)
    assert ask.ids == ["b"]
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == ["a", "b"]


def test_a_case_that_changed_is_asked_again(tmp_path: Path) -> None:
    run(tmp_path, [case("a")], Asked())
    ask = Asked()
    run(tmp_path, [case("a", question="what is it really?")], ask)
    assert ask.ids == ["a"]
    again = Asked()
    run(tmp_path, [case("a", question="what is it really?", must_say=(("x",),))], again)
    assert again.ids == []  # judged anew, but it is the same question


def test_errors_are_kept_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    failing = Asked(a=EndpointError("The model server is down."), b=ValueError("bug"))
    cases = [case("a"), case("b"), case("c")]
    records = run(tmp_path, cases, failing)
    assert [record["status"] for record in records] == ["error", "error", "answered"]
    assert records[0]["error"] == "The model server is down."
    assert records[1]["error"] == "ValueError: bug"
    assert "case b failed" in caplog.text  # with its traceback: a bug of ours
    assert "case a failed" not in caplog.text
    again = Asked()
    assert [r["status"] for r in run(tmp_path, cases, again)] == ["answered"] * 3
    assert again.ids == ["a", "b"]


def test_answers_of_another_configuration_are_not_mixed_in(tmp_path: Path) -> None:
    run(tmp_path, [case("a")], Asked())
    with pytest.raises(RunError, match=r'model was "quotes", is "smollm2"; add --restart'):
        run(tmp_path, [case("a")], Asked(), changes={"model": "smollm2"})
    settings = {"retrieval": {"hits": 5}}
    with pytest.raises(RunError, match="settings was"):
        run(tmp_path, [case("a")], Asked(), changes={"settings": settings})
    ask = Asked()
    run(tmp_path, [case("a")], ask, changes={"commit": "def", "index": "/elsewhere"})
    assert ask.ids == []
    run(tmp_path, [case("a")], ask, restart="if changed")
    assert ask.ids == []
    run(tmp_path, [case("a")], ask, changes={"model": "smollm2"}, restart="if changed")
    assert ask.ids == ["a"]
    run(tmp_path, [case("a")], ask, changes={"model": "smollm2"}, restart="always")
    assert ask.ids == ["a", "a"]


def test_a_folder_that_cannot_take_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be used"):
        run(tmp_path / "file", [case("a")], Asked())
    run(tmp_path / "out", [case("a")], Asked())
    (tmp_path / "out" / ANSWERS).write_text("{}\n")
    with pytest.raises(RunError, match=r"answers\.jsonl:1 is no answer record"):
        run(tmp_path / "out", [case("a")], Asked())
    (tmp_path / "out" / CONFIG).unlink()
    with pytest.raises(RunError, match=r"without a readable config\.json"):
        run(tmp_path / "out", [case("a")], Asked())


# --- The command ----------------------------------------------------------------------------------


def test_a_missing_index_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = tmp_path / "cases.jsonl"
    fields = {"id": "a", "kind": "concept", "question": "why?", "expect": "abstain"}
    cases.write_text(json.dumps(fields))
    out = tmp_path / "out"
    common = ["run", "--cases", str(cases), "--model", "quotes", "--out", str(out)]
    assert main([*common, "--index", str(tmp_path / "none")]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"eval: There is no index in {tmp_path / 'none'}")
    assert told.err.count("\n") == 1
    assert not out.exists()


def test_an_unfit_case_file_is_told_before_anything_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text('{"id": "a", "kind": "concept"}')
    assert main(["run", "--cases", str(cases), "--out", str(tmp_path / "out")]) == 2
    assert f"eval: {cases}:1: field question: is missing" in capsys.readouterr().err


# --- The tutor itself -----------------------------------------------------------------------------


def test_gold_documents_that_the_index_lacks(starter_tutor: LiveTutor) -> None:
    generation = starter_tutor.generation
    ours, strange = Gold("site/index.md"), Gold("other/slides.pdf", (3,))
    assert check_golds([case("a", relevant=(ours,)), case("b")], generation) == []
    mixed = [case("a", relevant=(ours, strange))]
    assert check_golds(mixed, generation) == ["case a: the index has no other/slides.pdf"]
    assert absent_documents(mixed, generation) == ["other/slides.pdf"]
    with pytest.raises(CaseError, match=r"none of the 1 documents .* other/slides\.pdf"):
        check_golds([case("a", relevant=(strange,))], generation)


def test_a_mistyped_gold_is_named_with_the_nearest(starter_tutor: LiveTutor) -> None:
    deck = "lectures/07_attention_and_transformers.pdf"
    mistyped = (Gold("lectures/7_attention_and_transformers.pdf"), Gold(deck, (3, 99)))
    near, beyond = check_golds([case("b", relevant=mistyped)], starter_tutor.generation)
    assert near.endswith(f"(did you mean {deck}?)")
    assert re.fullmatch(rf"case b: {deck} has \d+ pages and no page 99", beyond)


def test_golds_that_are_not_there_are_told_or_refused(
    tmp_path: Path, starter_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = tmp_path / "cases.jsonl"
    golds = [{"doc": "site/index.md"}, {"doc": "site/idnex.md"}]
    fields = {"id": "a", "kind": "logistics", "question": "who teaches?", "expect": "answer"}
    cases.write_text(json.dumps({**fields, "relevant": golds}))
    command = ["run", "--cases", str(cases), "--index", str(starter_index), "--model", "quotes"]
    command += ["--out", str(tmp_path / "out")]
    told = "case a: the index has no site/idnex.md (did you mean site/index.md?)"
    assert main([*command, "--strict"]) == 2
    assert told in capsys.readouterr().err
    assert main(command) == 0
    assert f"eval: {told}; scored as not found." in capsys.readouterr().err
    assert told in (tmp_path / "out" / "report.md").read_text()


def test_every_lecture_is_a_part_of_the_course(starter_tutor: LiveTutor) -> None:
    parts = course_parts(starter_tutor.generation.chunks.documents())
    assert parts["lectures/07_attention_and_transformers.pdf"] == "lecture 7"
    assert parts["book/course-notes.pdf"] == "book"
    assert parts["site/index.md"] == "course site"


def test_floors_search_with_one_searcher_each(starter_tutor: LiveTutor) -> None:
    tutor = starter_tutor.tutor
    asked = case("a", question="why divide the scores by the square root of the dimension?")
    floors = search_floors(asked, tutor.generation, tutor.retriever.embedder)
    for answer in floors.values():
        assert len(answer["hits"]) == 10
        assert answer["citations"] == [{"marker": 1, **answer["hits"][0]}]
        assert answer["text"]
    assert floors["bm25"]["hits"] != floors["dense"]["hits"]
    best, _ = tutor.generation.lexical.search(asked.question, 1)[0]
    assert floors["bm25"]["text"] == tutor.generation.chunks.get([best])[0].text
    nothing = search_floors(case("b", question="?"), tutor.generation, tutor.retriever.embedder)
    assert nothing["bm25"]["hits"] == []
    assert nothing["bm25"]["text"] == ""


def test_metering_changes_nothing_and_counts_tokens(starter_tutor: LiveTutor) -> None:
    tutor = starter_tutor.tutor
    asked = case("a", question="What does dropout do?", today=date(2026, 2, 3))
    plain = answer_json(list(tutor.answer(asked.question, (), NOON))[-1].answer)
    record = dict(ask_tutor(tutor)(asked))
    usage, count = record.pop("usage"), tutor.retriever.embedder.count_tokens
    assert record["text"] == plain["text"]
    assert 0 < usage["completion_tokens"] <= count(record["text"])
    assert usage["prompt_tokens"] > count(asked.question)
    assert usage["peak_rss_mib"] > 100


def test_metered_models_tell_their_name_and_count_a_stopped_draft() -> None:
    model = MeteredModel(ScriptedModel("one two three four"), lambda text: len(text.split()))
    assert model.name == "scripted"
    pieces = model.stream(make_prompt("why?", "a passage"), threading.Event())
    next(pieces), next(pieces)
    pieces.close()
    assert (model.prompt_tokens, model.completion_tokens) == (0, 2)


def test_a_case_is_asked_at_noon_of_its_day_with_its_history(starter_tutor: LiveTutor) -> None:
    (followup,) = (c for c in load_cases([STARTER_CASES]) if c.id == "followup-03")
    answer = ask_tutor(starter_tutor.tutor)(followup)
    assert answer["disclosure"]["date"] == "2026-02-04"
    assert answer["question"] == followup.question
    assert answer["generation"] == starter_tutor.generation.id


def test_the_command_over_the_starter_corpus(
    tmp_path: Path, starter_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", "--cases", str(STARTER_CASES), "--kinds", "logistics", "--limit", "2"]
    command += ["--index", str(starter_index), "--model", "quotes", "--out", str(tmp_path)]
    assert main(command) == 0
    assert "# Evaluation: 2 cases" in capsys.readouterr().out
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["configuration"]["model"] == "quotes"
    assert summary["configuration"]["generation"] == (starter_index / "current").read_text().strip()
    assert summary["absent_documents"] == []
    before = (tmp_path / ANSWERS).read_bytes()
    assert main(command) == 0  # nothing left to ask
    assert (tmp_path / ANSWERS).read_bytes() == before


def test_a_judge_that_cannot_judge_is_told_before_anything_is_asked(
    tmp_path: Path, starter_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", "--cases", str(STARTER_CASES), "--index", str(starter_index)]
    command += ["--model", "quotes", "--judge", "quotes", "--out", str(tmp_path / "out")]
    assert main(command) == 2
    assert "The judge must be a language model" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
