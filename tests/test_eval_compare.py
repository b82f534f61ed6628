"""Comparing two runs, and the gate before a publish: what is noise, and what is not."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eval.__main__ import main
from eval.compare import CompareError, compare, conclusion, load_run, markdown
from eval.gate import gate
from eval.gate import markdown as gate_markdown
from eval.report import SCORES, SUMMARY

CONFIGURATION = {"model": "quotes", "generation": "g1", "settings": {"hits": 10}, "commit": "a"}


def row(number: int, **scores: float | None) -> dict[str, Any]:
    changes = {name: scores.pop(name) for name in ("status", "asked") if name in scores}
    return {
        "id": f"c{number:02}",
        "question": f"question {number}?",
        "asked": f"hash {number}",
        "judged_by": "gold",
        "kind": "concept",
        "expect": "answer",
        "status": "answered",
        "cluster": f"deck {number % 7}",
        "scores": scores,
        "problem": "" if scores.get("correct") else "lacks it",
        **changes,
    }


def save(folder: Path, rows: list[dict[str, Any]], **changes: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / SCORES).write_text("".join(json.dumps(r) + "\n" for r in rows))
    summary: dict[str, Any] = {"configuration": CONFIGURATION, "absent_documents": []}
    (folder / SUMMARY).write_text(json.dumps({**summary, **changes}))
    return folder


def correct(rights: str) -> list[dict[str, Any]]:
    """Rows whose answer is right for each "1" of a string."""
    return [row(i, correct=float(r)) for i, r in enumerate(rights)]


def pair(tmp_path: Path, before: str, after: str, **changes: Any) -> tuple[Path, Path]:
    a = save(tmp_path / "a", correct(before))
    return a, save(tmp_path / "b", correct(after), **changes)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("0" * 8 + "1" * 12, "1" * 20, "better"),  # 8 won, 0 lost: p = 2 / 2^8
        ("1" * 20, "0" * 8 + "1" * 12, "worse"),
        ("1" * 20, "0" * 5 + "1" * 15, "no difference shown"),  # 5 lost: p = 2 / 2^5 = 0.0625
        ("01" * 10, "10" * 10, "no difference shown"),
        ("1" * 20, "1" * 20, "no difference shown"),
    ],
)
def test_flips_decide_for_rates(tmp_path: Path, before: str, after: str, verdict: str) -> None:
    a, b = pair(tmp_path, before, after)
    found = compare(load_run(a), load_run(b))
    change = found.change("correct")
    assert change is not None
    assert change.verdict == verdict
    assert verdict in conclusion(found)
    assert change.before == before.count("1") / 20
    assert len(change.won) - len(change.lost) == after.count("1") - before.count("1")


def test_the_p_value_is_mcnemars(tmp_path: Path) -> None:
    a, b = pair(tmp_path, "1" * 10 + "0" * 2, "0" * 6 + "1" * 6)
    change = compare(load_run(a), load_run(b)).change("correct")
    assert change is not None
    assert (len(change.lost), len(change.won)) == (6, 2)
    assert change.p == pytest.approx(2 * (1 + 8 + 28) / 2**8)


def test_lower_is_better_for_failures(tmp_path: Path) -> None:
    a = save(tmp_path / "a", [row(i, bypass=0.0) for i in range(9)])
    b = save(tmp_path / "b", [row(i, bypass=1.0) for i in range(9)])
    worse, better = (
        compare(load_run(x), load_run(y)).change("bypass") for x, y in ((a, b), (b, a))
    )
    assert worse is not None
    assert better is not None
    assert (worse.verdict, better.verdict) == ("worse", "better")
    assert len(worse.lost) == len(better.won) == 9


def test_means_are_tested_by_document(tmp_path: Path) -> None:
    steady = [row(i, **{"mrr@10": 0.5}) for i in range(28)]
    higher = [row(i, **{"mrr@10": 0.6}) for i in range(28)]
    # Only the four questions on one of seven documents gain, much: that may be that document.
    one_deck = [row(i, **{"mrr@10": 1.0 if i % 7 == 0 else 0.5}) for i in range(28)]
    a = load_run(save(tmp_path / "a", steady))
    everywhere = compare(a, load_run(save(tmp_path / "b", higher))).change("mrr@10")
    somewhere = compare(a, load_run(save(tmp_path / "c", one_deck))).change("mrr@10")
    assert everywhere is not None
    assert somewhere is not None
    assert everywhere.verdict == "better"
    assert somewhere.difference.mean == pytest.approx(0.5 * 4 / 28)
    assert somewhere.verdict == "no difference shown"


def test_only_cases_asked_and_judged_alike_are_compared(tmp_path: Path) -> None:
    a = save(tmp_path / "a", correct("1111"))
    changed = [*correct("111")[1:], row(0, correct=0.0) | {"asked": "other words"}, row(9)]
    found = compare(load_run(a), load_run(save(tmp_path / "b", changed)))
    assert found.shared == ("c01", "c02")
    assert found.only_a == ("c00", "c03")
    assert found.only_b == ("c00", "c09")
    told = markdown(found)
    assert "2 cases that only" in told
    assert "`c00`, `c03`" in told
    with pytest.raises(CompareError, match="no case in common"):
        compare(load_run(a), load_run(save(tmp_path / "c", [row(9)])))


def test_the_text_names_what_differs_and_what_flipped(tmp_path: Path) -> None:
    a, b = pair(
        tmp_path, "1100", "0110",
        configuration={**CONFIGURATION, "model": "smollm2", "settings": {"hits": 5}},
        scoring={"support": "entailment"},
    )  # fmt: skip
    told = markdown(compare(load_run(a), load_run(b)))
    assert '- model: "quotes" -> "smollm2"' in told
    assert "- settings.hits: 10 -> 5" in told
    assert "generation" not in told
    assert "scored by another support" in told
    lost, won = told.split("not any more\n")[1].split("## Cases that are right now\n")
    assert "`c00` (concept) question 0?: lacks it" in lost
    assert "`c02`" in won
    assert "Right answers: 50.0% before, 50.0% now, 1 won and 1 lost" in told


def test_folders_without_a_finished_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = save(tmp_path / "a", correct("1"))
    assert main(["compare", str(a), str(tmp_path / "none")]) == 2
    told = capsys.readouterr().err
    assert "holds no finished run (No such file or directory: summary.json)" in told
    assert "python -m eval run" in told
    (a / SCORES).write_text("{}\n")
    assert main(["compare", str(a), str(a)]) == 2
    assert "is damaged" in capsys.readouterr().err


# --- The gate -------------------------------------------------------------------------------------


def test_what_is_no_worse_may_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = pair(tmp_path, "1" * 20, "0" * 3 + "1" * 17)
    assert main(["gate", "--baseline", str(a), "--candidate", str(b)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("# Gate: green")
    assert "`c02` (concept) question 2?: lacks it" in told  # broken, though not beyond noise


def test_a_fall_beyond_noise_is_red(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = pair(tmp_path, "1" * 20, "0" * 7 + "1" * 13)
    command = ["gate", "--baseline", str(a), "--candidate", str(b)]
    assert main(command) == 1
    told = capsys.readouterr().out
    assert told.startswith("# Gate: red")
    assert "correct fell from 1.000 to 0.650 over 20 questions (p = 0.016)" in told
    assert main([*command, "--json"]) == 1
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["green"] is False
    assert len(verdict["broken"]) == 7
    assert verdict["broken"][0] == {"id": "c00", "question": "question 0?", "problem": "lacks it"}


def test_a_single_answer_that_was_held_back_is_red(tmp_path: Path) -> None:
    rows = [row(i, bypass=0.0, correct=1.0) for i in range(30)]
    leak = [*rows[1:], row(0, bypass=1.0, correct=1.0)]
    runs = [load_run(save(tmp_path / n, r)) for n, r in (("a", rows), ("b", leak))]
    assert gate(*runs).reasons == ("held back before, answered now: c00",)
    assert gate(*reversed(runs)).green
    assert gate(runs[1], runs[1]).green  # it leaked before: no news


@pytest.mark.parametrize(
    ("rows", "changes", "reason"),
    [
        ([row(0, status="error"), row(1)], {}, "ended in an error: c00"),
        ([row(0), row(1)], {"absent_documents": ["07.pdf"]}, "rest on are gone: 07.pdf"),
        ([row(0)], {}, "the candidate did not answer c01"),
    ],
)
def test_what_is_missing_is_red(
    tmp_path: Path, rows: list[dict[str, Any]], changes: Mapping[str, Any], reason: str
) -> None:
    a = load_run(save(tmp_path / "a", [row(0), row(1)]))
    verdict = gate(a, load_run(save(tmp_path / "b", rows, **changes)))
    assert not verdict.green
    assert reason in verdict.reasons[0]
    assert reason in gate_markdown(verdict)
