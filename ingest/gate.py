"""Asks the evaluation whether a new generation may replace the one in use.

`ingest` and `eval` know nothing of each other's code: this module starts `python -m eval` as a
child process, over the generation in use and over the one about to be published, and reads the
verdict of `python -m eval gate`. Both are judged with the model `quotes`, which writes the same
words every time: what differs comes from the index.

    <index>/gate/<generation>/   the run over a generation, with its report; kept for the next gate
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ds542_tutor.errors import IndexStoreError
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.index.storage import remove_tree
from ingest.report import Broken, GateVerdict

FOLDER = "gate"
_MODEL = "quotes"
_RUN_ENDED = (0, 1)  # 1: some cases ended in an error, which the gate itself judges


class EvalGate:
    """A gate by evaluation cases; called with the manifest of the prepared generation."""

    def __init__(self, store: IndexStore, cases: Sequence[Path]) -> None:
        """`cases`: JSON Lines files in the format of `python -m eval run`.

        Raises:
            IndexStoreError: a file is not there; told before an ingest of minutes begins.
        """
        for file in cases:
            if not file.is_file():
                raise IndexStoreError(
                    f"The cases of the gate, {file}, do not exist; name files with --gate."
                )
        self._store = store
        self._cases = [str(file) for file in cases]

    def __call__(self, candidate: Manifest) -> GateVerdict:
        """Judge the prepared generation against the current one.

        Where there is none yet, the new one is only tried out: no case may end in an error.

        Raises:
            IndexStoreError: the evaluation itself failed.
        """
        current = self._store.current_id()
        new = self._run(candidate.id, "--candidate")
        if current is None:
            return _first(new)
        old = self._run(current)
        self._tidy(keep={old, new})
        done = _eval("gate", "--baseline", str(old), "--candidate", str(new), "--json")
        if done.returncode not in (0, 1):
            raise IndexStoreError(_failed(done))
        verdict = json.loads(done.stdout)
        broken = tuple(Broken(b["id"], b["question"], b["problem"]) for b in verdict["broken"])
        reasons = tuple(verdict["reasons"])
        return GateVerdict(verdict["green"], reasons, broken, str(new / "report.html"))

    def _run(self, generation: str, *flags: str) -> Path:
        out = self._store.root / FOLDER / generation
        done = _eval(
            "run", "--cases", *self._cases, "--index", str(self._store.root), "--model", _MODEL,
            "--out", str(out), "--restart-if-changed", *flags,
        )  # fmt: skip
        if done.returncode not in _RUN_ENDED:
            raise IndexStoreError(_failed(done))
        return out

    def _tidy(self, keep: set[Path]) -> None:
        """Delete runs over generations that this gate did not compare."""
        for folder in (self._store.root / FOLDER).glob("*"):
            if folder not in keep:
                remove_tree(folder)


def _first(run: Path) -> GateVerdict:
    """Judge a first generation, which has none to be compared with."""
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    errors = summary["errors"]
    reasons = (f"{len(errors)} questions ended in an error",) if errors else ()
    broken = tuple(Broken(e["id"], "", e["error"]) for e in errors)
    return GateVerdict(not errors, reasons, broken, str(run / "report.html"))


def _eval(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eval", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _failed(done: subprocess.CompletedProcess[str]) -> str:
    last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return (
        "The gate could not judge the new index, so it was not published: "
        f"{last.removeprefix('eval: ')}"
    )
