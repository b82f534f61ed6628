"""`bench ingest`: how long a whole ingest takes, beside a plain pipeline over the same files.

    cold        nothing known: no parsed file, no vector; the same text as the plain pipeline's
    images      also cold, with the text of images that only our readers read
    unchanged   the same command again
    one deck    a line was added to a slide of one deck
    plain       `eval.bench.plain`: page text, recursive splitter, MiniLM in float32, Chroma

Ingest runs as a user runs it, in a process of its own; nothing of it is imported here. With cases,
both indexes are searched with the same questions.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pypdfium2
import pypdfium2.raw as raw

from ds542_tutor.index.generations import IndexStore
from ds542_tutor.settings import Settings
from eval.bench.measuring import BenchError, progress, ratio
from eval.bench.table import Row, Table
from eval.cases import Case, load_cases
from eval.memory import MIB
from eval.metrics import retrieval
from eval.stats import quantile

KINDS = ("cold", "images", "unchanged", "one deck", "plain")
_SAMPLE_S = 0.1
CORRECTION = "Correction: the learning rate here should have been one tenth of that."
_FIGURES = ("hit@1", "success@5", "recall@5", "mrr@10")

NOTES = (
    "Memory is the highest that the ingest and its reading processes held in RAM together, in MiB.",
    "The plain pipeline: page text, recursive splitter (1,000 characters, 200 overlap), MiniLM in "
    "float32 through sentence-transformers, Chroma.",
)


@dataclass(frozen=True, slots=True)
class IngestRun:
    """One ingest: wall seconds, peak resident memory of all its processes in MiB, what was read.

    `pages`: of PDFs and decks; any other file counts as one. `embedded`: texts without a vector
    before.
    """

    seconds: float
    peak_mib: float
    pages: int
    chunks: int
    embedded: int


def bench_ingest(
    sources: Path,
    materials: Path,
    repeats: int,
    cases: Sequence[Path] = (),
    *,
    images: bool = True,
) -> list[Table]:
    """Ingest a copy of `materials` `repeats` times, cold, unchanged and with a deck changed.

    `images`: also measure with the text of images, which takes minutes, and go on from there.

    Raises:
        BenchError: an ingest or the plain pipeline failed.
    """
    runs: dict[str, list[IngestRun]] = {kind: [] for kind in KINDS}
    quality: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as name:
        copy = Path(name) / "materials"
        # The links of a checkout may lead anywhere, so their targets are copied.
        shutil.copytree(materials, copy)
        for number in range(1, repeats + 1):
            index, plain = Path(name) / f"index-{number}", Path(name) / f"plain-{number}"
            progress(f"ingest, cold, {number} of {repeats}")
            bare = Path(name) / f"bare-{number}" if images else index
            runs["cold"].append(run_ingest(sources, copy, bare, "--no-images"))
            options = () if images else ("--no-images",)
            for kind in ("images", "unchanged") if images else ("unchanged",):
                progress(f"ingest, {kind}, {number} of {repeats}")
                runs[kind].append(run_ingest(sources, copy, index, *options))
            progress(f"plain pipeline, {number} of {repeats}")
            run, hits = run_plain(index, plain, cases)
            runs["plain"].append(run)
            if cases and number == 1:
                quality = _quality(index, cases, hits)
            progress(f"ingest, one deck, {number} of {repeats}")
            restore = _correct_a_deck(index, copy)
            runs["one deck"].append(run_ingest(sources, copy, index, *options))
            restore()
    rows = [_row(kind, found, runs["plain"]) for kind, found in runs.items() if found]
    tables = [Table("Ingest", rows)]
    return [*tables, Table("Finding the right page", quality)] if quality else tables


def materials_of(sources: Path) -> Path:
    """Return the materials folder that a sources file names.

    Raises:
        BenchError: the file cannot be read as TOML.
    """
    try:
        corpus = tomllib.loads(sources.read_text(encoding="utf-8")).get("corpus", {})
    except (OSError, ValueError) as error:
        raise BenchError(f"The sources file {sources} cannot be read: {error}.") from error
    return sources.parent / str(corpus.get("materials", "."))


def run_ingest(sources: Path, materials: Path | None, index: Path, *more: str) -> IngestRun:
    """Ingest `sources` into `index` once; `more`: further options.

    Raises:
        BenchError: it failed; the message has the last line of what it said.
    """
    command = [sys.executable, "-m", "ingest", str(sources), "--index", str(index), "--json", *more]
    if materials is not None:
        command += ["--materials", str(materials)]
    done = _measured(command)
    events = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    if done.status != 0:
        raise BenchError(
            f"The ingest of {sources} ended with status {done.status}: {_reason(done.err, events)}"
        )
    end = next(event for event in reversed(events) if event["event"] == "done")
    pages = sum(event["pages"] or 1 for event in events if event["event"] == "file")
    return IngestRun(done.seconds, done.peak_mib, pages, end["chunks"], end["embedded"])


def run_plain(
    index: Path, folder: Path, cases: Sequence[Path]
) -> tuple[IngestRun, dict[str, list[dict[str, Any]]]]:
    """Put the files that `index` was read from through the plain pipeline; also return its hits.

    Raises:
        BenchError: it failed.
    """
    module = "eval.bench.plain"
    command = [sys.executable, "-m", module, str(index), str(folder), *map(str, cases)]
    done = _measured(command)
    if done.status != 0:
        raise BenchError(f"The plain pipeline failed: {_reason(done.err, [])}")
    found = json.loads(done.out.splitlines()[-1])
    # Searching is not part of the ingest.
    run = IngestRun(
        found["seconds"], done.peak_mib, found["pages"], found["chunks"], found["chunks"]
    )
    return run, found["hits"]


# --- one run ---


@dataclass(frozen=True, slots=True)
class _Done:
    seconds: float
    peak_mib: float
    status: int
    out: str
    err: str


def _measured(command: Sequence[str]) -> _Done:
    """Run a command; watch what it and its children hold in memory, all together."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err)
        peak = [0.0]
        watch = threading.Thread(target=_watch, args=(child.pid, peak), daemon=True)
        watch.start()
        try:
            status = child.wait()
        finally:
            child.kill()
            child.wait()
        seconds = time.perf_counter() - began
        watch.join()
        out.seek(0)
        err.seek(0)
        return _Done(seconds, peak[0], status, out.read(), err.read())


