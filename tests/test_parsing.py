"""By what a file is known, and the cache of what was made of it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from index_samples import HashEmbedder, words

from ds542_tutor.errors import EmptySourceError, SourceError
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.lexical import tokenize
from ingest import build as build_module
from ingest import parsing, workers
from ingest.build import Wishes, build
from ingest.parsing import PARSED_FILE, Keys, Parsed, ParsedCache, Reading, parse
from ingest.sources import SourceFile, load_sources
from ingest.vectors import VectorCache

STARTER = Path(__file__).parents[1] / "corpus" / "starter"
NOTES = "# Momentum\n\nMomentum keeps a moving average of past gradients for each weight.\n"


@pytest.fixture
def note(tmp_path: Path) -> SourceFile:
    (tmp_path / "a.md").write_text(NOTES)
    return SourceFile(tmp_path / "a.md", "a.md", "notes", title="Notes", term="sp2026")


@pytest.fixture
def page(tmp_path: Path) -> SourceFile:
    """A page of a course site that shows data, beside a file that a page may include."""
    site = tmp_path / "site"
    for name, text in {
        "index.md": "---\ntitle: Home\n---\n{% for p in site.data.people %}{{ p.name }} teaches."
        "{% endfor %}\n",
        "_includes/staff.html": "<p>Ada teaches.</p>",
        "_data/people.yml": "- name: Ada\n",
        "images/board.png": "not looked into",
    }.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return SourceFile(site / "index.md", "site/index.md", "site", site=site)


def key(source: SourceFile, root: Path, tokens: str = "minilm 254") -> str:
    return Keys(root, tokens).of(source)[0]


# --- keys ----------------------------------------------------------------------------------------


def test_a_key_tells_the_content_and_what_the_sources_file_says(
    note: SourceFile, tmp_path: Path
) -> None:
    first = key(note, tmp_path)
    assert key(note, tmp_path) == first
    assert key(note, tmp_path, "minilm 128") != first
    others = {
        key(replace(note, **{name: value}), tmp_path)  # type: ignore[arg-type]
        for name, value in {
            "title": "Other", "term": "sp2025", "lecture": 3, "assignment": "homework1",
            "graded": True, "url": "https://example.org", "licence": "MIT", "name": "b.md",
            "errata_for": "book/*.pdf", "answers_for": "book/*.pdf", "term_given": True,
            "kind": "book",
        }.items()
    }  # fmt: skip
    assert len(others) == 12
    assert first not in others
    note.path.write_text(NOTES + "More.\n")
    assert key(note, tmp_path) != first


def test_a_key_does_not_tell_where_the_materials_are(
    note: SourceFile, page: SourceFile, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(page.site or "", moved / "site")
    shutil.copy(note.path, moved / "a.md")
    there = replace(page, path=moved / "site/index.md", site=moved / "site")
    assert key(there, moved) == key(page, tmp_path)
    assert key(replace(note, path=moved / "a.md"), moved) == key(note, tmp_path)


@pytest.mark.parametrize("changed", ["_includes/staff.html", "_data/people.yml", "new.md"])
def test_what_a_page_may_include_is_part_of_its_key(
    page: SourceFile, note: SourceFile, tmp_path: Path, changed: str
) -> None:
    before, other = key(page, tmp_path), key(note, tmp_path)
    assert page.site is not None
    (page.site / changed).write_text("Grace teaches.")
    assert key(page, tmp_path) != before
    assert key(note, tmp_path) == other


def test_an_image_of_a_site_counts_by_name_and_what_git_keeps_not_at_all(
    page: SourceFile, tmp_path: Path
) -> None:
    before = key(page, tmp_path)
    assert page.site is not None
    (page.site / "images/board.png").write_text("another picture")
    (page.site / ".git").mkdir()
    (page.site / ".git/config.txt").write_text("x")
    assert key(page, tmp_path) == before
    (page.site / "images/board.png").rename(page.site / "images/wall.png")
    assert key(page, tmp_path) != before


def test_a_site_with_a_file_that_cannot_be_read(
    page: SourceFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other pages of the site are read all the same."""
    before = key(page, tmp_path)
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "people.yml":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert key(page, tmp_path) != before


