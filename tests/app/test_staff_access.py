"""Who may do what on the staff page, from the page and from each route of its API."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from staff_samples import PDF, STAFF, STUDENT, Area, child_environment, line, sign_in

from ds542_tutor.app.sessions import (
    ACCOUNT,
    ADDRESS,
    COOKIE,
    PAIR,
    Throttle,
    session_secret,
)
from ds542_tutor.errors import SettingsError


@pytest.fixture
def area(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Area]:
    child_environment(monkeypatch, "ok")
    area = Area(tmp_path)
    yield area
    area.area.close()


def api(area: Area) -> list[tuple[str, str]]:
    """Method and path of every route but the sign-in's."""
    return [
        (method, route.path)
        for route in area.area.router().routes
        if isinstance(route, APIRoute) and route.path.startswith("/staff/api/")
        for method in route.methods
    ]


def test_there_are_the_routes_that_these_tests_go_through(area: Area) -> None:
    assert {path.rsplit("/", 1)[1] for _, path in api(area)} == {
        "events", "targets", "upload", "undo", "ingest", "cancel", "publish", "discard", "rollback",
    }  # fmt: skip


@pytest.mark.parametrize(("account", "status"), [(None, 401), (STUDENT, 403)])
def test_no_route_of_the_api_serves_who_is_not_staff(
    area: Area, account: str | None, status: int
) -> None:
    client = area.client(account)
    before = sorted(area.folder.rglob("*"))
    for method, path in api(area):
        for body in (b"", b'{"id": "x"}', PDF):
            got = client.request(method, path, params={"target": "lectures/07.pdf"}, content=body)
            assert got.status_code == status, path
            assert got.json().keys() == {"error"}
    assert sorted(area.folder.rglob("*")) == before


def test_the_page_sends_strangers_to_sign_in_and_refuses_students(area: Area) -> None:
    got = area.client().get("/staff")
    assert (got.status_code, got.headers["location"]) == (303, "sign-in")
    refused = area.client(STUDENT).get("/staff")
    assert refused.status_code == 403
    assert "not among the course staff" in refused.text
    assert "lectures" not in refused.text and "Re-ingest" not in refused.text


def test_staff_see_the_page(area: Area) -> None:
    client = area.client(STAFF)
    page = client.get("/staff")
    assert page.status_code == 200
    assert "lectures/07.pdf" in page.text and "Odd page 3" in page.text
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert client.get("/staff/api/targets").json()["files"] == [
        "lectures/07.pdf", "lectures/08.pdf",
    ]  # fmt: skip
    slash = client.get("/staff/")
    assert (slash.status_code, slash.headers["location"]) == (307, "../staff")


def test_who_is_taken_off_the_staff_is_out_at_once(area: Area) -> None:
    client = area.client(STAFF)
    area.policy.write_text(
        area.policy.read_text(encoding="utf-8").replace(STAFF, "other@bu.edu"), encoding="utf-8"
    )
    assert client.get("/staff").status_code == 403
    assert client.post("/staff/api/ingest", json={}).status_code == 403


def test_another_password_ends_the_sessions(area: Area) -> None:
    client = area.client(STAFF)
    line.cache_clear()
    area.passwords.write_text(line(STAFF), encoding="utf-8")
    assert client.get("/staff").status_code == 303
    area.passwords.write_text(line(STUDENT), encoding="utf-8")
    assert sign_in(client, STAFF).status_code == 401


def test_signing_out_ends_the_session(area: Area) -> None:
    client = area.client(STAFF)
    assert client.post("/staff/sign-out").status_code == 303
    assert client.get("/staff").status_code == 303
    assert client.get("/staff/api/targets").status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites(area: Area) -> None:
    client = area.client()
    cookie = SimpleCookie(sign_in(client, STAFF).headers["set-cookie"])[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "lax" and cookie["path"] == "/staff"
    assert int(cookie["max-age"]) == 12 * 3600
    assert not cookie["secure"]
    secure = TestClient(area.app, base_url="https://testserver", follow_redirects=False)
    secure.headers["Origin"] = "https://testserver"
    assert "Secure" in sign_in(secure, STAFF).headers["set-cookie"]


@pytest.mark.parametrize("change", [lambda t: t[:-1] + "?", lambda t: "", lambda t: "a.b.c"])
def test_a_forged_cookie_is_no_session(area: Area, change: object) -> None:
    client = area.client(STAFF)
    token = client.cookies[COOKIE]
    client.cookies.clear()
    client.cookies.set(COOKIE, change(token), path="/staff")  # type: ignore[operator]
    assert client.get("/staff").status_code == 303


def test_a_session_ends_after_twelve_hours(area: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    import itsdangerous.timed

    client = area.client(STAFF)
    real = itsdangerous.timed.time.time()
    for hours, status in ((11.9, 200), (12.1, 303)):
        later = real + hours * 3600
        monkeypatch.setattr(itsdangerous.timed.time, "time", lambda later=later: later)
        assert client.get("/staff").status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {},
    ],
)
def test_other_sites_cannot_send_in_the_name_of_staff(area: Area, headers: dict[str, str]) -> None:
    client = area.client(STAFF)
    del client.headers["origin"]
    for method, path in api(area):
        if method == "POST":
            got = client.post(path, json={}, headers=headers)
            assert got.status_code == 403, path
            assert "did not come from this page" in got.json()["error"]
    assert client.post("/staff/sign-out", headers=headers).status_code == 403
    assert client.post("/sign-in", data={}, headers=headers).status_code == 403
    assert client.get("/staff").status_code == 200


