"""The sources file: what it names is found, what is wrong in it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ds542_tutor.errors import SettingsError
from ingest.sources import load_sources

Writer = Callable[..., Path]
HEAD = '[corpus]\nname = "toy"\nterm = "sp2026"\nmaterials = "files"\n'


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a sources file beside a folder of materials; returns its path."""
    for name in ("decks/04_steps.pdf", "decks/05_old.pdf", "hw/homework2.ipynb", "s p/Übung.md"):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")

    def _write(body: str, head: str = HEAD) -> Path:
        toml = tmp_path / "toy.toml"
        toml.write_text(head + body, encoding="utf-8")
        return toml

    return _write


def test_a_pattern_gives_its_files_with_number_title_and_address(write: Writer) -> None:
    toml = write("""
[[source]]
files = "decks/*.pdf"
kind = "slides"
number = '^(\\d+)_'
lecture = true
title = "Deck {n}"
url = "https://x.org/{path}"
exclude = ["decks/*old*"]
licence = "MIT"

[[source]]
files = ["hw/*.ipynb", "s p/*.md"]
kind = "notebook"
term = ""
graded = true
number = '(\\d+)'
assignment = "homework{n}"
""")
    found = load_sources(toml)
    assert [file.name for file in found.files] == [
        "decks/04_steps.pdf",
        "hw/homework2.ipynb",
        "s p/Übung.md",
    ]
    deck, homework, _ = found.files
    assert (deck.lecture, deck.title, deck.term) == (4, "Deck 4", "sp2026")
    assert deck.url == "https://x.org/decks/04_steps.pdf"
    assert (homework.assignment, homework.graded, homework.term) == ("homework2", True, None)
    assert found.missing == ()


def test_the_first_entry_that_names_a_file_counts(write: Writer) -> None:
    toml = write(
        '[[source]]\nfiles = "decks/05_old.pdf"\nkind = "slides"\nterm = "fa2025"\n'
        '[[source]]\nfiles = "decks/*.pdf"\nkind = "slides"\n'
    )
    assert [file.term for file in load_sources(toml).files] == ["sp2026", "fa2025"]


def test_what_is_not_there_is_reported_and_what_is_skipped_says_why(write: Writer) -> None:
    toml = write(
        '[[source]]\nfiles = ["decks/*.pdf", "none/*.pdf"]\nkind = "slides"\n'
        '[[source]]\nkind = "site"\nsite = "website"\n'
        '[[skip]]\nfiles = "decks/05*"\nreason = "replaced"\n'
    )
    found = load_sources(toml)
    assert [item.name for item in found.missing] == ["none/*.pdf", "website"]
    assert [(item.name, item.reason) for item in found.skipped] == [
        ("decks/05_old.pdf", "replaced")
    ]
    assert [file.name for file in found.files] == ["decks/04_steps.pdf"]


def test_an_optional_source_may_be_absent_and_its_remedy_is_named(write: Writer) -> None:
    toml = write(
        '[[source]]\nfiles = "book/own.pdf"\nkind = "book"\noptional = true\n'
        '[[source]]\nfiles = ["book/udl.pdf", "hw/*.ipynb"]\nkind = "book"\noptional = true\n'
        '[[source]]\nfiles = "site/_lectures/*.md"\nkind = "notes"\n'
        '[[fetch]]\nurl = "https://x.org/udl.pdf"\nto = "book/udl.pdf"\n'
        '[[fetch]]\ngit = "https://x.org/site"\nto = "site"\n'
    )
    found = load_sources(toml)
    remedy = f"; `python -m ingest fetch {toml}` brings it"
    assert [(item.name, item.reason) for item in found.skipped] == [
        ("book/own.pdf", "no file below files/ matches it"),
        ("book/udl.pdf", "no file below files/ matches it" + remedy),
    ]
    assert [(item.name, item.reason) for item in found.missing] == [
        ("site/_lectures/*.md", "no file below files/ matches it" + remedy)
    ]
    assert [file.name for file in found.files] == ["hw/homework2.ipynb"]


