"""A course site that contradicts itself says so at ingest, one line each, and nothing else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.course import Course
from ingest.readers import read_course
from ingest.sources import load_sources

BOSTON = ZoneInfo("America/New_York")
TOML = """
[corpus]
name = "toy"
term = "sp2026"
materials = "."
site_url = "https://toy.github.io/sp2026/"
[[source]]
kind = "site"
site = "site"
url = "https://github.com/toy/sp2026/blob/main/{site_path}"
[[source]]
files = "site/decks/*.pdf"
kind = "slides"
number = '^([0-9]+)_'
lecture = true
"""
HOME = """# Toy

**Lectures (A1):** Tuesdays and Thursdays, 3:30pm -- 4:45pm<br>
**Location:** Room 1
"""


def warnings(folder: Path, pages: dict[str, str], decks: tuple[str, ...] = ("00_x.pdf",)) -> str:
    """What is reported of a site with these pages and a (numbered, unlinked) deck or more."""
    for name, text in {"index.md": HOME, **pages}.items():
        path = folder / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for deck in decks:
        path = folder / "site" / "decks" / deck
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF-1.4")
    (folder / "toy.toml").write_text(TOML)
    return "\n".join(read_course(load_sources(folder / "toy.toml")).warnings)


def page(date: str, title: str, more: str = "", body: str = "") -> str:
    return f"---\ndate: {date}\ntitle: {title}\n{more}---\n{body}\n"


def slides(url: str) -> str:
    return f"links:\n    - url: {url}\n      name: slides\n"


RECESS = {
    "_events/a.md": "---\nname: Start of Recess\ndate: 2026-03-07\n---\n",
    "_events/b.md": "---\nname: End of Recess\ndate: 2026-03-15\n---\n",
}


def due(date: str) -> str:
    return f"due_event:\n    date: {date}\n"


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (
            {
                "_lectures/1.md": page("2026-02-05T15:30:00-05:00", "06 - One"),
                "_lectures/2.md": page("2026-02-05T15:30:00-05:00", "06 - Two"),
            },
            "site/_lectures/1.md and 2.md: 2 lectures on one day, Thursday, February 5, 2026, all "
            "of them lecture 6; correct the dates",
        ),
        (
            {
                "_discussions/1.md": page("2026-03-06", "Discussion 5 -- A"),
                "_discussions/2.md": page("2026-03-06", "Discussion 6 -- B"),
            },
            "site/_discussions/1.md and 2.md: 2 discussions on one day, Friday, March 6, 2026;",
        ),
        (
            {
                f"_lectures/{n}.md": page(f"2026-02-{d:02}", f"{n} - X")
                for n, d in ((1, 3), (2, 5), (3, 10), (5, 12))
            },
            "site/_lectures: there is no lecture 4 between lecture 1 and lecture 5; add the page",
        ),
        (
            {
                "_lectures/1.md": page("2026-02-10", "01 - X"),
                "_lectures/2.md": page("2026-02-05", "02 - Y"),
            },
            "site/_lectures/1.md: lecture 1 comes after lecture 2; correct its date or its number",
        ),
        (
            {**RECESS, "_assignments/p.md": page("2026-02-22", "Project 1", due("2026-03-10"))},
            "site/_assignments/p.md: project1 is due on Tuesday, March 10, 2026, which is in the",
        ),
        (
            {**RECESS, "_lectures/1.md": page("2026-03-12", "01 - X")},
            "site/_lectures/1.md: lecture 1 takes place on Thursday, March 12, 2026, which is in",
        ),
        (
            {"_assignments/p.md": page("2026-04-22", "Project 1", due("2026-03-10"))},
            "site/_assignments/p.md: released Wednesday, April 22, 2026, after",
        ),
        (
            {"_assignments/p.md": page("2026-03-22", "P 1", due("2026-04-07T23:59:00-5:00"))},
            "site/_assignments/p.md: assignment dates with an offset from UTC that America/New",
        ),
        (
            {"_events/x.md": "---\nname: Party\ndate: 2025-12-10\n---\n"},
            'site/_events/x.md: "Party" on Wednesday, December 10, 2025, outside Spring 2026;',
        ),
        (
            {"_lectures/1.md": page("2026-02-06", "01 - X")},
            "site/_lectures/1.md: lecture 1 is on a Friday (Friday, February 6, 2026), but "
            "lectures are on Tuesdays and Thursdays;",
        ),
        (
            {"rules.md": "Hand it in by Friday, February 12, 2026."},
            'site/rules.md: "Friday, February 12, 2026" is a Thursday; correct the weekday or',
        ),
        (
            {"rules.md": "The exam is on Monday, February 30."},
            'site/rules.md: "Monday, February 30" does not exist; correct',
        ),
        (
            {"_lectures/3.md": page("2026-02-05", "03 - X", slides("/decks/03_none.pdf"))},
            "site/_lectures/3.md: the slides of lecture 3, /decks/03_none.pdf, are not among the "
            "materials; add the file or correct the link",
        ),
        (
            {"a.md": "See [the plan]({{ site.baseurl }}/decks/old_plan.pdf)."},
            "site/a.md: links to /decks/old_plan.pdf, which is not among the materials",
        ),
        (
            {"a.md": '<a href="https://toy.github.io/sp2026/decks/no%20plan.pdf">x</a>'},
            "site/a.md: links to decks/no plan.pdf, which is not among the materials",
        ),
        (
            {
                "a.md": "[n](https://colab.research.google.com/github/toy/sp2026/blob/main/n.ipynb)",
            },
            "site/a.md: links to n.ipynb, which is not among the materials",
        ),
        (
            {
                "a.md": "[n](https://github.com/toy/fa2026_work/blob/main/n.ipynb)",
                "b.md": "[n](https://github.com/toy/fa2026_work/blob/main/m.ipynb)",
            },
            "site/a.md and 1 more: links to github.com/toy/fa2026_work, which is Fall 2026's;",
        ),
        (
            {"_lectures/3.md": page("2026-02-05", "03 - X", slides("/decks/00_x.pdf"))},
            "site/_lectures/3.md: lecture 3 links 00_x.pdf, which is numbered 0; give both one",
        ),
        (
            {"_lectures/3.md": page("2026-02-05", "03 - X", slides("https://x.org/a"))},
            "site/decks: no page links 00_x.pdf; link each from its lecture, or remove it",
        ),
        (
            {"index.md": HOME + "\n## Grading\n\n- Projects: 70%\n- Homework: 15%\n"},
            "site/index.md: the weights of the grade add up to 85%, not 100%; correct them",
        ),
        (
            {
                "index.md": HOME + "\n## Late\n\nLate work loses 10% and is taken for 24 hours.\n",
                "_data/late_policy.yml": "policies:\n  - Late work loses 20% within two days.\n",
            },
            "site/index.md: a penalty of 10% for late work, but site/_data/late_policy.yml says",
        ),
        (
            {"index.md": HOME.replace("3:30pm --", "11:30pm --").replace("4:45pm", "4:45am")},
            "site/index.md: Lectures (A1): 11:30pm -- 4:45am ends before it begins; correct the",
        ),
        (
            {"_config.yml": 'course_semester: "Fall 2025"\n'},
            "site/_config.yml: the site is for Fall 2025, but the corpus for Spring 2026; fetch",
        ),
        (
            {"_lectures/1.md": page("2026-02-30", "01 - X")},
            "site/_lectures/1.md: '2026-02-30' is not a date, so the calendar does without its "
            "lecture; write it as 2026-02-05T15:30:00-05:00",
        ),
        (
            {"_lectures/1.md": "---\ntitle: 01 - X\n---\n"},
            "site/_lectures/1.md: it has no date, so the calendar does without its lecture;",
        ),
    ],
)  # fmt: skip
def test_it_is_reported(tmp_path: Path, pages: dict[str, str], said: str) -> None:
    told = warnings(tmp_path, pages)
    assert said in told
    assert all("; " in line for line in told.splitlines())


@pytest.mark.parametrize(
    "pages",
    [
        {},
        {"_lectures/2.md": page("2026-02-05T15:30:00-05:00", "02 - X", slides("/decks/02_x.pdf"))},
        {
            f"_lectures/{n}.md": page(f"2026-02-{d:02}", f"{n} - X")
            for n, d in ((1, 3), (4, 5), (8, 10))
        },
        {"a.md": "On Tuesday, March 15, 2016, AlphaGo won; see https://x.org/fa2025/a.pdf"},
        {"a.md": "[Fall 2025](https://toy.github.io/fa2025/)"},
        {"a.md": "[our previous course](https://toy.github.io/sp2025/)"},
        {"a.md": "[a](/lectures/), [mail](mailto:a@b.c), [part](#x), [out](https://x.org/y.pdf)"},
        {"a.md": "[d](decks/00_x.pdf) [d](/sp2026/decks/00_x.pdf#page=3) [d](/decks/00_x.pdf)"},
        {
            "index.md": HOME + "\n## Late\n\nLate work loses 20%; discussions lose 10% if late.\n",
            "_data/late_policy.yml": "policies:\n  - Late work loses 20% within two days.\n",
        },
        RECESS,
        {"_assignments/h.md": "---\ntitle: Homework 1\ndate: 2026-02-01\n---\n"},
    ],
)  # fmt: skip
def test_what_is_right_is_no_alarm(tmp_path: Path, pages: dict[str, str]) -> None:
    decks = ("02_x.pdf",) if any("02_x" in text for text in pages.values()) else ("00_x.pdf",)
    assert warnings(tmp_path, pages, decks) == ""


def test_a_link_that_no_file_can_have_is_a_broken_one(tmp_path: Path) -> None:
    far = page("2026-02-03T15:30:00", "2 - Far", slides(f"/decks/{'x' * 5000}.pdf"))
    assert "xxx" in warnings(tmp_path, {"_lectures/02.md": far})


def test_a_missing_deck_comes_with_the_one_that_may_be_meant(tmp_path: Path) -> None:
    deck = slides("/decks/03_shallow_networks.pdf")
    told = warnings(
        tmp_path,
        {"_lectures/3.md": page("2026-02-05", "03 - Shallow", deck)},
        ("05_shallow_neural_networks.pdf", "06_convolutional_networks.pdf"),
    )
    assert "correct the link (to 05_shallow_neural_networks.pdf?)" in told


def test_the_starter_site_has_one_contradiction(root: Path) -> None:
    told = read_course(load_sources(root / "corpus" / "starter.toml")).warnings
    assert [line.split(":")[0] for line in told] == ["site/_assignments/project1.md"]
    assert "which is in the recess" in told[0]


@pytest.fixture(scope="module")
def real(root: Path, shared: Path) -> Course:
    return read_course(load_sources(root / "corpus" / "ds542-sp2026.toml", shared / "materials"))


def test_the_real_site_is_read(real: Course) -> None:
    assert (len(real.lectures), len(real.assignments), len(real.discussions)) == (27, 9, 13)
    assert (len(real.events), len(real.people), len(real.meetings)) == (2, 6, 5)
    assert real.assignments[-1].due == datetime(2026, 5, 8, 23, 59, tzinfo=BOSTON)
    assert {a.key for a in real.assignments if a.published} == {"homework1", "homework2"}
    assert all(lecture.deck and lecture.tldr for lecture in real.lectures)


def test_the_real_sites_contradictions_are_reported(real: Course) -> None:
    told = "\n".join(real.warnings)
    assert (
        "06_gradients.md and 06_scc.md: 2 lectures on one day, Thursday, February 5, 2026" in told
    )
    for page, number in (
        ("01_intro", 1), ("02_supervised_learning", 2), ("13_cnns", 13),
        ("18_training_tuning_llms", 18), ("20_gans", 20),
    ):  # fmt: skip
        assert f"sp2026/_lectures/{page}.md: the slides of lecture {number}, " in told
    assert "05_deep.md and 06_regularization.md: 2 discussions on one day" in told
    assert "there is no lecture 7 between" in told
    assert "project1 is due on Tuesday, March 10, 2026, which is in the recess" in told
    assert "10:10pm -- 11:00am ends before it begins" in told
    assert "links to github.com/DL4DS/fa2026_discussions, which is Fall 2026's" in told
    assert "11a_recurrent_networks_v2.pdf, which is not among the materials" in told
    # Each was read and is true; another line is a new contradiction, or a false alarm.
    assert len(real.warnings) == 21
