"""Running an evaluation: every case kept, runs resumed, reports written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.errors import EndpointError
from eval.__main__ import main
from eval.cases import Case, CaseError, Gold, load_cases
from eval.report import diagnose, latencies, markdown, score_rows, summarise, worst, write
from eval.run import (
    ANSWERS,
    CONFIG,
    AnswerLog,
    Ask,
    Record,
    RunError,
    answer_cases,
    ask_tutor,
    check_golds,
)

STARTER_CASES = Path(__file__).parents[1] / "eval" / "cases" / "starter.jsonl"
CONFIGURATION = {
    "generation": "20260101T000000Z-00000000",
    "model": "quotes",
    "embedder": "minilm",
    "settings": {"retrieval": {"hits": 10}},
    "commit": "abc",
    "index": "index",
}
DECISION = {"action": "answer", "rule": "concept", "clause": "5", "assignment": None, "reason": ""}


def case(identifier: str, **changes: Any) -> Case:
    fields = {"kind": "concept", "question": f"what is {identifier}?", "expect": "answer"}
    return Case(**{"id": identifier, **fields, **changes})


def reply(text: str = "It is so. [1]", status: str = "answered", page: int = 3) -> dict[str, Any]:
    place = {"document": "x.pdf", "page": page}
    return {
        "question": "?",
        "status": status,
        "text": text,
        "decision": DECISION,
        "citations": [{**place, "marker": 1}],
        "hits": [{**place, "pages": [page], "score": 1.0, "retriever": "fused"}],
        "timings_ms": {"retrieval": 10.0, "total": 30.0},
    }


class Asked:
    """Answers every case alike and remembers which were asked; fails on those in `failures`."""

    def __init__(self, **failures: Exception) -> None:
        self.ids: list[str] = []
        self._failures = failures

    def __call__(self, case: Case) -> Mapping[str, Any]:
        self.ids.append(case.id)
        if case.id in self._failures:
            raise self._failures[case.id]
        return reply()


def run(folder: Path, cases: list[Case], ask: Ask, **options: Any) -> list[Record]:
    changes = options.pop("changes", {})
    log = AnswerLog(folder, {**CONFIGURATION, **changes}, restart=options.get("restart", False))
    return list(answer_cases(cases, ask, log))


# --- Running --------------------------------------------------------------------------------------


def test_answers_are_kept_as_they_come_with_id_and_configuration(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    log = AnswerLog(out, CONFIGURATION, restart=False)
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
    run(tmp_path, [case("a")], ask, changes={"model": "smollm2"}, restart=True)
    assert ask.ids == ["a"]


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


# --- Reporting ------------------------------------------------------------------------------------

GOLD = (Gold("x.pdf", (3,)),)
CASES = [
    case("right", relevant=GOLD, must_say=(("so",),)),
    case("elsewhere", kind="locate", relevant=(Gold("y.pdf", (1,)),), must_say=(("slide 1",),)),
    case("crash", relevant=GOLD),
    case("leak", kind="policy", expect="hint", must_not_say=("is so",)),
    case("silent", kind="unanswerable", expect="abstain"),
]


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    def ask(case: Case) -> Mapping[str, Any]:
        if case.id == "crash":
            raise EndpointError("The model server is down.")
        return reply(status="abstained" if case.id == "silent" else "answered")

    return run(tmp_path, CASES, ask)


def test_totals_count_every_case(records: list[Record]) -> None:
    summary = summarise(score_rows(CASES, records), records, CONFIGURATION, ["z.pdf"])
    overall = summary["metrics"]["overall"]
    assert summary["cases"] == 5
    assert summary["errors"] == [{"id": "crash", "error": "The model server is down."}]
    assert overall["correct"] | {"low": 0, "high": 0} == {"value": 0.4, "n": 5, "low": 0, "high": 0}
    assert overall["correct"]["low"] == pytest.approx(0.1176, abs=1e-4)
    assert overall["hit@1"]["n"] == 3  # with a gold: the crash among them, as a miss
    assert overall["hit@1"]["value"] == pytest.approx(1 / 3)
    assert overall["bypass"]["value"] == 1.0
    assert overall["false answer"]["value"] == 0.0
    assert summary["metrics"]["by_kind"]["locate"]["citation page"]["value"] == 0.0
    assert "hit@1" not in summary["metrics"]["by_kind"]["unanswerable"]
    assert summary["decisions"]["answer"] == {
        "answered": 2, "hinted": 0, "refused": 0, "abstained": 0, "error": 1,
    }  # fmt: skip
    assert summary["configuration"]["generation"] == CONFIGURATION["generation"]


def test_the_worst_come_first_and_say_what_went_wrong(records: list[Record]) -> None:
    found = worst(score_rows(CASES, records))
    assert [entry["id"] for entry in found] == ["crash", "leak", "elsewhere"]
    problems = [entry["problem"] for entry in found]
    assert problems[0] == "error: The model server is down."
    assert problems[1] == "answered instead of hinted (rule concept); says 'is so'"
    assert problems[2] == "lacks slide 1; gold not among the hits, not cited"
    cited = diagnose(case("c", relevant=GOLD, must_say=(("x", "y"),)), reply("It is z."))
    assert cited == "lacks x | y; gold at rank 1, cited"


def test_latencies_leave_out_what_was_not_measured() -> None:
    found = latencies([reply(), {**reply(), "timings_ms": {}}])
    assert found == {
        "retrieval": {"p50": 10.0, "p95": 10.0, "n": 1},
        "total": {"p50": 30.0, "p95": 30.0, "n": 1},
    }


def test_the_files_of_a_report(tmp_path: Path, records: list[Record]) -> None:
    rows = score_rows(CASES, records)
    summary = summarise(rows, records, CONFIGURATION, ["z.pdf"])
    text = write(tmp_path, rows, summary)
    assert (tmp_path / "report.md").read_text() == text == markdown(summary)
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    kept = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert [row["id"] for row in kept] == [c.id for c in CASES]
    assert text.startswith("# Evaluation: 5 cases\n\nModel quotes, index 20260101T000000Z-00000000")
    for part in (
        "| correct ", "| locate ", "| hint     |", "- `crash` The model server is down.",
        "- z.pdf", "- `elsewhere` (locate): lacks slide 1",
    ):  # fmt: skip
        assert part in text
    widths = {len(row) for row in text.split("## Decisions")[1].split("##")[0].split("\n") if row}
    assert len(widths) == 1  # aligned, so that it reads in a terminal


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
    assert check_golds([case("a", relevant=(ours, strange))], generation) == ["other/slides.pdf"]
    with pytest.raises(CaseError, match=r"none of the 1 documents .* other/slides\.pdf"):
        check_golds([case("a", relevant=(strange,))], generation)


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
