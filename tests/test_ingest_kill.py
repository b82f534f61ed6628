"""kill -9 at twenty moments of a real ingest: the index in use answers after every one of them."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from index_samples import TOML

from ds542_tutor.index.generations import IndexStore
from ingest.__main__ import main

STARTER = Path(__file__).parents[1] / "corpus" / "starter"
KILLS = 20
COMMAND = [sys.executable, "-m", "ingest", "tiny.toml", "--json"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two decks and a note in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(TOML)
    for deck in sorted((STARTER / "lectures").glob("0[56]_*.pdf")):
        shutil.copy(deck, tmp_path)
    return tmp_path


def change(folder: Path, version: int) -> None:
    """Make the note say another thing, and one deck another file of the same text."""
    (folder / "a.md").write_text(
        f"# Attention\n\nAttention weighs values by keys. This is edition{version} of the note.\n"
    )
    deck = sorted(folder.glob("*.pdf"))[version % 2]
    with deck.open("ab") as stream:
        stream.write(f"% {version}\n".encode())


def edition_that_answers(index: Path) -> int:
    """Search the index in use both ways, compare its parts, and return which note is in it."""
    with IndexStore(index).open_current() as generation:
        assert generation.manifest.is_whole(generation.folder)
        assert len(generation.chunks) == len(generation.dense) == len(generation.lexical)
        [note] = generation.chunks.by_document("a.md")
        deck = generation.chunks.by_document("05_regularization.pdf")
        assert len(deck) > 3
        for chunk in (note, *deck[:3]):
            vector = generation.dense.vectors([chunk.id])[chunk.id]
            found = dict(generation.dense.search(vector, 5))
            assert found[chunk.id] == pytest.approx(1, abs=1e-4)
        hits = generation.lexical.search("attention note edition", 5)
        assert note.id in [identifier for identifier, _ in hits]
        for document in generation.chunks.documents():
            assert generation.source_file(document.sha256).is_file()
        return int(note.text.split("edition")[1].split()[0])


def test_twenty_kills(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder, 0)
    assert main(["tiny.toml", "--json"]) == 0
    change(folder, 1)
    began = time.monotonic()
    subprocess.run(COMMAND, check=True, capture_output=True, timeout=100)
    duration = time.monotonic() - began
    assert edition_that_answers(folder / "index") == 1

    seeded, edition, killed = random.Random(542), 1, 0
    moments = [(i + seeded.random()) / KILLS for i in range(KILLS)]
    seeded.shuffle(moments)
    for version, moment in enumerate(moments, start=2):
        change(folder, version)
        child = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment * duration)
        family = psutil.Process(child.pid).children(recursive=True) if child.poll() is None else []
        child.kill()
        killed += child.wait(10) == -signal.SIGKILL
        answers = edition_that_answers(folder / "index")
        # The one before, or, after the pointer moved, the new one whole.
        assert answers in (edition, version), f"killed after {moment:.0%}"
        edition = answers
        assert main(["list"]) == 0
        assert f"* {IndexStore(folder / 'index').current_id()}" in capsys.readouterr().out
        assert psutil.wait_procs(family, timeout=10)[1] == []
    # A machine that is quicker now than before ends some of them before they are killed.
    assert killed >= KILLS // 2

    change(folder, 99)
    assert main(["tiny.toml", "--json"]) == 0
    assert edition_that_answers(folder / "index") == 99
    hidden = [p for d in ("generations", "files") for p in (folder / "index" / d).glob(".*")]
    assert hidden == []
    capsys.readouterr()
    assert main(["tiny.toml", "--json", "--force"]) == 0
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (done["embedded"], done["changes"]["unchanged"]) == (0, 3)
