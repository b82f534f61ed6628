"""The policy file: what it says, and what is wrong with a broken one."""

import copy
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ds542_tutor.errors import SettingsError
from ds542_tutor.policy.rules import NOTICES, RULE_IDS, load_policy, parse_policy

FILE = Path(__file__).parents[1] / "corpus" / "policy.toml"


@pytest.fixture
def table() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(FILE.read_text(encoding="utf-8")))


def rule(table: dict[str, Any], rule_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r for r in table["rule"] if r["id"] == rule_id)
    return found


def test_the_file_in_the_repository_is_valid_and_complete() -> None:
    policy = load_policy(FILE)
    assert set(policy.rules) == set(RULE_IDS)
    assert policy.mode("homework2", date(2026, 2, 3)) == "hint"
    assert not policy.closed(date(2026, 2, 3))


def test_refusals_are_short_name_their_clause_and_say_what_help_there_is() -> None:
    policy = load_policy(FILE)
    for name, found in policy.rules.items():
        words = policy.wording(policy.decision(name, "", "homework2"))
        if found.action == "answer":
            continue
        assert words.endswith((".", "?")) and len(words.split()) < 80, name
        assert "{" not in words and "\n" not in words
        for clause in found.clauses:
            assert f"{clause}: {policy.clauses[clause]}" in words
        assert any(
            help_ in words for help_ in ("I can", "I will", "Show me", "office hours", "Ask me")
        )


def test_staff_say_when_handouts_are_shown(table: dict[str, Any]) -> None:
    assert parse_policy(table).handouts == "from-date"
    table["handouts"]["show"] = "published"
    assert parse_policy(table).handouts == "published"
    del table["handouts"]
    assert parse_policy(table).handouts == "published"
    table["handouts"] = {"show": "never"}
    with pytest.raises(SettingsError, match="must be one of from-date, published"):
        parse_policy(table)
    table["handouts"] = {"shows": "published"}
    with pytest.raises(SettingsError, match="did you mean 'show'"):
        parse_policy(table)


def test_staff_word_the_notices_and_an_unknown_one_is_told(table: dict[str, Any]) -> None:
    table["notices"] = {"keep-header": "  Leave the header on.  "}
    policy = parse_policy(table)
    assert policy.notices == NOTICES | {"keep-header": "Leave the header on."}
    del table["notices"]
    assert parse_policy(table).notices == NOTICES
    table["notices"] = {"keep-heder": "x"}
    with pytest.raises(SettingsError, match="did you mean 'keep-header'"):
        parse_policy(table)


def test_a_hint_names_the_assignment() -> None:
    policy = load_policy(FILE)
    known = policy.wording(policy.decision("graded-solution", "", "homework2"))
    unknown = policy.wording(policy.decision("graded-solution", "", None))
    assert "part of homework 2," in known and "part of this graded work," in unknown


def test_the_narrowest_mode_in_force_wins_and_of_equal_ones_the_strictest(
    table: dict[str, Any],
) -> None:
    table["mode"] += [
        {"for": "project", "mode": "allow"},
        {"for": "project2", "mode": "deny", "from": date(2026, 3, 1), "until": date(2026, 3, 3)},
        {"for": "homework", "mode": "allow", "until": date(2026, 2, 1)},
        {"for": "homework", "mode": "deny", "from": date(2026, 2, 1)},
    ]
    policy = parse_policy(table)
    assert policy.mode("project1", date(2026, 3, 2)) == "allow"
    assert policy.mode("project2", date(2026, 2, 28)) == "allow"
    assert [policy.mode("project2", date(2026, 3, d)) for d in (1, 3, 4)] == [
        "deny",
        "deny",
        "allow",
    ]
    assert policy.mode("homework1", date(2026, 1, 31)) == "allow"
    assert policy.mode("homework1", date(2026, 2, 1)) == "deny"
    assert policy.mode("discussion4", date(2026, 2, 1)) == "hint"
    assert policy.mode(None, date(2026, 2, 1)) == "hint"


def test_graded_work_is_hinted_when_no_mode_is_given(table: dict[str, Any]) -> None:
    table["mode"] = []
    assert parse_policy(table).mode("homework1", date(2026, 2, 1)) == "hint"


