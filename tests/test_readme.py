"""What the README tells a person to run exists and does what it says."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ds542_tutor.answer_json import answer_json
from ds542_tutor.conversations import Conversations
from ds542_tutor.dialogue import Answer, Decision, Disclosure
from ds542_tutor.policy.disclosure import USE
from eval.__main__ import parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.S)
COMMANDS = [
    line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()
]


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_the_readme_has_its_commands() -> None:
    assert {"make serve", "make test", "make check", "make corpus", "make eval"} <= set(COMMANDS)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_every_make_target_can_be_made(command: str) -> None:
    done = run(["make", "--dry-run", *command.split()[1:]])
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an answer in a file and a conversation saved, as the commands expect them."""
    folder = tmp_path_factory.mktemp("desk")
    credit = Disclosure("ds542_tutor 0.1.0", "quotes", "2026-02-03", "q", USE, "", "", "")
    answer = Answer("q", "q", "answered", "a [1].", (), (), Decision("answer", "concept", "", ""),
                    credit, "g", "quotes")  # fmt: skip
    (folder / "answer.json").write_text(json.dumps(answer_json(answer)), encoding="utf-8")
    store = Conversations(folder / "data")
    store.save(store.start("secret"), "secret", answer)
    store.close()
    return folder


@pytest.mark.parametrize("command", [c for c in COMMANDS if "ds542-tutor" in c])
def test_every_command_of_the_tutor_runs(command: str, starter_index: Path, desk: Path) -> None:
    _, *arguments = shlex.split(command.partition(" > ")[0])
    arguments = [str(desk / a) if a == "answer.json" else a for a in arguments]
    done = run(
        [sys.executable, "-m", "ds542_tutor.cli", *arguments],
        DS542_PATHS_INDEX=str(starter_index),
        DS542_PATHS_DATA=str(desk / "data"),
        DS542_SERVER_PORT="0",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout


@pytest.mark.parametrize("command", [c for c in COMMANDS if "-m eval" in c])
def test_every_eval_command_is_understood(command: str) -> None:
    _, _, _, *arguments = shlex.split(command)
    assert callable(parser().parse_args(arguments).handler)


def test_every_public_set_and_benchmark_of_the_readme_is_there() -> None:
    text = README.split("## How good are the answers?")[1].split("\n## ")[0]
    for name, flags in (("public", ["--path", "x", "--syllabi", "y"]), ("bench", [])):
        (names,) = re.findall(rf"eval {name} \{{(.*?)\}}", text)
        for one in names.split(","):
            given = flags if one == "syllabusqa" else flags[:2]
            assert callable(parser().parse_args([name, one, *given]).handler)


# A gated ingest takes a minute and is run by tests/test_ingest_gate.py.
@pytest.mark.parametrize(
    "command",
    [c for c in COMMANDS if "-m ingest" in c and "--gate" not in c and " fetch" not in c],
)
def test_every_ingest_command_is_understood(
    command: str, starter_index: Path, tmp_path: Path
) -> None:
    _, _, _, *arguments = shlex.split(command)
    if "--materials" in arguments:  # a folder of the reader's: here one that is not there
        arguments[arguments.index("--materials") + 1] = str(tmp_path / "none")
        arguments[arguments.index("--index") + 1] = str(tmp_path / "index")
        done = run([sys.executable, "-m", "ingest", *arguments])
        assert done.returncode == 2
        assert str(tmp_path / "none") in done.stderr and done.stderr.count("\n") == 1
        return
    done = run([sys.executable, "-m", "ingest", *arguments, "--index", str(starter_index)])
    # There is one generation only: nothing to roll back to is told, not a crash.
    assert done.returncode == (2 if "rollback" in arguments else 0), done.stderr
    assert "Traceback" not in done.stderr


def test_fetching_without_a_network_is_told_in_full(tmp_path: Path) -> None:
    (command,) = [c for c in COMMANDS if "-m ingest fetch" in c]
    _, _, _, *arguments = shlex.split(command)
    arguments[arguments.index("--materials") + 1] = str(tmp_path / "materials")
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:1")
    done = run([sys.executable, "-m", "ingest", *arguments], **nowhere, ALL_PROXY="", NO_PROXY="")
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[:5]] == [
        "failed    sp2026", "failed    sp2026_discussions", "failed    fa2025", "failed    udl",
        "failed    book/UnderstandingDeepLearning.pdf",
    ]  # fmt: skip
    assert all("check the network connection and fetch again" in line for line in lines[:5])
    assert "5 named, 0 brought, 5 failed." in lines
    assert "Traceback" not in done.stderr


def test_every_file_of_the_tree_is_there() -> None:
    tree = README.split("## What is where")[1].split("```")[1]
    folder = ROOT
    for line in tree.splitlines():
        if not line.strip():
            continue
        name = r"(?:[\w.]+\.(?:toml|txt|py)|[\w/]+/|Makefile)"
        names = re.match(rf"\s*({name}(?: {name})*)(?: |$)", line)
        assert names, line
        base = folder if line.startswith("  ") else ROOT
        if base is ROOT:
            folder = ROOT / names.group(1)
        for name in names.group(1).split():
            assert (base / name).exists(), f"{name}: {line}"


def test_links_and_pictures_of_the_readme_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_nothing_in_the_project_names_a_machine_or_a_registry() -> None:
    tracked = run(["git", "ls-files"]).stdout.split()
    assert tracked
    hosts = re.compile("|".join(("pypi" + r"\.org", "python" + r"hosted\.org", "/ro" + "ot/")))
    for name in tracked:
        file = ROOT / name
        if file.suffix in (".py", ".toml", ".md", ".txt", "") and file.is_file():
            assert not hosts.search(file.read_text(encoding="utf-8")), name
