"""What an ingest would change, and what is done to generations: dry run, stage, publish, gc."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from index_samples import EMBEDDER, chunk, publish, record, vector
from ingest_samples import NOTES, Capture, current, generations, ingest, notes_in, run

from ds542_tutor.index import manifest as manifest_module
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from ingest.changes import compare
from ingest.report import Changes, DocumentChange


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three notes and their sources file in the working directory."""
    monkeypatch.chdir(tmp_path)
    return notes_in(tmp_path)


# --- comparing -----------------------------------------------------------------------------------


def test_everything_is_new_without_an_index() -> None:
    chunks = [chunk("one", "a.pdf"), chunk("two", "a.pdf", 1)]
    change = DocumentChange("a.pdf", "A title", added=2)
    assert compare(None, [record("a.pdf", 2)], chunks) == Changes(
        since=None, added=(change,), chunks_added=2
    )


def test_documents_and_chunks_that_come_change_and_go(tmp_path: Path) -> None:
    base = {"same.pdf": ["same"], "less.pdf": ["keep", "drop"], "gone.pdf": ["x", "y"]}
    first = publish(tmp_path, {**base, "file.pdf": ["text"], "term.pdf": ["filtered"]})
    new = {**base, "less.pdf": ["keep"], "more.pdf": ["n"], "file.pdf": ["text"]}
    del new["gone.pdf"]
    chunks = [chunk(t, path, i) for path, texts in new.items() for i, t in enumerate(texts)]
    chunks.append(replace(chunk("filtered", "term.pdf"), term="sp2025"))
    records = [
        record("same.pdf", 1), record("less.pdf", 1), record("more.pdf", 1),
        record("file.pdf", 1, "b" * 64), record("term.pdf", 1),
    ]  # fmt: skip
    with IndexStore(tmp_path).open_current(EMBEDDER) as generation:
        changes = compare(generation, records, chunks)
    assert changes == Changes(
        since=first.id,
        added=(DocumentChange("more.pdf", "A title", 1, 0),),
        changed=(
            DocumentChange("less.pdf", "A title", 0, 1),
            DocumentChange("file.pdf", "A title", 0, 0),
            DocumentChange("term.pdf", "A title", 1, 1),
        ),
        removed=(DocumentChange("gone.pdf", "A title", 0, 2),),
        unchanged=1,
        chunks_added=2,
        chunks_removed=4,
    )


# --- dry run, nothing new, force -----------------------------------------------------------------


def test_a_dry_run_names_what_would_change_and_changes_nothing(
    folder: Path, capsys: Capture
) -> None:
    first = ingest(capsys)["generation"]
    before = generations()
    (folder / "a.md").write_text(NOTES["a.md"].replace("keys", "the keys"))
    (folder / "b.md").unlink()
    (folder / "d.md").write_text(NOTES["c.md"].replace("Dropout", "Pruning"))
    out = run(capsys, "tiny.toml", "--dry-run")
    lines = out.splitlines()
    assert f"Against {first}: 1 document new, 1 changed, 1 gone, 1 the same;" in out
    assert "  new: d.md (+1 -0 chunks)" in lines
    assert "  changed: a.md (+1 -1 chunks)" in lines
    assert "  gone: b.md (+0 -1 chunks)" in lines
    assert lines[-1] == "A dry run: nothing was built; the index in use is unchanged."
    event = ingest(capsys, "--dry-run")
    assert (event["dry_run"], event["generation"], event["staged"]) == (True, None, None)
    assert [c["path"] for c in event["changes"]["changed"]] == ["a.md"]
    assert event["embedded"] == 0
    assert (current(), generations()) == (first, before)
    assert event["changes"] == ingest(capsys)["changes"]


def test_a_dry_run_with_a_file_that_fails_exits_1(folder: Path, capsys: Capture) -> None:
    (folder / "d.md").write_bytes(b"")
    event = ingest(capsys, "--dry-run", status=1)
    assert (event["read"], event["failed"]) == (3, 1)
    assert current() is None
    assert not (folder / "index/generations").exists()


@pytest.mark.parametrize("way", ["index/generations", "index"])
def test_a_dry_run_where_nothing_can_be_written(folder: Path, capsys: Capture, way: str) -> None:
    if way == "index":
        (folder / way).write_text("a file in the way")
        assert "cannot be written" in run(capsys, "tiny.toml", "--dry-run", status=2)
    else:
        (folder / "index").mkdir()
        (folder / way).write_text("a file in the way")
        assert ingest(capsys, "--dry-run")["read"] == 3


