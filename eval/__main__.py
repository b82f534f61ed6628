"""`python -m eval run`: put cases to the tutor, judge its answers, report.

The composition root of evaluation. Exit status 0: all cases were answered; 1: some ended in an
error (they are listed and scored as failed); 2: an error that a person can mend; 130: interrupted,
and the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ds542_tutor.errors import TutorError
from ds542_tutor.settings import load_settings
from eval.cases import KINDS, load_cases, select
from eval.report import score_rows, summarise, write
from eval.run import AnswerLog, answer_cases, ask_tutor, check_golds, describe

SWITCHES = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""No library reports home, and none complains about threads; set before any is imported."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    os.environ.update(SWITCHES)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        return _run(options)
    except TutorError as error:
        print(f"eval: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("eval: stopped; the same command goes on from here.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval", description="Judge the tutor's answers."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="answer cases and score the answers")
    run.add_argument("--cases", nargs="+", type=Path, required=True, help="JSON Lines files")
    run.add_argument("--index", type=Path, help="index folder (default: as in the settings)")
    run.add_argument(
        "--model", help="auto, quotes, smollm2, hf:<id or folder>, openai:<model>@<base url>"
    )
    run.add_argument("--limit", type=_positive, help="at most so many cases, spread over the files")
    run.add_argument("--kinds", nargs="+", choices=KINDS, default=(), help="only these kinds")
    run.add_argument("--out", type=Path, required=True, help="folder for answers and report")
    run.add_argument("--restart", action="store_true", help="discard the answers in --out")
    run.add_argument("--config", type=Path, help="settings file (default: ds542.toml, if there)")
    return parser


def _run(options: argparse.Namespace) -> int:
    cases = select(load_cases(options.cases), options.kinds, options.limit)
    settings = load_settings(options.config)

    from ds542_tutor.assembly import LiveTutor, with_overrides  # seconds: after the cheap checks

    settings = with_overrides(settings, options.index, options.model)
    live = LiveTutor(settings)
    tutor = live.tutor  # held for the whole run: an ingest meanwhile must not mix generations
    absent = check_golds(cases, tutor.generation)
    configuration = describe(live, tutor, settings)
    log = AnswerLog(options.out, configuration, restart=options.restart)
    answered = answer_cases(cases, ask_tutor(tutor), log)
    # disable=None: no bar where nobody watches.
    records = list(tqdm(answered, total=len(cases), unit="case", disable=None))
    rows = score_rows(cases, records)
    print(write(options.out, rows, summarise(rows, records, configuration, absent)))
    return 1 if any(record["status"] == "error" for record in records) else 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
