"""`ds542-tutor policy check`: what would happen to a question and why, or what the file says."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ds542_tutor.errors import IndexStoreError
from ds542_tutor.inputs import read_history, read_moment, read_question
from ds542_tutor.settings import Settings, project_file

if TYPE_CHECKING:  # the command line starts quickly
    from ds542_tutor.course import Course
    from ds542_tutor.policy.rules import Policy

_EPILOG = """\
examples:
  ds542-tutor policy check                       # is the file valid? which modes are in force?
  ds542-tutor policy check "write my hw2 code"
  ds542-tutor policy check "and now?" --history chat.json --today 2026-02-03 --json
  ds542-tutor policy check "write my hw2 code" --policy draft.toml
"""


def add_command(commands: Any) -> None:
    """Add the command's parser to argparse's `commands`."""
    parser = commands.add_parser("policy", help="what the policy says, and why")
    actions = parser.add_subparsers(required=True, metavar="action")
    check = actions.add_parser(
        "check",
        help="check the policy file; explain what would happen to a question",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    check.add_argument("question", nargs="?", help='the question; "-" reads it from standard input')
    check.add_argument("--history", type=Path, help="JSON file of earlier turns, as for `ask`")
    check.add_argument("--today", help="as of this day or moment (YYYY-MM-DD[THH:MM])")
    check.add_argument("--policy", type=Path, help="policy file (default: that of the settings)")
    check.add_argument("--index", type=Path, help="index folder (default: index)")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Check the policy file, and explain the question if there is one.

    Raises:
        SettingsError: the policy file is missing or wrong. IndexStoreError: no usable index.
        QuestionError: the question, the history or the day cannot be read.
    """
    from ds542_tutor.policy.explain import modes, modes_text
    from ds542_tutor.policy.rules import load_policy

    file = arguments.policy or project_file(settings.paths.policy)
    policy = load_policy(file)
    moment = read_moment(arguments.today) if arguments.today else None
    index = arguments.index or settings.paths.index
    if arguments.question is None:
        course = _course(index)
        zone = ZoneInfo(course.timezone) if course else None
        day = (moment or datetime.now(zone)).date()
        if arguments.json:
            found = {
                key: {"mode": mode, "set_by": entry}
                for key, (mode, entry) in modes(policy, course, day).items()
            }
            about = {"policy": str(file), "version": policy.version, "day": str(day)}
            print(json.dumps({**about, "modes": found}, ensure_ascii=False))
        else:
            print(modes_text(policy, course, day))
        return 0
    return _explain(arguments, settings, policy, moment, index)


def _explain(
    arguments: argparse.Namespace,
    settings: Settings,
    policy: Policy,
    moment: datetime | None,
    index: Path,
) -> int:
    from ds542_tutor.assembly import graded_items
    from ds542_tutor.classifiers import load_classifiers
    from ds542_tutor.course_questions import (
        asks_of_the_course,
        computed_answer,
        settled,
    )
    from ds542_tutor.index.generations import IndexStore
    from ds542_tutor.models.embedding import load_embedder
    from ds542_tutor.policy.classify import examine, sense_of
    from ds542_tutor.policy.explain import explanation_json, explanation_text

    typed = sys.stdin.read() if arguments.question == "-" else arguments.question
    question = read_question(typed, settings.answer.max_question_chars)
    turns = read_history(arguments.history) if arguments.history else ()
    store = IndexStore(index)
    _ = store.current_manifest()  # no index: told before models take seconds to load
    embedder = load_embedder(settings.models)
    classifiers = load_classifiers(settings, embedder)
    kinds, course_kinds = classifiers.requests, classifiers.questions
    with store.open_current(embedder.model_id) as generation:
        course = generation.course
        zone = ZoneInfo(course.timezone)
        now = moment or datetime.now(zone)
        sense = sense_of(question, turns, embedder.embed_query, kinds)
        graded = graded_items(generation)
        examined = examine(question, turns, policy, course, graded, now, sense)
        computed = computed_answer(course, question, turns, now, course_kinds, sense.vector)
        likely = asks_of_the_course(question, course_kinds, sense.vector)
        decision = settled(question, examined.decision, computed, likely)
        examined = replace(examined, decision=decision)
    if arguments.json:
        print(json.dumps(explanation_json(question, examined, policy), ensure_ascii=False))
    else:
        print(explanation_text(examined, policy))
    return 0


def _course(index: Path) -> Course | None:
    """Return the calendar of the current index; None where there is no index yet."""
    from ds542_tutor.index.generations import IndexStore

    try:
        with IndexStore(index).open_current() as generation:
            return generation.course
    except IndexStoreError:
        return None
