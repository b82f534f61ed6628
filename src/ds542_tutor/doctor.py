"""`ds542-tutor doctor`: looks at everything the tutor needs and says what to do about the rest."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ds542_tutor.errors import TutorError
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.models.endpoint import EndpointModel, parse_endpoint
from ds542_tutor.models.generation import resolve
from ds542_tutor.models.hardware import describe_gpu
from ds542_tutor.models.packaged import minilm_path, smollm2_gguf
from ds542_tutor.policy.rules import load_policy
from ds542_tutor.settings import Settings, project_file

_PYTHON = ((3, 11), (3, 13))
_PACKAGES = (
    "torch", "transformers", "sentence-transformers", "chromadb", "bm25s", "gradio",
    "langchain", "langchain-openai", "pypdfium2", "sqlalchemy",
)  # fmt: skip
_STARTER = Path("corpus/starter.toml")
_SERVER_TIMEOUT_S = 5.0
_FREE_GIB = 2.0  # an index of the whole course takes about 0.2 GiB, a converted model 0.3 GiB


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy`: what to do; may be given with something that is all right."""

    subject: str
    ok: bool
    state: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything, in the order a person would mend it. Never raises a TutorError."""
    return [
        _python(),
        *_packages(),
        _gpu(),
        *_models(settings),
        _policy(settings),
        _corpus(),
        _index(settings),
        _disk(settings),
        _port(settings),
    ]


def _python() -> Finding:
    version = sys.version_info[:2]
    ok = _PYTHON[0] <= version <= _PYTHON[1]
    remedy = (
        "" if ok else "install Python 3.11 to 3.13 and run `make clean setup PYTHON=python3.12`"
    )
    return Finding("Python", ok, platform.python_version(), remedy)


def _packages() -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            yield Finding(name, True, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, False, "not installed", "run `make setup`")


def _gpu() -> Finding:
    gpu = describe_gpu()
    if gpu is None:
        return Finding("GPU", True, "none", "answers come from `quotes` or a model server")
    return Finding("GPU", True, gpu)


def _models(settings: Settings) -> Iterator[Finding]:
    yield _tried(
        "embedder (packaged MiniLM)", lambda: f"{minilm_path().name}, sha-256 as published"
    )
    yield _tried(
        "chat model (packaged SmolLM2)", lambda: f"{smollm2_gguf().name}, sha-256 as published"
    )
    chosen = resolve(settings)
    yield Finding("answers come from", True, chosen)
    if chosen.startswith("openai:"):
        yield _tried("model server", lambda: _server(chosen.removeprefix("openai:")))


def _server(endpoint: str) -> str:
    model, url = parse_endpoint(endpoint, "models.endpoint")
    return EndpointModel(model, url, timeout_s=_SERVER_TIMEOUT_S).check()


def _policy(settings: Settings) -> Finding:
    def look() -> str:
        policy = load_policy(project_file(settings.paths.policy))
        return f"policy {policy.version}, {len(policy.rules)} rules"

    return _tried("policy", look)


def _corpus() -> Finding:
    sources = project_file(_STARTER)
    decks = sorted((sources.parent / "starter" / "lectures").glob("*.pdf"))
    if not sources.is_file() or not decks:
        remedy = "run from a checkout, or index your own: python -m ingest SOURCES.toml"
        return Finding("corpus", False, "the starter corpus is not there", remedy)
    return Finding("corpus", True, f"starter corpus with {len(decks)} decks")


def _index(settings: Settings) -> Finding:
    def look() -> str:
        with IndexStore(settings.paths.index).open_current() as generation:
            manifest = generation.manifest
            return (
                f"generation {generation.id}: {len(manifest.documents)} documents, "
                f"{manifest.chunks} chunks of {manifest.corpus}"
            )

    return _tried("index", look)


def _disk(settings: Settings) -> Finding:
    folder = settings.paths.index.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    ok = free >= _FREE_GIB and os.access(folder, os.W_OK)
    remedy = "" if ok else f"free {_FREE_GIB:.0f} GiB there, or set paths.index to another disk"
    return Finding("disk", ok, f"{free:.1f} GiB free for the index", remedy)


def _port(settings: Settings) -> Finding:
    server = settings.server
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.host, server.port))
        except OSError:
            return Finding(
                "port", False, f"{server.port} is in use",
                "stop what listens there (perhaps the tutor itself) or set DS542_SERVER_PORT",
            )  # fmt: skip
    return Finding("port", True, f"{server.host}:{server.port} is free")


def _tried(subject: str, look: Callable[[], str | Path]) -> Finding:
    try:
        return Finding(subject, True, str(look()))
    except TutorError as error:
        return Finding(subject, False, "not usable", " ".join(str(error).split()))
