"""`python -m ingest files` says what an ingest would read, also of files that are not there yet."""

import json
from pathlib import Path

import pytest

from ingest.__main__ import main
from ingest.targets import patterns, would_read

TOML = """
[corpus]
name = "tiny"
term = "sp2026"

[[source]]
files = ["lectures/*.pdf", "lectures/*.pptx"]
kind = "slides"
number = '^(\\d+)_'
lecture = true
exclude = "lectures/draft_*"

[[source]]
kind = "site"
site = "site"

[[source]]
files = "extra/**/*.md"
kind = "notes"

[[skip]]
files = "lectures/old_*.pdf"
reason = "superseded"
"""


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.toml"
    file.write_text(TOML)
    (tmp_path / "lectures").mkdir()
    (tmp_path / "lectures/07_attention.pdf").write_bytes(b"%PDF-")
    (tmp_path / "lectures/old_07.pdf").write_bytes(b"%PDF-")
    return file


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lectures/08_new.pdf", "slides"),
        ("lectures/08 “new” 'deck' é.pptx", "slides"),
        ("site/_lectures/08.md", "site"),
        ("site/_data/people.yml", "site"),
        ("extra/a/b/c.md", "notes"),
        ("lectures/08_new.key", None),
        ("lectures/deeper/08.pdf", None),
        ("lectures/draft_08.pdf", None),
        ("lectures/old_08.pdf", None),
        ("site/_secret/08.md", None),
        ("08.pdf", None),
        ("../lectures/08.pdf", None),
        ("lectures/../../08.pdf", None),
        ("/lectures/08.pdf", None),
        ("lectures/" + "8" * 300 + ".pdf", None),
        ("lectures/\0.pdf", None),
        ("", None),
    ],
)
def test_what_an_ingest_would_make_of_a_file(toml: Path, name: str, kind: str | None) -> None:
    found = would_read(toml, name)
    assert (found.kind if found else None) == kind
    assert sorted(p.name for p in (toml.parent / "lectures").iterdir()) == [
        "07_attention.pdf", "old_07.pdf",
    ]  # fmt: skip


def test_the_number_of_a_new_lecture_is_read_off_its_name(toml: Path) -> None:
    found = would_read(toml, "lectures/08_new.pdf")
    assert found is not None and found.lecture == 8


def test_patterns_name_the_folders_of_a_site(toml: Path) -> None:
    listed = {(p.pattern, p.kind) for p in patterns(toml)}
    assert {("lectures/*.pptx", "slides"), ("site/_lectures/*.md", "site")} <= listed


def test_one_json_object(toml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["files", str(toml), "--json", "--target", "lectures/x.pdf"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["corpus"] == "tiny"
    assert told["root"] == str(toml.parent.resolve())
    assert told["files"] == [{"path": "lectures/07_attention.pdf", "kind": "slides"}]
    assert told["skipped"] == [{"path": "lectures/old_07.pdf", "reason": "superseded"}]
    assert {"site", "lectures/*.pptx", "extra/**/*.md"} == {m["path"] for m in told["missing"]}
    assert told["target"] == {"path": "lectures/x.pdf", "accepted": True, "kind": "slides"}


def test_lines_for_people(toml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["files", str(toml), "--target", "x.pdf"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "slides    lectures/07_attention.pdf"
    assert "skipped   lectures/old_07.pdf: superseded" in lines
    assert lines[-1] == "x.pdf would not be read"


def test_a_missing_sources_file_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["files", "none.toml", "--json"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
