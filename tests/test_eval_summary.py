"""From answers to numbers: totals, intervals, floors, the worst cases, and the Markdown report."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from run_samples import CONFIGURATION, case, reply, run

from ds542_tutor.errors import EndpointError
from eval.cases import Case, Gold
from eval.floors import DECISIONS
from eval.report import markdown, write
from eval.run import (
    Record,
)
from eval.summary import diagnose, part_of, score_rows, summarise, worst

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


def supports(pairs: Sequence[tuple[str, str]]) -> list[bool]:
    return [True] * len(pairs)


def rows_of(records: list[Record]) -> list[dict[str, Any]]:
    return list(score_rows(CASES, records, supports))


def test_totals_count_every_case(records: list[Record]) -> None:
    summary = summarise(rows_of(records), records, CONFIGURATION)
    overall = summary["metrics"]["overall"]
    assert summary["cases"] == 5
    assert summary["errors"] == [{"id": "crash", "error": "The model server is down."}]
    assert (overall["correct"]["value"], overall["correct"]["n"]) == (0.4, 5)
    assert overall["correct"]["low"] == pytest.approx(0.1176, abs=1e-4)
    assert overall["hit@1"]["n"] == 3  # with a gold: the crash among them, as a miss
    assert overall["hit@1"]["value"] == pytest.approx(1 / 3)
    assert overall["bypass"]["value"] == 1.0
    assert overall["false answer"]["value"] == 0.0
    assert overall["false answer"]["rules_out"] == pytest.approx(0.95)  # one case shows little
    assert "rules_out" not in overall["bypass"]
    assert summary["metrics"]["by_kind"]["locate"]["citation page"]["value"] == 0.0
    assert "hit@1" not in summary["metrics"]["by_kind"]["unanswerable"]
    assert summary["decisions"]["answer"] == {
        "answered": 2, "hinted": 0, "refused": 0, "abstained": 0, "error": 1,
    }  # fmt: skip
    assert summary["outcomes"] == {
        "answered-correct": 1, "answered-wrong": 1, "abstained-right": 1, "abstained-wrong": 1,
    }  # fmt: skip
    assert summary["configuration"]["generation"] == CONFIGURATION["generation"]


def test_rates_have_wilsons_interval_and_means_a_bootstrap(records: list[Record]) -> None:
    overall = summarise(rows_of(records), records, CONFIGURATION)["metrics"]["overall"]
    assert overall["hit@1"]["interval"] == "wilson"
    assert overall["mrr@10"]["interval"] == "bootstrap"
    # Two documents, of which one was found: drawing both anew gives anything.
    assert (overall["mrr@10"]["low"], overall["mrr@10"]["high"]) == (0.0, 0.5)
    # All alike: a bootstrap would claim to be certain.
    same = [record | {"hits": []} for record in records]
    alike = summarise(rows_of(same), same, CONFIGURATION)["metrics"]["overall"]["mrr@10"]
    assert (alike["interval"], alike["value"]) == ("wilson", 0.0)
    assert alike["high"] > 0.5


def test_floors_are_scored_by_the_same_metrics(records: list[Record]) -> None:
    place = {"document": "y.pdf", "page": 1, "pages": [1]}
    found = {"status": "answered", "text": "slide 1", "hits": [place]}
    floor = {**found, "citations": [{"marker": 1, **place}]}
    with_floors = [record | {"floors": {"bm25": floor, "dense": floor}} for record in records[1:]]
    floors = summarise(rows_of([records[0], *with_floors]), records, CONFIGURATION)["floors"]
    assert floors["bm25"]["hit@1"]["value"] == pytest.approx(1 / 3)
    assert floors["bm25"]["must say"]["value"] == 0.5
    assert floors["bm25"]["bypass"]["value"] == 1.0
    assert "concise" not in floors["bm25"]
    assert set(floors["always-refuse"]) == set(DECISIONS)
    assert floors["always-refuse"]["bypass"]["value"] == 0.0
    assert floors["always-refuse"]["over-refusal"]["value"] == 1.0
    assert floors["never-refuse"]["bypass"]["value"] == 1.0
    assert floors["never-refuse"]["false answer"]["value"] == 1.0
    assert floors["word-overlap"]["citation recall (word overlap)"]["n"] == 4


def test_a_case_belongs_to_the_lecture_among_its_golds() -> None:
    parts = {"book.pdf": "book", "07.pdf": "lecture 7", "x.md": "course site"}
    both = case("a", relevant=(Gold("book.pdf"), Gold("07.pdf", (1,))))
    assert part_of(both, parts) == "lecture 7"
    assert part_of(case("a", relevant=(Gold("book.pdf"),)), parts) == "book"
    assert part_of(case("a", relevant=(Gold("gone.pdf"),)), parts) == "not in the index"
    assert part_of(case("a"), parts) == "no source"
    dates = (Gold("07.pdf"), Gold("x.md"))
    assert part_of(case("a", kind="schedule", relevant=dates), parts) == "course site"


def test_the_worst_come_first_and_say_what_went_wrong(records: list[Record]) -> None:
    found = worst(rows_of(records))
    assert [entry["id"] for entry in found] == ["crash", "leak", "elsewhere"]
    problems = [entry["problem"] for entry in found]
    assert problems[0] == "error: The model server is down."
    assert problems[1] == "answered instead of hinted (rule concept); says 'is so'"
    assert problems[2] == "lacks slide 1; gold not among the hits, not cited"
    leaks = [{**row, "id": f"{row['id']} {i}"} for row in rows_of(records) for i in range(9)]
    few = [entry["id"] for entry in worst(leaks, 6)]  # two of each sort
    assert few == ["crash 0", "crash 1", "leak 0", "leak 1", "elsewhere 0", "elsewhere 1"]
    assert len(worst(leaks, 100)) == 27
    cited = diagnose(case("c", relevant=GOLD, must_say=(("x", "y"),)), reply("It is z."))
    assert cited == "lacks x | y; gold at rank 1, cited"


def test_the_files_of_a_report(tmp_path: Path, records: list[Record]) -> None:
    rows = rows_of(records)
    summary = summarise(rows, records, CONFIGURATION, {"support": "plain"}, ["case a: no z.pdf"])
    text = write(tmp_path, rows, summary)
    assert (tmp_path / "report.md").read_text() == text == markdown(summary)
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    kept = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert [row["id"] for row in kept] == [c.id for c in CASES]
    assert text.startswith("# Evaluation: 5 cases\n\nModel quotes, index 20260101T000000Z-00000000")
    for part in (
        "| correct ", "| locate ", "| hint     |", "- `crash` The model server is down.",
        "- case a: no z.pdf", "- `elsewhere` (locate): lacks slide 1",
    ):  # fmt: skip
        assert part in text
    assert "no failure in 1: at most 95.0% (95 %)" in text
    assert "Citation recall and precision are judged by: plain." in text
    widths = {len(row) for row in text.split("## Decisions")[1].split("##")[0].split("\n") if row}
    assert len(widths) == 1  # aligned, so that it reads in a terminal
