"""Re-ingests begun on the staff page: progress, reports, cancelling, children that misbehave."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from fastapi.testclient import TestClient
from index_samples import publish
from staff_samples import PDF, STAFF, Area, child_environment, fake_program

from ds542_tutor.app.ingest_commands import IngestCommands
from ds542_tutor.app.job import Job, job_from_json
from ds542_tutor.app.staff_jobs import IngestJobs
from ds542_tutor.app.staff_view import pages
from ds542_tutor.index.generations import IndexStore


@pytest.fixture
def goes(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Says how the next re-ingest goes."""
    return lambda how: child_environment(monkeypatch, how)


@pytest.fixture
def area(tmp_path: Path, goes: Callable[[str], None]) -> Iterator[Area]:
    goes("ok")
    area = Area(tmp_path)
    yield area
    area.area.close()


@pytest.fixture
def client(area: Area) -> TestClient:
    return area.client(STAFF)


def begin(client: TestClient, **data: object) -> None:
    got = client.post("/staff/api/ingest", json=data)
    assert got.status_code == 200, got.text


def staged(page: str) -> str:
    return page.split('id="publish" data-do="publish" data-id="')[1].split('"')[0]


def current(area: Area) -> str | None:
    return IndexStore(area.index).current_id()


def test_a_report_is_shown_before_anything_is_published(area: Area, client: TestClient) -> None:
    begin(client)
    page = area.wait(client)
    assert current(area) == area.first.id
    assert "Lecture &lt;7&gt;" in page and "+1 −1 chunks" in page
    assert "two lectures on 5 February" in page
    assert "No text on page 3" in page and "(OCR): pages 4–5" in page
    new = staged(page)
    assert "Waits to be published" in page
    got = client.post("/staff/api/publish", json={"id": new})
    assert got.status_code == 200, got.text
    assert current(area) == new
    page = client.get("/staff").text
    assert f"Published by {STAFF}" in page and f"{STAFF} published {new}" in page
    again = client.post("/staff/api/publish", json={"id": new})
    assert again.status_code == 409


def test_rolling_back_and_forth(area: Area, client: TestClient) -> None:
    second = area.publish()
    for one in (area.first.id, second.id):
        assert client.post("/staff/api/rollback", json={"id": one}).status_code == 200
        assert current(area) == one
    got = client.post("/staff/api/rollback", json={"id": "20200101T000000Z-00000000"})
    assert got.status_code == 409 and "no generation" in got.json()["error"]
    for odd in ("--help", "../x", "", None, 7):
        assert client.post("/staff/api/rollback", json={"id": odd}).status_code == 422


def test_what_was_discarded_is_gone(area: Area, client: TestClient) -> None:
    begin(client)
    new = staged(area.wait(client))
    got = client.post("/staff/api/rollback", json={"id": new})
    assert got.status_code == 409 and "never in use" in got.json()["error"]
    assert client.post("/staff/api/discard", json={"id": new}).status_code == 200
    page = client.get("/staff").text
    assert f'data-id="{new}"' not in page and "Discarded by" in page
    assert [m.id for m in IndexStore(area.index).generations()] == [area.first.id]


def test_only_what_was_staged_can_be_published_or_discarded(area: Area, client: TestClient) -> None:
    other = area.publish().id
    for action in ("publish", "discard"):
        got = client.post(f"/staff/api/{action}", json={"id": area.first.id})
        assert got.status_code == 409
    assert current(area) == other


def test_a_new_re_ingest_takes_the_place_of_what_waited(area: Area, client: TestClient) -> None:
    begin(client)
    old = staged(area.wait(client))
    begin(client)
    new = staged(area.wait(client, lambda page: 'id="publish"' in page and old not in page))
    known = [m.id for m in IndexStore(area.index).generations()]
    assert known == [area.first.id, new]


