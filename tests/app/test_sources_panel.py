"""The sources panel: pages, marked passages, credit, and nothing that could run."""

import re
from dataclasses import replace
from pathlib import Path

import pptx_samples
import pytest
from fakes_app import FakeGeneration, FakeTutor
from fastapi.testclient import TestClient
from passages import range_of
from reading import source, tokens

from ds542_tutor.app import messages, sources
from ds542_tutor.app.files import CourseFiles
from ds542_tutor.dialogue import Status
from ds542_tutor.documents import Chunk
from ingest.chunking import chunk_document
from ingest.readers import read_document


def test_the_panel_escapes_what_comes_from_files_and_students(
    tutor: FakeTutor, files: CourseFiles
) -> None:
    answer = tutor.finished("<script>alert(1)</script>", "text [1] [2]")
    html = sources.panel("1", answer, files)
    assert "<script>" not in html
    assert "<b>Bold" not in html
    assert "&lt;b&gt;Bold&lt;/b&gt;" in html
    assert "&lt;img src=x" in html, "the quote of page 2 is shown as text"


def test_the_panel_marks_the_quote_and_links_to_the_page(
    tutor: FakeTutor, files: CourseFiles
) -> None:
    answer = tutor.finished("q", "text [1]")
    html = sources.panel("7", answer, files)
    first = answer.citations[0]
    assert f".png?spans={first.start}-{first.end}" in html
    assert f"<mark>{first.quote}</mark>" in html
    assert 'id="source-7-1"' in html
    assert f"{first.sha256}.pdf#page=1" in html
    assert "Open the PDF at slide 1" in html
    assert ">supported<" in html
    assert ">weak<" in html
    assert 'loading="lazy"' in html
    assert "# AI assistance: ds542_tutor" in html


def test_errata_of_the_cited_page_stand_beside_it(tutor: FakeTutor, files: CourseFiles) -> None:
    answer = tutor.finished("q", "text [1]")
    assert "ds-notes" not in sources.panel("1", answer, files)
    citation = replace(answer.citations[0], notes=("Erratum for p. 3: <b> is c",))
    html = sources.panel("1", replace(answer, citations=(citation,)), files)
    assert '<ul class="ds-notes"><li>Erratum for p. 3: &lt;b&gt; is c</li></ul>' in html


def test_every_span_of_a_citation_is_marked(
    tutor: FakeTutor, files: CourseFiles, chunk: Chunk
) -> None:
    answer = tutor.finished("q", "text [1]")
    words = ("A score", "drive the softmax", "near one.")
    spans = tuple(range_of(chunk, part) for part in words)
    citation = replace(answer.citations[0], spans=spans)
    html = sources.panel("1", replace(answer, citations=(citation,)), files)
    assert re.findall("<mark>(.*?)</mark>", html) == list(words)
    assert f"?spans={','.join(f'{a}-{b}' for a, b in spans)}" in html
    assert "with the cited passage marked" in html


def test_a_citation_of_which_nothing_is_certain_shows_its_page_unmarked(
    tutor: FakeTutor, files: CourseFiles
) -> None:
    answer = tutor.finished("q", "text [1]")
    unsure = replace(answer.citations[0], spans=(), quote="", start=0, end=0)
    html = sources.panel("1", replace(answer, citations=(unsure,)), files)
    assert "<img" in html
    assert "spans=" not in html
    assert "marked" not in html
    assert "<mark>" not in html


def test_a_page_is_asked_for_no_more_marks_than_it_takes(
    tutor: FakeTutor, files: CourseFiles, client: TestClient
) -> None:
    answer = tutor.finished("q", "text [1]")
    many = replace(answer.citations[0], spans=tuple((n, n + 1) for n in range(0, 60, 2)))
    html = sources.panel("1", replace(answer, citations=(many,)), files)
    address = re.search('<img src="([^"]*)"', html)
    assert address
    assert client.get(address[1]).status_code == 200
    assert html.count("<mark>") == 30


def test_a_source_without_pages_shows_its_text(tutor: FakeTutor, files: CourseFiles) -> None:
    answer = tutor.finished("q", "text [1]")
    gone = replace(
        answer.citations[0], chunk_id="", sha256="", page=None, text="Ten percent & more.",
        quote="Ten percent", locator="Late policy",
    )  # fmt: skip
    html = sources.panel("1", replace(answer, citations=(gone,)), files)
    assert "<img" not in html
    assert "<mark>Ten percent</mark> &amp; more." in html
    assert gone.document in html


def test_a_slide_of_a_powerpoint_file_shows_its_text_and_no_picture(tmp_path: Path) -> None:
    deck = pptx_samples.lecture(tmp_path / f"{'b' * 64}.pptx")
    document = read_document(source(deck, "slides", lecture=3))
    chunk = next(c for c in chunk_document(document, tokens) if c.locator.page == 3)
    tutor = FakeTutor(FakeGeneration(deck, [replace(chunk, id="0" * 15 + "1", sha256="b" * 64)]))
    answer = tutor.finished("q", "text [1]")
    citation = replace(
        answer.citations[0], locator=chunk.locator.describe(), page=3, text=chunk.text,
        quote="Walk downhill", document=document.path,
    )  # fmt: skip
    files = CourseFiles(lambda: tutor.generation)
    html = sources.panel("1", replace(answer, citations=(citation,)), files)
    assert "<img" not in html and ".pdf" not in html and "href" not in html
    assert "slide 3: Steps" in html and "Speaker notes:" in html
    assert "Walk downhill" in html and document.path in html


def test_a_damaged_file_leaves_the_passage(tutor: FakeTutor, tmp_path: Path, chunk: Chunk) -> None:
    broken = tmp_path / f"{'a' * 64}.pdf"
    broken.write_bytes(b"no pdf")
    bad = replace(chunk, sha256="a" * 64)
    broken_tutor = FakeTutor(FakeGeneration(broken, [bad]))
    files = CourseFiles(lambda: broken_tutor.generation)
    html = sources.panel("1", broken_tutor.finished("q", "t [1]"), files)
    assert "<img" not in html
    assert "<mark>" in html


def test_an_abstention_calls_its_places_nearest_and_judges_none(
    tutor: FakeTutor, files: CourseFiles
) -> None:
    html = sources.panel("1", replace(tutor.finished("q", "t"), status="abstained"), files)
    assert "Nearest places" in html
    assert ">supported<" not in html


@pytest.mark.parametrize(
    ("status", "offered"),
    [("answered", True), ("hinted", True), ("refused", False), ("abstained", False)],
)
def test_what_helped_can_be_credited_under_the_answer(
    tutor: FakeTutor, files: CourseFiles, status: Status, offered: bool
) -> None:
    answer = replace(tutor.finished("q", "text [1]"), status=status)
    shown = messages.answer("3", answer, ())
    named = re.findall('<button type="button" class="ds-copy" value="([^"]*)">', shown)
    assert named == (["comment-3", "appendix-3"] if offered else [])
    panel = sources.panel("3", answer, files)
    assert all(f'<pre id="{name}"' in panel for name in named)
