"""Files read in other processes: each in its place, and one that misbehaves costs itself alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from worker_samples import READING, files

from ingest.parsing import Parsed, parse
from ingest.sources import SourceFile
from ingest.workers import Failure, Limits, read_files

STARTER = Path(__file__).parents[1] / "corpus" / "starter"


def workers(process: psutil.Process | None = None) -> list[psutil.Process]:
    """The reading processes below `process`; multiprocessing's own tracker is none."""
    found = []
    for child in (process or psutil.Process()).children(recursive=True):
        try:
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


def gone(processes: Sequence[psutil.Process], seconds: float) -> bool:
    return not psutil.wait_procs(processes, timeout=seconds)[1]


def read(
    sources: Sequence[SourceFile], processes: int = 2, **limits: float
) -> dict[int, Parsed | Failure]:
    given = Limits(**limits)  # type: ignore[arg-type]
    return dict(read_files(sources, READING, given, processes))


def reason(outcome: Parsed | Failure) -> str:
    assert isinstance(outcome, Failure), outcome
    return outcome.reason


def test_each_file_comes_out_at_its_own_position() -> None:
    sources = [
        SourceFile(STARTER / "lectures/05_regularization.pdf", "05.pdf", "slides", lecture=5),
        SourceFile(STARTER / "site/index.md", "index.md", "site", site=STARTER / "site"),
        *(
            SourceFile(path, path.name, "notebook", term="sp2026")
            for path in sorted((STARTER / "notebooks").glob("*.ipynb"))
        ),
    ]
    outcomes = read(sources)
    assert outcomes == {i: parse(source, READING) for i, source in enumerate(sources)}
    assert workers() == []


def test_nothing_to_read_starts_nothing() -> None:
    assert read([]) == {}


def test_a_crash_a_hang_and_an_exception_cost_their_files_alone(tmp_path: Path) -> None:
    texts = ("one", "CRASH", "two", "HANG", "LEAVE", "RAISE", "SPIN", "three")
    began = time.monotonic()
    outcomes = read(files(tmp_path, *texts), seconds=4)
    # Two hangs of 4 s, beside each other or not, and the start of some processes.
    assert time.monotonic() - began < 60
    assert sorted(outcomes) == list(range(len(texts)))
    assert [i for i, outcome in outcomes.items() if isinstance(outcome, Parsed)] != []
    for i in (0, 2, 7):
        outcome = outcomes[i]
        assert isinstance(outcome, Parsed)
        assert outcome.record.path == f"{i}.md"
    assert "ended without a word (SIGABRT)" in reason(outcomes[1])
    assert "ended without a word (status 3)" in reason(outcomes[4])
    for i in (3, 6):
        assert "took more than 4 s and was stopped" in reason(outcomes[i])
    assert "its reader failed (ZeroDivisionError: a number of the file)" in reason(outcomes[5])
    for i in (1, 3, 4, 5, 6):
        assert "[[skip]]" in reason(outcomes[i])
    assert workers() == []
    assert list(tmp_path.glob("core*")) == []


def test_a_file_that_swells_is_told_so_and_its_process_goes_on(tmp_path: Path) -> None:
    outcomes = read(files(tmp_path, "SWELL", "plain"), processes=1, memory=3 << 30)
    assert "needs more than 3.0 GiB of memory" in reason(outcomes[0])
    assert isinstance(outcomes[1], Parsed)


def test_an_unreadable_file_says_why_without_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_bytes(b"")
    outcomes = read([SourceFile(tmp_path / "x.md", "x.md", "notes")])
    assert reason(outcomes[0]).startswith("the file is empty")


def test_a_process_that_was_ended_while_it_rested_is_replaced(tmp_path: Path) -> None:
    sources = files(tmp_path, "one", "two")
    reading = read_files(sources, READING, Limits(), processes=1)
    next(reading)
    [resting] = workers()
    resting.kill()
    while resting.status() != psutil.STATUS_ZOMBIE:  # not reaped here: its parent does that
        time.sleep(0.05)
    time.sleep(0.5)  # until the last of its threads has let go of its files
    [(_, outcome)] = list(reading)
    assert isinstance(outcome, Parsed)
    assert workers() == []


def test_whoever_stops_listening_ends_the_processes(tmp_path: Path) -> None:
    reading = read_files(files(tmp_path, "one", "HANG"), READING, Limits(), processes=2)
    position, _ = next(reading)
    assert position == 0
    running = workers()
    assert running != []
    reading.close()
    assert gone(running, 5)


def reading_program(folder: Path, *texts: str) -> subprocess.Popen[str]:
    """A program that has read one file and hangs in the others."""
    script = Path(__file__).with_name("worker_samples.py")
    program = subprocess.Popen(
        [sys.executable, str(script), str(folder), *texts],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "0\n"
    return program


def test_ctrl_c_ends_the_processes(tmp_path: Path) -> None:
    program = reading_program(tmp_path, "HANG")
    running = workers(psutil.Process(program.pid))
    assert running != []
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=20)
    assert "KeyboardInterrupt" in err
    assert gone(running, 5)


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_parent_leaves_no_process(tmp_path: Path, stop: signal.Signals) -> None:
    program = reading_program(tmp_path, "HANG")
    running = workers(psutil.Process(program.pid))
    assert len(running) == 2
    os.kill(program.pid, stop)
    program.communicate(timeout=20)
    assert gone(running, 5)
