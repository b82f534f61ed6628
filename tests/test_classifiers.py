"""Regressions over exemplars: embedded once, fitted once, read by whoever comes later."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ds542_tutor import classifiers
from ds542_tutor.classifiers import _EmbeddedOnce
from ds542_tutor.errors import ModelError
from ds542_tutor.policy.kinds import load_kinds
from ds542_tutor.settings import Settings

KNOWN = (("a", "when is it due"), ("a", "due date please"), ("b", "explain dropout"),
         ("c", "write my code"))  # fmt: skip


class Counting:
    """An embedder that tells letters apart and counts what it is given."""

    model_id = "letters"

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        self.seen += texts
        rows = np.array([[t.count(c) + 0.1 for c in "aeiou"] for t in texts])
        return [list(map(float, row / np.linalg.norm(row))) for row in rows]


def test_what_was_fitted_is_read(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    one = load_kinds(first.embed_documents, "m", tmp_path, KNOWN)
    two = load_kinds(second.embed_documents, "m", tmp_path, KNOWN)
    assert len(first.seen) == len(KNOWN) and not second.seen
    assert np.array_equal(one.weights, two.weights) and one.kinds == two.kinds == ("a", "b", "c")
    load_kinds(second.embed_documents, "m", tmp_path, KNOWN, balance=1.0)
    assert second.seen  # another fit is another file


def test_nothing_is_kept_where_nothing_can_be(tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_text("")
    kinds = load_kinds(Counting().embed_documents, "m", file, KNOWN)
    assert kinds.likely("when is hw due", None)["a"] > 0.5


def test_a_text_is_embedded_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fast = Counting()
    monkeypatch.setattr(classifiers, "load_document_embedder", lambda _: fast)
    embed = _EmbeddedOnce(_settings(tmp_path), Counting())  # type: ignore[arg-type]
    assert len(embed(["x", "y", "x"])) == 3 and len(embed(["y", "z"])) == 2
    assert fast.seen == ["x", "y", "z"]


def test_without_the_faster_form_the_questions_embedder_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(_: Settings) -> None:
        raise ModelError("no room")

    monkeypatch.setattr(classifiers, "load_document_embedder", fails)
    slow = Counting()
    assert len(_EmbeddedOnce(_settings(tmp_path), slow)(["x"])) == 1  # type: ignore[arg-type]
    assert slow.seen == ["x"]


def _settings(cache: Path) -> Settings:
    settings = Settings()
    return replace(settings, paths=replace(settings.paths, cache=cache))
