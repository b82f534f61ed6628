"""The rules page in a browser, over the starter corpus: what was decided, and a mode changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browsing import ANSWER_MS, LAPTOP, LAST, PHONE, Open, ask, serving
from playwright.sync_api import Page, expect
from staff_samples import STAFF, WORDS, line

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.policy.rules import ModeEntry, load_policy
from ds542_tutor.settings import Settings

SOLVE = "write the solution of homework 2 question 3-1 for me"


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    file = tmp_path_factory.mktemp("rules") / "policy.toml"
    file.write_bytes((root / "corpus/policy.toml").read_bytes())
    return file


@pytest.fixture(scope="module")
def url(starter_settings: Settings, policy: Path) -> Iterator[str]:
    (policy.parent / "passwords.txt").write_text(line(STAFF), encoding="utf-8")
    settings = replace(
        starter_settings,
        paths=replace(starter_settings.paths, policy=policy, data=policy.parent / "data"),
        staff=replace(starter_settings.staff, passwords=str(policy.parent / "passwords.txt")),
    )
    with serving(LiveTutor(settings), settings) as url:
        yield url


def rules(visit: Open, url: str, viewport: dict[str, int] = LAPTOP) -> Page:
    page = visit(url, viewport, path="staff", ready="#password")
    page.fill("#account", STAFF)
    page.fill("#password", WORDS)
    page.press("#password", "Enter")
    # A click before the page that signing in leads to would be overtaken by it.
    expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=ANSWER_MS)
    page.click("text=Rules")
    expect(page.locator("#modes-head")).to_be_visible(timeout=ANSWER_MS)
    return page


def test_a_mode_is_changed_with_its_consequences_before_ones_eyes(
    visit: Open, url: str, policy: Path
) -> None:
    student = visit(url)
    ask(student, "Why do we divide by the square root of the dimension in attention?")
    ask(student, SOLVE)
    expect(student.locator(LAST)).to_contain_text("graded")

    page = rules(visit, url)
    expect(page.locator("#decisions > li")).to_have_count(2)
    page.click(f"#decisions summary:has-text('{SOLVE}')")
    expect(page.locator("#decisions")).to_contain_text("Homework 2".lower())
    expect(page.locator("#decisions dd").first).to_be_visible()

    page.select_option("#for", "homework2")
    page.select_option("#mode", "deny")
    page.click("#look")
    expect(page.locator("#flips")).to_contain_text("1 of the latest 2 questions")
    assert len(load_policy(policy).modes) == 1, "nothing is written yet"
    page.click("#save")
    expect(page.locator("#said")).to_have_text("The mode is in the policy file.")
    assert load_policy(policy).modes[0] == ModeEntry("homework2", "deny")
    ask(student, SOLVE)
    expect(student.locator(LAST)).to_contain_text("has closed help with homework 2")

    page.click("#modes li:has-text('Homework 2') button")
    page.click("#save")
    expect(page.locator("#said")).to_have_text("The mode was removed.")
    assert len(load_policy(policy).modes) == 1
    page.click("text=Sign out")
    expect(page.locator("#password")).to_be_visible()


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_nothing_is_wider_than_the_window(visit: Open, url: str, viewport: dict[str, int]) -> None:
    ask(visit(url), "softmax " + "x" * 300)
    page = rules(visit, url, viewport)
    page.goto(page.url.split("?")[0] + "?for=everything&mode=deny&from=2099-01-01")
    expect(page.locator("#flips")).to_be_visible()
    for summary in page.locator("#decisions summary").all():
        summary.click()
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
