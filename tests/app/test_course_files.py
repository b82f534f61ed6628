"""The routes of course files: what they serve, and that they serve nothing else."""

import io
from pathlib import Path

import pytest
from fakes_app import FakeGeneration, FakeTutor
from fastapi.testclient import TestClient
from passages import SENTENCE, marked_pixels, range_of
from PIL import Image

from ds542_tutor.app.files import MAX_SPANS, CourseFiles, page_address
from ds542_tutor.documents import Chunk
from ds542_tutor.errors import IndexMissingError


def test_pdf_and_page_are_served(client: TestClient, tutor: FakeTutor, chunk: Chunk) -> None:
    generation = tutor.generation.id
    got = client.get(f"/files/{generation}/{chunk.sha256}.pdf")
    assert (got.status_code, got.headers["content-type"]) == (200, "application/pdf")
    assert got.content.startswith(b"%PDF")
    assert "content-disposition" not in got.headers, "the browser shows it at the page"
    spans = [range_of(chunk, SENTENCE), range_of(chunk, "near one.")]
    areas = []
    for some in (spans[:1], spans):
        page = client.get(page_address(generation, chunk.id, some))
        assert (page.status_code, page.headers["content-type"]) == (200, "image/png")
        areas.append(len(marked_pixels(Image.open(io.BytesIO(page.content)).convert("RGB"))))
    assert 0 < areas[0] < areas[1]


@pytest.mark.parametrize("query", ["", "?spans=", "?spans=0-99999", "?spans=7-7,9-2"])
def test_a_range_outside_the_passage_shows_the_page_unmarked(
    client: TestClient, tutor: FakeTutor, chunk: Chunk, query: str
) -> None:
    page = client.get(f"/pages/{tutor.generation.id}/{chunk.id}.png{query}")
    assert page.status_code == 200
    assert not marked_pixels(Image.open(io.BytesIO(page.content)).convert("RGB"))


def test_a_page_takes_twenty_ranges(client: TestClient, tutor: FakeTutor, chunk: Chunk) -> None:
    address = page_address(tutor.generation.id, chunk.id, [(n, n + 1) for n in range(MAX_SPANS)])
    assert client.get(address).status_code == 200
    assert client.get(f"{address},30-31").status_code == 422


@pytest.mark.parametrize(
    "spans",
    [
        "5",
        "a-b",
        "1-2,",
        ",1-2",
        "-5-9",
        "1-2;3-4",
        "1.5-2",
        "1-9999999",
        "1-2%0A",
        "%D9%A1-%D9%A2",
    ],
)
def test_ranges_that_are_none_are_refused_quietly(
    client: TestClient, tutor: FakeTutor, chunk: Chunk, spans: str
) -> None:
    got = client.get(f"/pages/{tutor.generation.id}/{chunk.id}.png?spans={spans}")
    assert got.status_code == 422
    assert "Traceback" not in got.text


@pytest.mark.parametrize(
    "address",
    [
        "/files/{generation}/" + "0" * 64 + ".pdf",
        "/files/other/{sha}.pdf",
        "/files/{generation}/..%2F..%2Fetc%2Fpasswd.pdf",
        "/files/../../etc/passwd",
        "/files/{generation}/%2Fetc%2Fpasswd.pdf",
        "/pages/{generation}/ffffffffffffffff.png",
        "/pages/other/0000000000000001.png",
        "/pages/{generation}/..%2F0000000000000001.png",
    ],
)
def test_anything_else_is_not_found(client: TestClient, tutor: FakeTutor, address: str) -> None:
    sha = tutor.generation.manifest.documents[0].sha256
    got = client.get(address.format(generation=tutor.generation.id, sha=sha))
    assert got.status_code == 404
    assert b"root:" not in got.content


def test_pages_of_an_earlier_generation_stay_while_a_page_may_show_them(
    pdf: Path, chunk: Chunk
) -> None:
    old, new = FakeGeneration(pdf, [chunk]), FakeGeneration(pdf, [chunk])
    new.id = "later"
    current = [old]
    files = CourseFiles(lambda: current[0])
    assert files.generation(old.id) is old
    current[0] = new
    assert files.generation("later") is new
    assert files.chunk(old.id, chunk.id) == chunk
    assert files.generation("never-seen") is None


def test_an_index_that_went_away_is_not_found_and_breaks_nothing(pdf: Path, chunk: Chunk) -> None:
    generation = FakeGeneration(pdf, [chunk])
    answers = [generation]

    def current() -> FakeGeneration:
        if not answers:
            raise IndexMissingError("there is no index")
        return answers[0]

    files = CourseFiles(current)
    assert files.chunk(generation.id, chunk.id) == chunk
    answers.clear()
    assert files.generation("another") is None
    assert files.chunk(generation.id, chunk.id) == chunk


def test_a_file_that_this_generation_was_not_read_from_is_refused(pdf: Path, chunk: Chunk) -> None:
    generation = FakeGeneration(pdf, [chunk])
    files = CourseFiles(lambda: generation)
    assert files.pdf(generation.id, chunk.sha256) == pdf
    generation.manifest.documents.clear()
    assert files.pdf(generation.id, chunk.sha256) is None
