"""The command line of the public sets: `python -m eval public <set> --path FILE`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ds542_tutor.settings import Settings, load_settings, project_file
from eval.arguments import positive
from eval.tables import check_target, save_json

if TYPE_CHECKING:
    from eval.public.figures import Report

CASES = Path("eval/cases/starter.jsonl")
MODELS = "quotes (the default), auto, smollm2, hf:<id or folder>, openai:<model>@<base url>"

Handler = Callable[[argparse.Namespace], int]


def add_parsers(commands: Any) -> None:
    """Add `public` and its sets to `commands`, an argparse subparsers object.

    Each sets `handler`, a function from the parsed options to the exit status: 0.
    """
    public = commands.add_parser("public", help="figures on sets that others published")
    sets = public.add_subparsers(required=True, metavar="set")
    wice = _parser(sets, "wice", "the support check on WiCE", _wice)
    wice.add_argument("--entailment", help="NLI cross-encoder (id or folder) to judge instead")
    squad = _parser(sets, "squad", "answers and silence on SQuAD 2.0", _squad)
    notinject = _parser(sets, "notinject", "harmless prompts that look like attacks", _notinject)
    bipia = _parser(sets, "bipia", "instructions planted in the materials", _bipia)
    bipia.add_argument(
        "--cases", type=Path, default=CASES, help=f"whose concept questions to ask ({CASES})"
    )
    syllabusqa = _parser(sets, "syllabusqa", "questions about a course's syllabus", _syllabusqa)
    syllabusqa.add_argument(
        "--syllabi", type=Path, required=True, help="folder with <syllabus_name>.txt or .md"
    )
    for parser in (notinject, bipia):
        parser.add_argument("--index", type=Path, help="index folder (default: as in the settings)")
    for parser in (squad, bipia, syllabusqa):
        parser.add_argument("--model", help=MODELS)


def _parser(sets: Any, name: str, purpose: str, handler: Handler) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = sets.add_parser(name, help=purpose)
    parser.add_argument("--path", type=Path, required=True, help="file of the set")
    parser.add_argument(
        "--limit", type=positive, help="at most so many items, spread over the file"
    )
    parser.add_argument("--out", type=Path, help="JSON file for the same numbers")
    parser.add_argument("--config", type=Path, help="settings file (default: ds542.toml, if there)")
    parser.set_defaults(handler=handler, index=None, model="quotes")
    return parser


# The sets import the model libraries, which takes seconds: only when one of them runs.


def _wice(options: argparse.Namespace) -> int:
    from eval.public import wice

    return _finish(
        options, lambda given: wice.run(options.path, options.limit, given, options.entailment)
    )


def _squad(options: argparse.Namespace) -> int:
    from eval.public import squad

    return _finish(options, lambda given: squad.run(options.path, options.limit, given))


def _notinject(options: argparse.Namespace) -> int:
    from eval.public import injections

    return _finish(
        options, lambda given: injections.run_notinject(options.path, options.limit, given)
    )


def _bipia(options: argparse.Namespace) -> int:
    from eval.public import injections

    cases = project_file(options.cases)
    return _finish(
        options, lambda given: injections.run_bipia(options.path, options.limit, given, cases)
    )


def _syllabusqa(options: argparse.Namespace) -> int:
    from eval.public import syllabusqa

    return _finish(
        options, lambda given: syllabusqa.run(options.path, options.limit, given, options.syllabi)
    )


def _finish(options: argparse.Namespace, run: Callable[[Settings], Report]) -> int:
    """Run a set with the settings that the options ask for; print and save its report.

    Raises:
        TutorError: anything a person can mend.
    """
    from ds542_tutor.assembly import with_overrides
    from eval.public.figures import markdown

    check_target(options.out)
    settings = with_overrides(load_settings(options.config), options.index, options.model)
    report = run(settings)
    print(markdown(report))
    if options.out:
        save_json(asdict(report), options.out)
    return 0
