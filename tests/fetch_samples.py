"""A file to fetch, a server that knows its version, and one fetch of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from local_web import Handler, Web

from ingest.fetch.manners import Manners
from ingest.fetch.plan import FetchPlan, RemoteFile
from ingest.fetch.run import Fetched, fetch

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 1200 + b"\n%%EOF\n"
MTIME = "Tue, 07 Apr 2026 10:00:00 GMT"
Answer = Callable[[Handler], None]
QUICK = Manners(attempts=3, wait_s=0.01, longest_wait_s=5, connect_s=2, read_s=0.5, total_s=5)


def run(root: Path, *items: RemoteFile, manners: Manners = QUICK) -> list[Fetched]:
    events: list[object] = []
    done = fetch(FetchPlan("toy", root.resolve(), items), events.append, manners)
    assert events[-1] == done
    return list(done.items)


def one(root: Path, web: Web, path: str = "/a.pdf", **more: object) -> Fetched:
    item = RemoteFile(web.url(path), str(more.pop("to", "book/a.pdf")), **more)  # type: ignore[arg-type]
    (told,) = run(root, item)
    return told


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
