"""Puts a working tutor together from settings, and a new one when staff publish a new index.

The composition root that `cli`, `app.server` and `eval` share: models are loaded once, generations
are opened as the current pointer moves.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ds542_tutor.citations import Checker
from ds542_tutor.classifiers import load_classifiers
from ds542_tutor.dialogue import AnswerEvent, Decision, Turn
from ds542_tutor.errors import IndexStoreError, SettingsError
from ds542_tutor.index.generation import Generation
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.models.embedding import load_embedder
from ds542_tutor.models.generation import load_chat_model
from ds542_tutor.models.quotes import QuotesModel
from ds542_tutor.models.reranking import load_reranker
from ds542_tutor.policy.classify import sense_of
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.rules import Policy, load_policy
from ds542_tutor.protocols import ChatModel
from ds542_tutor.retrieval import Retriever
from ds542_tutor.settings import Settings, project_file
from ds542_tutor.support import OverlapVerifier
from ds542_tutor.tutor import Tutor

_log = logging.getLogger(__name__)


class LiveTutor:
    """A tutor that follows the index: each question is answered from the current generation.

    Answers under way keep the generation they began with. With `candidate` it stays with the one
    generation that an ingest is about to publish.
    """

    def __init__(self, settings: Settings, *, candidate: bool = False) -> None:
        """Load the models and open the current generation, or the candidate.

        Raises:
            IndexMissingError, IndexMismatchError: see `IndexStore.open_current`.
            ModelError: a model cannot be loaded. SettingsError: the policy file is wrong.
        """
        self.settings = settings
        self._store = IndexStore(settings.paths.index)
        self._candidate = candidate
        # No index: told before models take seconds to load.
        _ = self._store.candidate_manifest() if candidate else self._store.current_manifest()
        self._policy_file = project_file(settings.paths.policy)
        self._policy_read = _stamp(self._policy_file)
        self._policy = load_policy(self._policy_file)
        self._embedder = load_embedder(settings.models)
        name = settings.models.reranker
        self._reranker = load_reranker(name) if name else None
        self._classifiers = load_classifiers(settings, self._embedder)
        self._model = load_chat_model(settings, self._embedder)
        self._lock = threading.Lock()
        self._refused: str | None = ""
        opened = self._store.open_candidate if candidate else self._store.open_current
        self._tutor = self._assemble(opened(self._embedder.model_id))

    @property
    def tutor(self) -> Tutor:
        """The tutor over the current generation; opened anew when the pointer has moved.

        An index that cannot be opened (of another embedder, damaged, deleted) fails no question.
        """
        with self._lock:
            moved = self._store.current_id() != self._tutor.generation.id
            if moved and not self._candidate:
                self._follow()
            self._follow_policy()
            return self._tutor

    def _follow(self) -> None:
        """Go over to the current generation; where it cannot be opened, stay and say so once."""
        current = self._store.current_id()
        try:
            self._tutor = self._assemble(self._store.open_current(self._embedder.model_id))
        except IndexStoreError as error:
            if current != self._refused:
                _log.warning("Questions are still answered from the earlier index. %s", error)
            self._refused = current

    def _follow_policy(self) -> None:
        """Read the policy file again when it has changed; one that is wrong changes nothing."""
        stamp = _stamp(self._policy_file)
        if stamp == self._policy_read:
            return
        self._policy_read = stamp
        try:
            self._policy = load_policy(self._policy_file)
        except SettingsError as error:
            _log.error("The policy stays as it was. %s", error)
        else:
            self._tutor = replace(self._tutor, policy=self._policy)

    @property
    def generation(self) -> Generation:
        """The current generation."""
        return self.tutor.generation

    @property
    def model(self) -> ChatModel:
        """The model that speaks."""
        return self._model

    def answer(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        now: datetime | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[AnswerEvent]:
        """Answer from the current generation; see `Tutor.answer`."""
        return self.tutor.answer(question, turns, now, cancel)

    def decisions(
        self, question: str, turns: Sequence[Turn], now: datetime, policies: Sequence[Policy]
    ) -> list[Decision]:
        """Return what each of `policies` says to `question` at `now`; nothing is answered."""
        tutor = self.tutor
        sense = sense_of(question, turns, self._embedder.embed_query, tutor.kinds)
        return [tutor.judge(question, turns, now, sense, policy)[0] for policy in policies]

    def _assemble(self, generation: Generation) -> Tutor:
        settings, embedder = self.settings, self._embedder
        return Tutor(
            generation=generation,
            retriever=Retriever(
                generation,
                embedder,
                settings.retrieval,
                self._reranker,
                generation.course.term,
            ),
            model=self._model,
            fallback=self._model if self._model.name == "quotes" else QuotesModel(embedder),
            checker=Checker(OverlapVerifier(embedder), settings.answer.unsupported),
            policy=self._policy,
            graded=graded_items(generation),
            settings=settings,
            kinds=self._classifiers.requests,
            course_kinds=self._classifiers.questions,
            matters=self._classifiers.matters,
            places=self._classifiers.places,
        )


def graded_items(generation: Generation) -> GradedItems:
    """Return the graded work of an index, unpublished work included, with its embeddings."""
    graded = generation.chunks.select(graded=True)
    return GradedItems.from_chunks(graded, generation.dense.vectors([c.id for c in graded]))


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """Return what changes with a file's content; None where there is no file."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def with_overrides(settings: Settings, index: Path | None, model: str | None) -> Settings:
    """Return `settings` with the index folder and the chat model of a command line, if given."""
    if index is not None:
        settings = replace(settings, paths=replace(settings.paths, index=index))
    if model is not None:
        settings = replace(settings, models=replace(settings.models, chat=model))
    return settings
