"""`python -m ingest` as people and the staff page run it: output, exit status, one-line errors."""

import fcntl
import json
from pathlib import Path

import pytest
from index_samples import publish

from ds542_tutor.index.generations import IndexStore
from ingest import build as build_module
from ingest.__main__ import main

TOML = """
[corpus]
name = "tiny"
term = "sp2026"

[[source]]
files = "*.md"
kind = "notes"
exclude = ["old.md"]

[[skip]]
files = "*.pptx"
reason = "no reader for it yet"
"""
ATTENTION = "# Attention\n\nAttention weighs the values by how well keys match the query.\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(TOML)
    (tmp_path / "a.md").write_text(ATTENTION)
    (tmp_path / "old.pptx").write_bytes(b"PK")
    return tmp_path


def current() -> str | None:
    return IndexStore(Path("index")).current_id()


def test_a_summary_line_a_file_and_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiny.toml"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "skipped  old.pptx: no reader for it yet"
    assert lines[1] == "read     a.md: 1 chunk"
    assert lines[-2].startswith("2 files: 1 read, 1 skipped, 0 failed; 1 chunk, 1 embedded anew;")
    assert lines[-1] == f"Generation {current()} is now in use."
    assert err == ""


def test_json_events(capsys: pytest.CaptureFixture[str]) -> None:
    (Path("b.md")).write_bytes(b"\xff\xfe not UTF-8")
    assert main(["tiny.toml", "--json", "--allow-partial"]) == 1
    out, _ = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert [e["event"] for e in events[:4]] == ["start", "file", "file", "file"]
    assert {e["path"]: e["status"] for e in events[1:4]} == {
        "old.pptx": "skipped", "a.md": "read", "b.md": "failed",
    }  # fmt: skip
    assert [e["name"] for e in events if e["event"] == "phase"] == ["write", "check"]
    done = events[-1]
    assert (done["event"], done["generation"]) == ("done", current())
    assert (done["read"], done["skipped"], done["failed"]) == (1, 1, 1)


def test_a_failed_file_exits_1_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiny.toml"]) == 0
    before = current()
    Path("b.md").write_bytes(b"")
    assert main(["tiny.toml"]) == 1
    out, _ = capsys.readouterr()
    assert "failed   b.md: the file is empty" in out
    assert "index in use is unchanged" in out
    assert current() == before
    assert main(["tiny.toml", "--allow-partial"]) == 1
    assert current() != before


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["none.toml"], {}, "none.toml"),
        (["tiny.toml", "--materials", "nowhere"], {}, "--materials"),
        (["tiny.toml"], {"DS542_MODELS_EMBEDER": "x"}, "did you mean 'embedder'"),
        (["tiny.toml"], {"DS542_CONFIG": "gone.toml"}, "gone.toml"),
        ([], {}, "corpus/starter.toml"),
        (["tiny.toml", "--index", "a.md"], {}, "--index"),
        (["rollback"], {}, "make ingest"),
        (["rollback", "x", "--index", "full"], {}, "no generation x"),
        (["list"], {"DS542_NO_SUCH": "1"}, "Unknown setting"),
    ],
)
def test_what_a_user_did_wrong_is_one_line_and_exit_2(
    arguments: list[str],
    environment: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(Path("full"), {"a.pdf": ["text"]})
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert expected in err


def test_json_tells_errors_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["none.toml", "--json"]) == 2
    out, err = capsys.readouterr()
    event = json.loads(out)
    assert event["event"] == "error"
    assert event["message"] == err.strip()


def test_an_unknown_key_in_the_settings_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ds542.toml").write_text("[models]\nembeder = 'x'\n")
    assert main(["tiny.toml"]) == 2
    assert "did you mean 'embedder'" in capsys.readouterr().err


def test_if_missing_does_nothing_where_there_is_an_index(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tiny.toml", "--if-missing"]) == 0
    before = current()
    capsys.readouterr()
    monkeypatch.setattr(build_module, "build", None)
    assert main(["tiny.toml", "--if-missing"]) == 0
    assert current() == before
    assert capsys.readouterr() == ("", "")


def test_list_and_rollback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert "no index in use" in capsys.readouterr().out
    assert main(["tiny.toml"]) == 0
    first = current()
    Path("b.md").write_text(ATTENTION.replace("Attention", "Softmax"))
    assert main(["tiny.toml"]) == 0
    second = current()
    capsys.readouterr()
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"  {first}  tiny  1 document  ")
    assert lines[1].startswith(f"* {second}  tiny  2 documents  2 chunks  all-MiniLM-L6-v2@")
    assert main(["rollback"]) == 0
    assert current() == first
    assert main(["rollback", str(second)]) == 0
    assert current() == second


def test_two_ingests_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiny.toml"]) == 0
    with Path("index/.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert main(["tiny.toml"]) == 0, "nothing to do, so nothing to wait for"
        Path("a.md").write_text(ATTENTION + "One sentence more about the keys and the values.")
        assert main(["tiny.toml"]) == 2
    assert "Another ingest" in capsys.readouterr().err


def test_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiny.toml"]) == 0
    before = current()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build_module, "check", interrupt)
    assert main(["tiny.toml", "--force"]) == 130
    assert current() == before
    assert "unchanged" in capsys.readouterr().err


def test_help_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    for word in ("--materials", "--index", "--json", "--allow-partial", "--if-missing", "rollback"):
        assert word in text
