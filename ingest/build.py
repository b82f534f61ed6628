"""From a list of course files to a published generation: read, chunk, embed, write, check, publish.

Nothing is changed in place: whatever goes wrong, the generation in use stays as it is. How files
are read and cut is for `workers` and `parsing`, how a generation is stored for `index`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ds542_tutor.course import Course
from ds542_tutor.documents import Chunk, Erratum
from ds542_tutor.errors import EmptySourceError, SourceError, TutorError
from ds542_tutor.index.chunks import DocumentRecord
from ds542_tutor.index.generation import GENERATIONS, Generation
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import FORMAT, Manifest
from ds542_tutor.index.storage import reporting_write_errors
from ds542_tutor.index.writer import GenerationWriter
from ds542_tutor.models.document_embedding import DocumentEmbedder
from ingest.changes import compare
from ingest.checking import check
from ingest.chunking import MAX_TOKENS
from ingest.crossrefs import tie
from ingest.embedding import TextEmbedding
from ingest.parsing import PARSED_FILE, Keys, Parsed, ParsedCache, Reading
from ingest.readers import read_course
from ingest.report import FileDone, GateVerdict, OnEvent, Phase, Report, Started
from ingest.sources import SourceFile, SourceSet
from ingest.workers import Failure, Limits, read_files

IMAGES_FOLDER = "images"
"""What images say, kept in the index folder."""


Gate = Callable[[Manifest], GateVerdict]
"""Says whether the prepared generation with this manifest may be published."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an ingest is to go.

    Attributes:
        allow_partial: publish also when a file failed.
        gate: asked last whether to publish.
        dry_run: read and compare only; nothing is embedded or written but caches.
        stage: build the generation whole, but leave publishing to `IndexStore.publish`.
        force: build also when nothing has changed since the generation in use.
        chunk_tokens: size of a chunk in the embedder's tokens, heading path included.
        images: read pages and slides that have no text off their images.
        limits: what reading a file may cost.
    """

    allow_partial: bool = False
    gate: Gate | None = None
    dry_run: bool = False
    stage: bool = False
    force: bool = False
    chunk_tokens: int = MAX_TOKENS
    images: bool = True
    limits: Limits = field(default_factory=Limits)


def build(
    sources: SourceSet,
    store: IndexStore,
    embedder: DocumentEmbedder,
    on_event: OnEvent,
    wishes: Wishes | None = None,
) -> Report:
    """Build a generation from `sources` and publish it.

    When a file failed nothing is published, unless `allow_partial` and another could be read; nor
    when the gate says no. When nothing has changed the generation in use stays as it is.

    Raises:
        IndexFullError: the disk is full. IndexStoreError: another ingest runs, or a check failed.
        EmptySourceError: the sources name no file at all.
    """
    wishes = wishes or Wishes()
    began = time.monotonic()
    run = _Run(sources, store, embedder, on_event, wishes)
    run.identify()
    report = None if wishes.force or wishes.dry_run else run.nothing_new()
    if report is None:
        with ExitStack() as opened:
            writer = None if wishes.dry_run else opened.enter_context(store.begin())
            report = run.carry_out(writer, began)
    report = dataclasses.replace(report, seconds=round(time.monotonic() - began, 1))
    on_event(report)
    return report


@dataclass
class _Run:
    """One ingest under way: its parts, and what it has gathered so far."""

    sources: SourceSet
    store: IndexStore
    embedder: DocumentEmbedder
    on_event: OnEvent
    wishes: Wishes
    keys: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    sites: dict[Path, str] = field(default_factory=dict)
    fingerprint: str = ""
    files: list[FileDone] = field(default_factory=list)
    parsed: dict[str, Parsed] = field(default_factory=dict)
    documents: list[DocumentRecord] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    errata: tuple[Erratum, ...] = ()

    @property
    def max_tokens(self) -> int:
        """Size of a chunk: it should say one thing, so an embedder that reads more gets no more."""
        return min(self.embedder.max_tokens, self.wishes.chunk_tokens)

    def failed(self) -> tuple[str, ...]:
        """Return "path: reason" of the files that failed."""
        return tuple(f"{f.path}: {f.reason}" for f in self.files if f.status == "failed")

    # --- what is there ---

    def identify(self) -> None:
        """Find by what each file, and all of the corpus, is known."""
        keys = self._new_keys()
        for source in self.sources.files:
            try:
                self.keys[source.name], self.contents[source.name] = keys.of(source)
            except SourceError as error:
                self.keys[source.name] = f"unreadable: {error}"
        self.sites = {f.site: keys.site(f.site) for f in self.sources.files if f.site}
        corpus = dataclasses.replace(self.sources, files=())
        parts = [
            json.dumps(dataclasses.asdict(corpus), sort_keys=True, default=str),
            json.dumps(self.keys, sort_keys=True),
            *(self.sites[site] for site in sorted(self.sites)),
            f"{self.embedder.model_id} {self.embedder.dtype} {FORMAT}",
        ]
        self.fingerprint = hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _new_keys(self) -> Keys:
        how = f"{self.embedder.model_id} {self.max_tokens} {self.wishes.images}"
        return Keys(self.sources.root, how)

    def nothing_new(self) -> Report | None:
        """Return the report of an ingest that has nothing to do, None when it has."""
        try:
            manifest = self.store.current_manifest()
        except TutorError:
            return None
        if manifest.fingerprint != self.fingerprint or not self._whole(manifest):
            return None
        read = (_done(document) for document in manifest.documents)
        skipped = (FileDone(s.name, "skipped", s.reason) for s in self.sources.skipped)
        return Report(
            generation=manifest.id,
            files=(*skipped, *read),
            chunks=manifest.chunks,
            embedded=0,
            seconds=0.0,
            warnings=manifest.warnings,
            unchanged=True,
        )

    def open_base(self) -> Generation | None:
        """Open the generation in use, to compare with and to take over from; None without."""
        try:
            base = self.store.open_current()
        except TutorError:  # none yet, of an older format, or damaged: this one replaces it
            return None
        if self._whole(base.manifest):
            return base
        base.close()
        return None

    def _whole(self, manifest: Manifest) -> bool:
        return manifest.is_whole(self.store.root / GENERATIONS / manifest.id)

    # --- from files to a report ---

    def carry_out(self, writer: GenerationWriter | None, began: float) -> Report:
        """Read everything; with a `writer`, also build a generation and publish it."""
        with reporting_write_errors(self.store.root):
            self.store.root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opened:
            embedding = opened.enter_context(TextEmbedding(self.store.root, self.embedder))
            # Opening takes a second, most of it Chroma's import; reading leaves this process idle.
            opening = opened.enter_context(ThreadPoolExecutor(max_workers=1)).submit(self.open_base)
            self.read(writer, embedding)
            base = opening.result()
            if base is not None:
                opened.enter_context(base)
            return self._build(writer, base, began, embedding)

    def _build(
        self,
        writer: GenerationWriter | None,
        base: Generation | None,
        began: float,
        embedding: TextEmbedding,
    ) -> Report:
        course = read_course(self.sources)
        if not self.chunks and not self.failed():
            raise EmptySourceError(
                f"The corpus {self.sources.name} names no file that can be read; "
                "check the patterns in its sources file and the --materials folder."
            )
        changes = compare(base, self.documents, self.chunks)
        published = staged = verdict = None
        wanted = bool(self.chunks) and (self.wishes.allow_partial or not self.failed())
        if writer is not None and wanted:
            manifest = self.write(writer, base, course, embedding)
            if self.wishes.gate is not None:
                self.on_event(Phase("gate"))
                verdict = self.wishes.gate(writer.prepare(manifest))
            if verdict is None or verdict.green:
                seconds = round(time.monotonic() - began, 1)
                manifest = dataclasses.replace(manifest, seconds=seconds)
                if self.wishes.stage:
                    staged = writer.stage(manifest).id
                else:
                    published = writer.publish(manifest).id
        return Report(
            generation=published,
            files=tuple(self.files),
            chunks=len(self.chunks),
            embedded=embedding.embedded,
            seconds=0.0,
            warnings=course.warnings,
            gate=verdict,
            staged=staged,
            changes=changes,
            dry_run=self.wishes.dry_run,
        )

    def read(self, writer: GenerationWriter | None, embedding: TextEmbedding) -> None:
        """Read and cut every file; tell what became of each, and begin to embed what it says."""
        total = sum(map(len, (self.sources.files, self.sources.missing, self.sources.skipped)))
        self.on_event(Started(self.sources.name, total))
        for outcome in self._outcomes(writer, embedding):
            told = dataclasses.replace(outcome, done=len(self.files) + 1, total=total)
            self.files.append(told)
            self.on_event(told)
        # In the order of the sources, whichever file was read first.
        position = {source.name: i for i, source in enumerate(self.sources.files)}
        self.files.sort(key=lambda file: position.get(file.path, -1))
        done = [self.parsed[s.name] for s in self.sources.files if s.name in self.parsed]
        self.documents = [parsed.record for parsed in done]
        tied = tie([chunk for parsed in done for chunk in parsed.chunks], self.sources.files)
        self.chunks, self.errata = list(tied.chunks), tied.errata

    def _outcomes(
        self, writer: GenerationWriter | None, embedding: TextEmbedding
    ) -> Iterator[FileDone]:
        for absent in self.sources.missing:
            yield FileDone(absent.name, "failed", absent.reason)
        for skipped in self.sources.skipped:
            yield FileDone(skipped.name, "skipped", skipped.reason)
        with (
            reporting_write_errors(self.store.root),
            ParsedCache(self.store.root / PARSED_FILE) as cache,
        ):
            known = cache.get(self.keys.values())
            unknown: list[SourceFile] = []
            for source in self.sources.files:
                if parsed := known.get(self.keys[source.name]):
                    yield self._take(source, parsed, writer)
                else:
                    unknown.append(source)
            reading = Reading(
                self.embedder.token_counter,
                self.max_tokens,
                self.wishes.images,
                self.store.root / IMAGES_FOLDER,
            )
            for i, outcome in read_files(unknown, reading, self.wishes.limits):
                source = unknown[i]
                if isinstance(outcome, Failure):
                    yield FileDone(source.name, "failed", outcome.reason)
                    continue
                # A file that was changed after its key was taken is not what the key says.
                if outcome.record.sha256 == self.contents.get(source.name):
                    cache.put(self.keys[source.name], outcome)
                else:
                    self.fingerprint = ""
                if writer is not None:
                    embedding.begin([chunk.search_text for chunk in outcome.chunks])
                yield self._take(source, outcome, writer)
            # Nor is a page whose site was changed meanwhile: what it includes may be either.
            for site in {source.site for source in unknown if source.site}:
                if self._new_keys().site(site) != self.sites[site]:
                    cache.forget(self.keys[s.name] for s in unknown if s.site == site)
                    self.fingerprint = ""

    def _take(
        self, source: SourceFile, parsed: Parsed, writer: GenerationWriter | None
    ) -> FileDone:
        try:
            if writer is not None:
                writer.keep_file(source.path, parsed.record.sha256)
        except SourceError as error:
            return FileDone(source.name, "failed", str(error).removeprefix(f"{source.name}: "))
        self.parsed[source.name] = parsed
        return _done(parsed.record)

    def write(
        self,
        writer: GenerationWriter,
        base: Generation | None,
        course: Course,
        embedding: TextEmbedding,
    ) -> Manifest:
        """Write the generation, check it, and return its manifest."""
        manifest = Manifest(
            embedder=self.embedder.model_id,
            dimension=self.embedder.dimension,
            corpus=self.sources.name,
            term=self.sources.term,
            settings={"embedder_dtype": self.embedder.dtype},
            chunking={"max_tokens": self.max_tokens},
            failed=self.failed(),
            warnings=course.warnings,
            sources=str(self.sources.toml or ""),
            materials=str(self.sources.root),
            fingerprint="" if self.failed() else self.fingerprint,
        )
        known = embedding.vectors((c.search_text for c in self.chunks), self.on_event)
        same = base is not None and (base.manifest.embedder, base.manifest.settings) == (
            manifest.embedder,
            manifest.settings,
        )
        terms = [found for document in self.documents for found in self.parsed[document.path].terms]
        self.on_event(Phase("write"))
        writer.write(
            self.documents,
            self.chunks,
            [known[chunk.search_text] for chunk in self.chunks],
            course,
            self.errata,
            terms=terms,
            base=base if same else None,
        )
        self.on_event(Phase("check"))
        with writer.preview(manifest) as generation:
            check(generation, self.chunks, self.embedder)
        return manifest


def _done(record: DocumentRecord) -> FileDone:
    return FileDone(
        record.path,
        "read",
        chunks=record.chunks,
        pages=record.page_count,
        blank=record.blank,
        ocr=record.ocr_pages,
        warnings=record.warnings,
    )
