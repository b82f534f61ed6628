"""Reads damaged course files in a child process, to see what the readers make of them.

    python tests/fuzz_readers.py --count 300 slides:deck.pdf notes:page.md site:SITE/_lectures/1.md

A reader must end in a document or a `SourceError`, soon, without taking the process along. What
ends otherwise is printed and kept in the folder given by --keep, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from select import select
from typing import IO

from mutations import mutate

LIMIT_S = 30.0
MEMORY = 4 << 30
"""Bytes of address space of the child: a reader that takes more has been led astray."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file. `ending`: document, SourceError, error, crash or hang."""

    ending: str
    detail: str
    seconds: float

    @property
    def fine(self) -> bool:
        return self.ending in _FINE


class Child:
    """A process that reads one file after the other, and is replaced when it dies."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self.limit_s = limit_s
        self.process: subprocess.Popen[bytes] | None = None

    def read(
        self, path: Path, kind: str, site: Path | None = None, images: bool = False
    ) -> Outcome:
        """Read one file as `kind`. `images`: by OCR too, which takes its time."""
        if self.process is None:
            self.process = self._start()
        stdin, stdout = _pipes(self.process)
        task = {
            "path": str(path),
            "kind": kind,
            "site": str(site) if site else None,
            "images": images,
        }
        began = time.monotonic()
        with contextlib.suppress(BrokenPipeError):  # it is dead, as reading will tell
            stdin.write(json.dumps(task).encode() + b"\n")
            stdin.flush()
        ready, _, _ = select([stdout], [], [], self.limit_s)
        line = stdout.readline() if ready else b""
        seconds = time.monotonic() - began
        if line:
            told = json.loads(line)
            return Outcome(told["ending"], told["detail"], seconds)
        process = self.process
        if not ready:
            process.kill()
        status = process.wait()
        self.process = None
        return Outcome("crash" if ready else "hang", f"exit status {status}", seconds)

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, __file__, "--child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        _pipes(process)[1].readline()  # it has imported everything
        return process


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None and process.stdout is not None
    return process.stdin, process.stdout


def damaged(original: Path, seeds: range, folder: Path) -> Iterator[tuple[int, Path]]:
    """Write one damaged copy after the other into `folder`, under the original's name."""
    data = original.read_bytes()
    copy = folder / original.name
    for seed in seeds:
        copy.write_bytes(mutate(data, original.suffix, seed))
        yield seed, copy


def child() -> None:
    """Read what stdin names, tell on stdout what became of it."""
    from ds542_tutor.errors import SourceError
    from ingest.chunking import chunk_document
    from ingest.readers import read_course, read_document
    from ingest.sources import SourceFile, SourceSet

    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a library that prints does not disturb
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        site = Path(task["site"]) if task["site"] else None
        path = Path(task["path"])
        source = SourceFile(path=path, name=path.name, kind=task["kind"], site=site, term="sp2026")
        try:
            ending, detail = "document", ""
            try:
                document = read_document(source, task["images"])
                chunk_document(document, lambda text: len(text.split()), 256)
                detail = f"{len(document.segments)} segments"
            except SourceError as error:
                ending, detail = "SourceError", str(error)
            if site is not None:
                read_course(SourceSet("toy", "sp2026", site.parent, files=(source,)))
        except BaseException:  # noqa: BLE001 - whatever it is, it is told
            ending, detail = "error", traceback.format_exc()
        print(json.dumps({"ending": ending, "detail": detail}), file=out, flush=True)


def main() -> int:
    """Read damaged copies of the named files; tell what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", metavar="KIND:FILE")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="of the first damage")
    parser.add_argument("--keep", type=Path, help="folder for the files that were not read well")
    parser.add_argument("--images", action="store_true", help="read images by OCR, too")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child()
        return 0
    seeds = range(options.seed, options.seed + options.count)
    bad = sum(_fuzz(given, seeds, options.keep, options.images) for given in options.files)
    return 1 if bad else 0


def _fuzz(given: str, seeds: range, keep: Path | None, images: bool) -> int:
    kind, _, name = given.partition(":")
    original = Path(name)
    endings: Counter[str] = Counter()
    seen: set[str] = set()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder, Child() as child:
        place, site = Path(folder), None
        if kind == "site":
            upper = original.parent.name.startswith("_")
            whole = original.parent.parent if upper else original.parent
            site = place / "site"
            skip = shutil.ignore_patterns("static_files", ".git")
            shutil.copytree(whole, site, ignore=skip)
            place = site / original.relative_to(whole).parent
        for seed, copy in damaged(original, seeds, place):
            outcome = child.read(copy, kind, site, images)
            endings[outcome.ending] += 1
            slowest = max(slowest, outcome.seconds)
            last = outcome.detail.strip().splitlines()[-3:] if outcome.ending == "error" else []
            if outcome.fine or (last and str(last) in seen):
                continue
            seen.add(str(last))
            print(f"  seed {seed}: {outcome.ending} after {outcome.seconds:.1f} s")
            print("    " + outcome.detail.strip().replace("\n", "\n    ")[-1500:])
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(copy, keep / f"{seed}-{original.name}")
    told = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
    print(f"{given}: {told}; slowest {slowest:.1f} s", flush=True)
    return sum(count for ending, count in endings.items() if ending not in _FINE)


_FINE = ("document", "SourceError")

if __name__ == "__main__":
    sys.exit(main())
