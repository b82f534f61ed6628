"""Chat through any OpenAI-compatible server: vLLM, `transformers serve`, llama.cpp, Ollama.

One request an answer, streamed, never repeated by itself: whether to ask again is for the person
who reads the error.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from ds542_tutor.dialogue import Message, Prompt
from ds542_tutor.errors import EndpointError, SettingsError
from ds542_tutor.models.streaming import stream_from_thread, without_thinking

# A server that does not even accept a connection in this time is down, not slow.
_CONNECT_S = 5.0
_MESSAGES = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}


class EndpointModel:
    """A ChatModel behind an HTTP address; safe to share between threads."""

    def __init__(
        self, model: str, base_url: str, *, timeout_s: float = 60.0, temperature: float = 0.0
    ) -> None:
        """Connect nothing yet: the first question does.

        Args:
            model: name by which the server knows the model.
            base_url: with its path, usually ".../v1".
            timeout_s: seconds without a new piece after which the server counts as stuck.
            temperature: 0 is greedy.

        The key is read from DS542_API_KEY, else OPENAI_API_KEY; local servers need none.
        """
        self._model = model
        self._base_url = base_url.rstrip("/")
        self._timeout_s = timeout_s
        host = urlsplit(self._base_url).hostname or ""
        local = host in ("localhost", "::1") or host.startswith("127.")
        self._client = ChatOpenAI(
            model=model,
            base_url=self._base_url,
            api_key=SecretStr(_api_key()),
            temperature=temperature,
            max_retries=0,
            stream_usage=False,  # older servers refuse the option
            http_client=httpx.Client(
                timeout=httpx.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)),
                trust_env=not local,  # a proxy of the environment does not know this loopback
            ),
        )

    @property
    def name(self) -> str:
        return self._model

    def stream(self, prompt: Prompt, cancel: threading.Event) -> Iterator[str]:
        """Yield pieces as the server sends them.

        Raises:
            EndpointError: the server is down, slow, refuses, or breaks off.
        """
        messages = [_message(m) for m in prompt.messages]

        def produce(emit: Callable[[str], None], stop: threading.Event) -> None:
            finished = False
            try:
                # A closed stream closes the connection, at which servers stop generating.
                with closing(self._client.stream(messages, max_tokens=prompt.max_tokens)) as chunks:  # type: ignore[type-var]  # declared Iterator, is a generator
                    for chunk in chunks:
                        if stop.is_set():
                            return
                        emit(str(chunk.text))
                        finished |= bool(chunk.response_metadata.get("finish_reason"))
            except (openai.OpenAIError, httpx.HTTPError, ValueError, TypeError, KeyError) as error:
                # The last three: what the parser says of an answer that is none.
                raise self._explain(error) from error
            if not finished:
                raise self._explain(ValueError("the answer has no end"))

        pieces = without_thinking(
            stream_from_thread(produce, cancel, silence_s=self._timeout_s, daemon=True)
        )
        try:
            yield from pieces
        except EndpointError as error:
            if "sent nothing" in str(error):
                raise self._too_slow() from None
            raise

    def check(self) -> str:
        """Ask the server for its models, and return a line that says what it answered.

        Raises:
            EndpointError: the server is down, slow or refuses, or does not have the model.
        """
        try:
            names = [model.id for model in self._client.root_client.models.list()]
        except (openai.OpenAIError, httpx.HTTPError, ValueError, TypeError, KeyError) as error:
            raise self._explain(error) from error
        if self._model not in names:
            known = ", ".join(names[:5]) or "none"
            raise EndpointError(
                f"The model server {self._base_url} has no model {self._model!r}, but {known}; "
                "correct the name in models.endpoint."
            )
        return f"{self._model} at {self._base_url}"

    def _explain(self, error: Exception) -> EndpointError:
        """Turn what a client library says into one line with a remedy."""
        where = f"The model server {self._base_url}"
        if isinstance(error, (openai.APITimeoutError, httpx.ReadTimeout)):
            return self._too_slow()
        if isinstance(error, (openai.APIConnectionError, httpx.ConnectError)):
            return EndpointError(
                f"{where} does not answer; start it, or correct the address in models.endpoint."
            )
        if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError)):
            return EndpointError(f"{where} refuses the key; set DS542_API_KEY to a valid one.")
        if isinstance(error, openai.NotFoundError):
            return EndpointError(
                f"{where} has no model {self._model!r}; see {self._base_url}/models for its names, "
                "and whether the address should end in /v1."
            )
        if isinstance(error, openai.RateLimitError):
            return EndpointError(f"{where} is overloaded or out of quota; ask again in a minute.")
        if isinstance(error, openai.BadRequestError):
            return EndpointError(
                f"{where} refuses the request ({_brief(error)}); a lower retrieval.budget_words or "
                "models.max_tokens helps when it is too long."
            )
        if isinstance(error, openai.APIStatusError):
            return EndpointError(
                f"{where} failed with status {error.status_code}; "
                "look into its log, then ask again."
            )
        return EndpointError(f"{where} broke off ({_brief(error)}); ask again.")

    def _too_slow(self) -> EndpointError:
        return EndpointError(
            f"The model server {self._base_url} sent nothing for {self._timeout_s:g} s; "
            "see whether it is busy, or raise models.endpoint_timeout_s."
        )


def parse_endpoint(text: str, setting: str) -> tuple[str, str]:
    """Split "<model>@<base url>" at its last "@".

    Raises:
        SettingsError: `text` is not of that form; `setting` names where it stands.
    """
    model, _, url = text.rpartition("@")
    if not model or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise SettingsError(
            f"{setting} must be '<model>@<base url>', for instance "
            f"'qwen3@http://127.0.0.1:8000/v1', but is {text!r}."
        )
    return model, url


def _api_key() -> str:
    """Return the secret of the environment; servers that need none still want some key."""
    return os.environ.get("DS542_API_KEY") or os.environ.get("OPENAI_API_KEY") or "none"


def _message(message: Message) -> BaseMessage:
    made: Any = _MESSAGES[message.role](content=message.content)
    return made  # type: ignore[no-any-return]


def _brief(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error or type(error).__name__)
    return text.strip().splitlines()[0][:160].rstrip(".") if text.strip() else type(error).__name__