def test_a_file_that_is_gone(note: SourceFile, tmp_path: Path) -> None:
    note.path.unlink()
    with pytest.raises(SourceError, match=r"a\.md: cannot be read"):
        key(note, tmp_path)


def test_other_code_other_keys(
    note: SourceFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = key(note, tmp_path)
    monkeypatch.setattr(parsing, "_READERS", parsing._READERS[1:])
    parsing.code_hash.cache_clear()
    try:
        assert key(note, tmp_path) != first
    finally:
        parsing.code_hash.cache_clear()


# --- parsing and the cache -----------------------------------------------------------------------


def test_headings_alone_are_no_document(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# One\n\n## Two\n")
    with pytest.raises(EmptySourceError, match=r"a\.md: .*\[\[skip\]\]"):
        parse(SourceFile(tmp_path / "a.md", "a.md", "notes"), Reading(words, 200))


def parsed_samples() -> Iterator[tuple[str, Parsed]]:
    """One of each kind, so that every field is used somewhere."""
    sources = [
        SourceFile(STARTER / "lectures/05_regularization.pdf", "l/05.pdf", "slides", lecture=5),
        SourceFile(STARTER / "book/course-notes.pdf", "book.pdf", "book", licence="MIT"),
        SourceFile(STARTER / "site/index.md", "index.md", "site", site=STARTER / "site"),
    ]
    notebook = next((STARTER / "notebooks").glob("*.ipynb"))
    sources.append(SourceFile(notebook, notebook.name, "notebook", assignment="h1", graded=True))
    for source in sources:
        yield source.name, parse(source, Reading(words, 200))


def test_the_cache_gives_back_exactly_what_it_was_given(tmp_path: Path) -> None:
    made = dict(parsed_samples())
    for parsed in made.values():
        assert parsed.record.chunks == len(parsed.chunks) == len(parsed.terms) > 0
        assert parsed.terms[0] == tuple(tokenize(parsed.chunks[0].search_text))
    odd = replace(made["index.md"], terms=((), *made["index.md"].terms[1:]))
    made["odd"] = odd
    with ParsedCache(tmp_path / PARSED_FILE) as cache:
        for name, parsed in made.items():
            cache.put(name, parsed)
    with ParsedCache(tmp_path / PARSED_FILE) as cache:
        assert cache.get([*made, "unknown"]) == made


def sample() -> Parsed:
    source = SourceFile(STARTER / "site/index.md", "index.md", "site", site=STARTER / "site")
    return parse(source, Reading(words, 200))


def test_a_damaged_row_is_unknown_and_replaced(tmp_path: Path) -> None:
    parsed = sample()
    with ParsedCache(tmp_path / PARSED_FILE) as cache:
        cache.put("bad", parsed)
        cache.put("good", parsed)
    with closing(sqlite3.connect(tmp_path / PARSED_FILE)) as connection, connection:
        connection.execute("UPDATE parsed SET data = x'00' WHERE key = 'bad'")
    with ParsedCache(tmp_path / PARSED_FILE) as cache:
        assert cache.get(["bad", "good"]) == {"good": parsed}
        cache.put("bad", parsed)
        assert cache.get(["bad"]) == {"bad": parsed}


@pytest.mark.parametrize("damage", ["beginning", "middle"])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: str) -> None:
    file, parsed = tmp_path / PARSED_FILE, sample()
    with ParsedCache(file) as cache:
        for i in range(60):
            cache.put(str(i), parsed)
    content = bytearray(file.read_bytes())
    start = 0 if damage == "beginning" else 4096
    content[start : start + 100_000] = b"\xa5" * 100_000
    file.write_bytes(content)
    with ParsedCache(file) as cache:
        cache.get(map(str, range(60)))
        cache.put("new", parsed)
        assert cache.get(["new"]) == {"new": parsed}
        assert cache.keep_only({parsed.record.sha256}) == 0
        assert cache.keep_only(()) > 0
        assert cache.get(["new"]) == {}


def test_a_damaged_vector_cache_is_begun_anew_in_the_middle_too(tmp_path: Path) -> None:
    file = tmp_path / "embeddings.sqlite"
    texts = [f"text {i}" for i in range(2000)]
    with VectorCache(file, "m", "float32") as cache:
        cache.put({text: [float(i)] * 16 for i, text in enumerate(texts)})
    content = bytearray(file.read_bytes())
    content[4096:60_000] = b"\xa5" * (60_000 - 4096)
    file.write_bytes(content)
    with VectorCache(file, "m", "float32") as cache:
        cache.get(texts)
        cache.put({"new": [1.0, 2.0]})
        assert list(cache.get(["new"])["new"]) == [1.0, 2.0]


def test_forgetting_all_but_some_contents(tmp_path: Path) -> None:
    parsed = sample()
    other = replace(parsed, record=replace(parsed.record, sha256="b" * 64))
    with ParsedCache(tmp_path / PARSED_FILE) as cache:
        cache.put("one", parsed)
        cache.put("two", other)
        assert cache.keep_only({"b" * 64}, dry_run=True) == 1
        assert cache.get(["one", "two"]) == {"one": parsed, "two": other}
        assert cache.keep_only({"b" * 64}) == 1
        assert cache.get(["one", "two"]) == {"two": other}


# --- in an ingest --------------------------------------------------------------------------------


def test_a_file_changed_after_its_key_was_taken_is_not_kept_under_it(
    note: SourceFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = tmp_path / "tiny.toml"
    toml.write_text(
        '[corpus]\nname = "t"\nterm = "sp2026"\n[[source]]\nfiles = "*.md"\nkind = "notes"\n'
    )
    store = IndexStore(tmp_path / "index")
    read_files = workers.read_files

    def change_first(*arguments: object) -> object:
        note.path.write_text(NOTES.replace("Momentum", "Dropout"))
        return read_files(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(build_module, "read_files", change_first)
    report = build(load_sources(toml), store, HashEmbedder(), lambda _: None)
    assert report.count("read") == 1
    monkeypatch.undo()
    with store.open_current() as generation:
        assert "Dropout" in generation.chunks.by_document("a.md")[0].text
    # The file as it was: had the key been believed, this would find Dropout.
    note.path.write_text(NOTES)
    build(load_sources(toml), store, HashEmbedder(), lambda _: None, Wishes())
    with store.open_current() as generation:
        assert "Momentum" in generation.chunks.by_document("a.md")[0].text


def test_a_page_whose_site_changed_while_it_was_read_is_not_kept(
    page: SourceFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = tmp_path / "tiny.toml"
    toml.write_text(
        '[corpus]\nname = "t"\nterm = "sp2026"\n[[source]]\nfiles = "site/*.md"\nkind = "site"\n'
        'site = "site"\n'
    )
    store = IndexStore(tmp_path / "index")
    read_files = workers.read_files
    people = tmp_path / "site/_data/people.yml"

    def change_first(*arguments: object) -> object:
        people.write_text("- name: Grace\n")
        return read_files(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(build_module, "read_files", change_first)
    report = build(load_sources(toml), store, HashEmbedder(), lambda _: None)
    assert report.generation, report.files
    monkeypatch.undo()
    people.write_text("- name: Ada\n")
    report = build(load_sources(toml), store, HashEmbedder(), lambda _: None)
    assert not report.unchanged
    with store.open_current() as generation:
        assert "Ada" in generation.chunks.by_document("site/index.md")[0].text
