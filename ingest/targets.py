"""`python -m ingest files`: which files a sources file names, and whether it would read another.

For the staff page, which lets people put only such files below the materials folder as an ingest
would read. Whether a file can be read is found out by reading it, which is left to `build`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ds542_tutor.errors import TutorError
from ingest.sources import SITE_FILES, SourceFile, SourceSet, load_sources


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern below the materials folder, and the kind of document that its files become."""

    pattern: str
    kind: str


def patterns(toml: Path) -> list[Pattern]:
    """Return the patterns of every [[source]] of a sources file that `load_sources` accepts."""
    found: list[Pattern] = []
    for entry in tomllib.loads(toml.read_text(encoding="utf-8")).get("source", []):
        files = entry.get("files")
        if files is None:
            files = [str(PurePosixPath(entry["site"]) / pattern) for pattern in SITE_FILES]
        listed = [files] if isinstance(files, str) else files
        found.extend(Pattern(pattern, entry["kind"]) for pattern in listed)
    return found


def would_read(toml: Path, name: str) -> SourceFile | None:
    """Return what an ingest would make of a file called `name`; None when it would not read it.

    `name` is relative to the materials folder, where it need not exist.

    Raises:
        SettingsError: see `load_sources`.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.name:
        return None
    # Asked of a folder with that one file, so that the answer is the ingest's own.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        except (OSError, ValueError):  # a name that no file can have
            return None
        found = load_sources(toml, Path(folder)).files
    return next((f for f in found if f.name == str(path)), None)


def main(arguments: Sequence[str]) -> int:
    """Print the files, or one JSON object; return the exit status: 0, or 2 for an error."""
    parser = argparse.ArgumentParser(
        prog="python -m ingest files",
        description="List the files that a sources file names, without reading them.",
    )
    parser.add_argument("sources", type=Path, help="sources file")
    parser.add_argument("--materials", type=Path, help="folder that the sources' paths start from")
    parser.add_argument(
        "--target", metavar="PATH", help="say also whether a file of this name would be read"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        sources = load_sources(options.sources, options.materials)
        asked = None
        if options.target is not None:
            found = would_read(options.sources, options.target)
            asked = {
                "path": options.target,
                "accepted": found is not None,
                "kind": found.kind if found else None,
            }
        listed = patterns(options.sources)
    except TutorError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        # ASCII, since a name on the disk need not be valid text.
        print(json.dumps(_json(sources, listed, asked)))
    else:
        _print(sources, asked)
    return 0


def _json(
    sources: SourceSet, listed: Sequence[Pattern], asked: dict[str, object] | None
) -> dict[str, object]:
    return {
        "corpus": sources.name,
        "root": str(sources.root),
        "patterns": [{"pattern": p.pattern, "kind": p.kind} for p in listed],
        "files": [{"path": f.name, "kind": f.kind} for f in sources.files],
        "missing": [{"path": u.name, "reason": u.reason} for u in sources.missing],
        "skipped": [{"path": u.name, "reason": u.reason} for u in sources.skipped],
        "target": asked,
    }


def _print(sources: SourceSet, asked: dict[str, object] | None) -> None:
    for file in sources.files:
        print(f"{file.kind:<9} {file.name}")
    for absent in sources.missing:
        print(f"missing   {absent.name}: {absent.reason}")
    for skipped in sources.skipped:
        print(f"skipped   {skipped.name}: {skipped.reason}")
    if asked is not None:
        verdict = f"would be read as {asked['kind']}" if asked["accepted"] else "would not be read"
        print(f"{asked['path']} {verdict}")
