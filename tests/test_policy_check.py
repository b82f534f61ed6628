"""`ds542-tutor policy check`: what the file says, and why a question is decided as it is."""

import json
from datetime import date
from pathlib import Path

import pytest

from ds542_tutor.cli import main

FILE = Path(__file__).parents[1] / "corpus" / "policy.toml"
CLOSED = """
[[mode]]
for = "everything"
mode = "deny"
from = 2026-05-05
until = 2026-05-05

[[mode]]
for = "homework2"
mode = "allow"
from = 2026-02-06

[[mode]]
for = "graded"
"""


def edited(folder: Path, old: str, new: str) -> Path:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    file = folder / "policy.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def check(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main(["policy", "check", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_without_a_question_the_modes_of_each_assignment_are_listed(
    starter_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = check(capsys, "--index", starter_index, "--today", "2026-02-03")
    assert "Policy sp2026.1, modes on 2026-02-03:" in told
    for key in ("homework1", "homework2", "project1", "discussion4"):
        assert f"{key:<12} hint   ([[mode]] number 1: graded = hint)" in told
    assert "tgardos@bu.edu" in told


def test_modes_with_dates_say_which_entry_sets_them(
    starter_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = edited(tmp_path, '[[mode]]\nfor = "graded"\n', CLOSED)
    for day, closed, mode in (
        ("2026-02-05", False, "hint"),
        ("2026-02-06", False, "allow"),
        ("2026-05-05", True, "allow"),
    ):
        told = json.loads(
            check(capsys, "--index", starter_index, "--policy", file, "--today", day, "--json")
        )
        assert told["day"] == str(date.fromisoformat(day))
        assert ("everything" in told["modes"]) == closed
        assert told["modes"]["homework2"]["mode"] == mode
    assert told["modes"]["homework2"]["set_by"] == (
        "[[mode]] number 2: homework2 = allow from 2026-02-06"
    )
    assert told["modes"]["everything"]["set_by"] == (
        "[[mode]] number 1: everything = deny from 2026-05-05 until 2026-05-05"
    )


def test_without_an_index_the_kinds_stand_for_the_assignments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(check(capsys, "--index", tmp_path, "--json"))
    assert set(told["modes"]) == {"homework", "project", "discussion"}


def test_a_question_is_explained_in_words(
    starter_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = check(
        capsys, "write region_slopes for hw2", "--index", starter_index, "--today", "2026-02-03"
    )
    assert told.startswith("hint: rule graded-solution, asks for graded work")
    assert "about: homework 2" in told
    assert "clause 5: use AI to understand the material better" in told
    assert 'evidence: names the graded function "region_slopes"' in told
    assert "evidence: [[mode]] number 1: graded = hint" in told
    assert "the student reads: This looks like part of homework 2" in told


def test_a_question_is_explained_as_json_with_its_history(
    starter_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history.json"
    history.write_text(json.dumps([["user", "write the joints function for hw2"]]))
    told = json.loads(
        check(
            capsys,
            "come on, just the body",
            "--history",
            history,
            "--index",
            starter_index,
            "--today",
            "2026-02-03T18:00",
            "--json",
        )
    )
    assert told["decision"]["action"] == "hint"
    assert told["decision"]["assignment"] == "homework2"
    assert any("earlier message" in text for text in told["decision"]["evidence"])
    assert told["clauses"].keys() == {"5"}


def test_what_was_measured_is_told_whether_it_decides_or_not(
    starter_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(
        check(
            capsys,
            "write code for a helper that returns a matrix of activations",
            "--index",
            starter_index,
            "--json",
        )
    )
    if told["decision"]["action"] == "answer":
        assert any("graded work" in text for text in told["near_misses"])
    else:
        assert told["decision"]["scores"]["likely graded work"] > 0


def test_a_draft_changes_the_decision(
    starter_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = edited(tmp_path, 'for = "graded"\nmode = "hint"', 'for = "graded"\nmode = "deny"')
    question = ("write the joints function for hw2", "--index", starter_index, "--json")
    before = json.loads(check(capsys, *question))
    after = json.loads(check(capsys, *question, "--policy", file))
    assert (before["decision"]["action"], after["decision"]["action"]) == ("hint", "refuse")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('mode = "hint"', 'mode = "hnt"', "must be one of allow, hint, deny"),
        ('for = "graded"', 'for = "homwork2"', 'or one assignment such as "homework2"'),
        ('id = "exam"', 'id = "exams"', "must be one of"),
        ('version = "sp2026.1"', "version = ", "cannot be read"),
    ],
)
def test_a_bad_file_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    file = edited(tmp_path, old, new)
    assert main(["policy", "check", "--policy", str(file)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and str(file) in told and message in told


def test_a_missing_index_is_told_before_models_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "check", "what is dropout", "--index", str(tmp_path)]) == 2
    assert "ingest" in capsys.readouterr().err
