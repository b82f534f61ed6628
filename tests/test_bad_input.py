"""Bad files in a corpus: each has its line, the rest goes on, and the index in use stays."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from bad_files import GOOD, TOML, bad, many_pages, scanned, write
from fuzz_readers import Child
from index_samples import EMBEDDER, HashEmbedder

from ds542_tutor.index.generations import IndexStore
from ingest.build import Wishes, build
from ingest.readers import ocr, read_document
from ingest.report import FileDone, Report
from ingest.sources import SourceFile, load_sources

READ = [name for name in GOOD if not name.startswith(("site/_data", "site/_incl", "site/_config"))]
BAD = bad()


class Corpus:
    """A folder of course files and the index built from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "course"
        self.store = IndexStore(folder / "index")
        write(self.folder, GOOD)
        (self.folder / "toy.toml").write_text(TOML)

    def build(self, allow_partial: bool = False) -> Report:
        sources = load_sources(self.folder / "toy.toml")
        wishes = Wishes(allow_partial=allow_partial)
        return build(sources, self.store, HashEmbedder(), lambda _: None, wishes)

    def documents(self) -> set[str]:
        with self.store.open_current(EMBEDDER) as generation:
            return {document.path for document in generation.manifest.documents}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus without bad files, published; its first generation is the one to keep."""
    return Corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def reports(corpus: Corpus) -> tuple[Report, Report, Report]:
    """Built from good files; with the bad ones beside them; and with leave to publish the rest."""
    first = corpus.build()
    write(corpus.folder, {name: content for name, (content, _) in BAD.items()})
    second = corpus.build()
    assert corpus.store.current_id() == first.generation
    return first, second, corpus.build(allow_partial=True)


def told(report: Report) -> dict[str, FileDone]:
    return {file.path: file for file in report.files}


def test_strange_files_are_read(reports: tuple[Report, Report, Report]) -> None:
    files = told(reports[0])
    assert {name: files[name].reason for name in READ if files[name].status != "read"} == {}
    assert reports[0].generation


@pytest.mark.parametrize("name", BAD)
def test_each_bad_file_has_a_clear_line(reports: tuple[Report, Report, Report], name: str) -> None:
    _, words = BAD[name]
    for report in reports[1:]:
        file = told(report)[name]
        assert file.status == "failed"
        assert words in file.reason
        assert "\n" not in file.reason and len(file.reason) < 400, file.reason
        assert "Traceback" not in file.reason


def test_the_rest_goes_on_and_the_old_index_stays(
    corpus: Corpus, reports: tuple[Report, Report, Report]
) -> None:
    first, second, partial = reports
    assert second.generation is None
    assert second.count("failed") == len(BAD)
    assert {f.path for f in second.files if f.status == "read"} == set(READ)
    assert partial.generation not in (None, first.generation)
    assert corpus.store.current_id() == partial.generation
    assert corpus.documents() == set(READ)


def test_dates_that_are_none_are_told(reports: tuple[Report, Report, Report]) -> None:
    warnings = "\n".join(reports[0].warnings)
    assert "site/_lectures/02.md" in warnings and "'some day'" in warnings
    assert "site/_lectures/03.md" in warnings and "2026-02-31" in warnings
    assert "site/_lectures/01.md" not in warnings.replace("(first: site/_lectures/01.md)", "")


def test_what_is_missing_from_the_calendar_is_told(reports: tuple[Report, Report, Report]) -> None:
    warnings = "\n".join(reports[1].warnings)
    for name in (name for name in BAD if name.startswith("site/_lectures")):
        assert f"{name}: left out of the calendar" in warnings


def test_a_text_that_is_an_image_is_read_by_ocr_or_refused(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"scan.pdf": scanned("Momentum keeps a moving average\nof past gradients for each weight")},
    )
    source = SourceFile(tmp_path / "scan.pdf", "scan.pdf", "slides")
    with Child() as child:
        outcome = child.read(source.path, "slides", images=True)
    if outcome.ending == "SourceError":
        assert not ocr.installed()
        assert "no text in it" in outcome.detail and "[ocr]" in outcome.detail
    else:
        assert outcome.ending == "document", outcome.detail
        document = read_document(source)
        assert any(segment.ocr for segment in document.segments)
        assert "omentum" in " ".join(segment.text for segment in document.segments)


@pytest.mark.parametrize(("kind", "pages"), [("slides", 5000), ("book", 1500)])
def test_thousands_of_pages(tmp_path: Path, kind: str, pages: int) -> None:
    write(tmp_path, {"long.pdf": many_pages(pages)})
    before = _of_children()
    with Child(limit_s=200) as child:
        outcome = child.read(tmp_path / "long.pdf", kind)
    assert outcome.ending == "document", outcome.detail
    # Processor time: what else the machine does has no part in it.
    assert _of_children() - before < 30


def _of_children() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


@pytest.mark.parametrize("name", ["quotes.md", "spaced out.md", "site/loops.md", "site/self.md"])
def test_what_grows_ends_soon(tmp_path: Path, name: str) -> None:
    write(tmp_path, GOOD)
    site = tmp_path / "site" if name.startswith("site/") else None
    with Child() as child:
        outcome = child.read(tmp_path / name, "site" if site else "notes", site)
    assert outcome.ending == "document", outcome.detail
    assert outcome.seconds < 15
