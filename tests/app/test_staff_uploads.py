"""Files that staff put into the materials: where they may go, what they may be, and undoing it."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from staff_samples import PDF, STAFF, Area, child_environment

from ds542_tutor.app.file_types import check_type, clean_name
from ds542_tutor.errors import UploadError

NOTEBOOK = b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'


def archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as written:
        for name in names:
            written.writestr(zipfile.ZipInfo(name), "x")  # its date is fixed: ids of tests hold it
    return stream.getvalue()


PPTX = archive("[Content_Types].xml", "ppt/presentation.xml")


@pytest.fixture
def area(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Area]:
    child_environment(monkeypatch, "ok")
    area = Area(tmp_path)
    yield area
    area.area.close()


@pytest.fixture
def client(area: Area) -> TestClient:
    return area.client(STAFF)


def upload(client: TestClient, target: str, content: bytes) -> httpx.Response:
    return client.post("/staff/api/upload", params={"target": target}, content=content)


def stamps(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('data-stamp="')[1:]]


def test_a_replaced_file_is_kept_and_comes_back(area: Area, client: TestClient) -> None:
    deck = area.materials / "lectures/07.pdf"
    old = deck.read_bytes()
    assert upload(client, "lectures/07.pdf", PDF + b"corrected").status_code == 200
    assert deck.read_bytes() == PDF + b"corrected"
    (kept,) = (area.folder / "data/replaced").glob("*/lectures/07.pdf")
    assert kept.read_bytes() == old
    page = client.get("/staff").text
    assert f"by {STAFF}" in page and "replaced lectures/07.pdf" in page
    (stamp,) = stamps(page)
    got = client.post("/staff/api/undo", json={"stamp": stamp})
    assert got.status_code == 200 and "brought back" in got.json()["message"]
    assert deck.read_bytes() == old
    # Undoing the undoing: the corrected deck is there again, and none was lost.
    (again,) = stamps(client.get("/staff").text)
    assert again != stamp
    assert client.post("/staff/api/undo", json={"stamp": again}).status_code == 200
    assert deck.read_bytes() == PDF + b"corrected"
    assert not list((area.folder / "data/incoming").iterdir())


def test_a_new_file_can_be_added_and_taken_away(area: Area, client: TestClient) -> None:
    assert upload(client, "notes/deep/er/new.md", b"# New\n").status_code == 200
    file = area.materials / "notes/deep/er/new.md"
    assert file.read_bytes() == b"# New\n"
    (stamp,) = stamps(client.get("/staff").text)
    got = client.post("/staff/api/undo", json={"stamp": stamp})
    assert "removed" in got.json()["message"]
    assert not file.exists()


def test_the_same_file_changes_nothing(area: Area, client: TestClient) -> None:
    got = upload(client, "lectures/07.pdf", (area.materials / "lectures/07.pdf").read_bytes())
    assert "already the same" in got.json()["message"]
    assert stamps(client.get("/staff").text) == []


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("../07.pdf", "leads out"),
        ("lectures/../../07.pdf", "leads out"),
        ("/etc/passwd.pdf", "leads out"),
        ("lectures\\..\\07.pdf", "leads out"),
        ("lectures/.hidden.pdf", "hidden"),
        ("lectures//07.pdf", "empty"),
        ("lectures/ 07.pdf", "outer blanks"),
        ("", "Say where"),
        ("lectures/a\nb.pdf", "no text"),
        ("lectures/a\0b.pdf", "no text"),
        ("lectures/a\u202efdp.exe.pdf", "no text"),
        ("lectures/" + "a" * 300 + ".pdf", "too long"),
        ("lectures/deeper/07.pdf", "would not read"),
        ("lectures/07.exe", "would not read"),
        ("07.pdf", "would not read"),
        ("--target=lectures/07.pdf", "would not read"),
        ("lectures", "would not read"),
    ],
)
def test_places_that_an_ingest_would_not_read_are_refused(
    area: Area, client: TestClient, target: str, says: str
) -> None:
    before = sorted(area.folder.rglob("*"))
    got = upload(client, target, PDF)
    assert got.status_code == 422
    assert says in got.json()["error"]
    if says == "would not read":
        assert "lectures/*.pdf, lectures/*.pptx, notes/**/*.md" in got.json()["error"]
    assert sorted(area.folder.rglob("*")) == before


@pytest.mark.parametrize(
    "name", ["07 (final) v2.pdf", "L’été “7”.pdf", 'it\'s "7"; rm -rf $HOME `x`.pdf', "第七讲.pdf"]
)
def test_names_with_spaces_quotes_and_unicode_are_fine(
    area: Area, client: TestClient, name: str
) -> None:
    assert upload(client, f"lectures/{name}", PDF).status_code == 200
    assert (area.materials / "lectures" / unicodedata.normalize("NFC", name)).is_file()


def test_a_name_with_decomposed_letters_is_not_doubled(area: Area, client: TestClient) -> None:
    area.write(unicodedata.normalize("NFD", "lectures/été.pdf"), PDF)
    assert upload(client, unicodedata.normalize("NFC", "lectures/été.pdf"), PDF + b"2").is_success
    names = [f.name for f in (area.materials / "lectures").glob("*t*.pdf")]
    assert names == [unicodedata.normalize("NFD", "été.pdf")]
    assert (area.materials / "lectures" / names[0]).read_bytes() == PDF + b"2"


@pytest.mark.parametrize(
    ("target", "content", "says"),
    [
        ("lectures/07.pdf", PPTX, "is a PowerPoint presentation"),
        ("lectures/07.pdf", b"<!doctype html>Sign in first", "is UTF-8 text"),
        ("lectures/07.pdf", b"", "is empty"),
        ("lectures/09.pptx", PDF, "is a PDF"),
        ("lectures/09.pptx", archive("word/document.xml"), "is a Word document"),
        ("lectures/09.pptx", archive("x"), "is an archive"),
        ("lectures/09.pptx", PPTX[:60], "damaged or truncated"),
        ("lectures/09.pptx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old format or with a password"),
        ("notes/a.ipynb", b"# Not a notebook", "is UTF-8 text"),
        ("notes/a.ipynb", b'{"a": 1}', "is UTF-8 text"),
        ("notes/a.ipynb", b'{"a":' * 100_000, "is UTF-8 text"),
        ("notes/a.md", PDF, "is a PDF"),
        ("notes/a.md", NOTEBOOK, "is a notebook"),
        ("notes/a.md", b"caf\xe9", "neither a known type nor UTF-8"),
        ("notes/a.md", b"a\0b", "neither a known type nor text"),
    ],
)
def test_content_that_does_not_fit_the_name_is_refused(
    area: Area, client: TestClient, target: str, content: bytes, says: str
) -> None:
    before = {p: p.read_bytes() for p in area.materials.rglob("*") if p.is_file()}
    got = upload(client, target, content)
    assert got.status_code == 422
    assert says in got.json()["error"]
    assert {p: p.read_bytes() for p in area.materials.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("target", "content"),
    [("lectures/9.pptx", PPTX), ("notes/a.ipynb", NOTEBOOK), ("notes/a.md", "é".encode())],
)
def test_content_that_fits_is_taken(client: TestClient, target: str, content: bytes) -> None:
    assert upload(client, target, content).status_code == 200


def test_what_is_too_large_is_refused_declared_or_not(area: Area, client: TestClient) -> None:
    large = PDF + b"x" * 1_000_000
    got = upload(client, "lectures/07.pdf", large)
    assert got.status_code == 413 and "1 MB" in got.json()["error"]

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    got = client.post(
        "/staff/api/upload", params={"target": "lectures/07.pdf"}, content=in_pieces()
    )
    assert got.status_code == 413
    assert not list((area.folder / "data/incoming").iterdir())
    assert (area.materials / "lectures/07.pdf").read_bytes() == PDF + b"07"


def test_a_link_cannot_lead_out_of_the_materials(area: Area, client: TestClient) -> None:
    outside = area.folder / "outside"
    outside.mkdir()
    (area.materials / "notes").symlink_to(outside)
    (outside / "secret.md").write_text("secret", encoding="utf-8")
    got = upload(client, "notes/secret.md", b"# Mine\n")
    assert got.status_code == 422 and "link" in got.json()["error"]
    assert (outside / "secret.md").read_text(encoding="utf-8") == "secret"


def test_a_folder_is_no_target(area: Area, client: TestClient) -> None:
    (area.materials / "lectures/10.pdf").mkdir()
    got = upload(client, "lectures/10.pdf", PDF)
    assert got.status_code == 422 and "is a folder" in got.json()["error"]


def test_a_folder_that_cannot_be_written_is_told(area: Area, client: TestClient) -> None:
    area.write("notes/week", b"a file where a folder would have to be")
    got = upload(client, "notes/week/a.md", b"# New")
    assert got.status_code == 422 and "cannot be written" in got.json()["error"]
    assert (area.materials / "notes/week").is_file()


def test_the_materials_folder_can_be_another_one(area: Area) -> None:
    other = area.folder / "elsewhere"
    (other / "lectures").mkdir(parents=True)
    area.settings = type(area.settings)(
        paths=area.settings.paths,
        staff=type(area.settings.staff)(
            passwords=str(area.passwords),
            sources=area.folder / "tiny.toml",
            materials=str(other),
        ),
    )
    area.open()
    assert upload(area.client(STAFF), "lectures/01.pdf", PDF).status_code == 200
    assert (other / "lectures/01.pdf").is_file()


def test_a_broken_sources_file_is_told(area: Area, client: TestClient) -> None:
    (area.folder / "tiny.toml").write_text("[corpus\n", encoding="utf-8")
    got = upload(client, "lectures/07.pdf", PDF)
    assert got.status_code == 422 and "not valid TOML" in got.json()["error"]
    assert client.get("/staff").status_code == 200


@pytest.mark.parametrize("data", [{}, {"stamp": "../x"}, {"stamp": 3}, {"stamp": "2" * 8 + "T"}])
def test_undoing_nothing_in_particular_is_refused(
    client: TestClient, data: dict[str, object]
) -> None:
    assert client.post("/staff/api/undo", json=data).status_code == 422


def test_undoing_an_unknown_change_is_refused(client: TestClient) -> None:
    got = client.post("/staff/api/undo", json={"stamp": "20260101T000000000000Z"})
    assert got.status_code == 422 and "no such change" in got.json()["error"]


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'"x"', b"[" * 10_000])
def test_a_body_that_is_no_object_is_refused(client: TestClient, body: bytes) -> None:
    assert client.post("/staff/api/undo", content=body).status_code == 400


def test_a_clean_name_is_composed() -> None:
    assert clean_name(" lectures/e\u0301te\u0301.pdf ") == "lectures/été.pdf"


def test_a_notebook_of_the_third_format_is_one(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text('{"worksheets": [], "nbformat": 3}', encoding="utf-8")
    check_type(file, "old.ipynb")
    with pytest.raises(UploadError, match="is a notebook"):
        check_type(file, "old.md")