def test_an_exam_window_closes_the_tutor_on_its_days_only(table: dict[str, Any]) -> None:
    day = date(2026, 5, 5)
    table["mode"].append({"for": "everything", "mode": "deny", "from": day, "until": day})
    policy = parse_policy(table)
    assert [policy.closed(date(2026, 5, d)) for d in (4, 5, 6)] == [False, True, False]


BROKEN = [
    (lambda t: t.pop("version"), "`version` is missing"),
    (lambda t: t.update(versoin="1"), "did you mean 'version'"),
    (lambda t: t["staff"].pop("contact"), "`contact` is missing"),
    (lambda t: t["staff"].update(members="me@bu.edu"), "members must be a list"),
    (lambda t: t["clauses"].update({"9": "x"}), "clauses.9"),
    (lambda t: t["rule"].pop(0), 'id = "concept"'),
    (lambda t: t["rule"].append(dict(t["rule"][0])), "but there are 2"),
    (
        lambda t: rule(t, "exam").update(action="scold"),
        "'scold' must be one of answer, hint, refuse",
    ),
    (lambda t: rule(t, "exam").update(clauses=["7"]), "clause '7' is not in [clauses]"),
    (lambda t: rule(t, "exam").pop("wording"), "add `wording`"),
    (lambda t: rule(t, "exam").update(wording="Hi {name}."), "{name}"),
    (lambda t: rule(t, "exam").update(wording="Hi {."), "brace"),
    (lambda t: rule(t, "exam").update(id="exams"), "must be one of"),
    (lambda t: t["mode"].append({"for": "homework", "mode": "maybe"}), "must be one of allow"),
    (lambda t: t["mode"].append({"for": "hw2", "mode": "hint"}), "'hw2' must be"),
    (lambda t: t["mode"].append({"for": "everything", "mode": "hint"}), 'use "graded"'),
    (
        lambda t: t["mode"].append({"for": "graded", "mode": "hint", "from": "2026"}),
        "must be a date",
    ),
    (
        lambda t: t["mode"].append(
            {"for": "graded", "mode": "deny", "from": date(2026, 2, 2), "until": date(2026, 2, 1)}
        ),
        "swap them",
    ),
    (lambda t: t.update(mode={"for": "graded"}), "[[mode]]"),
]


@pytest.mark.parametrize(("breaks", "message"), BROKEN, ids=[m for _, m in BROKEN])
def test_a_mistake_is_named_with_its_fix(table: dict[str, Any], breaks: Any, message: str) -> None:
    breaks(table)
    with pytest.raises(SettingsError) as error:
        parse_policy(table, "mine.toml")
    assert message in str(error.value) and str(error.value).startswith("mine.toml: ")


def test_a_missing_or_malformed_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist; restore it"):
        load_policy(tmp_path / "policy.toml")
    (tmp_path / "policy.toml").write_text("version = ")
    with pytest.raises(SettingsError, match="correct it"):
        load_policy(tmp_path / "policy.toml")


CAPSTONE = {
    "id": "capstone",
    "clauses": ["5"],
    "action": "hint",
    "phrases": ["write|draft ..4 final_report", "capstone ..3 essay"],
    "wording": "The report is yours to write (GAIA {clause}). Show me a paragraph.",
}


def test_a_rule_of_the_files_own_is_known_by_its_phrases(table: dict[str, Any]) -> None:
    table["rule"].append(CAPSTONE)
    found = parse_policy(table).rules["capstone"]
    assert found.phrases is not None
    assert found.phrases.search("please draft me the whole final report")
    assert not found.phrases.search("when is the final report due")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phrases": []}, "at least one"),
        ({"phrases": ["..3"]}, "lower-case words"),
        ({"phrases": ["final {report}"]}, "lower-case words"),
        ({"phrases": "final report"}, "phrases must be a list"),
        ({"action": "answer"}, "only make an answer stricter"),
        ({"id": "exam"}, "but there are 2"),
    ],
)
def test_what_is_wrong_with_a_rule_of_the_files_own(
    table: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    table["rule"].append({**CAPSTONE, **change})
    with pytest.raises(SettingsError, match=message):
        parse_policy(table)


def test_a_built_in_rule_may_have_phrases_too(table: dict[str, Any]) -> None:
    rule(table, "exam")["phrases"] = ["oral_examination"]
    assert parse_policy(table).rules["exam"].phrases is not None