def test_what_a_terminal_staged_can_be_discarded_but_not_rolled_back_to(
    area: Area, client: TestClient
) -> None:
    other = publish(area.index, {"a.md": ["two"]}, stage=True).id
    assert "Never in use" in client.get("/staff").text
    got = client.post("/staff/api/rollback", json={"id": other})
    assert got.status_code == 409 and "never in use" in got.json()["error"]
    assert client.post("/staff/api/discard", json={"id": other}).status_code == 200
    assert other not in client.get("/staff").text.split("Who did what")[0]


def test_a_report_against_another_index_is_out_of_date(area: Area, client: TestClient) -> None:
    begin(client)
    new = staged(area.wait(client))
    meanwhile = area.publish().id
    got = client.post("/staff/api/publish", json={"id": new})
    assert got.status_code == 409 and "re-ingest" in got.json()["error"]
    assert current(area) == meanwhile


def test_files_that_failed_are_left_out_only_on_purpose(
    area: Area, client: TestClient, goes: Callable[[str], None]
) -> None:
    goes("failed")
    begin(client)
    page = area.wait(client)
    assert "it is &lt;b&gt;truncated&lt;/b&gt;" in page and "nothing was built" in page
    assert 'id="publish"' not in page
    begin(client, allow_partial=True)
    page = area.wait(client)
    new = staged(page)
    got = client.post("/staff/api/publish", json={"id": new})
    assert got.status_code == 409 and "tick" in got.json()["error"]
    assert current(area) == area.first.id
    got = client.post("/staff/api/publish", json={"id": new, "allow_partial": True})
    assert got.status_code == 200
    assert current(area) == new


def test_files_changed_after_the_re_ingest_began_are_named(area: Area, client: TestClient) -> None:
    begin(client)
    area.wait(client)
    time.sleep(1)  # times are kept to the second
    got = client.post(
        "/staff/api/upload", params={"target": "lectures/08.pdf"}, content=PDF + b"later"
    )
    assert got.status_code == 200
    page = client.get("/staff").text
    assert "Not in it:" in page
    assert "lectures/08.pdf" in page.split("Not in it:")[1].split("</div>")[0]


def test_two_staff_see_one_re_ingest_and_cannot_begin_another(
    area: Area, client: TestClient, goes: Callable[[str], None]
) -> None:
    goes("slow")
    begin(client)
    other = area.client(STAFF)
    page = area.wait(other, lambda page: "Reading files" in page)
    assert 'id="cancel"' in page and STAFF in page
    for action, data in (("ingest", {}), ("rollback", {"id": area.first.id})):
        got = other.post(f"/staff/api/{action}", json=data)
        assert got.status_code == 409 and f"{STAFF} started" in got.json()["error"]
    got = other.post("/staff/api/upload", params={"target": "lectures/07.pdf"}, content=PDF + b"2")
    assert got.status_code == 409
    assert (area.materials / "lectures/07.pdf").read_bytes() == PDF + b"07"
    assert other.post("/staff/api/cancel").status_code == 200
    page = area.wait(client)
    assert "Cancelled" in page and "goes on answering" in page
    assert current(area) == area.first.id
    assert client.post("/staff/api/cancel").status_code == 409


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("locked", "Another ingest (process 4711) is writing"),
        ("crash", "ended with status 1: ZeroDivisionError"),
        ("killed", "ended from outside (SIGKILL)"),
    ],
)
def test_an_ingest_that_fails_says_why(
    area: Area, client: TestClient, goes: Callable[[str], None], how: str, says: str
) -> None:
    goes(how)
    begin(client)
    page = area.wait(client)
    assert says in page and "Traceback" not in page
    assert current(area) == area.first.id
    goes("ok")
    begin(client)
    assert 'id="publish"' in area.wait(client)


