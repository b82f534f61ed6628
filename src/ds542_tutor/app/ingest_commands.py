"""The commands of `python -m ingest` that the staff page runs, and the short ones' answers.

The server never imports ingest: a child process can be stopped, takes its memory with it, and holds
the index's lock for itself. The long command, which builds an index, is run by `staff_jobs`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ds542_tutor.errors import JobError, UploadError
from ds542_tutor.settings import SECRETS, Settings, project_file

# Moving the pointer takes milliseconds; the rest is starting Python on a busy machine.
_SHORT_S = 60.0


@dataclass(frozen=True, slots=True)
class Listing:
    """What a sources file names. `patterns`: (pattern, kind). `files`: paths below `root`.

    `accepted`: whether the target asked about would be read.
    """

    root: Path
    patterns: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class IngestCommands:
    """Builds and runs command lines. `program`: what starts ingest."""

    sources: Path
    index: Path
    materials: str = ""
    program: tuple[str, ...] = (sys.executable, "-m", "ingest")

    @classmethod
    def of(cls, settings: Settings) -> IngestCommands:
        """Return the commands that these settings call for."""
        return cls(
            project_file(settings.staff.sources),
            settings.paths.index.expanduser(),
            settings.staff.materials,
        )

    def stage(self, *, allow_partial: bool) -> list[str]:
        """Return the command that builds an index and stages it, telling its progress."""
        command = [*self.program, str(self.sources), *self._materials, *self._index]
        return [*command, "--stage", "--json", *(["--allow-partial"] if allow_partial else [])]

    def publish(self, generation: str) -> None:
        """Make a staged generation the one in use. Raises JobError: it was refused; why."""
        self._run("publish", generation, *self._index)

    def roll_back(self, generation: str) -> None:
        """Make a generation that is there the one in use. Raises JobError: it was refused; why."""
        self._run("rollback", generation, *self._index)

    def discard(self, generation: str) -> None:
        """Delete a staged generation. Raises JobError: it was refused; why."""
        self._run("discard", generation, *self._index)

    def files(self, target: str | None = None) -> Listing:
        """Ask which files an ingest reads, and whether it would read `target`.

        Raises:
            UploadError: the sources file is missing or wrong.
        """
        asked = [] if target is None else [f"--target={target}"]
        try:
            printed = self._run("files", str(self.sources), *self._materials, "--json", *asked)
        except JobError as error:
            raise UploadError(str(error)) from error
        data: dict[str, Any] = json.loads(printed)
        return Listing(
            root=Path(data["root"]),
            patterns=tuple((p["pattern"], p["kind"]) for p in data["patterns"]),
            files=tuple(f["path"] for f in data["files"]),
            accepted=bool(data["target"] and data["target"]["accepted"]),
        )

    @property
    def _materials(self) -> list[str]:
        return ["--materials", self.materials] if self.materials else []

    @property
    def _index(self) -> list[str]:
        return ["--index", str(self.index)]

    def _run(self, *arguments: str) -> str:
        """Run a short command and return what it printed."""
        try:
            done = subprocess.run(
                [*self.program, *arguments],
                env=environment(),
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=_SHORT_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise JobError(
                f"`python -m ingest {arguments[0]}` did not answer ({type(error).__name__}); "
                "try it again, or run it in a terminal."
            ) from error
        if done.returncode != 0:
            raise JobError(last_line(done.stderr) or last_line(done.stdout) or "It was refused.")
        return done.stdout


def environment() -> dict[str, str]:
    """Return the environment of a child: ours without secrets it has no use for."""
    return {name: value for name, value in os.environ.items() if name not in SECRETS}


def last_line(text: str) -> str:
    """Return the last line that says something; for an error, that is the error."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
