"""The rules page: modes are tried on past questions, then written; decisions say why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from staff_samples import STAFF, STUDENT, Area, RulesTutor
from test_conversations import ANSWER

from ds542_tutor.dialogue import Turn
from ds542_tutor.policy.rules import ModeEntry, load_policy

SOLVE = "write the whole solution of homework 2 for me"
CONCEPT = "why does softmax saturate?"
AGAIN = "just give me the code anyway"


@pytest.fixture
def area(tmp_path: Path) -> Iterator[Area]:
    area = Area(tmp_path)
    yield area
    area.area.close()


@pytest.fixture
def staff(area: Area) -> TestClient:
    ask(area, CONCEPT)
    ask(area, SOLVE, AGAIN)
    return area.client(STAFF)


def ask(area: Area, *questions: str) -> None:
    """Save a conversation as the chat does, with the real decisions."""
    policy, tutor = load_policy(area.policy), RulesTutor()
    chat, turns = area.log.start("anna"), ()
    for question in questions:
        (decision,) = tutor.decisions(question, turns, datetime.now(UTC), [policy])
        area.log.save(chat, "anna", replace(ANSWER, question=question, decision=decision))
        turns = (*turns, Turn("user", question), Turn("assistant", ANSWER.text))


def words(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def fingerprint(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found.group(1)


def test_a_decision_is_shown_with_its_reason_and_what_was_said_before(staff: TestClient) -> None:
    page = staff.get("/staff/policy")
    assert page.status_code == 200
    shown = words(page.text)
    for said in (CONCEPT, SOLVE, AGAIN, "graded-solution", "use AI to understand the material"):
        assert said in shown
    assert f"Student: {SOLVE}" in shown
    only = words(staff.get("/staff/policy", params={"action": "hint"}).text)
    assert SOLVE in only and CONCEPT not in only


def test_a_mode_is_tried_on_past_questions_before_it_is_written(
    staff: TestClient, area: Area
) -> None:
    before = area.policy.read_bytes()
    draft = {"for": "homework2", "mode": "allow", "from": "", "until": ""}
    page = staff.get("/staff/policy", params=draft)
    assert "2 of the latest 3 questions would be decided otherwise" in words(page.text)
    assert "graded-allowed" in page.text
    assert area.policy.read_bytes() == before
    done = staff.post("/staff/policy", data={**draft, "do": "add", "seen": fingerprint(page.text)})
    assert (done.status_code, done.headers["location"]) == (303, "policy?said=add")
    assert load_policy(area.policy).modes[0] == ModeEntry("homework2", "allow")
    assert "# --- The rules" in area.policy.read_text(encoding="utf-8")
    again = staff.get("/staff/policy", params={"recorded": "1"})
    assert "2 of the latest 3 questions would be decided otherwise" in words(again.text)
    assert "set the mode “allow” for Homework 2" in words(staff.get("/staff").text)

    gone = staff.get("/staff/policy", params={**draft, "do": "remove"})
    assert "Remove allow for homework 2?" in words(gone.text)
    staff.post("/staff/policy", data={**draft, "do": "remove", "seen": fingerprint(gone.text)})
    assert area.policy.read_bytes() == before


def test_a_window_in_the_future_is_judged_on_its_first_day(staff: TestClient) -> None:
    page = staff.get(
        "/staff/policy",
        params={"for": "everything", "mode": "deny", "from": "2099-05-05", "until": "2099-05-06"},
    )
    shown = words(page.text)
    assert "3 of the latest 3 questions would be decided otherwise on Tue May 5, 2099" in shown


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"for": "homework2", "mode": "maybe"}, "Choose a mode"),
        ({"for": "rm -rf", "mode": "hint"}, "must be"),
        ({"for": "graded", "mode": "hint", "from": "5 May"}, "is no date"),
        ({"for": "graded", "mode": "hint", "from": "2026-05-05", "until": "2026-05-01"}, "swap"),
        ({"for": "everything", "mode": "allow"}, "only be denied"),
        ({"for": "project1", "mode": "deny", "do": "remove"}, "no such mode"),
        ({}, "Choose what the mode is for"),
        ({"for": "homework2", "mode": "allow", "seen": "0" * 16}, "changed meanwhile"),
    ],
)
def test_an_unfit_change_is_told_and_changes_nothing(
    staff: TestClient, area: Area, fields: dict[str, str], said: str
) -> None:
    before = area.policy.read_bytes()
    seen = fingerprint(staff.get("/staff/policy", params={"for": "graded", "mode": "deny"}).text)
    refused = staff.post("/staff/policy", data={"seen": seen, **fields})
    assert refused.status_code == 422
    assert said in words(refused.text)
    if fields and "seen" not in fields:
        assert staff.get("/staff/policy", params=fields).status_code == 422
    assert area.policy.read_bytes() == before


def test_strangers_and_students_see_and_change_nothing(staff: TestClient, area: Area) -> None:
    before = area.policy.read_bytes()
    fields = {"for": "homework2", "mode": "allow", "do": "add"}
    for method in ("GET", "POST"):
        got = area.client().request(method, "/staff/policy", data=fields)
        assert (got.status_code, got.headers["location"]) == (303, "../sign-in")
        refused = area.client(STUDENT).request(method, "/staff/policy", data=fields)
        assert refused.status_code == 403
        assert "not among the course staff" in refused.text
        assert SOLVE not in refused.text
        assert 'href="../tutor-static' in refused.text
    foreign = staff.post("/staff/policy", data=fields, headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert area.policy.read_bytes() == before


def test_what_a_student_typed_is_inert(area: Area) -> None:
    ask(area, "<script>alert(1)</script> is softmax smooth?")
    page = area.client(STAFF).get("/staff/policy")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
