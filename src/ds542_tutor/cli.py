"""The command line: `ds542-tutor ask | serve | disclosure | policy | doctor | password`.

Answers go to stdout, everything else to stderr. Exit status: 0 for an answer, a hint, a refusal or
an abstention; 2 for an error, told in one line; 1 when `doctor` finds something to mend.
"""

from __future__ import annotations

import argparse
import getpass
import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import ds542_tutor
from ds542_tutor import disclose, policy_check
from ds542_tutor.answer_json import answer_json
from ds542_tutor.dialogue import Answer, Delta, Finished
from ds542_tutor.errors import SettingsError, TutorError
from ds542_tutor.inputs import read_history, read_moment, read_question
from ds542_tutor.settings import PREFIX, Settings, load_settings, project_file


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = _parser().parse_args(argv)
    _quiet()
    if arguments.config is not None:  # so that an ingest begun on the staff page reads it too
        os.environ[f"{PREFIX}CONFIG"] = str(arguments.config.absolute())
    try:
        settings = load_settings(arguments.config)
        return int(arguments.run(arguments, settings))
    except TutorError as error:
        print(f"ds542-tutor: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("ds542-tutor: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, `head` for instance, has gone: nobody left to tell
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  # stays open until exit
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ds542-tutor", description=ds542_tutor.__doc__)
    parser.add_argument("--version", action="version", version=ds542_tutor.__version__)
    parser.add_argument("--config", type=Path, help="settings file (default: ds542.toml, if there)")
    commands = parser.add_subparsers(required=True, metavar="command")

    ask = commands.add_parser("ask", help="answer one question")
    ask.add_argument("question", help='the question; "-" reads it from standard input')
    ask.add_argument("--json", action="store_true", help="print one JSON object")
    ask.add_argument("--today", help="answer as of this day or moment (YYYY-MM-DD[THH:MM])")
    ask.add_argument("--history", type=Path, help='JSON file: [["user", "…"], ["assistant", "…"]]')
    ask.set_defaults(run=_ask)

    disclose.add_command(commands)
    policy_check.add_command(commands)

    serve = commands.add_parser("serve", help="open the chat")
    serve.set_defaults(run=_serve)

    doctor = commands.add_parser("doctor", help="check the installation and say what to do")
    doctor.set_defaults(run=_doctor)

    for command in (ask, serve, doctor):
        command.add_argument("--index", type=Path, help="index folder (default: index)")
        command.add_argument(
            "--model", help="auto, quotes, smollm2, hf:<id or folder>, openai:<model>@<base url>"
        )

    password = commands.add_parser("password", help="print the line that gives an account one")
    password.add_argument("account", help="such as ta@bu.edu")
    password.set_defaults(run=_password)
    return parser


def _ask(arguments: argparse.Namespace, settings: Settings) -> int:
    typed = sys.stdin.read() if arguments.question == "-" else arguments.question
    question = read_question(typed, settings.answer.max_question_chars)
    turns = read_history(arguments.history) if arguments.history else ()
    moment = read_moment(arguments.today) if arguments.today else None

    # Only now: models take seconds to load, and what is wrong with the words is told at once.
    from ds542_tutor.assembly import LiveTutor, with_overrides

    tutor = LiveTutor(with_overrides(settings, arguments.index, arguments.model))
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(tutor.generation.course.timezone))
    cancel = threading.Event()
    answer: Answer | None = None
    drafted = False
    try:
        for event in tutor.answer(question, turns, moment, cancel):
            if isinstance(event, Delta) and not arguments.json:
                print(event.text, end="", flush=True, file=sys.stderr)  # the unchecked draft
                drafted = True
            elif isinstance(event, Finished):
                answer = event.answer
    finally:
        cancel.set()
    assert answer is not None, "the last event of Tutor.answer is Finished"
    if drafted:
        print("\n", file=sys.stderr)
    print(json.dumps(answer_json(answer), ensure_ascii=False) if arguments.json else _text(answer))
    return 0


def _serve(arguments: argparse.Namespace, settings: Settings) -> int:
    from ds542_tutor.app.server import serve
    from ds542_tutor.assembly import with_overrides

    serve(with_overrides(settings, arguments.index, arguments.model))
    return 0


def _doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    from ds542_tutor.assembly import with_overrides
    from ds542_tutor.doctor import examine

    findings = examine(with_overrides(settings, arguments.index, arguments.model))
    for finding in findings:
        mark = "ok  " if finding.ok else "MEND"
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        print(f"{mark} {finding.subject}: {finding.state}{remedy}")
    return 0 if all(finding.ok for finding in findings) else 1


def _password(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask for a password and print its line on stdout, what to do with it on stderr."""
    from ds542_tutor.accounts import VARIABLE, normal, password_line
    from ds542_tutor.policy.rules import load_policy

    account = normal(arguments.account)  # before anything is typed
    if sys.stdin.isatty():
        first = getpass.getpass(f"Password for {account}: ")
        if getpass.getpass("The same again: ") != first:
            raise SettingsError("The two passwords differ; run the command again.")
    else:
        first = sys.stdin.readline().rstrip("\r\n")
    print(password_line(account, first))
    place = settings.staff.passwords or 'a file that [staff] passwords = "FILE" in ds542.toml names'
    print(f"Put this line into {place}, or into {VARIABLE}.", file=sys.stderr)
    policy = project_file(settings.paths.policy)
    if account not in map(str.casefold, load_policy(policy).members):
        print(f"Note: {account} is not among the [staff] members in {policy}.", file=sys.stderr)
    return 0


def _text(answer: Answer) -> str:
    """Lay an answer out for a terminal: the text, its sources, how to credit it."""
    lines = [answer.text, *answer.notices]
    if answer.citations:
        lines.append("\nSources")
        for c in answer.citations:
            place = ", ".join(part for part in (c.title, c.locator) if part)
            lines.append(f"  [{c.marker}] {place} ({c.document}) · {c.support}")
    credit = answer.disclosure
    lines.append(f"\nModel: {answer.model} · index {answer.generation}")
    lines.append(f"Using this in graded work? Credit it: {credit.tool}, {credit.date}.")
    return "\n".join(lines)


def _quiet() -> None:
    """Keep libraries from printing and from calling out; set before any of them is imported."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
