"""`ds542-tutor ask | serve | doctor` as a user runs it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

KEYS = {
    "question", "standalone_question", "status", "text", "citations", "hits", "decision",
    "disclosure", "generation", "model", "timings_ms",
}  # fmt: skip


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ds542_tutor.cli", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_ask_json_keeps_its_contract(starter_index: Path, tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    history.write_text(json.dumps([["user", "What is dropout?"], ["assistant", "It drops units."]]))
    done = run(
        "ask", "and why does it help?", "--json", "--today", "2026-03-01",
        "--history", str(history),
        "--index", str(starter_index), "--model", "quotes", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert answer.keys() >= KEYS
    assert answer["status"] == "answered"
    assert "dropout" in answer["standalone_question"].lower()
    assert answer["decision"].keys() == {
        "action", "rule", "clause", "assignment", "reason", "evidence", "scores",
    }  # fmt: skip
    assert len(answer["hits"]) >= 10
    assert answer["hits"][0].keys() >= {"document", "page", "pages", "score", "retriever"}
    citation = answer["citations"][0]
    assert citation.keys() >= {
        "marker", "document", "title", "page", "page_label", "locator", "quote", "support", "score",
    }  # fmt: skip
    assert f"[{citation['marker']}]" in answer["text"]
    assert answer["disclosure"].keys() == {
        "tool", "model", "date", "prompt", "use", "link", "as_comment", "as_appendix",
    }  # fmt: skip
    assert answer["disclosure"]["date"] == "2026-03-01"
    assert answer["timings_ms"].keys() >= {
        "policy", "retrieval", "first_token", "generation", "verification", "total",
    }  # fmt: skip


def test_ask_prints_text_with_sources(starter_index: Path, tmp_path: Path) -> None:
    done = run("ask", "What is weight decay?", "--index", str(starter_index), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Sources\n  [1] " in done.stdout
    assert "Credit it: ds542_tutor" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", "  "], "The question is empty"),
        (["ask", "What is ReLU?", "--index", "nowhere"], "There is no index in nowhere; run"),
        (["ask", "What is ReLU?", "--today", "tomorrow"], "--today must be like 2026-02-10"),
        (["ask", "What is ReLU?", "--history", "none.json"], "cannot be read"),
    ],
)
def test_a_mistake_is_one_line_with_its_remedy(
    arguments: list[str], says: str, tmp_path: Path
) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_overlong_question_is_told_its_limit(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ds542_tutor.cli", "ask", "-"],
        cwd=tmp_path, input="x" * 100_000, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "100,000 characters, the limit is 8,000" in done.stderr


def test_an_unknown_model_and_a_dead_endpoint_are_told(starter_index: Path, tmp_path: Path) -> None:
    index = ["--index", str(starter_index)]
    unknown = run("ask", "What is ReLU?", *index, "--model", "gpt9", cwd=tmp_path)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    with socket.socket() as free:  # bound but not listening: connections are refused
        free.bind(("127.0.0.1", 0))
        dead = f"openai:any@http://127.0.0.1:{free.getsockname()[1]}/v1"
        down = run("ask", "What does dropout do?", *index, "--model", dead, cwd=tmp_path)
    assert (down.returncode, down.stderr.count("\n")) == (2, 1)
    assert "127.0.0.1" in down.stderr


def test_an_index_of_another_embedder_is_refused(starter_index: Path, tmp_path: Path) -> None:
    manifest = next(starter_index.glob("generations/*/manifest.json"))
    other = tmp_path / "index/generations" / manifest.parent.name
    other.mkdir(parents=True)
    told = {**json.loads(manifest.read_text()), "embedder": "someone/else"}
    (other / "manifest.json").write_text(json.dumps(told))
    (tmp_path / "index/current").write_text(other.name)
    done = run("ask", "What is ReLU?", cwd=tmp_path)
    assert done.returncode == 2
    assert "someone/else" in done.stderr and "make ingest" in done.stderr


def test_serve_says_when_the_port_is_taken(starter_index: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(
            "serve", "--index", str(starter_index), cwd=tmp_path, DS542_SERVER_PORT=port
        )  # fmt: skip
    assert done.returncode == 2
    assert port in done.stderr and "DS542_SERVER_PORT" in done.stderr


def test_doctor_looks_at_everything_and_says_what_to_mend(
    starter_index: Path, tmp_path: Path
) -> None:
    sound = run("doctor", "--index", str(starter_index), cwd=tmp_path, DS542_SERVER_PORT="0")
    assert sound.returncode == 0, sound.stdout
    for subject in (
        "Python",
        "torch",
        "GPU",
        "embedder",
        "policy",
        "corpus",
        "index",
        "disk",
        "port",
    ):
        assert subject in sound.stdout
    ill = run("doctor", "--index", "nowhere", cwd=tmp_path, DS542_SERVER_PORT="0")
    assert ill.returncode == 1
    assert "MEND index" in ill.stdout and "make ingest" in ill.stdout


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "ds542.toml").write_text("[server]\nprot = 1\n")
    done = run("doctor", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'port'" in done.stderr
