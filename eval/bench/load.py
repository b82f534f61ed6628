"""`bench load`: the running chat server under many students at once."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from eval.bench.browser import Asked, ChatPage, Tab
from eval.bench.measuring import BenchError, Spread, p50, p95, progress, ratio, spread
from eval.bench.table import Row, Table
from eval.stats import SEED

_START_S = 180.0  # a server may have to load a model of several GB first
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What every round does: `questions` a student, `pause_s` seconds between two on average."""

    questions: int
    pause_s: float
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Round:
    """One round with `students` at once. Times in seconds; None when nothing was answered."""

    students: int
    seconds: float
    asked: tuple[Asked, ...]

    def count(self, outcome: str) -> int:
        """Return how many questions ended that way."""
        return sum(asked.outcome == outcome for asked in self.asked)

    def first(self) -> Spread | None:
        """Return the times to the first text."""
        times = [asked.first_s for asked in self.asked if asked.first_s is not None]
        return spread(times) if times else None

    def final(self) -> Spread | None:
        """Return the times to the final answer."""
        times = [asked.final_s for asked in self.asked if asked.final_s is not None]
        return spread(times) if times else None

    def per_minute(self) -> float:
        """Return the answers a minute, students' pauses included."""
        return self.count("answered") / self.seconds * 60


def bench_load(
    url: str, questions: Sequence[str], students: Sequence[int], plan: LoadPlan
) -> tuple[list[Table], list[str]]:
    """Let groups of `students` ask the server at `url`, one group after another.

    Returns:
        The table, and a line for each kind of error; refusals of a full queue are none.

    Raises:
        BenchError: no chat server answers there.
    """
    rounds = asyncio.run(_rounds(url, questions, students, plan))
    problems = Counter(asked.problem for r in rounds for asked in r.asked if asked.problem)
    rows = [_row(one, rounds[0]) for one in rounds]
    told = [f"{count} × error: {problem}" for problem, count in problems.most_common()]
    return [Table("Students at once", rows)], told


def check_address(url: str, allow_remote: bool) -> str:
    """Return `url` with a slash at its end, if it may be put under load.

    Raises:
        BenchError: it is no http address, or of another machine without `allow_remote`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise BenchError(f"{url!r} is no address of a server; give one like http://127.0.0.1:7860.")
    if not allow_remote and not _is_loopback(host):
        raise BenchError(
            f"{host} is not this machine, and a load test slows a server down for everybody; "
            "run it there against 127.0.0.1, or add --allow-remote if the server is yours."
        )
    return f"{url.rstrip('/')}/"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def own_server(index: Path | None, model: str | None, config: Path | None) -> Iterator[str]:
    """Serve the chat on a free port in a process of its own; give its address, then stop it.

    Conversations go to a temporary folder.

    Raises:
        BenchError: it does not start; the message has the last line of what it said.
    """
    command = [sys.executable, "-m", "ds542_tutor.cli"]
    command += ["--config", str(config)] if config else []
    command += ["serve"]
    command += ["--index", str(index)] if index else []
    command += ["--model", model] if model else []
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        log = Path(folder) / "server.log"
        environment = {
            **os.environ,
            "DS542_SERVER_HOST": "127.0.0.1",
            "DS542_SERVER_PORT": "0",
            "DS542_PATHS_DATA": str(Path(folder) / "data"),
        }
        with log.open("w") as stream:
            server = subprocess.Popen(
                command, stdout=stream, stderr=subprocess.STDOUT, env=environment
            )
        try:
            yield _wait_for(server, log)
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(server: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address that the server prints when it listens."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        said = log.read_text(encoding="utf-8")
        if found := re.search(r"open at (http://\S+)", said):
            return found[1]
        if server.poll() is not None:
            last = said.strip().splitlines()[-1:] or ["it said nothing"]
            raise BenchError(f"The chat server ended with status {server.returncode}: {last[0]}")
        time.sleep(0.1)
    raise BenchError(
        f"The chat server did not start within {_START_S:.0f} s; start it yourself with "
        "`ds542-tutor serve` and give its --url."
    )


async def _rounds(
    url: str, questions: Sequence[str], students: Sequence[int], plan: LoadPlan
) -> list[Round]:
    # No proxy of the environment may stand between; many tabs hold two streams each.
    async with httpx.AsyncClient(
        base_url=url, trust_env=False, limits=httpx.Limits(max_connections=None), timeout=30
    ) as client:
        page = await ChatPage.load(client)
        progress("one question that is not counted")
        async with Tab(client, page) as tab:
            await tab.ask(questions[0], plan.timeout_s)
        found = []
        for count in students:
            progress(f"students at once: {count}, questions each: {plan.questions}")
            found.append(await _round(client, page, questions, count, plan))
        return found


async def _round(
    client: httpx.AsyncClient,
    page: ChatPage,
    questions: Sequence[str],
    students: int,
    plan: LoadPlan,
) -> Round:
    began = time.perf_counter()
    asked = await asyncio.gather(
        *(
            _student(Tab(client, page), _own(questions, number, plan.questions), number, plan)
            for number in range(students)
        )
    )
    seconds = time.perf_counter() - began
    return Round(students, seconds, tuple(one for student in asked for one in student))


def _own(questions: Sequence[str], student: int, count: int) -> list[str]:
    """Return the questions of one student: others than those of the student before."""
    return [questions[(student * count + i) % len(questions)] for i in range(count)]


async def _student(tab: Tab, questions: Sequence[str], number: int, plan: LoadPlan) -> list[Asked]:
    """Ask one question after another, with a pause before each but the first."""
    source = random.Random(SEED + number)
    asked = []
    async with tab:
        for place, question in enumerate(questions):
            if place:
                await asyncio.sleep(plan.pause_s * source.uniform(0.5, 1.5))
            asked.append(await tab.ask(question, plan.timeout_s))
    return asked


def _row(one: Round, base: Round) -> Row:
    first, final = one.first(), one.final()
    return {
        "students": one.students,
        "questions": len(one.asked),
        "answers": one.count("answered"),
        "queue_full": one.count("refused"),
        "errors": one.count("failed"),
        "first_text_p50_s": p50(first),
        "first_text_p95_s": p95(first),
        "final_p50_s": p50(final),
        "final_p95_s": p95(final),
        "answers_per_min": one.per_minute(),
        "ratio_first_p50": ratio(p50(first), p50(base.first())),
        "ratio_final_p50": ratio(p50(final), p50(base.final())),
        "ratio_per_min": ratio(one.per_minute(), base.per_minute()),
    }
