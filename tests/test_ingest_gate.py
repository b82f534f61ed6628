"""`python -m ingest --gate`: evaluation cases decide before the pointer moves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from index_samples import publish

from ds542_tutor.errors import IndexMissingError
from ds542_tutor.index.generations import IndexStore

TOML = """
[corpus]
name = "tiny"
term = "sp2026"

[[source]]
files = "*.md"
kind = "notes"
"""
FACTS = {
    "Dropout": "Dropout sets each hidden unit to zero with probability one half.",
    "Momentum": "Momentum keeps a running average of past gradients.",
    "Padding": "Padding adds zeros around the image so that its size stays the same.",
    "Softmax": "Softmax turns scores into probabilities that sum to one.",
    "Attention": "Attention weighs the values by how well their keys match the query.",
    "Residual connections": "Residual connections add the input of a block to its output.",
    "Early stopping": "Early stopping ends training when the validation loss rises.",
    "Batch normalization": "Batch normalization gives activations zero mean and unit variance.",
}
WORDS = ("half", "average", "zeros", "sum", "keys", "input", "validation", "variance")


def ingest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as staff do, in `folder`."""
    command = [sys.executable, "-m", "ingest", "tiny.toml", "--index", "index", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=250)


def write_facts(folder: Path, facts: dict[str, str]) -> None:
    for number, (name, text) in enumerate(facts.items()):
        (folder / f"{number}.md").write_text(f"# {name}\n\n{text}\n")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "tiny.toml").write_text(TOML)
    write_facts(tmp_path, FACTS)
    cases = [
        {
            "id": f"c{number}",
            "kind": "concept",
            "question": f"What is {name.lower()}?",
            "expect": "answer",
            "relevant": [{"doc": f"{number}.md", "pages": []}],
            "must_say": [[word]],
        }
        for number, (name, word) in enumerate(zip(FACTS, WORDS, strict=True))
    ]
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(c) + "\n" for c in cases))
    return tmp_path


def test_green_publishes_and_red_keeps_the_old_generation(course: Path) -> None:
    store = IndexStore(course / "index")
    first = ingest(course, "--gate", "cases.jsonl")
    assert first.returncode == 0, first.stderr
    assert "The gate is green" in first.stdout
    begun = store.current_id()

    (course / "9.md").write_text("# Label smoothing\n\nLabel smoothing softens the targets.\n")
    second = ingest(course, "--gate", "cases.jsonl", "--json")
    assert second.returncode == 0, second.stderr
    events = [json.loads(line) for line in second.stdout.splitlines()]
    assert [e["name"] for e in events if e["event"] == "phase"] == ["write", "check", "gate"]
    assert events[-1]["gate"]["green"] is True
    good = store.current_id()
    assert good not in (begun, None)

    # A corrected file that corrects too much: every fact is gone.
    write_facts(course, {name: f"This part on {name.lower()} follows soon." for name in FACTS})
    third = ingest(course, "--gate", "cases.jsonl")
    assert third.returncode == 1
    assert store.current_id() == good
    assert [m.id for m in store.generations()] == [begun, good]
    lines = third.stdout.splitlines()
    assert "Nothing was published; the index in use is unchanged." in lines
    assert any(line.startswith("  because correct fell from") for line in lines)
    broken = [line for line in lines if line.startswith("  broke: ")]
    assert len(broken) >= 6
    assert "What is dropout? (lacks half" in broken[0]
    report = Path(
        next(line for line in lines if "its report is" in line).split("report is ")[1][:-1]
    )
    assert (course / report).is_file()
    runs = sorted(path.name for path in (course / "index" / "gate").iterdir())
    assert len(runs) == 2
    assert good in runs
    with pytest.raises(IndexMissingError):  # the candidate is gone
        store.candidate_manifest()


def test_a_gate_that_cannot_judge_publishes_nothing(course: Path) -> None:
    publish(course / "index", {"a.md": ["Old notes on momentum."]})
    before = IndexStore(course / "index").current_id()
    missing = ingest(course, "--gate", "none.jsonl")
    assert missing.returncode == 2
    assert missing.stderr.strip().endswith("none.jsonl, do not exist; name files with --gate.")
    (course / "cases.jsonl").write_text('{"id": "a"}\n')
    malformed = ingest(course, "--gate", "cases.jsonl")
    assert malformed.returncode == 2
    assert "could not judge the new index, so it was not published" in malformed.stderr
    assert "cases.jsonl:1: field" in malformed.stderr
    assert IndexStore(course / "index").current_id() == before