@pytest.mark.parametrize(
    ("body", "head", "said"),
    [
        (
            '[[source]]\nfiles = "a"\nkind = "book"\noptional = "yes"\n',
            HEAD,
            "optional in .* must be true or false",
        ),
        ("", "source = 3\n" + HEAD, r"tables: \[\[source\]\]"),
        ('[[source]]\nfile = "a"\nkind = "slides"\n', HEAD, "unknown key 'file'.*known are files"),
        ('[[source]]\nfiles = "a"\nkind = "deck"\n', HEAD, "needs kind = one of slides"),
        ('[[source]]\nkind = "slides"\n', HEAD, "needs files"),
        ('[[source]]\nfiles = "/etc/*"\nkind = "notes"\n', HEAD, "needs files = a path below"),
        ('[[source]]\nfiles = "decks/*"\nkind = "notes"\nurl = "{host}"\n', HEAD, "may use only"),
        (
            '[[source]]\nfiles = "decks/*"\nkind = "notes"\nnumber = "("\n',
            HEAD,
            "regular expression",
        ),
        ('[[source]]\nfiles = "../*"\nkind = "notes"\n', HEAD, "needs files = a path below"),
        (
            '[[source]]\nfiles = "decks/*"\nkind = "notes"\nlecture = "4"\n',
            HEAD,
            "true or a number",
        ),
        ("[corpora]\n", HEAD, "unknown key 'corpora'"),
        ("", '[corpus]\nterm = "sp2026"\n', "needs name"),
        ("", HEAD.replace("files", "gone"), "gone does not exist; pass the right one"),
        ("[[[", HEAD, "is not valid TOML"),
    ],
)
def test_mistakes_are_named_with_their_remedy(
    write: Writer, body: str, head: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        load_sources(write(body, head))


def test_a_missing_sources_file_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read the sources file"):
        load_sources(tmp_path / "none.toml")


def test_the_starter_corpus_is_complete(root: Path) -> None:
    found = load_sources(root / "corpus" / "starter.toml")
    assert found.missing == ()
    kinds = {file.kind for file in found.files}
    assert kinds == {"slides", "book", "site", "notebook"}
    assert {f.assignment for f in found.files if f.graded} == {"discussion4", "homework2"}


def test_the_real_materials_are_all_named(root: Path, shared: Path) -> None:
    materials = shared / "materials"
    toml = root / "corpus" / "ds542-sp2026.toml"
    found = load_sources(toml, materials)
    assert found.missing == ()
    reasons = {item.name: item.reason for item in found.skipped}
    fetched = reasons.pop("book/UnderstandingDeepLearning.pdf")
    assert fetched.endswith(f"`python -m ingest fetch {toml}` brings it")
    named = {file.name for file in found.files} | {item.name for item in found.skipped}
    on_disk = {
        path.relative_to(materials).as_posix()
        for suffix in ("pdf", "ipynb", "md", "pptx", "tex", "sh")
        for path in materials.rglob(f"*.{suffix}")
    }
    assert on_disk - named == {"README.md"}
    by_name = {file.name: file for file in found.files}
    # Whose term it is in truth, its own title says when it is read.
    assert not by_name["sp2026/static_files/syllabus.pdf"].term_given
    assert by_name["fa2025/static_files/lectures/01_course_intro.pdf"].term_given
    assert by_name["sp2026_discussions/discussion_05.ipynb"].assignment == "discussion5"
    assert by_name["sp2026/static_files/assignments/hw2-shallow_networks.ipynb"].graded
    assert by_name["book/d2l-book.pdf"].term is None


def test_a_public_address_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "50% & #1 é.md").write_text("x")
    toml = tmp_path / "toy.toml"
    toml.write_text(
        '[corpus]\nname = "t"\nterm = "sp2026"\n[[source]]\nfiles = "*.md"\nkind = "notes"\n'
        'url = "https://x.org/a/{path}"\n'
    )
    assert load_sources(toml).files[0].url == "https://x.org/a/50%25%20%26%20%231%20%C3%A9.md"
