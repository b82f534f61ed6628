"""Fetching repositories with the real git from a real server; what a person did is never lost."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from local_web import Web, commit, git, serving

from ingest.fetch import git as fetch_git
from ingest.fetch.manners import Manners
from ingest.fetch.plan import FetchPlan, Repository
from ingest.fetch.record import load
from ingest.fetch.run import Fetched, fetch

QUICK = Manners(attempts=2, wait_s=0.01, total_s=20)
FILES = {
    "index.md": "# Course\n",
    "_lectures/1.md": "---\ntitle: One\n---\n",
    "old.md": "gone soon",
}


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A repository with two commits."""
    repository = tmp_path / "repositories" / "site"
    commit(repository, {"index.md": "# Draft\n"})
    commit(repository, FILES)
    return repository


@pytest.fixture
def web(tmp_path: Path, upstream: Path) -> Iterator[Web]:
    with serving(tmp_path / "repositories") as web:
        yield web


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "materials"


def one(root: Path, web: Web, manners: Manners = QUICK, **more: str) -> Fetched:
    item = Repository(web.url(more.pop("path", "/git/site/.git")), "site", **more)
    (told,) = fetch(FetchPlan("toy", root.resolve(), (item,)), lambda _: None, manners).items
    return told


def test_a_repository_is_brought_and_kept_up_to_date(web: Web, upstream: Path, root: Path) -> None:
    told = one(root, web)
    newest = git(upstream, "rev-parse", "HEAD")
    assert (told.status, told.commit) == ("new", newest)
    site = root / "site"
    assert {name: (site / name).read_text() for name in FILES} == FILES
    assert git(site, "rev-list", "--count", "HEAD") == "1", "no history is brought"
    assert stat.S_IMODE(site.stat().st_mode) == 0o755
    assert load(root).repositories["site"].commit == newest
    assert one(root, web).status == "unchanged"
    (upstream / "old.md").unlink()
    newest = commit(upstream, {"index.md": "# Course, second week\n"})
    told = one(root, web)
    assert (told.status, told.commit) == ("updated", newest)
    assert (site / "index.md").read_text() == "# Course, second week\n"
    assert not (site / "old.md").exists()
    assert git(site, "status", "--porcelain") == ""
    assert {path.name for path in root.iterdir()} == {
        "site", ".ds542-fetch.json", ".ds542-fetch.lock",
    }  # fmt: skip


def test_a_rewritten_history_is_followed(web: Web, upstream: Path, root: Path) -> None:
    one(root, web)
    git(upstream, "commit", "--quiet", "--amend", "--message=rewritten")
    assert one(root, web).status == "updated"
    assert git(root / "site", "log", "-1", "--format=%s") == "rewritten"


@pytest.mark.parametrize("kind", ["branch", "tag", "commit"])
def test_a_branch_a_tag_or_a_commit(web: Web, upstream: Path, root: Path, kind: str) -> None:
    git(upstream, "branch", "draft", "HEAD~1")
    git(upstream, "tag", "v1", "HEAD~1")
    wanted = git(upstream, "rev-parse", "HEAD~1")
    git(upstream, "config", "uploadpack.allowAnySHA1InWant", "true")  # as GitHub does
    ref = {"branch": "draft", "tag": "v1", "commit": wanted}[kind]
    told = one(root, web, ref=ref)
    assert told.commit == wanted, told.reason
    assert (root / "site/index.md").read_text() == "# Draft\n"


def test_local_changes_stand_in_the_way_and_stay(web: Web, upstream: Path, root: Path) -> None:
    one(root, web)
    page = root / "site/index.md"
    page.write_text("# Course, corrected by a TA\n")
    assert one(root, web).status == "unchanged", "nothing is in the way of nothing"
    commit(upstream, {"index.md": "# Course, second week\n", "new.md": "new"})
    told = one(root, web)
    assert told.status == "failed"
    assert "local changes stand in the way (index.md)" in told.reason
    assert page.read_text() == "# Course, corrected by a TA\n"
    git(root / "site", "checkout", ".")
    assert one(root, web).status == "updated"


def test_a_file_that_git_does_not_know_is_not_written_over(
    web: Web, upstream: Path, root: Path
) -> None:
    one(root, web)
    (root / "site/notes.md").write_text("a TA's notes")
    (root / "site/other.md").write_text("more of them")
    commit(upstream, {"notes.md": "the course's notes"})
    told = one(root, web)
    assert told.status == "failed"
    assert "files of yours stand in the way (notes.md)" in told.reason
    assert (root / "site/notes.md").read_text() == "a TA's notes"
    (root / "site/notes.md").unlink()
    assert one(root, web).status == "updated"
    assert (root / "site/notes.md").read_text() == "the course's notes"
    assert (root / "site/other.md").read_text() == "more of them"


def test_an_ignored_file_is_not_written_over_either(web: Web, upstream: Path, root: Path) -> None:
    commit(upstream, {".gitignore": "*.local\n"})
    one(root, web)
    (root / "site/a.local").write_text("mine")
    (upstream / ".gitignore").unlink()
    commit(upstream, {"a.local": "theirs"})
    assert one(root, web).status == "failed"
    assert (root / "site/a.local").read_text() == "mine"


def test_commits_of_a_person_stay(web: Web, upstream: Path, root: Path) -> None:
    one(root, web)
    mine = commit(root / "site", {"index.md": "# Corrected\n"})
    commit(upstream, {"new.md": "new"})
    told = one(root, web)
    assert told.status == "failed"
    assert "commits of its own" in told.reason
    assert git(root / "site", "rev-parse", "HEAD") == mine


