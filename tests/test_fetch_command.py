"""`python -m ingest fetch`: what it prints, and what it says of a sources file with mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fetch_samples import PDF, one, with_etag
from local_web import Handler, Web, serving

from ds542_tutor.errors import SettingsError
from ingest.__main__ import main
from ingest.fetch.plan import load_plan
from ingest.fetch.record import RECORD


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with serving(tmp_path / "repositories") as web:
        yield web


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "materials"


def toml(tmp_path: Path, *tables: str) -> Path:
    path = tmp_path / "toy.toml"
    head = '[corpus]\nname = "toy"\nterm = "sp2026"\nmaterials = "materials"\n'
    path.write_text(head + "".join(f"[[fetch]]\n{table}\n" for table in tables), encoding="utf-8")
    return path


def test_the_command(web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web.routes["/a.pdf"] = with_etag()
    sources = toml(
        tmp_path,
        f'url = "{web.url("/a.pdf")}"\nto = "a.pdf"',
        f'url = "{web.url("/none.pdf")}"\nto = "none.pdf"\nmax_mb = 0.5',
    )
    assert main(["fetch", str(sources)]) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("new       a.pdf: 0.3 MB, sha256 ")
    assert lines[1].startswith("failed    none.pdf: 127.0.0.1: there is no such file (404)")
    assert lines[2] == "2 named, 1 brought, 1 failed."
    assert lines[3] == f"What was in {tmp_path / 'materials'} before is still there. " + (
        "Run it again to go on."
    )
    assert err.splitlines()[0] == f"fetching a.pdf from {web.url('/a.pdf')}"
    web.routes["/none.pdf"] = with_etag()
    elsewhere = tmp_path / "else where"
    arguments = ["fetch", str(sources), "--materials", str(elsewhere), "--json"]
    assert main(arguments) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["begin", "fetch", "begin", "fetch", "done"]
    assert (events[-1]["new"], events[-1]["failed"]) == (2, 0)
    assert (elsewhere / "a.pdf").read_bytes() == PDF


def test_two_at_once(web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = toml(tmp_path, f'url = "{web.url("/a.pdf")}"\nto = "a.pdf"')
    status: list[int] = []

    def answer(request: Handler) -> None:
        status.append(main(["fetch", str(sources), "--json"]))
        request.say(200, PDF)

    web.routes["/a.pdf"] = answer
    assert main(["fetch", str(sources)]) == 0
    assert status == [2]
    assert "another fetch is at work" in capsys.readouterr().err


def test_a_record_that_cannot_be_read(web: Web, root: Path) -> None:
    root.mkdir()
    (root / RECORD).write_text('{"files": 3}')
    with pytest.raises(SettingsError, match=r"\.ds542-fetch\.json cannot be read .*; remove it"):
        one(root, web)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('to = "a"', "needs either git or url"),
        ('git = "https://x.org/a"\nurl = "https://x.org/a"\nto = "a"', "needs either git or url"),
        ('url = "https://x.org/a"\nto = "a"\nref = "main"', "unknown key 'ref'"),
        ('url = "file:///etc/passwd"\nto = "a"', "begins with https:// or http://"),
        ('git = "ext::sh -c date"\nto = "a"', "begins with https:// or http://"),
        ('git = "--upload-pack=date"\nto = "a"', "begins with https:// or http://"),
        ('git = "git@github.com:DL4DS/sp2026"\nto = "a"', "begins with https:// or http://"),
        ('url = "https:///a"\nto = "a"', "begins with https:// or http://"),
        ('url = "https://[::1/a"\nto = "a"', "begins with https:// or http://"),
        ('url = "https://me:secret@x.org/a"\nto = "a"', "has a user name in it"),
        ('url = "https://x.org/a"', "needs to ="),
        ('url = "https://x.org/a"\nto = "../a"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "b/../../a"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "/etc/a"', "must be a path below"),
        ('url = "https://x.org/a"\nto = ".ds542-fetch.json"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "a/.git/config"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "."', "must be a path below"),
        ('url = "https://x.org/a"\nto = "a\\\\b"', "must be a path below"),
        ('url = "https://x.org/a"\nto = "a"\nsha256 = "abc"', "64 hexadecimal digits"),
        ('url = "https://x.org/a"\nto = "a"\nmax_mb = true', "number of megabytes"),
        ('url = "https://x.org/a"\nto = "a"\nmax_mb = -1', "number of megabytes"),
        ('git = "https://x.org/a"\nto = "a"\nref = "--exec=date"', "branch, tag or commit"),
        ('git = "https://x.org/a"\nto = "a"\nref = "a..b"', "branch, tag or commit"),
    ],
)
def test_mistakes_in_the_sources_file(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load_plan(toml(tmp_path, table))


def test_two_in_one_place(tmp_path: Path) -> None:
    site = 'git = "https://x.org/site"\nto = "site"'
    with pytest.raises(SettingsError, match="lie in one place"):
        load_plan(toml(tmp_path, site, 'url = "https://x.org/a.md"\nto = "site/./a.md"'))
    with pytest.raises(SettingsError, match="lie in one place"):
        load_plan(toml(tmp_path, site, site))
    assert len(load_plan(toml(tmp_path, site, site.replace("site", "site2"))).items) == 2


def test_nothing_to_fetch(tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", str(toml(tmp_path)), "--json"]) == 2
    out, err = capsys.readouterr()
    assert "names nothing to fetch" in err
    assert json.loads(out)["message"] == err.strip()
    assert not root.exists()


def test_the_real_course_names_its_sources() -> None:
    plan = load_plan(Path(__file__).parents[1] / "corpus" / "ds542-sp2026.toml")
    assert [item.to for item in plan.items] == [
        "sp2026", "sp2026_discussions", "fa2025", "udl", "book/UnderstandingDeepLearning.pdf",
    ]  # fmt: skip
    assert all(item.url.startswith("https://github.com/") for item in plan.items)
