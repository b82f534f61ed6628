"""Changing the modes in the policy file: comments stay, nothing else changes, nothing is lost."""

from __future__ import annotations

import difflib
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ds542_tutor.errors import SettingsError
from ds542_tutor.policy import editing
from ds542_tutor.policy.rules import ModeEntry, load_policy

TEXT = Path("corpus/policy.toml").read_text(encoding="utf-8")
FEBRUARY = date(2026, 2, 1)
ENTRIES = [
    ModeEntry("homework2", "allow"),
    ModeEntry("project", "deny", FEBRUARY),
    ModeEntry("everything", "deny", FEBRUARY, FEBRUARY),
    ModeEntry("discussion4", "hint", None, FEBRUARY),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.scope)
def test_adding_changes_nothing_but_the_modes_and_removing_brings_the_file_back(
    entry: ModeEntry,
) -> None:
    added = editing.add_mode(TEXT, entry)
    before = editing.parsed(TEXT)
    assert editing.parsed(added) == replace(before, modes=(entry, *before.modes))
    lines = list(difflib.ndiff(TEXT.splitlines(), added.splitlines()))
    assert not [line for line in lines if line.startswith("- ")]
    assert "+ [[mode]]" in lines
    assert editing.remove_mode(added, entry) == TEXT


def test_a_mode_of_the_same_scope_and_dates_is_replaced() -> None:
    text = editing.add_mode(TEXT, ModeEntry("graded", "deny"))
    assert editing.parsed(text).modes == (ModeEntry("graded", "deny"),)
    dated = editing.add_mode(text, ModeEntry("graded", "allow", FEBRUARY))
    assert len(editing.parsed(dated).modes) == 2


def test_the_last_mode_can_go_and_come_back() -> None:
    graded = editing.parsed(TEXT).modes[0]
    bare = editing.remove_mode(TEXT, graded)
    assert editing.parsed(bare).modes == ()
    assert "# --- The rules" in bare
    assert editing.parsed(editing.add_mode(bare, graded)) == editing.parsed(TEXT)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (ModeEntry("homwork2", "hint"), "must be"),
        (ModeEntry("everything", "allow"), "only be denied"),
        (ModeEntry("graded", "hint", date(2026, 3, 1), FEBRUARY), "swap them"),
    ],
)
def test_an_unfit_mode_is_refused_in_words(entry: ModeEntry, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        editing.add_mode(TEXT, entry)


def test_what_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(SettingsError, match="no such mode"):
        editing.remove_mode(TEXT, ModeEntry("project1", "deny"))


@pytest.mark.parametrize(
    "modes",
    [
        'mode = [{ for = "graded", mode = "hint" }, { for = "project", mode = "deny" }]\n',
        '[[ mode ]]\n"for" = "graded" # a remark\nmode = """hint"""\n'
        "[[mode]] # second\nfor='project'\nmode='deny'\n",
    ],
    ids=["inline", "odd"],
)
def test_a_file_written_another_way_is_edited_rightly_or_left_alone(modes: str) -> None:
    start, end = TEXT.index("[[mode]]\nfor"), TEXT.index("# --- The rules")
    body = TEXT[:start] + TEXT[end:]
    inline = modes.startswith("mode")
    text = modes + body if inline else body[:start] + modes + body[start:]
    assert len(editing.parsed(text).modes) == 2
    try:
        shorter = editing.remove_mode(text, ModeEntry("graded", "hint"))
    except SettingsError as error:
        assert inline
        assert "change them in the file" in str(error)
    else:
        assert editing.parsed(shorter).modes == (ModeEntry("project", "deny"),)


def test_saving_is_refused_when_somebody_else_was_faster(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(TEXT, encoding="utf-8")
    file.chmod(0o640)
    seen = editing.fingerprint(TEXT)
    mine = editing.add_mode(TEXT, ENTRIES[0])
    editing.save(file, mine, seen)
    assert file.read_text(encoding="utf-8") == mine
    assert file.stat().st_mode & 0o777 == 0o640
    with pytest.raises(SettingsError, match="changed meanwhile"):
        editing.save(file, TEXT, seen)
    with pytest.raises(SettingsError, match="is missing"):
        editing.save(file, "", editing.fingerprint(mine))
    assert file.read_text(encoding="utf-8") == mine
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(TEXT, encoding="utf-8")
    other = editing.add_mode(TEXT, ENTRIES[0])
    over = threading.Event()

    def write() -> None:
        for number in range(100):
            old, new = (TEXT, other) if number % 2 == 0 else (other, TEXT)
            editing.save(file, new, editing.fingerprint(old))
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        assert len(load_policy(file).modes) in (1, 2)
    writer.join()