def test_a_browser_that_states_no_origin_may_state_its_site(area: Area) -> None:
    client = area.client(STAFF)
    del client.headers["origin"]
    got = client.post("/staff/api/cancel", json={}, headers={"Sec-Fetch-Site": "same-origin"})
    assert got.status_code == 409


def test_wrong_passwords_and_unknown_accounts_read_alike(area: Area) -> None:
    client = area.client()
    wrong = sign_in(client, STAFF, "not the right words")
    unknown = sign_in(client, "nobody@bu.edu", "not the right words")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace(STAFF, "") == unknown.text.replace("nobody@bu.edu", "")
    assert "set-cookie" not in wrong.headers


def test_after_five_failures_even_the_right_password_has_to_wait(area: Area) -> None:
    client = area.client()
    for _ in range(PAIR.free):
        assert sign_in(client, STAFF, "not the right words").status_code == 401
    got = sign_in(client, STAFF)
    assert got.status_code == 429
    assert 0 < int(got.headers["retry-after"]) <= PAIR.first_s + 1
    assert "Try again in" in got.text
    assert sign_in(client, STUDENT).status_code == 303, "others are not held up"


@pytest.mark.parametrize("typed", ['"><script>x</script>', "a:b", "", "\0", "é" * 999])
def test_what_is_typed_comes_back_as_text(area: Area, typed: str) -> None:
    got = sign_in(area.client(), typed)
    assert got.status_code == 401
    assert "<script>x" not in got.text


def test_a_huge_sign_in_is_refused(area: Area) -> None:
    assert sign_in(area.client(), STAFF, "x" * 100_000).status_code == 413


def test_without_passwords_the_page_says_how_to_set_one(area: Area) -> None:
    area.passwords.write_text("", encoding="utf-8")
    for path in ("/staff", "/sign-in"):
        got = area.client().get(path)
        assert got.status_code == 503
        assert "ds542-tutor password" in got.text
    for method, path in api(area):
        assert area.client().request(method, path).status_code == 503
    assert sign_in(area.client(), STAFF).status_code == 401


def test_a_broken_policy_lets_nobody_in_and_names_no_files(
    area: Area, caplog: pytest.LogCaptureFixture
) -> None:
    client = area.client(STAFF)
    area.policy.write_text("version = ", encoding="utf-8")
    got = client.get("/staff")
    assert got.status_code == 503
    assert str(area.folder) not in got.text
    assert str(area.policy) in caplog.text


def test_the_session_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    made = session_secret(tmp_path / "data", {})
    file = tmp_path / "data" / "session-secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert session_secret(tmp_path / "data", {}) == made and len(made) >= 32
    assert session_secret(tmp_path, {"DS542_SESSION_SECRET": "k" * 32}) == "k" * 32
    with pytest.raises(SettingsError, match="at least 32"):
        session_secret(tmp_path, {"DS542_SESSION_SECRET": "short"})
    file.write_text("cut", encoding="utf-8")
    with pytest.raises(SettingsError, match="damaged"):
        session_secret(tmp_path / "data", {})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_delays_double_up_to_a_bound_and_are_forgotten() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    assert [throttle.attempt("ta", "a") for _ in range(PAIR.free)] == [0] * PAIR.free
    waits = []
    for _ in range(8):
        waits.append(throttle.attempt("ta", "a"))
        clock.now += waits[-1]
        assert throttle.attempt("ta", "a") == 0
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]
    clock.now += 3601
    assert [throttle.attempt("ta", "a") for _ in range(PAIR.free)] == [0] * PAIR.free


def test_success_takes_failures_back() -> None:
    throttle = Throttle(Clock())
    for _ in range(3 * PAIR.free):
        assert throttle.attempt("ta", "a") == 0
        throttle.succeeded("ta", "a")
    for _ in range(PAIR.free):
        assert throttle.attempt("ta", "a") == 0
    assert throttle.attempt("ta", "a") == PAIR.first_s


def test_one_address_cannot_try_all_accounts_nor_all_addresses_one() -> None:
    throttle = Throttle(Clock())
    waits = [throttle.attempt(f"account{i}", "a") for i in range(ADDRESS.free + 1)]
    assert waits == [0] * ADDRESS.free + [ADDRESS.first_s]
    throttle = Throttle(clock := Clock())
    waits = [throttle.attempt("ta", f"address{i}") for i in range(ACCOUNT.free + 1)]
    assert waits == [0] * ACCOUNT.free + [ACCOUNT.first_s]
    for i in range(100):
        clock.now += ACCOUNT.longest_s
        assert throttle.attempt("ta", f"more{i}") == 0, "the owner is never locked out for long"


def test_strangers_cannot_fill_the_memory() -> None:
    throttle = Throttle(clock := Clock())
    for i in range(12_000):
        clock.now += 0.001
        throttle.attempt(f"account{i}", f"address{i}")
    assert len(throttle._failures) <= 10_003
