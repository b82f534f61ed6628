"""The endpoint model against a real OpenAI-compatible server on loopback, in all its moods."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ds542_tutor.dialogue import Message, Prompt
from ds542_tutor.errors import EndpointError, SettingsError
from ds542_tutor.models.endpoint import EndpointModel, parse_endpoint

PROMPT = Prompt(
    "What is ReLU?", (), (Message("system", "Be brief."), Message("user", "What is ReLU?"))
)


class FakeServer(ThreadingHTTPServer):
    """Speaks just enough of the chat completions protocol; `mood` says how it behaves."""

    daemon_threads = True

    def __init__(self, mood: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mood = mood
        self.requests: list[dict[str, object]] = []
        self.keys: list[str] = []
        self.broken_off = threading.Event()
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: FakeServer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.requests.append(json.loads(self.rfile.read(length)))
        self.server.keys.append(self.headers["Authorization"])
        mood = self.server.mood
        if mood.isdigit():
            return self._refuse(int(mood))
        if mood == "hangs":
            self.server.release.wait(20)
            return None
        if mood == "not a model server":
            return self._page()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self._stream(mood)
        except OSError:
            self.server.broken_off.set()
        return None

    def _stream(self, mood: str) -> None:
        if mood == "endless":
            for n in range(2000):
                self._piece(f"word{n} ")
                time.sleep(0.01)
        self._piece("ReLU ")
        if mood == "stalls":
            self.server.release.wait(20)
        if mood == "breaks off":
            self.wfile.write(b'data: {"choices": [{"delta"')
            return
        if mood == "reports an error":
            self.wfile.write(b'data: {"error": {"message": "CUDA out of memory", "code": 500}}\n\n')
            return
        self._piece("is max(0, x) [1].")
        self._piece(None, finish="stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _piece(self, text: str | None, finish: str | None = None) -> None:
        delta = {} if text is None else {"role": "assistant", "content": text}
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        self.wfile.write(f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode())
        self.wfile.flush()

    def _refuse(self, status: int) -> None:
        body = json.dumps({"error": {"message": "no", "type": "x", "code": status}}).encode()
        self._send(status, "application/json", body)

    def _page(self) -> None:
        self._send(200, "text/html", b"<html>It works!</html>")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(mood: str) -> Iterator[FakeServer]:
    server = FakeServer(mood)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


def ask(url: str, timeout_s: float = 5.0) -> str:
    model = EndpointModel("qwen", url, timeout_s=timeout_s)
    return "".join(model.stream(PROMPT, threading.Event()))


def test_pieces_are_streamed_and_the_request_is_what_the_prompt_says() -> None:
    with serving("kind") as server:
        model = EndpointModel("qwen", server.url, timeout_s=5, temperature=0.3)
        pieces = list(model.stream(PROMPT, threading.Event()))
    assert pieces == ["ReLU ", "is max(0, x) [1]."]
    assert model.name == "qwen"
    (request,) = server.requests
    assert request["model"] == "qwen"
    assert request["stream"] is True
    assert request["temperature"] == 0.3
    assert 512 in (request.get("max_tokens"), request.get("max_completion_tokens"))
    assert request["messages"] == [
        {"content": "Be brief.", "role": "system"},
        {"content": "What is ReLU?", "role": "user"},
    ]


def test_the_first_piece_arrives_before_the_answer_is_complete() -> None:
    with serving("stalls") as server:
        model = EndpointModel("qwen", server.url, timeout_s=10)
        stream = model.stream(PROMPT, threading.Event())
        assert next(stream) == "ReLU "
        server.release.set()
        assert list(stream) == ["is max(0, x) [1]."]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "Bearer none"),
        ({"OPENAI_API_KEY": "theirs"}, "Bearer theirs"),
        ({"OPENAI_API_KEY": "theirs", "DS542_API_KEY": "ours"}, "Bearer ours"),
    ],
)
def test_the_key_comes_from_the_environment(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DS542_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with serving("kind") as server:
        ask(server.url)
    assert server.keys == [expected]


def test_a_proxy_of_the_environment_is_not_asked_for_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving("kind") as server:
        assert ask(server.url) == "ReLU is max(0, x) [1]."


def test_cancelling_ends_the_stream_and_the_connection() -> None:
    with serving("endless") as server:
        cancel = threading.Event()
        stream = EndpointModel("qwen", server.url).stream(PROMPT, cancel)
        assert next(stream) == "word0 "
        cancel.set()
        assert len(list(stream)) <= 1
        assert server.broken_off.wait(5), "the server was left writing"


def test_closing_the_generator_ends_the_connection() -> None:
    with serving("endless") as server:
        stream = EndpointModel("qwen", server.url).stream(PROMPT, threading.Event())
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert server.broken_off.wait(5), "the server was left writing"


def test_cancelling_does_not_wait_for_a_server_that_hangs() -> None:
    with serving("hangs") as server:
        cancel = threading.Event()
        threading.Timer(0.3, cancel.set).start()
        begun = time.monotonic()
        model = EndpointModel("qwen", server.url, timeout_s=15)
        assert list(model.stream(PROMPT, cancel)) == []
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("401", "DS542_API_KEY"),
        ("403", "DS542_API_KEY"),
        ("404", "has no model 'qwen'"),
        ("400", "refuses the request"),
        ("429", "ask again in a minute"),
        ("500", "status 500"),
        ("hangs", "models.endpoint_timeout_s"),
        ("stalls", "models.endpoint_timeout_s"),
        ("breaks off", "broke off"),
        ("reports an error", "CUDA out of memory"),
        ("not a model server", "broke off"),
    ],
)
def test_trouble_is_told_in_one_line_with_the_address_and_a_remedy(mood: str, said: str) -> None:
    with serving(mood) as server:
        with pytest.raises(EndpointError) as caught:
            ask(server.url, timeout_s=0.8)
        asked = len(server.requests)
    message = str(caught.value)
    assert said in message
    assert server.url in message
    assert "\n" not in message
    assert asked == 1, "a request was repeated"


def test_a_server_that_is_down_is_told_at_once() -> None:
    with serving("kind") as server:
        url = server.url
    begun = time.monotonic()
    with pytest.raises(EndpointError, match="does not answer; start it"):
        ask(url)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("text", ["qwen", "qwen@", "@http://h/v1", "qwen@ftp://h", "qwen@http://"])
def test_a_malformed_endpoint_names_the_setting(text: str) -> None:
    with pytest.raises(SettingsError, match=r"models\.endpoint must be '<model>@<base url>'"):
        parse_endpoint(text, "models.endpoint")


def test_a_model_name_may_hold_an_at_sign() -> None:
    found = parse_endpoint("org/model@v2@http://localhost:8000/v1", "models.endpoint")
    assert found == ("org/model@v2", "http://localhost:8000/v1")
