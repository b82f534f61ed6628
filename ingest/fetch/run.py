"""Fetches everything of a plan, one after the other, and tells what became of each.

One that fails does not keep the rest from being fetched, and what was in its place stays. Files
that a person put into the folder, or edited there, are never replaced.
"""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import urlsplit

import httpx

from ds542_tutor.errors import SettingsError, SourceError
from ingest.fetch import git, record, web
from ingest.fetch.manners import Manners, PassingError
from ingest.fetch.plan import FetchPlan, RemoteFile, Repository

LOCK = ".ds542-fetch.lock"
FetchStatus = Literal["new", "updated", "unchanged", "kept", "failed"]


@dataclass(frozen=True, slots=True)
class Begun:
    """One item is being asked for."""

    event: ClassVar[str] = "begin"
    to: str
    url: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one item. `kept`: a person's own file or folder is in its place.

    `sha256`, `bytes`: of a file; `commit`: of a repository.
    """

    event: ClassVar[str] = "fetch"
    to: str
    url: str
    status: FetchStatus
    reason: str = ""
    bytes: int = 0
    sha256: str = ""
    commit: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """The end. `root`: the materials folder."""

    event: ClassVar[str] = "done"
    root: str
    items: tuple[Fetched, ...] = field(repr=False)

    def count(self, status: FetchStatus) -> int:
        """Return how many items ended that way."""
        return sum(item.status == status for item in self.items)


Event = Begun | Fetched | Done
_UNCHANGED = "nothing new"


def fetch(
    plan: FetchPlan, on_event: Callable[[Event], None], manners: Manners | None = None
) -> Done:
    """Fetch all of `plan`.

    Raises:
        SettingsError: the materials folder cannot be made or written, its record cannot be read,
            or another fetch is at work there.
    """
    manners = manners or Manners()
    items: list[Fetched] = []
    down: set[str | None] = set()
    with _locked(plan.root), web.client(manners) as http:
        known = record.load(plan.root)
        for item in plan.items:
            on_event(Begun(item.to, item.url))
            began = time.monotonic()
            host = urlsplit(item.url).hostname
            # A host that was asked in vain, several times, is asked only once for each other item.
            patience = replace(manners, attempts=1) if host in down else manners
            told = _one(item, plan.root, known, http, patience, down)
            record.save(known, plan.root)
            items.append(replace(told, seconds=round(time.monotonic() - began, 2)))
            on_event(items[-1])
    done = Done(str(plan.root), tuple(items))
    on_event(done)
    return done


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / LOCK).open("a")
    except OSError as error:
        raise SettingsError(
            f"the materials folder {root} cannot be written ({error.strerror}); "
            "pass another with --materials FOLDER"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsError(
                f"another fetch is at work in {root}; wait until it has ended"
            ) from error
        yield


def _one(
    item: Repository | RemoteFile,
    root: Path,
    known: record.Record,
    http: httpx.Client,
    manners: Manners,
    down: set[str | None],
) -> Fetched:
    """Fetch one item and note it in `known`; a host that is out of reach is added to `down`."""
    target = root / item.to
    try:
        if not target.resolve().is_relative_to(root):
            raise SourceError(
                f"{target} leads out of the materials folder; replace the link in it by a folder"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(item, Repository):
            return _repository(item, target, known, manners)
        return _file(item, target, known, http, manners)
    except SourceError as error:
        if isinstance(error, PassingError):
            down.add(urlsplit(item.url).hostname)
        return Fetched(item.to, item.url, "failed", str(error))
    except OSError as error:
        problem = error.strerror or type(error).__name__
        where = error.filename or target
        return Fetched(
            item.to, item.url, "failed", f"{where} cannot be written ({problem}); mend that"
        )


def _repository(item: Repository, target: Path, known: record.Record, manners: Manners) -> Fetched:
    if target.exists() and not git.is_checkout(target):
        what = "the folder is no git checkout, so somebody put it there"
        return Fetched(item.to, item.url, "kept", f"{what}; move it away to have it fetched")
    existed = target.exists()
    commit, changed = git.bring(item, target, known.repositories.get(item.to), manners)
    known.repositories[item.to] = record.RepositoryRecord(item.url, commit, web.now(), item.ref)
    status: FetchStatus = "unchanged" if not changed else "updated" if existed else "new"
    reason = f"commit {commit[:10]}" if changed else f"{_UNCHANGED}, commit {commit[:10]}"
    return Fetched(item.to, item.url, status, reason, commit=commit)


def _file(
    item: RemoteFile, target: Path, known: record.Record, http: httpx.Client, manners: Manners
) -> Fetched:
    before = known.files.get(item.to)
    present = record.sha256_of(target) if target.exists() else None
    if present is not None and present == item.sha256:
        # Nobody needs to be asked: the sources file says what the content is.
        size = target.stat().st_size
        return Fetched(item.to, item.url, "unchanged", _UNCHANGED, size, present)
    if present is not None and before is None and item.sha256 is None:
        what = "not brought by fetch, so somebody put it there"
        return Fetched(item.to, item.url, "kept", f"{what}; move it away to have it fetched")
    if present is not None and (before is None or before.sha256 != present):
        raise SourceError(
            "the file there is not the one that was fetched; move it away and fetch again"
        )
    current = before if present is not None else None
    found = web.download(item, target, current, http, manners)
    if found is None:
        assert before is not None
        return Fetched(item.to, item.url, "unchanged", _UNCHANGED, before.bytes, before.sha256)
    known.files[item.to] = found
    same = found.sha256 == present
    status: FetchStatus = "unchanged" if same else "new" if present is None else "updated"
    reason = _UNCHANGED if same else f"{found.bytes / 1e6:,.1f} MB, sha256 {found.sha256[:12]}…"
    return Fetched(item.to, item.url, status, reason, found.bytes, found.sha256)
