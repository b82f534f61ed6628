"""The route that writes disclosures: what it takes, what it refuses."""

from __future__ import annotations

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ds542_tutor.app.credit import FORMS, MAX_BYTES, ROUTE, router
from ds542_tutor.policy.disclosure import FORMS as KNOWN

EXCHANGE = {
    "prompt": "Why?", "answer": "Because [1].\n\n- one\n- two", "tool": "ds542_tutor 0.1.0",
    "model": "quotes", "date": "2026-02-03", "link": "", "used": [2],
}  # fmt: skip


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    app.include_router(router())
    return TestClient(app)


def asked(**changes: object) -> str:
    body = {"exchanges": [EXCHANGE], "form": "markdown", "how": "so", "why": "thus", **changes}
    return json.dumps(body)


def test_the_page_offers_every_form() -> None:
    assert {name for name, _, _ in FORMS} == set(KNOWN)


@pytest.mark.parametrize(("name", "file"), [(name, file) for name, _, file in FORMS])
def test_a_disclosure_is_written(client: TestClient, name: str, file: str) -> None:
    done = client.post(ROUTE, content=asked(form=name))
    assert done.status_code == 200 and done.json()["file"] == file
    assert "Why?" in done.json()["text"].replace("?{}", "?")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (asked(how=" "), "Say how you used the tutor"),
        (asked(exchanges=[]), "There is no answer"),
        (asked(form="word"), "There is no form 'word'"),
        (asked(exchanges=[{**EXCHANGE, "used": [9]}]), "has no part 9"),
        (asked(exchanges=[{**EXCHANGE, "used": ["1"]}]), "incomplete; reload"),
        (asked(exchanges=[{"prompt": "x"}]), "incomplete; reload"),
        (asked(exchanges=3), "incomplete; reload"),
        ("[]", "incomplete; reload"),
        ("nonsense", "incomplete; reload"),
        ("\xff", "incomplete; reload"),
        ("x" * (MAX_BYTES + 1), "too long to export"),
    ],
)
def test_what_cannot_be_written_is_said(client: TestClient, body: str, said: str) -> None:
    done = client.post(ROUTE, content=body.encode("latin-1"))
    assert done.status_code == 400 and said in done.json()["error"]
