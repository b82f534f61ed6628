"""Keeps a checkout of a repository through the program `git`: its newest commit, nothing of a TA's.

A new checkout has one commit of history and comes into its place when it is complete. An old one is
moved on only where nothing of a person's stands in the way: no edits, no commits of their own.
Nothing in a repository is run: no hooks, no submodules, and links become plain files.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ds542_tutor.errors import SourceError
from ingest.fetch.manners import Manners, PassingError, retrying
from ingest.fetch.plan import Repository
from ingest.fetch.record import RepositoryRecord

# Of another repository, when fetch is called from a hook or an alias of it.
_FOREIGN: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
                   "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_NAMESPACE",
                   "GIT_PREFIX", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT")  # fmt: skip
_OPTIONS: Final = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "submodule.recurse=false",
    "gc.auto=0", "advice.detachedHead=false", "http.lowSpeedLimit=1000", "http.lowSpeedTime=30",
)  # fmt: skip
_PASSING: Final = re.compile(
    r"could not resolve host|failed to connect|couldn't connect|connection (?:timed out|refused|"
    r"reset)|operation (?:timed out|too slow)|early eof|unexpected disconnect|rpc failed|"
    r"returned error: (?:429|5\d\d)|empty reply from server",
    re.I,
)


def bring(
    item: Repository, target: Path, known: RepositoryRecord | None, manners: Manners
) -> tuple[str, bool]:
    """Bring the repository's newest commit to the folder `target`.

    Args:
        item: what to bring.  target: where to; the folder above it exists.
        known: what an earlier fetch checked out there.

    Returns:
        The commit that is checked out now, and whether it is another than before.

    Raises:
        SourceError: it could not be brought; `target` is as it was. The message has no name.
    """
    if shutil.which("git") is None:
        raise SourceError(
            "the program git is not installed; install it, or put the folder there by hand"
        )
    git = _Git(item, target, manners)
    return git.update(known) if target.exists() else (git.clone(), True)


def is_checkout(folder: Path) -> bool:
    """Whether the folder is a checkout of its own, not just inside one."""
    return (folder / ".git").exists()


class _Git:
    """Calls of `git` on one checkout."""

    def __init__(self, item: Repository, folder: Path, manners: Manners) -> None:
        self.item = item
        self.folder = folder
        self.manners = manners

    def clone(self) -> str:
        for stale in self.folder.parent.glob(f".{_escaped(self.folder.name)}.*.new"):
            shutil.rmtree(stale, ignore_errors=True)
        temporary = tempfile.mkdtemp(
            prefix=f".{self.folder.name}.", suffix=".new", dir=self.folder.parent
        )
        new = _Git(self.item, Path(temporary), self.manners)
        try:
            new.folder.chmod(0o755)
            run(("init", "--quiet", "--template=", temporary), self.manners)
            new("config", "core.symlinks", "false")
            new("remote", "add", "--", "origin", self.item.url)
            new.fetch("--depth=1")
            new("checkout", "--quiet", "-B", "fetched", "FETCH_HEAD")
            commit = new("rev-parse", "HEAD")
            new.folder.rename(self.folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        return commit

    def update(self, known: RepositoryRecord | None) -> tuple[str, bool]:
        origin = self("config", "--get", "remote.origin.url", allowed=(0, 1))
        if _same(origin) != _same(self.item.url):
            raise SourceError(
                f"the folder is a checkout of {origin or 'no remote repository'}; move it away, or "
                "give this [[fetch]] another to"
            )
        shallow = self("rev-parse", "--is-shallow-repository") == "true"
        self.fetch(*(["--depth=1"] if shallow else []))
        head = self("rev-parse", "--quiet", "--verify", "HEAD", allowed=(0, 1))
        newest = self("rev-parse", "FETCH_HEAD^{commit}")
        if head == newest:
            return head, False
        if head and not (known and known.commit == head) and not self.published(head, newest):
            raise SourceError(
                "there is something new, but the checkout has commits of its own; push or move "
                "them, remove the folder and fetch again"
            )
        changed = self("status", "--porcelain", "--untracked-files=no")
        if changed:
            raise SourceError(
                f"there is something new, but local changes stand in the way ({_few(changed)}); "
                "commit and push them, or undo them (git checkout .), and fetch again"
            )
        branch = self("symbolic-ref", "--short", "--quiet", "HEAD", allowed=(0, 1)) or "fetched"
        # Unlike `reset --hard`, this stops before it writes over a file that git does not know.
        self("checkout", "--quiet", "--no-overwrite-ignore", "-B", branch, "FETCH_HEAD")
        return newest, True

    def fetch(self, *options: str) -> None:
        ref = self.item.ref or "HEAD"
        for attempt in retrying(self.manners):
            with attempt:
                self("fetch", "--quiet", "--no-tags", *options, "--", self.item.url, ref)

    def published(self, commit: str, newest: str) -> bool:
        """Whether `commit` is the remote's, by what is known of its history here."""
        if self("rev-list", "--count", f"{newest}..{commit}", "--") == "0":
            return True
        return bool(self("branch", "--remotes", "--contains", commit))

    def __call__(self, *arguments: str, allowed: Sequence[int] = (0,)) -> str:
        # Named outright: git would otherwise look for a repository in the folders above.
        places = (f"--git-dir={self.folder / '.git'}", f"--work-tree={self.folder}")
        return run((*places, *arguments), self.manners, self.item.url, self.folder, allowed)


