"""`python -m eval`: judge the tutor's answers, compare runs, gate a publish, measure speed.

The composition root of evaluation. Exit status 0: done; 1: `run`, some cases ended in an error
(they are listed and scored as failed); `gate`, red; 2: an error that a person can mend; 130:
interrupted, and the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from ds542_tutor.errors import TutorError
from ds542_tutor.settings import Settings, load_settings
from eval.arguments import positive
from eval.bench import command as bench
from eval.cases import KINDS, Case, CaseError, load_cases, select
from eval.public import command as public

if TYPE_CHECKING:
    from ds542_tutor.protocols import Embedder
    from eval.judge import Judge

SWITCHES = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""No library reports home, and none complains about threads; set before any is imported."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = parser().parse_args(arguments)
    os.environ.update(SWITCHES)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        return int(options.handler(options))
    except TutorError as error:
        print(f"eval: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        rest = "; the same command goes on from here" if options.handler is _run else ""
        print(f"eval: stopped{rest}.", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; each command sets `handler`."""
    top = argparse.ArgumentParser(prog="python -m eval", description="Judge the tutor's answers.")
    commands = top.add_subparsers(required=True, metavar="command")
    _add_run(commands)
    compare = commands.add_parser("compare", help="test whether run B is better than run A")
    compare.add_argument("a", type=Path, metavar="A", help="folder of a finished run")
    compare.add_argument("b", type=Path, metavar="B", help="folder of the run to compare with it")
    compare.set_defaults(handler=_compare)
    gate = commands.add_parser("gate", help="may the candidate replace the baseline? 1 if not")
    gate.add_argument("--baseline", type=Path, required=True, help="folder of the run in use")
    gate.add_argument("--candidate", type=Path, required=True, help="folder of the new run")
    gate.add_argument("--json", action="store_true", help="one JSON object for programs")
    gate.set_defaults(handler=_gate)
    public.add_parsers(commands)
    bench.add_parsers(commands)
    return top


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="answer cases and score the answers")
    run.add_argument("--cases", nargs="+", type=Path, required=True, help="JSON Lines files")
    run.add_argument("--index", type=Path, help="index folder (default: as in the settings)")
    run.add_argument(
        "--model", help="auto, quotes, smollm2, hf:<id or folder>, openai:<model>@<base url>"
    )
    run.add_argument("--limit", type=positive, help="at most so many cases, spread over the files")
    run.add_argument("--kinds", nargs="+", choices=KINDS, default=(), help="only these kinds")
    run.add_argument("--out", type=Path, required=True, help="folder for answers and report")
    discard = run.add_mutually_exclusive_group()
    discard.add_argument(
        "--restart",
        action="store_const",
        const="always",
        default="never",
        dest="restart",
        help="discard the answers in --out",
    )
    discard.add_argument(
        "--restart-if-changed", action="store_const", const="if changed", dest="restart",
        help="discard them when they are of another configuration",
    )  # fmt: skip
    run.add_argument("--config", type=Path, help="settings file (default: ds542.toml, if there)")
    run.add_argument(
        "--entailment", default="", help="NLI cross-encoder (id or folder) as the support check"
    )
    run.add_argument("--judge", default="", help="chat model that also judges, named like --model")
    run.add_argument("--strict", action="store_true", help="refuse golds that the index lacks")
    run.add_argument(
        "--candidate",
        action="store_true",
        help="judge the generation that `python -m ingest --gate` is about to publish",
    )
    run.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    cases = select(load_cases(options.cases), options.kinds, options.limit)
    settings = load_settings(options.config)

    # Seconds to import: after the cheap checks.
    from ds542_tutor.assembly import LiveTutor, with_overrides
    from eval.configuration import describe, describe_scoring
    from eval.html.report import write_html
    from eval.report import write
    from eval.run import AnswerLog, absent_documents, answer_cases, ask_tutor, check_golds
    from eval.summary import course_parts, score_rows, summarise
    from eval.support import support_check

    settings = with_overrides(settings, options.index, options.model)
    live = LiveTutor(settings, candidate=options.candidate)
    tutor = live.tutor  # held for the whole run: an ingest meanwhile must not mix generations
    embedder = tutor.retriever.embedder
    problems = check_golds(cases, tutor.generation)
    if problems and options.strict:
        raise CaseError("; ".join(problems))
    for problem in problems:
        print(f"eval: {problem}; scored as not found.", file=sys.stderr)
    support = support_check(options.entailment, embedder)
    configuration = describe(live, tutor, settings)
    # Before the answers: a mistyped judge is told now, not after an hour.
    judge = _load_judge(options, settings, embedder) if options.judge else None
    log = AnswerLog(options.out, configuration, restart=options.restart)
    answered = answer_cases(cases, ask_tutor(tutor), log)
    # disable=None: no bar where nobody watches.
    records = list(tqdm(answered, "answering", len(cases), unit="case", disable=None))
    absent = absent_documents(cases, tutor.generation)
    parts = course_parts(tutor.generation.chunks.documents())
    scored = score_rows(cases, records, support, parts)
    rows = list(tqdm(scored, "scoring", len(cases), unit="case", disable=None))
    judged = _judge(judge, live.model.name, cases, records, rows) if judge else None
    scoring = describe_scoring(options.cases, support.name, options.judge)
    summary = summarise(rows, records, configuration, scoring, problems, absent)
    if judged:
        summary["judge"] = judged
    print(write(options.out, rows, summary))
    report = write_html(options.out, cases, records, rows, summary, tutor.generation)
    print(f"The report with plots and pages: {report}")
    return 1 if summary["errors"] else 0


def _load_judge(options: argparse.Namespace, settings: Settings, embedder: Embedder) -> Judge:
    from ds542_tutor.models.generation import load_chat_model
    from eval.judge import Judge

    named = replace(settings, models=replace(settings.models, chat=options.judge))
    return Judge(load_chat_model(named, embedder), options.out)


def _judge(
    judge: Judge,
    model: str,
    cases: Sequence[Case],
    records: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Let a chat model judge the answers of `model`, and labelled items; add verdicts to `rows`."""
    from eval.judge import agreement, labelled, of_answer, total

    items = labelled()
    agreed = agreement(judge, tqdm(items, "judge on labelled items", unit="item", disable=None))
    judgements = []
    triples = list(zip(cases, records, rows, strict=True))
    for case, record, row in tqdm(triples, "judging", unit="case", disable=None):
        if question := of_answer(case, record):
            judgement = judge.judge(question)
            row["judgement"] = {"verdict": judgement.verdict, "reason": judgement.reason}
            row["scores"]["judged"] = judgement.value
            judgements.append((judgement, row["cluster"]))
    return total(judge, model, judgements, agreed)


def _compare(options: argparse.Namespace) -> int:
    from eval.compare import compare, load_run, markdown

    print(markdown(compare(load_run(options.a), load_run(options.b))))
    return 0


def _gate(options: argparse.Namespace) -> int:
    from eval.compare import load_run
    from eval.gate import gate, markdown, to_json

    verdict = gate(load_run(options.baseline), load_run(options.candidate))
    if options.json:
        print(json.dumps(to_json(verdict), ensure_ascii=False))
    else:
        print(markdown(verdict))
    return 0 if verdict.green else 1


if __name__ == "__main__":
    sys.exit(main())
