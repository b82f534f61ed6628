"""Fetching files from a real server that misbehaves in every way that servers do."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from local_web import Handler, Web, serving

from ds542_tutor.errors import SettingsError
from ingest.__main__ import main
from ingest.fetch.manners import Manners
from ingest.fetch.plan import FetchPlan, RemoteFile, load_plan
from ingest.fetch.record import RECORD
from ingest.fetch.run import Fetched, fetch

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 1200 + b"\n%%EOF\n"
MTIME = "Tue, 07 Apr 2026 10:00:00 GMT"
Answer = Callable[[Handler], None]
QUICK = Manners(attempts=3, wait_s=0.01, longest_wait_s=5, connect_s=2, read_s=0.5, total_s=5)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with serving(tmp_path / "repositories") as web:
        yield web


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "materials"


def run(root: Path, *items: RemoteFile, manners: Manners = QUICK) -> list[Fetched]:
    events: list[object] = []
    done = fetch(FetchPlan("toy", root.resolve(), items), events.append, manners)
    assert events[-1] == done
    return list(done.items)


def one(root: Path, web: Web, path: str = "/a.pdf", **more: object) -> Fetched:
    item = RemoteFile(web.url(path), str(more.pop("to", "book/a.pdf")), **more)  # type: ignore[arg-type]
    (told,) = run(root, item)
    return told


def hidden(root: Path) -> set[str]:
    return {path.name for path in (root / "book").iterdir() if path.name.startswith(".")}


def with_etag(body: bytes = PDF, etag: str = '"v1"') -> Answer:
    def answer(request: Handler) -> None:
        if request.headers.get("If-None-Match") == etag:
            request.say(304, ETag=etag)
        else:
            request.say(200, body, ETag=etag)

    return answer


def breaking_off(after: int, body: bytes = PDF, **headers: str) -> Answer:
    """Breaks off the first time; goes on from there when asked for a range of that version."""
    headers = headers or {"ETag": '"v1"'}
    calls: list[int] = []

    def answer(request: Handler) -> None:
        calls.append(1)
        asked = request.headers.get("Range")
        if len(calls) == 1:
            request.say(200, body[:after], Content_Length=str(len(body)), **headers)
            request.cut()
        elif asked and request.headers.get("If-Range") in headers.values():
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            span = f"bytes {start}-{len(body) - 1}/{len(body)}"
            request.say(206, body[start:], Content_Range=span, **headers)
        else:
            request.say(200, body, **headers)

    return answer


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


def toml(tmp_path: Path, *tables: str) -> Path:
    path = tmp_path / "toy.toml"
    head = '[corpus]\nname = "toy"\nterm = "sp2026"\nmaterials = "materials"\n'
    path.write_text(head + "".join(f"[[fetch]]\n{table}\n" for table in tables), encoding="utf-8")
    return path


def test_the_command(web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web.routes["/a.pdf"] = with_etag()
    sources = toml(
        tmp_path,
        f'url = "{web.url("/a.pdf")}"\nto = "a.pdf"',
        f'url = "{web.url("/none.pdf")}"\nto = "none.pdf"\nmax_mb = 0.5',
    )
    assert main(["fetch", str(sources)]) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("new       a.pdf: 0.3 MB, sha256 ")
    assert lines[1].startswith("failed    none.pdf: 127.0.0.1: there is no such file (404)")
    assert lines[2] == "2 named, 1 brought, 1 failed."
    assert lines[3] == f"What was in {tmp_path / 'materials'} before is still there. " + (
        "Run it again to go on."
    )
    assert err.splitlines()[0] == f"fetching a.pdf from {web.url('/a.pdf')}"
    web.routes["/none.pdf"] = with_etag()
    elsewhere = tmp_path / "else where"
    arguments = ["fetch", str(sources), "--materials", str(elsewhere), "--json"]
    assert main(arguments) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["begin", "fetch", "begin", "fetch", "done"]
    assert (events[-1]["new"], events[-1]["failed"]) == (2, 0)
    assert (elsewhere / "a.pdf").read_bytes() == PDF


def test_two_at_once(web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = toml(tmp_path, f'url = "{web.url("/a.pdf")}"\nto = "a.pdf"')
    status: list[int] = []

    def answer(request: Handler) -> None:
        status.append(main(["fetch", str(sources), "--json"]))
        request.say(200, PDF)

    web.routes["/a.pdf"] = answer
    assert main(["fetch", str(sources)]) == 0
    assert status == [2]
    assert "another fetch is at work" in capsys.readouterr().err


def test_a_record_that_cannot_be_read(web: Web, root: Path) -> None:
    root.mkdir()
    (root / RECORD).write_text('{"files": 3}')
    with pytest.raises(SettingsError, match=r"\.ds542-fetch\.json cannot be read .*; remove it"):
        one(root, web)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('to = "a"', "needs either git or url"),
        ('git = "https://x.org/a"\nurl = "https://x.org/a"\nto = "a"', "needs either git or url"),
        ('url = "https://x.org/a"\nto = "a"\nref = "main"', "unknown key 'ref'"),
        ('url = "file:///etc/passwd"\nto = "a"', "begins with https:// or http://"),
        ('git = "ext::sh -c date"\nto = "a"', "begins with https:// or http://"),
        ('git = "--upload-pack=date"\nto = "a"', "begins with https:// or http://"),
        ('git = "git@github.com:DL4DS/sp2026"\nto = "a"', "begins with https:// or http://"),
        ('url = "https:///a"\nto = "a"', "begins with https:// or http://"),
        ('url = "https://[::1/a"\nto = "a"', "begins with https:// or http://"),
        ('url = "https://me:secret@x.org/a"\nto = "a"', "has a user name in it"),
        ('url = "https://x.org/a"', "needs to ="),
        ('url = "https://x.org/a"\nto = "../a"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "b/../../a"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "/etc/a"', "must be a path below"),
        ('url = "https://x.org/a"\nto = ".ds542-fetch.json"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "a/.git/config"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "."', "must be a path below"),
        ('url = "https://x.org/a"\nto = "a\\\\b"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "a"\nsha256 = "abc"', "64 hexadecimal digits"),
        ('url = "https://x.org/a"\nto = "a"\nmax_mb = true', "number of megabytes"),
        ('url = "https://x.org/a"\nto = "a"\nmax_mb = -1', "number of megabytes"),
        ('git = "https://x.org/a"\nto = "a"\nref = "--exec=date"', "branch, tag or commit"),
        ('git = "https://x.org/a"\nto = "a"\nref = "a..b"', "branch, tag or commit"),
    ],
)
def test_mistakes_in_the_sources_file(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load_plan(toml(tmp_path, table))


def test_two_in_one_place(tmp_path: Path) -> None:
    site = 'git = "https://x.org/site"\nto = "site"'
    with pytest.raises(SettingsError, match="lie in one place"):
        load_plan(toml(tmp_path, site, 'url = "https://x.org/a.md"\nto = "site/./a.md"'))
    with pytest.raises(SettingsError, match="lie in one place"):
        load_plan(toml(tmp_path, site, site))
    assert len(load_plan(toml(tmp_path, site, site.replace("site", "site2"))).items) == 2


def test_nothing_to_fetch(tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", str(toml(tmp_path)), "--json"]) == 2
    out, err = capsys.readouterr()
    assert "names nothing to fetch" in err
    assert json.loads(out)["message"] == err.strip()
    assert not root.exists()


def test_the_real_course_names_its_sources() -> None:
    plan = load_plan(Path(__file__).parents[1] / "corpus" / "ds542-sp2026.toml")
    assert [item.to for item in plan.items] == [
        "sp2026", "sp2026_discussions", "fa2025", "udl", "book/UnderstandingDeepLearning.pdf",
    ]  # fmt: skip
    assert all(item.url.startswith("https://github.com/") for item in plan.items)
