"""`bench ingest`: how long a whole ingest takes, with nothing known and with all vectors cached.

Ingest runs as a user runs it, in a process of its own; nothing of it is imported here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.bench.measuring import BenchError, progress, ratio
from eval.bench.table import Row, Table
from eval.memory import max_rss_mib
from eval.stats import quantile


@dataclass(frozen=True, slots=True)
class IngestRun:
    """One ingest: wall seconds, peak resident memory in MiB, chunks, and how many were embedded."""

    seconds: float
    peak_mib: float
    chunks: int
    embedded: int


def bench_ingest(sources: Path, materials: Path | None, repeats: int) -> list[Table]:
    """Ingest `sources` `repeats` times into a new folder, and again into the same one.

    Raises:
        BenchError: an ingest failed.
    """
    cold: list[IngestRun] = []
    warm: list[IngestRun] = []
    for number in range(1, repeats + 1):
        with tempfile.TemporaryDirectory(prefix="bench-ingest-") as folder:
            for name, runs in (("cold", cold), ("warm", warm)):
                progress(f"ingest, {name}, {number} of {repeats}")
                runs.append(run_ingest(sources, materials, Path(folder) / "index"))
    return [Table("Ingest", [_row("cold", cold, cold), _row("warm", warm, cold)])]


def run_ingest(sources: Path, materials: Path | None, index: Path) -> IngestRun:
    """Ingest `sources` into `index` once.

    Raises:
        BenchError: it failed; the message has the last line of what it said.
    """
    command = [sys.executable, "-m", "ingest", str(sources), "--index", str(index), "--json"]
    if materials is not None:
        command += ["--materials", str(materials)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err)
        try:
            # The child's own resource usage, which Popen.wait would throw away.
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if child.returncode is None:
                child.kill()
                child.wait()
        seconds = time.perf_counter() - began
        out.seek(0)
        err.seek(0)
        events = [json.loads(line) for line in out if line.startswith("{")]
        said = [line.strip() for line in err if line.strip()]
    if child.returncode != 0:
        raise BenchError(
            f"The ingest of {sources} ended with status {child.returncode}: {_reason(said, events)}"
        )
    done = next(event for event in reversed(events) if event["event"] == "done")
    return IngestRun(seconds, max_rss_mib(usage), done["chunks"], done["embedded"])


def _reason(said: Sequence[str], events: Sequence[dict[str, Any]]) -> str:
    """Say why an ingest failed: its last word, else the files that could not be read."""
    if said:
        return said[-1]
    failed = [e for e in events if e["event"] == "file" and e["status"] == "failed"]
    files = "; ".join(f"{event['path']}: {event['reason']}" for event in failed)
    return files or "it gave no reason; run the same `python -m ingest` by hand."


def _row(name: str, runs: Sequence[IngestRun], base: Sequence[IngestRun]) -> Row:
    times = [run.seconds for run in runs]
    median = quantile(times, 0.5)
    return {
        "cache": name,
        "runs": len(runs),
        "chunks": runs[0].chunks,
        "embedded": runs[0].embedded,
        "median_s": median,
        "min_s": min(times),
        "max_s": max(times),
        "chunks_per_s": runs[0].chunks / median,
        "peak_memory_mib": quantile([run.peak_mib for run in runs], 0.5),
        "ratio_to_cold": ratio(median, quantile([run.seconds for run in base], 0.5)),
    }
