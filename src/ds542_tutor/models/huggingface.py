"""Chat models through transformers: any causal language model by id or folder.

One model, one answer at a time: `generate` keeps its state in the model, so calls wait for one
another. For many students at once a model server is the better choice (see `endpoint`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jinja2
import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    StoppingCriteria,
    StoppingCriteriaList,
    TextStreamer,
)

from ds542_tutor.dialogue import Message, Prompt
from ds542_tutor.errors import ModelError
from ds542_tutor.models.quiet import first_line, quiet_loading
from ds542_tutor.models.streaming import stream_from_thread, until, without_thinking

# A missing, damaged or unknown model; SafetensorError has no base class but Exception.
_LOAD_ERRORS = (OSError, ValueError, RuntimeError, ImportError, KeyError, SafetensorError)

# How often a waiting question looks whether its student has left.
_LOCK_POLL_S = 0.1

# A model that goes on writing the prompt's tags has finished its answer.
_OWN_TAGS = ("<passage", "</passage", "<question", "<conversation")

# So many tokens, about a short sentence, said twice in one answer are a loop.
_LOOP_TOKENS = 12


class HuggingFaceModel:
    """A ChatModel in this process; safe to share between threads, which then take turns."""

    def __init__(
        self,
        name: str,
        model: Any,
        tokenizer: Any,
        temperature: float = 0.0,
        stop_loops: bool = False,
    ) -> None:
        """Wrap a loaded causal `model` and its `tokenizer`.

        `temperature` 0 is greedy. `stop_loops` ends an answer that begins to repeat itself, as
        those of very small models do.
        """
        self._name = name
        self._model = model
        self._tokenizer = tokenizer
        self._temperature = temperature
        self._stop_loops = stop_loops
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._name

    def stream(self, prompt: Prompt, cancel: threading.Event) -> Iterator[str]:
        """Yield words as they are generated.

        Raises:
            ModelError: the prompt is longer than the model reads, or generation failed.
        """

        def produce(emit: Callable[[str], None], stop: threading.Event) -> None:
            while not self._lock.acquire(timeout=_LOCK_POLL_S):
                if stop.is_set():
                    return
            try:
                self._generate(prompt, emit, stop)
            finally:
                self._lock.release()

        return until(without_thinking(stream_from_thread(produce, cancel)), _OWN_TAGS)

    def _generate(self, prompt: Prompt, emit: Callable[[str], None], stop: threading.Event) -> None:
        inputs = self._encode(prompt.messages).to(self._model.device)
        length = int(inputs["input_ids"].shape[1])
        limit = getattr(self._model.config, "max_position_embeddings", None)
        if limit is not None and length + prompt.max_tokens > limit:
            raise ModelError(
                f"The question with its passages has {length} tokens and the answer up to "
                f"{prompt.max_tokens}, but {self._name} reads {limit}; lower "
                "retrieval.budget_words or models.max_tokens."
            )
        sampling: dict[str, Any] = {"do_sample": False}
        if self._temperature > 0:
            sampling = {"do_sample": True, "temperature": self._temperature}
        criteria: list[StoppingCriteria] = [_Stop(stop)]
        if self._stop_loops:
            criteria.append(_Loop(length))
        pad = self._tokenizer.pad_token_id
        self._model.generate(
            **inputs,
            **sampling,
            max_new_tokens=prompt.max_tokens,
            pad_token_id=self._tokenizer.eos_token_id if pad is None else pad,
            streamer=_Streamer(self._tokenizer, emit),
            stopping_criteria=StoppingCriteriaList(criteria),
        )

    def _encode(self, messages: Sequence[Message]) -> Any:
        """Return the token ids of the chat as the model was trained to read it."""
        if self._tokenizer.chat_template is None:
            return self._tokenizer(plain_chat(messages), return_tensors="pt")
        chat = [{"role": m.role, "content": m.content} for m in messages]
        try:
            return self._apply(chat)
        except jinja2.TemplateError:  # some templates know no system role
            return self._apply(merge_system(chat))

    def _apply(self, chat: list[dict[str, str]]) -> Any:
        return self._tokenizer.apply_chat_template(
            chat,
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
            enable_thinking=False,  # read by templates of reasoning models, ignored by others
        )


class _Streamer(TextStreamer):
    """Hands finished words of the answer to `emit`."""

    def __init__(self, tokenizer: Any, emit: Callable[[str], None]) -> None:
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._emit = emit

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        self._emit(text)


class _Stop(StoppingCriteria):
    """Ends generation after the current token once the event is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        return torch.full((input_ids.shape[0],), self._stop.is_set(), device=input_ids.device)


class _Loop(StoppingCriteria):
    """Ends generation once the answer's last tokens have been said before."""

    def __init__(self, prompt_length: int) -> None:
        self._prompt_length = prompt_length

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        said = input_ids[0, self._prompt_length :].tolist()
        tail = said[-_LOOP_TOKENS:]
        looping = len(said) > _LOOP_TOKENS and any(
            said[i : i + _LOOP_TOKENS] == tail for i in range(len(said) - _LOOP_TOKENS)
        )
        return torch.full((input_ids.shape[0],), looping, device=input_ids.device)


def load_huggingface(
    name: str,
    *,
    temperature: float = 0.0,
    stop_loops: bool = False,
    shown_as: str | None = None,
) -> HuggingFaceModel:
    """Load a causal language model by hub id or folder; silent.

    It runs in bfloat16 on CUDA when there is a device, and on processors that multiply bfloat16
    natively; else in float32. A model of the hub comes from the local cache, and with
    HF_HUB_OFFLINE from nowhere else.

    Raises:
        ModelError: it cannot be found or loaded.
    """
    folder = Path(name).expanduser()
    local = folder.is_dir()
    source = str(folder) if local else name
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        with quiet_loading():
            tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local)
            model: Any = AutoModelForCausalLM.from_pretrained(
                source, dtype=compute_dtype(device), local_files_only=local
            )
            model = model.to(device).eval()
    except _LOAD_ERRORS as error:
        raise ModelError(
            f"The language model {name!r} cannot be loaded ({first_line(error)}); name a folder "
            "that holds it, or an id that is in the Hugging Face cache or can be downloaded."
        ) from error
    shown = shown_as or (folder.resolve().name if local else name)
    return HuggingFaceModel(shown, model, tokenizer, temperature, stop_loops)


def compute_dtype(device: str) -> torch.dtype:
    """Return bfloat16 where the device multiplies it natively, else float32."""
    native = device == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def plain_chat(messages: Sequence[Message]) -> str:
    """Write a chat for a model without a chat template."""
    titles = {"system": "Instructions", "user": "Question", "assistant": "Answer"}
    turns = [f"{titles[m.role]}: {m.content}" for m in messages]
    return "\n\n".join([*turns, "Answer:"])


def merge_system(chat: list[dict[str, str]]) -> list[dict[str, str]]:
    """Move the system message in front of the first question."""
    system = "\n\n".join(m["content"] for m in chat if m["role"] == "system")
    rest = [dict(m) for m in chat if m["role"] != "system"]
    if system and rest:
        rest[0]["content"] = f"{system}\n\n{rest[0]['content']}"
    return rest
