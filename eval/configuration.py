"""What a run was made with: everything that can change an answer, or a score, written down."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ds542_tutor
from ds542_tutor.settings import Settings, project_file
from eval.cases import load_cases
from eval.stats import RESAMPLES, SEED

if TYPE_CHECKING:  # importing the tutor loads the model libraries, which takes seconds
    from ds542_tutor.assembly import LiveTutor
    from ds542_tutor.tutor import Tutor


def describe(live: LiveTutor, tutor: Tutor, settings: Settings) -> dict[str, Any]:
    """Return the configuration of a run: all that can change its answers."""
    manifest = tutor.generation.manifest
    policy = project_file(settings.paths.policy).read_bytes()
    root = Path(ds542_tutor.__file__).parent
    return {
        "generation": tutor.generation.id,
        "corpus": manifest.corpus,
        "embedder": manifest.embedder,
        "model": live.model.name,
        "settings": {
            "models": asdict(settings.models),
            "retrieval": asdict(settings.retrieval),
            "answer": asdict(settings.answer),
        },
        "policy": hashlib.sha256(policy).hexdigest()[:12],
        "version": ds542_tutor.__version__,
        "code": _code_hash(root),
        "commit": _commit(root),
        "index": str(settings.paths.index),
    }


def describe_scoring(files: Sequence[Path], support: str, judge: str) -> dict[str, Any]:
    """Return what can change the scores of given answers: cases, checks, seed, code of `eval`."""
    root = Path(__file__).parent
    return {
        "cases": [
            {
                "file": str(file),
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest()[:12],
                "cases": len(load_cases([file])),
            }
            for file in files
        ],
        "support": support,
        "judge": judge,
        "seed": SEED,
        "resamples": RESAMPLES,
        "code": _code_hash(root),
        "commit": _commit(root),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _code_hash(package: Path) -> str:
    """Hash the package's sources, so that a change that is not committed yet counts too."""
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(str(file.relative_to(package)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _commit(folder: Path) -> str:
    """Return the git commit of the code, "" where there is none to know."""
    try:
        command = ["git", "-C", str(folder), "rev-parse", "--short=12", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