@pytest.mark.parametrize("depth", [[], ["--depth=1"]])
def test_a_checkout_made_by_hand_is_kept_up_to_date(
    web: Web, upstream: Path, root: Path, depth: list[str]
) -> None:
    root.mkdir()
    git(root, "clone", "--quiet", *depth, web.url("/git/site/.git/"), "site")
    history = git(root / "site", "rev-list", "--count", "HEAD")
    assert one(root, web).status == "unchanged"
    commit(upstream, {"new.md": "new"})
    assert one(root, web).status == "updated"
    assert git(root / "site", "symbolic-ref", "--short", "HEAD") == "main"
    if not depth:
        assert int(git(root / "site", "rev-list", "--count", "HEAD")) == int(history) + 1


def test_folders_that_are_something_else_are_left_alone(
    web: Web, upstream: Path, root: Path
) -> None:
    (root / "site").mkdir(parents=True)
    (root / "site/index.md").write_text("unpacked by hand")
    # Not even where the materials folder itself lies in a repository.
    git(root, "init", "--quiet")
    told = one(root, web)
    assert told.status == "kept"
    assert "no git checkout" in told.reason
    (root / "site/index.md").unlink()
    (root / "site").rmdir()
    one(root, web)
    other = upstream.parent / "other"
    commit(other, {"a.md": "a"})
    told = one(root, web, path="/git/other/.git")
    assert told.status == "failed"
    assert "is a checkout of http://127.0.0.1" in told.reason
    assert (root / "site/index.md").read_text() == FILES["index.md"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"path": "/git/none/.git"}, "there is no such public repository"),
        ({"path": "/none"}, "there is no such public repository"),
        ({"ref": "no-such-branch"}, "check ref in the sources file"),
    ],
)
def test_what_is_not_there(web: Web, root: Path, more: dict[str, str], said: str) -> None:
    told = one(root, web, **more)
    assert told.status == "failed"
    assert said in told.reason
    assert not (root / "site").exists()
    assert [path.name for path in root.iterdir() if path.name.endswith(".new")] == []


def test_a_password_is_not_asked_for(web: Web, root: Path) -> None:
    web.routes["/locked/info/refs"] = lambda request: request.say(
        401, WWW_Authenticate='Basic realm="x"'
    )
    told = one(root, web, path="/locked")
    assert told.status == "failed"
    assert "there is no such public repository" in told.reason


def test_an_address_that_leads_to_another_protocol(web: Web, upstream: Path, root: Path) -> None:
    web.routes["/away/info/refs"] = lambda request: request.say(
        302, Location=f"file://{upstream}/info/refs"
    )
    told = one(root, web, path="/away")
    assert told.status == "failed"
    assert not (root / "site").exists()


def test_a_broken_server_is_asked_again(web: Web, root: Path) -> None:
    web.routes["/broken/info/refs"] = lambda request: request.say(503)
    told = one(root, web, path="/broken")
    assert told.status == "failed"
    assert "check the network connection and fetch again" in told.reason
    assert len(web.requests("/broken/info/refs")) == 2


def test_a_server_that_falls_silent_is_left(web: Web, root: Path) -> None:
    web.routes["/silent/info/refs"] = lambda request: time.sleep(3)
    told = one(root, web, replace(QUICK, total_s=0.5), path="/silent")
    assert told.status == "failed"
    assert "took more than" in told.reason


def test_without_git(web: Web, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    told = one(root, web)
    assert told.status == "failed"
    assert "git is not installed; install it" in told.reason


def test_links_in_a_repository_lead_nowhere(web: Web, upstream: Path, root: Path) -> None:
    (upstream / "secrets.md").symlink_to("/etc/passwd")
    commit(upstream, {"new.md": "new"})
    assert one(root, web).status == "new"
    assert not (root / "site/secrets.md").is_symlink()
    assert (root / "site/secrets.md").read_text() == "/etc/passwd"
    commit(upstream, {"new.md": "newer"})
    assert one(root, web).status == "updated"


def test_nothing_of_a_repository_is_run(
    web: Web, upstream: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = root.parent / "hooks"
    hooks.mkdir()
    hook = hooks / "post-checkout"
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    settings = root.parent / "gitconfig"
    settings.write_text(f"[core]\nhooksPath = {hooks}\n[init]\ntemplateDir = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert one(root, web).status == "new"
    assert not (root / "site/ran").exists()


def test_a_clone_that_was_killed_is_cleaned_up(web: Web, root: Path) -> None:
    stale = root / ".site.abc.new"
    stale.mkdir(parents=True)
    (stale / "half").write_text("half")
    assert one(root, web).status == "new"
    assert not stale.exists()


def test_being_called_from_another_repository(
    web: Web, upstream: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(upstream / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(upstream / ".git" / "index"))
    assert one(root, web).status == "new"
    monkeypatch.undo()
    assert git(upstream, "status", "--porcelain") == ""


def test_strange_folder_names(web: Web, root: Path) -> None:
    item = Repository(web.url("/git/site/.git"), "Übung 'a' [1]")
    plan = FetchPlan("toy", root.resolve(), (item,))
    for status in ("new", "unchanged"):
        (told,) = fetch(plan, lambda _: None, QUICK).items
        assert told.status == status
    assert (root / item.to / "index.md").is_file()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://github.com/DL4DS/sp2026", "git@github.com:DL4DS/sp2026.git"),
        ("https://github.com/DL4DS/sp2026/", "ssh://git@github.com/dl4ds/sp2026"),
        ("http://127.0.0.1:80/a/b.git", "http://127.0.0.1:81/a/b"),
    ],
)
def test_two_addresses_of_one_repository(one: str, other: str) -> None:
    assert fetch_git._same(one) == fetch_git._same(other)
    assert fetch_git._same(one) != fetch_git._same(one + "x")