def _watch(pid: int, peak: list[float]) -> None:
    try:
        parent = psutil.Process(pid)
        while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
            held = 0
            for process in (parent, *parent.children(recursive=True)):
                try:
                    held += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak[0] = max(peak[0], held / MIB)
            time.sleep(_SAMPLE_S)
    except psutil.NoSuchProcess:
        return


def _correct_a_deck(index: Path, materials: Path) -> Callable[[], None]:
    """Write a line onto the fullest slide of the middle-sized deck; return what undoes it."""
    with IndexStore(index).open_current() as generation:
        decks = [
            d
            for d in generation.manifest.documents
            if d.kind == "slides" and d.path.endswith(".pdf")
        ]
        if not decks:
            raise BenchError("There is no deck among these files that could be changed.")
        path = sorted(decks, key=lambda d: d.page_count)[len(decks) // 2].path
        fullest = max(generation.chunks.by_document(path), key=lambda chunk: len(chunk.text))
    deck = materials / path
    before = deck.read_bytes()
    with pypdfium2.PdfDocument(before) as pdf:
        page = pdf[(fullest.locator.page or 1) - 1]
        line = raw.FPDFPageObj_NewTextObj(pdf, b"Helvetica", ctypes.c_float(18))
        letters = ctypes.create_string_buffer((CORRECTION + "\0").encode("utf-16-le"))
        raw.FPDFText_SetText(line, ctypes.cast(letters, raw.FPDF_WIDESTRING))
        raw.FPDFPageObj_Transform(line, 1, 0, 0, 1, 60, page.get_height() / 3)
        raw.FPDFPage_InsertObject(page, line)
        page.gen_content()
        pdf.save(deck)

    def restore() -> None:
        deck.write_bytes(before)

    return restore


def _reason(err: str, events: Sequence[dict[str, Any]]) -> str:
    """Say why an ingest failed: its last word, else the files that could not be read."""
    said = [line.strip() for line in err.splitlines() if line.strip()]
    if said:
        return said[-1]
    failed = [e for e in events if e["event"] == "file" and e["status"] == "failed"]
    files = "; ".join(f"{event['path']}: {event['reason']}" for event in failed)
    return files or "it gave no reason; run the same `python -m ingest` by hand."


# --- tables ---


def _row(kind: str, runs: Sequence[IngestRun], plain: Sequence[IngestRun]) -> Row:
    times = [run.seconds for run in runs]
    median = quantile(times, 0.5)
    # Where nothing changed, no file is read.
    last = runs[-1]
    return {
        "run": kind,
        "runs": len(runs),
        "pages": last.pages or None,
        "chunks": last.chunks,
        "embedded": last.embedded,
        "median_s": median,
        "min_s": min(times),
        "max_s": max(times),
        "pages_per_s": last.pages / median if last.pages else None,
        "chunks_per_s": last.chunks / median,
        "peak_memory_mib": quantile([run.peak_mib for run in runs], 0.5),
        "ratio_to_plain": ratio(median, quantile([run.seconds for run in plain], 0.5)),
    }


def _quality(
    index: Path, files: Sequence[Path], plain: dict[str, list[dict[str, Any]]]
) -> list[Row]:
    """Score the hits of both for every case that has a gold page."""
    cases = [case for case in load_cases(files) if case.relevant]
    return [
        _found("plain", cases, plain),
        *(_found(name, cases, hits) for name, hits in _our_hits(index, cases).items()),
    ]


def _our_hits(index: Path, cases: Sequence[Case]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """What our chunks give by dense search alone, and by the tutor's own search."""
    from ds542_tutor.models.embedding import load_embedder
    from ds542_tutor.retrieval import Retriever

    settings = Settings()
    embedder = load_embedder(settings.models)
    hits: dict[str, dict[str, list[dict[str, Any]]]] = {"our chunks, dense": {}, "our search": {}}
    with IndexStore(index).open_current(embedder.model_id) as generation:
        retriever = Retriever(
            generation, embedder, settings.retrieval, None, generation.course.term
        )
        for case in cases:
            pairs = generation.dense.search(embedder.embed_query(case.question), 10)
            chunks = generation.chunks.get([i for i, _ in pairs])
            hits["our chunks, dense"][case.id] = [_place(chunk) for chunk in chunks]
            found = retriever.search(retriever.query(case.question, case.history))
            hits["our search"][case.id] = [_place(hit.chunk) for hit in found]
    return hits


def _place(chunk: Any) -> dict[str, Any]:
    return {"document": chunk.document, "page": chunk.locator.page, "pages": list(chunk.pages)}


def _found(name: str, cases: Sequence[Case], hits: dict[str, list[dict[str, Any]]]) -> Row:
    scores = [retrieval.score(case, {"hits": hits.get(case.id, [])}) for case in cases]
    row: dict[str, str | int | float | None] = {"search": name, "cases": len(cases)}
    for figure in _FIGURES:
        row[figure] = sum(float(score[figure] or 0) for score in scores) / len(scores)
    return row
