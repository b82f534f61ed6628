"""Downloads one file over HTTP: only when it changed, going on where a download broke off.

What has arrived stands as `.NAME.part` beside the file's place, and beside it as `.NAME.part.json`
which version of the file it is a part of; the file itself is replaced in one step when everything
is there and has been checked. Conditional and range requests as in RFC 9110, sections 13 and 14.
"""

from __future__ import annotations

import contextlib
import email.utils
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Never
from urllib.parse import urlsplit

import httpx

from ds542_tutor.errors import SourceError
from ingest.fetch import content, record
from ingest.fetch.manners import Manners, PassingError, retrying
from ingest.fetch.plan import RemoteFile
from ingest.fetch.record import FileRecord

AGENT: Final = "ds542_tutor (course materials; python -m ingest fetch)"
MAX_REDIRECTS: Final = 8
_PASSING: Final = (408, 429, 500, 502, 503, 504)
_REASONS: Final = {
    401: "it wants a password (401)", 403: "it refuses (403)",
    404: "there is no such file (404)", 410: "the file was taken away (410)",
}  # fmt: skip


def client(manners: Manners) -> httpx.Client:
    """A client that names this project; to be closed by the caller."""
    return httpx.Client(
        headers={"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(manners.read_s, connect=manners.connect_s),
    )


def download(
    item: RemoteFile, target: Path, known: FileRecord | None, http: httpx.Client, manners: Manners
) -> FileRecord | None:
    """Bring `item` to `target` if the server has another version of it.

    Args:
        item: what to bring.  target: where to; its folder exists.
        known: about the file at `target`; None where there is none.

    Returns:
        What is at `target` now; None when it is what it was.

    Raises:
        SourceError: it could not be brought; `target` is untouched. The message has no name.
    """
    part = _Part(target)
    deadline = time.monotonic() + manners.total_s
    for attempt in retrying(manners):
        with attempt:
            headers = _conditions(item, known, part)
            with _answer(http, item.url, headers, manners) as response:
                if response.status_code == 304:
                    part.drop()
                    return None
                _receive(response, item, part, deadline, manners)
                return _accept(response, item, target, part)
    raise AssertionError("an attempt returns or raises")


@dataclass(frozen=True, slots=True)
class _Part:
    """The beginning of a file that has arrived, and which version it is of."""

    target: Path

    @property
    def path(self) -> Path:
        return self.target.with_name(f".{self.target.name}.part")

    @property
    def about(self) -> Path:
        return self.target.with_name(f".{self.target.name}.part.json")

    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def validator(self, url: str) -> str:
        """What tells the server which version the part is of; "" when the part is of no use."""
        try:
            about = json.loads(self.about.read_text(encoding="utf-8"))
            return str(about["validator"]) if about["url"] == url and self.size() else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def is_of(self, response: httpx.Response, url: str) -> bool:
        """Whether the response goes on with the same version, where it says which it is."""
        return response.headers.get("ETag", "") in ("", self.validator(url)) or (
            not self.validator(url).startswith('"')
        )

    def begin(self, url: str, validator: str) -> None:
        self.drop()
        record.write_atomically(self.about, json.dumps({"url": url, "validator": validator}))

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        self.about.unlink(missing_ok=True)


def _conditions(item: RemoteFile, known: FileRecord | None, part: _Part) -> dict[str, str]:
    headers: dict[str, str] = {}
    if known is not None and known.url == item.url:
        if known.etag:
            headers["If-None-Match"] = known.etag
        elif known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
    validator = part.validator(item.url)
    if validator:
        headers |= {"Range": f"bytes={part.size()}-", "If-Range": validator}
    return headers


@contextlib.contextmanager
def _answer(
    http: httpx.Client, url: str, headers: dict[str, str], manners: Manners
) -> Iterator[httpx.Response]:
    """The response with its body still to come; transport errors are told in plain words."""
    host = urlsplit(url).hostname
    try:
        response = _send(http, http.build_request("GET", url, headers=headers))
        try:
            _refuse(response, manners)
            yield response
        finally:
            response.close()
    except httpx.TimeoutException as error:
        raise PassingError(
            f"{host} stopped answering; check the network connection and fetch again later"
        ) from error
    except (httpx.ConnectError, httpx.ProxyError) as error:
        raise PassingError(
            f"{host} cannot be reached ({error}); check the network connection and fetch again"
        ) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise SourceError(f"the address cannot be used ({error}); check it") from error
    except httpx.TransportError as error:
        raise PassingError(
            f"the connection to {host} broke off ({error}); fetch again to go on from there"
        ) from error


def _send(http: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Follow redirects, but neither without end nor from https to anything less."""
    secure = request.url.scheme == "https"
    for _ in range(MAX_REDIRECTS + 1):
        response = http.send(request, stream=True)
        if response.next_request is None:
            return response
        response.close()
        request = response.next_request
        if request.url.scheme not in (("https",) if secure else ("http", "https")):
            raise SourceError(
                f"the address leads on to {request.url}, which is not safe to follow; "
                "check the address"
            )
    raise SourceError(
        f"the address leads on and on (more than {MAX_REDIRECTS} times); check the address"
    )


def _refuse(response: httpx.Response, manners: Manners) -> None:
    """Raise unless there is a body to take, or nothing new."""
    status = response.status_code
    if status in (200, 206, 304, 416):
        return
    if status not in _PASSING:
        reason = _REASONS.get(status, f"it answered with status {status}")
        raise SourceError(f"{response.url.host}: {reason}; check the address in the sources file")
    after = _retry_after(response)
    if after is not None and after > manners.longest_wait_s:
        raise SourceError(
            f"{response.url.host} is busy and asks to come back in {after:.0f} seconds; "
            "fetch again then"
        )
    raise PassingError(
        f"{response.url.host} is busy or broken (status {status}); fetch again later", after
    )


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds; the header has them, or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _receive(
    response: httpx.Response, item: RemoteFile, part: _Part, deadline: float, manners: Manners
) -> None:
    """Write the body to the part, behind what is there already when the server goes on."""
    total = _prepare(response, item, part)
    got = part.size()
    if got > item.max_bytes or (total or 0) > item.max_bytes:
        _too_large(item, part, total)
    with part.path.open("ab") as file:
        # As it comes: gathered into larger blocks, the last of a broken download would be lost.
        for block in response.iter_raw():
            got += len(block)
            if got > item.max_bytes:
                _too_large(item, part, None)
            file.write(block)
            if time.monotonic() > deadline:
                raise SourceError(
                    f"took more than {manners.total_s:.0f} seconds; fetch again to go on from there"
                )
        file.flush()
        os.fsync(file.fileno())
    if total is not None and got != total:
        if got > total:
            part.drop()
        raise PassingError(f"{got:,} of {total:,} bytes came; fetch again to go on from there")


def _prepare(response: httpx.Response, item: RemoteFile, part: _Part) -> int | None:
    """Make the part ready for the body; returns the whole file's size where it is known."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise SourceError("the server packs the file, though it was asked not to; fetch it by hand")
    if response.status_code == 206:
        match = re.fullmatch(
            r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip()
        )
        if match and int(match[1]) == part.size() and part.is_of(response, item.url):
            return int(match[2]) if match[2] != "*" else None
    if response.status_code != 200:  # a part that does not fit, or the server says so (416)
        part.drop()
        raise PassingError("the server cannot go on where the download broke off", after=0.0)
    etag = response.headers.get("ETag", "")
    strong = "" if etag.startswith("W/") else etag
    part.begin(item.url, strong or response.headers.get("Last-Modified", ""))
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _too_large(item: RemoteFile, part: _Part, size: int | None) -> Never:
    part.drop()
    told = f"is {size / 1e6:,.1f} MB" if size else "goes on"
    raise SourceError(
        f"the file {told}, more than the {item.max_bytes / 1e6:g} MB allowed; "
        "check the address, or raise max_mb in the sources file"
    )


def _accept(response: httpx.Response, item: RemoteFile, target: Path, part: _Part) -> FileRecord:
    """Check what has arrived and put it in its place."""
    try:
        content.check(part.path, target.name)
        found = record.sha256_of(part.path)
        if item.sha256 not in (None, found):
            raise SourceError(
                f"what came has the sha256 {found}, not {item.sha256}; if the file was rightly "
                "replaced by a new one, put that into the sources file"
            )
    except SourceError:
        part.drop()
        raise
    size = part.size()
    if not (target.is_file() and record.sha256_of(target) == found):
        part.path.replace(target)
    part.drop()
    return FileRecord(
        url=item.url,
        sha256=found,
        bytes=size,
        fetched=now(),
        etag=response.headers.get("ETag", ""),
        last_modified=response.headers.get("Last-Modified", ""),
    )


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