def jobs_over(tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> IngestJobs:
    child_environment(monkeypatch, how)
    commands = IngestCommands(Path("tiny.toml"), tmp_path / "index", "", fake_program())
    return IngestJobs(commands, tmp_path, grace_s=(0.3, 0.3))


def wait_for(until: Callable[[], bool]) -> None:
    for _ in range(200):
        if until():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


def reading(jobs: IngestJobs) -> bool:
    job = jobs.look()
    return job is not None and job.step == "Reading files"


def test_a_child_that_is_deaf_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = jobs_over(tmp_path, "stubborn", monkeypatch)
    jobs.start(STAFF)
    wait_for(lambda: reading(jobs))
    jobs.cancel()
    wait_for(lambda: (job := jobs.look()) is not None and job.state == "cancelled")
    assert not children_of_ours()


def children_of_ours() -> list[psutil.Process]:
    found = psutil.Process().children(recursive=True)
    return [child for child in found if any("fake_ingest" in part for part in child.cmdline())]


def test_a_stopping_server_ends_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = jobs_over(tmp_path, "slow", monkeypatch)
    jobs.start(STAFF)
    wait_for(lambda: reading(jobs))
    assert children_of_ours()
    jobs.close()
    assert not children_of_ours()
    job = IngestJobs(jobs.commands, tmp_path).look()
    assert job is not None and not job.active


SERVER = """
import sys, time
from pathlib import Path
from ds542_tutor.app.ingest_commands import IngestCommands
from ds542_tutor.app.staff_jobs import IngestJobs
commands = IngestCommands(Path("tiny.toml"), Path("index"), "", tuple(sys.argv[1:]))
jobs = IngestJobs(commands, Path("."))
jobs.start("ta@bu.edu")
while not (jobs.look() and jobs.look().total):
    time.sleep(0.02)
print(jobs._child.pid, flush=True)
time.sleep(60)
"""


def test_after_a_killed_server_the_job_counts_as_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child_environment(monkeypatch, "slow")
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, *fake_program()],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    child = int(server.stdout.readline())
    server.kill()
    server.wait()
    server.stdout.close()
    os.kill(child, signal.SIGKILL)
    job = IngestJobs(IngestCommands(Path("x"), Path("x")), tmp_path).look()
    assert job is not None and job.state == "failed"
    assert "server stopped" in job.error


def test_a_report_outlives_the_server(area: Area, client: TestClient) -> None:
    begin(client)
    before = area.wait(client)
    area.area.close()
    area.open()
    page = area.client(STAFF).get("/staff").text
    assert staged(page) == staged(before)
    assert "+1 −1 chunks" in page and "Odd page 3" in page


def test_a_damaged_memory_of_jobs_is_no_obstacle(area: Area) -> None:
    folder = area.folder / "data/staff"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "job.json").write_text('{"by": 3', encoding="utf-8")
    (folder / "activity.jsonl").write_text('{"at": "cut', encoding="utf-8")
    area.open()
    assert area.client(STAFF).get("/staff").status_code == 200


def test_the_child_gets_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DS542_API_KEY", "DS542_STAFF_PASSWORDS", "DS542_SESSION_SECRET"):
        monkeypatch.setenv(name, "secret")
    program = (sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))")
    commands = IngestCommands(Path("x"), tmp_path, "", program)
    assert not [n for n in json.loads(commands._run("x")) if n.startswith("DS542_")]


def test_events_that_nobody_knows_change_nothing() -> None:
    job = Job("ta", "2026-01-01T00:00:00+00:00")
    for odd in ({}, {"event": "new"}, {"event": "file"}, {"event": "embed", "done": "x"}, {"a": 1}):
        assert job.take(odd) == job


def test_a_job_is_the_same_after_json() -> None:
    job = Job("ta", "2026-01-01T00:00:00+00:00").take(
        {"event": "file", "path": "a", "status": "read", "done": 1, "total": 2, "blank": [1, 2]}
    )
    assert job.notes and job.done == 1
    assert job_from_json(json.loads(json.dumps(dataclasses.asdict(job)))) == job


@pytest.mark.parametrize(
    ("numbers", "words"),
    [((3,), "page 3"), ((1, 2, 3, 7), "pages 1–3, 7"), ((5, 4), "pages 4–5")],
)
def test_pages_are_told_as_ranges(numbers: tuple[int, ...], words: str) -> None:
    assert pages(numbers) == words
