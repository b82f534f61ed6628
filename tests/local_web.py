"""A real HTTP server on this machine that answers as a test scripts it, and serves repositories."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """One request; `server.routes` has what answers each path."""

    protocol_version = "HTTP/1.1"
    server: Web

    def do_GET(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        self.server.seen.append((path, dict(self.headers)))
        if path.startswith("/git/"):
            self.git()
        elif path in self.server.routes:
            self.server.routes[path](self)
        else:
            self.say(404, b"<html>not here</html>")

    do_POST = do_GET  # noqa: N815

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer in full; `Content_Length="9"` tells another length than the body's."""
        headers = {"Content_Length": str(len(body))} | headers
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(body)

    def cut(self) -> None:
        """End the connection after this answer, complete or not."""
        self.close_connection = True

    def git(self) -> None:
        """Answer as `git http-backend`, the program that git brings for this."""
        url = urllib.parse.urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                body += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.server.repositories),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": url.path.removeprefix("/git"),
                "QUERY_STRING": url.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            },
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(fields.pop("Status", "200 OK").split()[0])
        self.say(status, content, **fields)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Web(ThreadingHTTPServer):
    """The server. `seen`: path and headers of every request."""

    daemon_threads = True

    def __init__(self, repositories: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories = repositories
        self.routes: dict[str, Callable[[Handler], None]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def requests(self, path: str) -> list[dict[str, str]]:
        return [headers for seen, headers in self.seen if seen == path]

    def handle_error(self, *_: Any) -> None:
        """A client that goes away in the middle is part of the tests."""


@contextlib.contextmanager
def serving(repositories: Path) -> Iterator[Web]:
    """Serve until the block ends."""
    with Web(repositories) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield web
        web.shutdown()
        thread.join()


def git(folder: Path, *arguments: str) -> str:
    """Run git as a person of no name; returns what it printed."""
    who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(repository: Path, files: dict[str, str]) -> str:
    """Write the files and commit them; returns the commit."""
    if not repository.exists():
        repository.mkdir(parents=True)
        git(repository, "init", "--quiet", "--initial-branch=main")
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text, encoding="utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message=change")
    return git(repository, "rev-parse", "HEAD")