def run(
    arguments: Sequence[str],
    manners: Manners,
    url: str = "",
    folder: Path | None = None,
    allowed: Sequence[int] = (0,),
) -> str:
    """Run git without prompts; returns what it printed.

    Raises:
        SourceError: it failed, or took too long; `PassingError` when the network was why.
    """
    options = [part for option in _OPTIONS for part in ("-c", option)]
    child = subprocess.Popen(
        ["git", *options, *arguments],
        cwd=folder,
        env=_environment(url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # its helpers end with it
    )
    try:
        out, err = child.communicate(timeout=manners.total_s)
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise SourceError(
                f"git took more than {manners.total_s:.0f} seconds; fetch again later"
            ) from error
        raise
    if child.returncode not in allowed:
        raise _problem(err)
    return out.strip()


def _environment(url: str) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return kept | {
        "LC_ALL": "C",  # messages are told apart by their words
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GCM_INTERACTIVE": "never",
        # Whatever an address leads on to: no local paths, no ssh, no helpers; nor less than https.
        "GIT_ALLOW_PROTOCOL": "https" if url.startswith("https:") else "http:https",
    }


def _problem(err: str) -> SourceError:
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    told = next((x for x in lines if x.startswith(("fatal:", "error:"))), "".join(lines[-1:]))
    told = re.sub(r"^(?:fatal|error): ", "", told) or "no reason given"
    if "untracked working tree files" in err:
        names = ", ".join(x for x in lines[1:] if not x.startswith(("Please", "Aborting", "fatal")))
        return SourceError(
            f"there is something new, but files of yours stand in the way ({names}); "
            "move them and fetch again"
        )
    if re.search(r"couldn't find remote ref|not our ref", err):
        return SourceError(f"{told}; check ref in the sources file")
    if re.search(r"not found|could not read Username|returned error: 40[134]", err):
        return SourceError(
            f"there is no such public repository ({told}); check the address in the sources file"
        )
    if _PASSING.search(err):
        return PassingError(f"git: {told}; check the network connection and fetch again")
    return SourceError(f"git: {told}")


def _few(status: str, most: int = 3) -> str:
    names = [line.strip().split(maxsplit=1)[-1] for line in status.splitlines()]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _same(url: str) -> tuple[str, str]:
    """Host and path of a repository's address, the same for https://, ssh:// and git@host: ones."""
    match = re.fullmatch(r"(?:\w+://)?(?:[^@/]*@)?([^:/]+)(?::\d+(?=/))?[:/]+(.*)", url)
    host, path = match.groups() if match else ("", url)
    return host.lower(), path.rstrip("/").removesuffix(".git").lower()


def _escaped(name: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", name)