def test_nothing_new_keeps_the_generation_and_is_quick(folder: Path, capsys: Capture) -> None:
    first = ingest(capsys)
    assert (first["unchanged"], first["embedded"]) == (False, 3)
    began = time.monotonic()
    again = ingest(capsys)
    # Under 2 s where nothing else runs (`python -m eval bench ingest`), and never minutes.
    assert time.monotonic() - began < 15
    assert again["unchanged"]
    assert again["generation"] == first["generation"] == current()
    assert (again["read"], again["chunks"], again["changes"]) == (3, 3, None)
    assert len(generations()) == 1
    assert "Nothing has changed" in run(capsys, "tiny.toml")


def test_force_builds_all_the_same_and_embeds_nothing_anew(folder: Path, capsys: Capture) -> None:
    first = ingest(capsys)
    forced = ingest(capsys, "--force")
    assert forced["generation"] == current() != first["generation"]
    assert forced["embedded"] == 0
    changes = forced["changes"]
    assert (changes["since"], changes["unchanged"]) == (first["generation"], 3)
    assert changes["added"] == changes["changed"] == changes["removed"] == []


@pytest.mark.parametrize(
    "damage",
    ["chunks.sqlite", "dense/chroma.sqlite3", "lexical", "manifest.json", "lexical/ids.json"],
)
def test_a_damaged_index_is_built_anew_although_nothing_changed(
    folder: Path, capsys: Capture, damage: str
) -> None:
    """As every message about a damaged index promises."""
    first = ingest(capsys)["generation"]
    path = folder / "index/generations" / first / damage
    if path.is_dir():
        shutil.rmtree(path)
    else:
        os.truncate(path, 10)
    again = ingest(capsys)
    assert not again["unchanged"]
    assert again["generation"] == current() != first
    with IndexStore(folder / "index").open_current() as generation:
        assert len(generation.dense) == len(generation.lexical) == len(generation.chunks) == 3


# --- staging -------------------------------------------------------------------------------------


def listed(capsys: Capture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(capsys, "list", "--json").splitlines()]


def test_stage_publish_discard_and_list(folder: Path, capsys: Capture) -> None:
    first = ingest(capsys)["generation"]
    (folder / "d.md").write_text(NOTES["c.md"].replace("Dropout", "Pruning"))
    event = ingest(capsys, "--stage")
    staged = event["staged"]
    assert event["generation"] is None
    assert [c["path"] for c in event["changes"]["added"]] == ["d.md"]
    assert current() == first
    assert f"+ {staged}" in run(capsys, "list")
    states = [(g["id"], g["current"], g["published"], g["documents"]) for g in listed(capsys)]
    assert states == [(first, True, True, 3), (staged, False, False, 4)]
    assert listed(capsys)[1]["replaces"] == first

    assert "never in use" in run(capsys, "rollback", staged, status=2)
    assert current() == first
    assert run(capsys, "publish", staged) == f"Generation {staged} is now in use.\n"
    assert current() == staged
    assert "was in use once" in run(capsys, "discard", first, status=2)
    run(capsys, "rollback")
    assert current() == first

    other = ingest(capsys, "--stage")["staged"]
    assert run(capsys, "discard", other) == f"Generation {other} is deleted.\n"
    assert [g["id"] for g in listed(capsys)] == [first, staged]


@pytest.mark.parametrize("command", ["publish", "discard", "rollback"])
@pytest.mark.parametrize(
    "identifier", ["../x", "../../index/generations", ".", "", "/etc", "a\nb", "x" * 500, "%s{0}"]
)
def test_odd_ids_are_refused_in_words(
    folder: Path, capsys: Capture, command: str, identifier: str
) -> None:
    first = publish(folder / "index", {"a.pdf": ["text"]}).id
    if (command, identifier) == ("rollback", ""):
        pytest.skip("no id at all is the generation before")
    err = run(capsys, command, identifier, status=2)
    assert err.startswith("There is no generation ")
    assert current() == first
    assert generations() == [first]


@pytest.mark.parametrize("arguments", [("publish", "x"), ("discard", "x"), ("rollback", "x")])
def test_no_index_at_all(folder: Path, capsys: Capture, arguments: tuple[str, ...]) -> None:
    for index in ("nowhere", "a.md"):
        assert "There is no" in run(capsys, *arguments, "--index", index, status=2)
    assert not (folder / "nowhere").exists()


def test_collecting_garbage_without_an_index(folder: Path, capsys: Capture) -> None:
    assert run(capsys, "gc", "--index", "nowhere").startswith("0 generations, 0 leftovers")
    assert not (folder / "nowhere").exists()


# --- several at once -----------------------------------------------------------------------------

HOLDER = """
import sys, time
from pathlib import Path
from ds542_tutor.index.generations import IndexStore
with IndexStore(Path("index")).begin():
    print("begun", flush=True)
    time.sleep(60)
"""


