"""Fetching files from a real server that misbehaves in every way that servers do."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from fetch_samples import MTIME, PDF, QUICK, breaking_off, one, run, with_etag
from local_web import Handler, Web, serving

from ds542_tutor.errors import SettingsError
from ingest.fetch.plan import RemoteFile
from ingest.fetch.record import RECORD


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with serving(tmp_path / "repositories") as web:
        yield web


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "materials"


def hidden(root: Path) -> set[str]:
    return {path.name for path in (root / "book").iterdir() if path.name.startswith(".")}


def test_a_file_is_brought_and_then_not_again(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = with_etag()
    told = one(root, web)
    assert (told.status, told.bytes) == ("new", len(PDF))
    assert (root / "book/a.pdf").read_bytes() == PDF
    record = json.loads((root / RECORD).read_text())["files"]["book/a.pdf"]
    assert record["sha256"] == told.sha256 == hashlib.sha256(PDF).hexdigest()
    before = (root / "book/a.pdf").stat().st_mtime_ns
    assert one(root, web).status == "unchanged"
    assert (root / "book/a.pdf").stat().st_mtime_ns == before
    first, second = web.requests("/a.pdf")
    assert "If-None-Match" not in first
    assert second["If-None-Match"] == '"v1"'
    assert "ds542_tutor" in first["User-Agent"]
    web.routes["/a.pdf"] = with_etag(PDF[:-6] + b" %%EOF", '"v2"')
    assert one(root, web).status == "updated"
    assert (root / "book/a.pdf").read_bytes().endswith(b" %%EOF")
    assert hidden(root) == set()


def test_a_date_serves_where_there_is_no_etag(web: Web, root: Path) -> None:
    def answer(request: Handler) -> None:
        same = request.headers.get("If-Modified-Since") == MTIME
        request.say(304 if same else 200, b"" if same else PDF, Last_Modified=MTIME)

    web.routes["/a.pdf"] = answer
    assert [one(root, web).status, one(root, web).status] == ["new", "unchanged"]


def test_the_same_content_under_a_new_etag_leaves_the_file(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = with_etag()
    one(root, web)
    before = (root / "book/a.pdf").stat().st_mtime_ns
    web.routes["/a.pdf"] = with_etag(etag='"v2"')
    assert one(root, web).status == "unchanged"
    assert (root / "book/a.pdf").stat().st_mtime_ns == before


def test_another_address_is_asked_without_conditions(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = web.routes["/b.pdf"] = with_etag()
    one(root, web)
    one(root, web, "/b.pdf")
    assert "If-None-Match" not in web.requests("/b.pdf")[0]


@pytest.mark.parametrize("validator", [{"ETag": '"v1"'}, {"Last_Modified": MTIME}])
def test_a_broken_download_goes_on_where_it_stopped(
    web: Web, root: Path, validator: dict[str, str]
) -> None:
    web.routes["/a.pdf"] = breaking_off(100_000, **validator)
    assert one(root, web).status == "new"
    assert (root / "book/a.pdf").read_bytes() == PDF
    _, second = web.requests("/a.pdf")
    assert second["Range"] == "bytes=100000-"
    assert hidden(root) == set()


def test_it_goes_on_in_the_next_run_too(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = breaking_off(100_000)
    item = RemoteFile(web.url("/a.pdf"), "book/a.pdf")
    (told,) = run(root, item, manners=replace(QUICK, attempts=1))
    assert told.status == "failed"
    assert "fetch again to go on from there" in told.reason
    assert hidden(root) == {".a.pdf.part", ".a.pdf.part.json"}
    assert (root / "book/.a.pdf.part").read_bytes() == PDF[:100_000]
    assert run(root, item)[0].status == "new"
    assert (root / "book/a.pdf").read_bytes() == PDF
    assert hidden(root) == set()


def test_a_part_of_an_older_version_is_thrown_away(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = breaking_off(100_000)
    item = RemoteFile(web.url("/a.pdf"), "book/a.pdf")
    run(root, item, manners=replace(QUICK, attempts=1))
    newer = b"%PDF-2.0" + PDF[8:]
    web.routes["/a.pdf"] = with_etag(newer, '"v2"')
    assert run(root, item)[0].status == "new"
    assert web.requests("/a.pdf")[-1]["If-Range"] == '"v1"'
    assert (root / "book/a.pdf").read_bytes() == newer


def test_a_server_that_goes_on_with_another_version_is_not_believed(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = breaking_off(100_000)
    item = RemoteFile(web.url("/a.pdf"), "book/a.pdf")
    run(root, item, manners=replace(QUICK, attempts=1))
    newer = b"%PDF-2.0" + PDF[8:]

    def answer(request: Handler) -> None:
        if "Range" in request.headers:
            span = f"bytes 100000-{len(newer) - 1}/{len(newer)}"
            request.say(206, newer[100_000:], Content_Range=span, ETag='"v2"')
        else:
            request.say(200, newer, ETag='"v2"')

    web.routes["/a.pdf"] = answer
    assert run(root, item)[0].status == "new"
    assert (root / "book/a.pdf").read_bytes() == newer


@pytest.mark.parametrize("status", [416, 206])
def test_a_server_that_cannot_go_on_is_asked_for_all(web: Web, root: Path, status: int) -> None:
    web.routes["/a.pdf"] = breaking_off(100_000)
    item = RemoteFile(web.url("/a.pdf"), "book/a.pdf")
    run(root, item, manners=replace(QUICK, attempts=1))

    def answer(request: Handler) -> None:
        if "Range" in request.headers:  # 206: the wrong range
            request.say(status, PDF[:10], Content_Range=f"bytes 0-9/{len(PDF)}", ETag='"v1"')
        else:
            request.say(200, PDF)

    web.routes["/a.pdf"] = answer
    assert run(root, item)[0].status == "new"
    assert (root / "book/a.pdf").read_bytes() == PDF


def test_a_server_that_always_breaks_off_leaves_the_old_file(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = with_etag()
    one(root, web)

    def answer(request: Handler) -> None:
        request.say(200, PDF[:5000], Content_Length=str(len(PDF) + 1))
        request.cut()

    web.routes["/a.pdf"] = answer
    told = one(root, web)
    assert told.status == "failed"
    assert "broke off" in told.reason
    assert (root / "book/a.pdf").read_bytes() == PDF


def test_a_busy_server_is_waited_for_as_long_as_it_says(web: Web, root: Path) -> None:
    times: list[float] = []

    def answer(request: Handler) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            request.say(503, b"busy", Retry_After="1")
        elif len(times) == 2:
            soon = datetime.now(UTC) + timedelta(seconds=2)
            request.say(429, b"busy", Retry_After=format_datetime(soon, usegmt=True))
        else:
            request.say(200, PDF)

    web.routes["/a.pdf"] = answer
    assert one(root, web).status == "new"
    assert times[1] - times[0] >= 1
    assert times[2] - times[1] >= 0.5


@pytest.mark.parametrize(
    ("status", "headers", "asked", "said"),
    [
        (503, {}, 3, "busy or broken .status 503.; fetch again later"),
        (503, {"Retry_After": "3600"}, 1, "asks to come back in 3600 seconds"),
        (503, {"Retry_After": "soon"}, 3, "busy or broken"),
        (404, {}, 1, "there is no such file .404.; check the address"),
        (403, {}, 1, "refuses .403."),
        (418, {}, 1, "status 418"),
        (302, {"Location": "file:///etc/passwd"}, 1, "leads on to file://.*not safe"),
        (302, {"Location": "/a.pdf"}, 9, "more than 8 times"),
    ],
)
def test_refusals_are_told_and_only_passing_ones_are_tried_again(
    web: Web, root: Path, status: int, headers: dict[str, str], asked: int, said: str
) -> None:
    web.routes["/a.pdf"] = lambda request: request.say(status, b"no", **headers)
    told = one(root, web)
    assert told.status == "failed"
    assert re.search(said, told.reason), told.reason
    assert len(web.requests("/a.pdf")) == asked


def test_redirects_are_followed(web: Web, root: Path) -> None:
    web.routes["/old"] = lambda request: request.say(302, Location="/mid")
    web.routes["/mid"] = lambda request: request.say(307, Location=web.url("/a.pdf"))
    web.routes["/a.pdf"] = with_etag()
    assert one(root, web, "/old").status == "new"
    assert one(root, web, "/old").status == "unchanged"


@pytest.mark.parametrize(
    ("body", "to", "said"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "book/a.pdf", "an HTML page came instead of a"),
        (b"\n <HTML><body>Error", "book/a.tex", "an HTML page came instead"),
        (b"PK\x03\x04 a zip", "book/a.pdf", "not a pdf file: it begins with"),
        (PDF[:-8], "book/a.pdf", "has no end"),
        (b'{"cells": [', "book/a.ipynb", "not JSON"),
        (b"[" * 200_000, "book/a.ipynb", "not JSON"),
        (b"%PDF-1.7 %%EOF", "book/a.pptx", "not a pptx file"),
        (b"", "book/a.pdf", "empty file"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(
    web: Web, root: Path, body: bytes, to: str, said: str
) -> None:
    web.routes["/a.pdf"] = lambda request: request.say(200, body)
    told = one(root, web, to=to)
    assert told.status == "failed"
    assert said in told.reason
    assert list((root / "book").iterdir()) == []


def test_another_hash_than_the_one_named_is_refused(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = with_etag()
    told = one(root, web, sha256="0" * 64)
    assert told.status == "failed"
    assert f"not {'0' * 64}" in told.reason
    assert list((root / "book").iterdir()) == []
    right = hashlib.sha256(PDF).hexdigest()
    assert one(root, web, sha256=right).status == "new"
    asked = len(web.seen)
    assert one(root, web, sha256=right).status == "unchanged"
    assert len(web.seen) == asked, "the hash says that nothing is new"


@pytest.mark.parametrize("told_length", [True, False])
def test_too_large_a_file_is_refused(web: Web, root: Path, told_length: bool) -> None:
    sent: list[int] = []

    def endless(request: Handler) -> None:
        request.send_response(200)
        request.send_header("Content-Length" if told_length else "X-Length", str(10**12))
        request.end_headers()
        request.cut()
        while True:  # until the client goes away
            request.wfile.write(b"%PDF" * 4096)
            sent.append(4 * 4096)

    web.routes["/a.pdf"] = endless
    told = one(root, web, max_bytes=1_000_000)
    assert told.status == "failed"
    assert "more than the 1 MB allowed" in told.reason
    assert len(web.requests("/a.pdf")) == 1
    assert list((root / "book").iterdir()) == []


def test_a_server_that_falls_silent(web: Web, root: Path) -> None:
    def silent(request: Handler) -> None:
        request.say(200, PDF[:100], Content_Length=str(len(PDF)), ETag='"v1"')
        request.wfile.flush()
        time.sleep(1.5)

    web.routes["/a.pdf"] = silent
    began = time.monotonic()
    (told,) = run(root, RemoteFile(web.url("/a.pdf"), "a.pdf"), manners=replace(QUICK, attempts=1))
    assert told.status == "failed"
    assert "stopped answering" in told.reason
    assert time.monotonic() - began < 1.4


def test_a_body_that_trickles_for_ever(web: Web, root: Path) -> None:
    def trickle(request: Handler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(PDF)))
        request.end_headers()
        for byte in PDF[:200]:
            request.wfile.write(bytes([byte]))
            time.sleep(0.05)

    web.routes["/a.pdf"] = trickle
    (told,) = run(root, RemoteFile(web.url("/a.pdf"), "a.pdf"), manners=replace(QUICK, total_s=0.5))
    assert told.status == "failed"
    assert "took more than" in told.reason


def test_a_packed_body_is_refused(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = lambda request: request.say(200, b"x", Content_Encoding="gzip")
    assert "packs the file" in one(root, web).reason
    assert web.requests("/a.pdf")[0]["Accept-Encoding"] == "identity"


def test_files_of_a_person_are_left_alone(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = with_etag()
    (root / "book").mkdir(parents=True)
    (root / "book/a.pdf").write_bytes(b"mine")
    told = one(root, web)
    assert told.status == "kept"
    assert "move it away" in told.reason
    told = one(root, web, sha256="0" * 64)
    assert told.status == "failed"
    assert (root / "book/a.pdf").read_bytes() == b"mine"
    assert web.seen == []
    (root / "book/a.pdf").unlink()
    one(root, web)
    (root / "book/a.pdf").write_bytes(b"edited")
    told = one(root, web)
    assert told.status == "failed"
    assert "not the one that was fetched" in told.reason
    assert (root / "book/a.pdf").read_bytes() == b"edited"


def test_a_file_that_was_removed_comes_back(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = with_etag()
    one(root, web)
    (root / "book/a.pdf").unlink()
    assert one(root, web).status == "new"
    assert "If-None-Match" not in web.requests("/a.pdf")[1]


def test_links_that_lead_out_of_the_folder_are_not_followed(web: Web, root: Path) -> None:
    web.routes["/a.pdf"] = with_etag()
    root.mkdir()
    outside = root.parent / "outside"
    outside.mkdir()
    (root / "book").symlink_to(outside)
    told = one(root, web)
    assert told.status == "failed"
    assert "leads out of the materials folder" in told.reason
    assert list(outside.iterdir()) == []


def test_a_file_where_a_folder_should_be(web: Web, root: Path) -> None:
    root.mkdir()
    (root / "book").write_text("in the way")
    told = one(root, web)
    assert told.status == "failed"
    assert "cannot be written" in told.reason


def test_a_materials_folder_that_is_none(web: Web, root: Path) -> None:
    root.write_text("a file")
    with pytest.raises(SettingsError, match=r"cannot be written .*--materials"):
        one(root, web)


def test_strange_names(web: Web, root: Path) -> None:
    name = """book/Übung 'eins' "zwei" – 深層学習.pdf"""
    web.routes["/%C3%9Cbung%20%22x%22.pdf"] = with_etag()
    item = RemoteFile(web.url('/Übung%20"x".pdf'), name)
    assert run(root, item)[0].status == "new"
    assert (root / name).read_bytes() == PDF
    assert run(root, item)[0].status == "unchanged"


def test_one_that_fails_does_not_keep_the_others_from_being_fetched(web: Web, root: Path) -> None:
    web.routes["/b.pdf"] = with_etag()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens there
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/a.pdf"
        told = run(root, RemoteFile(nowhere, "a.pdf"), RemoteFile(web.url("/b.pdf"), "b.pdf"))
    assert [item.status for item in told] == ["failed", "new"]
    assert "127.0.0.1 cannot be reached" in told[0].reason
    assert "check the network connection and fetch again" in told[0].reason


def test_a_host_out_of_reach_is_asked_patiently_only_once(web: Web, root: Path) -> None:
    calls: list[str] = []

    def busy(request: Handler) -> None:
        calls.append(request.path)
        request.say(503)

    web.routes["/a.pdf"] = web.routes["/b.pdf"] = busy
    run(root, RemoteFile(web.url("/a.pdf"), "a.pdf"), RemoteFile(web.url("/b.pdf"), "b.pdf"))
    assert calls == ["/a.pdf"] * 3 + ["/b.pdf"]
