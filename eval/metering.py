"""Counts what an answer costs, without changing it: tokens of prompt and draft, peak memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ds542_tutor.dialogue import Prompt
from ds542_tutor.protocols import ChatModel
from eval.memory import MIB, peak_memory_mib

if TYPE_CHECKING:
    from ds542_tutor.tutor import Tutor

CountTokens = Callable[[str], int]


class MeteredModel:
    """A chat model that counts the tokens of what it is told and of what it says."""

    def __init__(self, model: ChatModel, count_tokens: CountTokens) -> None:
        """Wrap `model`; `count_tokens` measures any text, the same for every model."""
        self._model = model
        self._count = count_tokens
        self.prompt_tokens = self.completion_tokens = 0

    @property
    def name(self) -> str:
        """The name of the model itself."""
        return self._model.name

    def stream(self, prompt: Prompt, cancel: threading.Event) -> Iterator[str]:
        """Pass the model's pieces on; see `ChatModel.stream`."""
        self.prompt_tokens += sum(self._count(message.content) for message in prompt.messages)
        said = ""
        try:
            for piece in self._model.stream(prompt, cancel):
                said += piece
                yield piece
        finally:
            self.completion_tokens += self._count(said)


class Meter:
    """Puts metered models into a tutor and reads them, an answer at a time."""

    def __init__(self, tutor: Tutor, count_tokens: CountTokens) -> None:
        """`tutor` stays as it is; `self.tutor` is the metered one."""
        model = MeteredModel(tutor.model, count_tokens)
        # The tutor knows by identity that the model is its own fallback.
        same = tutor.fallback is tutor.model
        fallback = model if same else MeteredModel(tutor.fallback, count_tokens)
        self._models = {model, fallback}
        self.tutor = replace(tutor, model=model, fallback=fallback)

    def take(self) -> dict[str, float]:
        """Return the usage since the last call: tokens, and the peak of memory so far in MiB."""
        from ds542_tutor.models.hardware import peak_gpu_bytes

        usage: dict[str, float] = {
            "prompt_tokens": sum(model.prompt_tokens for model in self._models),
            "completion_tokens": sum(model.completion_tokens for model in self._models),
            "peak_rss_mib": round(peak_memory_mib(), 1),
        }
        for model in self._models:
            model.prompt_tokens = model.completion_tokens = 0
        if gpu := peak_gpu_bytes():
            usage["peak_gpu_mib"] = round(gpu / MIB, 1)
        return usage