def holder() -> subprocess.Popen[str]:
    """Another process that has begun an ingest and does not end."""
    child = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    return child


def test_beside_an_ingest_others_are_told_and_a_dry_run_works(
    folder: Path, capsys: Capture
) -> None:
    first = ingest(capsys)["generation"]
    staged = ingest(capsys, "--stage", "--force")["staged"]
    (folder / "a.md").write_text(NOTES["a.md"] + "\nOne sentence more about keys and values.\n")
    child = holder()
    try:
        assert (folder / "index/.lock").read_text() == str(child.pid)
        for command in (
            ("tiny.toml",), ("tiny.toml", "--stage"), ("publish", staged), ("discard", staged),
            ("rollback", first), ("gc",), ("gc", "--dry-run"),
        ):  # fmt: skip
            said = run(capsys, *command, status=2)
            assert said.startswith(f"Another ingest (process {child.pid}) is writing to index;")
            assert said.count("\n") == 1
        assert [c["path"] for c in ingest(capsys, "--dry-run")["changes"]["changed"]] == ["a.md"]
        assert len(listed(capsys)) == 2
    finally:
        child.kill()
        child.communicate()
    assert ingest(capsys)["generation"] == current() != first
    assert not list((folder / "index/generations").glob(".*"))


def test_a_cache_that_another_keeps_busy(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(capsys)
    (folder / "a.md").write_text(NOTES["a.md"] + "\nOne sentence more about keys and values.\n")
    for name in ("parsed.sqlite", "embeddings.sqlite"):
        busy = sqlite3.connect(folder / "index" / name, isolation_level=None)
        busy.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr("ingest.caches._WAIT_S", 0.2)
        said = run(capsys, "tiny.toml", status=2)
        assert "Another ingest keeps a cache in index busy" in said
        busy.execute("ROLLBACK")
        busy.close()
    assert ingest(capsys)["generation"] == current()


def test_a_busy_cache_is_waited_for(folder: Path, capsys: Capture) -> None:
    ingest(capsys)
    (folder / "a.md").write_text(NOTES["a.md"] + "\nOne sentence more about keys and values.\n")
    busy = sqlite3.connect(
        folder / "index/parsed.sqlite", isolation_level=None, check_same_thread=False
    )
    busy.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(1.5, busy.close)
    release.start()
    assert ingest(capsys)["generation"] == current()
    release.join()


# --- an index of an older version ----------------------------------------------------------------


def test_an_index_of_an_older_format(folder: Path, capsys: Capture) -> None:
    old = publish(folder / "index", {"a.pdf": ["text"]})
    path = folder / "index/generations" / old.id
    file = path / "manifest.json"
    data = json.loads(file.read_text()) | {"format": manifest_module.FORMAT - 1, "old": "field"}
    file.write_text(json.dumps(data))
    (folder / "index/history").unlink()

    from ds542_tutor.cli import main as tutor

    for command in (["ask", "What is attention?"], ["serve"]):
        capsys.readouterr()
        assert tutor(command) == 2
        err = capsys.readouterr().err
        assert f"has format {manifest_module.FORMAT - 1}" in err
        assert "run `make ingest`" in err
        assert err.count("\n") == 1
    assert "no index in use" not in run(capsys, "list")
    assert ingest(capsys, "--dry-run")["changes"]["since"] is None
    event = ingest(capsys)
    assert event["generation"] == current() > old.id
    assert event["changes"]["since"] is None
    assert [g["id"] for g in listed(capsys)] == [current()]
    assert "no generation before" in run(capsys, "rollback", status=2)


def test_a_pointer_that_leads_outside(folder: Path, capsys: Capture) -> None:
    first = ingest(capsys)["generation"]
    shutil.copytree(folder / "index/generations" / first, folder / "elsewhere")
    for text in ("../../elsewhere", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")):
        (folder / "index/current").write_text(text)
        event = ingest(capsys)
        assert not event["unchanged"]
        assert event["generation"] == current() != first


def test_a_manifest_from_a_test_is_whole(tmp_path: Path) -> None:
    manifest = publish(tmp_path, {"a.pdf": ["one", "two"]})
    folder = tmp_path / "generations" / manifest.id
    assert manifest.sizes["chunks.sqlite"] == (folder / "chunks.sqlite").stat().st_size
    assert manifest.is_whole(folder)
    # Reading it changes nothing of that.
    for _ in range(2):
        with IndexStore(tmp_path).open_current(EMBEDDER) as generation:
            generation.dense.search(vector("one"), 2)
    assert Manifest.read(folder).is_whole(folder)
