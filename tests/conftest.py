"""Fixtures that several test modules share: the starter corpus indexed once, offline libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ds542_tutor.assembly import LiveTutor
    from ds542_tutor.settings import Settings

# Here and not in a fixture: libraries read these when they are first imported.
os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    TOKENIZERS_PARALLELISM="false",
    ANONYMIZED_TELEMETRY="False",
    GRADIO_ANALYTICS_ENABLED="False",
)
if "PYTEST_XDIST_WORKER" in os.environ:
    # As many workers as cores: with threads of their own each, they wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
for name in [name for name in os.environ if name.startswith("DS542_")]:
    del os.environ[name]

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real course materials beside the project; tests that need them skip without."""
    folder = ROOT.parent / "shared"
    if not (folder / "materials").is_dir():
        pytest.skip("the real course materials are not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def starter_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the starter corpus, built as a user builds it."""
    folder = tmp_path_factory.mktemp("starter") / "index"
    command = [sys.executable, "-m", "ingest", "corpus/starter.toml", "--index", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def starter_settings(starter_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings over `starter_index` with the quotes model and a data folder of their own."""
    from ds542_tutor.assembly import with_overrides
    from ds542_tutor.settings import Settings

    settings = with_overrides(Settings(), starter_index, "quotes")
    data = tmp_path_factory.mktemp("data")
    return replace(settings, paths=replace(settings.paths, data=data))


@pytest.fixture(scope="session")
def starter_tutor(starter_settings: Settings) -> LiveTutor:
    """A tutor over the starter corpus with packaged models."""
    from ds542_tutor.assembly import LiveTutor

    return LiveTutor(starter_settings)
