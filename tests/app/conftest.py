"""The chat server over one real PDF and a tutor whose words are scripted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes_app import FakeGeneration, FakeTutor, chunk_of, make_pdf
from fastapi.testclient import TestClient

from ds542_tutor.app import server
from ds542_tutor.app.files import CourseFiles
from ds542_tutor.documents import Chunk
from ds542_tutor.settings import PathSettings, Settings


@pytest.fixture(scope="session")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pdf(tmp_path_factory.mktemp("pdf"))


@pytest.fixture(scope="session")
def chunk(pdf: Path) -> Chunk:
    return chunk_of(pdf, 1)


@pytest.fixture(scope="session")
def tutor(pdf: Path) -> FakeTutor:
    return FakeTutor(FakeGeneration(pdf, [chunk_of(pdf, 1), chunk_of(pdf, 2, "<b>Bold</b>")]))


@pytest.fixture(scope="session")
def files(tutor: FakeTutor) -> CourseFiles:
    return CourseFiles(lambda: tutor.generation)


@pytest.fixture(scope="session")
def client(tutor: FakeTutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(paths=PathSettings(data=tmp_path_factory.mktemp("data")))
    with TestClient(server.build_app(tutor, settings)) as client:
        yield client
