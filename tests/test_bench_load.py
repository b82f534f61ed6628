"""`bench load`: simulated students on a real chat server."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from bench_samples import QUESTIONS, bench, write_cases
from fakes_app import FakeGeneration, FakeTutor, chunk_of, make_pdf

from ds542_tutor.app.server import build_app
from ds542_tutor.settings import PathSettings, ServerSettings, Settings
from eval.bench.browser import ChatPage, Tab
from eval.bench.load import LoadPlan, bench_load, check_address, own_server
from eval.bench.measuring import (
    BenchError,
)


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return write_cases(tmp_path)


@contextmanager
def serving(folder: Path, *, concurrency: int = 4, queue: int = 64) -> Iterator[str]:
    """Serve scripted answers on a free port, as `serve` does, in a thread."""
    pdf = make_pdf(folder)
    tutor = FakeTutor(FakeGeneration(pdf, [chunk_of(pdf, 1)]), pause=0.02)
    settings = Settings(
        paths=PathSettings(data=folder / "data"),
        server=ServerSettings(concurrency=concurrency, queue=queue),
    )
    listening = socket.create_server(("127.0.0.1", 0))
    app = build_app(tutor, settings)  # type: ignore[arg-type]
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(20)
        listening.close()


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("chat")) as url:
        yield url


def ask(url: str, *questions: str, timeout_s: float = 20) -> list[tuple[str, str]]:
    """Ask in one tab; return outcome and problem of each question."""

    async def talk() -> list[tuple[str, str]]:
        async with (
            httpx.AsyncClient(base_url=f"{url}/", trust_env=False) as client,
            Tab(client, await ChatPage.load(client)) as tab,
        ):
            asked = [await tab.ask(question, timeout_s) for question in questions]
        for one in asked:
            assert (one.outcome == "answered") == (one.final_s is not None)
            assert one.final_s is None or 0 < (one.first_s or 0) <= one.final_s
        return [(one.outcome, one.problem) for one in asked]

    return asyncio.run(talk())


def test_two_students_at_once(chat: str, cases: Path, tmp_path: Path) -> None:
    out = tmp_path / "l.json"
    status = bench(
        "load", "--url", chat, "--cases", cases, "--students", 1, 2, "--questions", 1, "--out", out
    )
    assert status == 0
    result = json.loads(out.read_text())
    one, two = result["tables"][0]["rows"]
    assert (one["answers"], two["answers"]) == (1, 2)
    assert two["errors"] == two["queue_full"] == 0
    # Scripted words come one by one: the first can be read well before the last is checked.
    assert 0 < two["first_text_p50_s"] < two["final_p50_s"]
    assert two["answers_per_min"] > 0
    assert one["ratio_final_p50"] == 1.0


def test_only_a_final_answer_counts(chat: str) -> None:
    down = "a question while the model is down"
    (first, why), (second, _), (third, problem) = ask(chat, down, "and now?", "crash")
    assert (first, second, third) == ("failed", "answered", "failed")
    assert why == "The model server at http://localhost:1 does not answer; start it."
    assert "Something went wrong" in problem


def test_an_answer_that_takes_too_long_is_an_error(chat: str) -> None:
    assert ask(chat, "a slow one", timeout_s=1) == [("failed", "no final answer within 1 s")]


def test_a_full_queue_is_counted_and_errors_set_the_status(cases: Path, tmp_path: Path) -> None:
    with serving(tmp_path, concurrency=1, queue=1) as url:
        plan = LoadPlan(questions=1, pause_s=0, timeout_s=2)
        (table,), problems = bench_load(f"{url}/", ["slow"], [4], plan)
    (row,) = table.rows
    assert row["queue_full"] == 4 - row["errors"] > 0
    assert row["answers"] == row["answers_per_min"] == 0
    assert row["final_p50_s"] is None
    assert problems == [f"{row['errors']} × error: no final answer within 2 s"]


def test_a_server_of_its_own(starter_index: Path) -> None:
    with own_server(starter_index, "quotes", None) as url:
        assert ask(url, QUESTIONS[0]) == [("answered", "")]
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    gone = tmp_path / "gone.toml"
    failing = own_server(None, None, gone)
    with pytest.raises(BenchError, match=r"status 2: .*gone\.toml does not exist"), failing:
        pass


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("http://example.org", "--allow-remote"),
        ("http://localhost.example.org:7860", "--allow-remote"),
        ("http://10.0.0.1:7860", "--allow-remote"),
        ("127.0.0.1:7860", "give one like"),
        ("ftp://127.0.0.1", "give one like"),
    ],
)
def test_foreign_addresses_are_refused(url: str, remedy: str, cases: Path) -> None:
    with pytest.raises(BenchError, match=remedy):
        bench("load", "--url", url, "--cases", cases)


def test_addresses_that_may_be_loaded() -> None:
    for url in (
        "http://127.0.0.1:7860",
        "http://localhost",
        "http://[::1]:80/",
        "http://127.8.0.1",
    ):
        assert check_address(url, allow_remote=False) == url.rstrip("/") + "/"
    assert check_address("https://tutor.example.org", allow_remote=True)


def test_a_server_that_is_none(cases: Path) -> None:
    with pytest.raises(BenchError, match="make serve"):
        bench("load", "--url", "http://127.0.0.1:1", "--cases", cases)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        answering = threading.Thread(target=_say_no, args=(listening,))
        answering.start()
        with pytest.raises(BenchError, match="does not serve a chat page"):
            bench("load", "--url", url, "--cases", cases)
        answering.join()
    with pytest.raises(BenchError, match="leave them out"):
        bench("load", "--url", url, "--model", "quotes", "--cases", cases)


def _say_no(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
