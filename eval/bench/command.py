"""The command line of the benchmarks: `python -m eval bench ingest | retrieval | answer | load`."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ds542_tutor.settings import Settings, load_settings, project_file
from eval.arguments import positive
from eval.cases import load_cases, select
from eval.tables import check_target, save_json

if TYPE_CHECKING:
    from eval.bench.table import Table

SOURCES = Path("corpus/starter.toml")
CASES = Path("eval/cases/starter.jsonl")
SIZES = (10_000, 100_000)
SMALLEST_SIZE = 100  # with fewer chunks nothing can be seen to grow
MODELS = ("quotes",)
STUDENTS = (1, 4, 16)
MAX_STUDENTS, MAX_QUESTIONS = 256, 100  # a course, not an attack


def add_parsers(commands: Any) -> None:
    """Add `bench` and its four benchmarks to `commands`, an argparse subparsers object.

    Each sets `handler`, a function from the parsed options to the exit status: 0, or 1 when
    something that was measured failed.
    """
    bench = commands.add_parser("bench", help="measure how fast it is")
    which = bench.add_subparsers(required=True, metavar="benchmark")
    _add_ingest(which)
    _add_retrieval(which)
    _add_answer(which)
    _add_load(which)


def _add_ingest(which: Any) -> None:
    parser = _parser(which, "ingest", "a whole ingest, beside a plain pipeline", _ingest)
    parser.add_argument(
        "sources", nargs="?", type=Path, default=SOURCES, help=f"sources file ({SOURCES})"
    )
    parser.add_argument("--materials", type=Path, help="folder that the sources' paths start from")
    parser.add_argument(
        "--cases", nargs="*", type=Path, default=(), help="also search with these JSON Lines files"
    )
    parser.add_argument(
        "--no-images", action="store_true", help="leave out text on images, which takes minutes"
    )
    _repeats(parser)


def _add_retrieval(which: Any) -> None:
    parser = _parser(which, "retrieval", "searches, also in synthetic corpora", _retrieval)
    _asking(parser)
    parser.add_argument(
        "--sizes", nargs="*", type=_size, default=SIZES,
        help="chunks of the synthetic corpora (10000 100000); 1000000 takes hours",
    )  # fmt: skip
    parser.add_argument(
        "--workdir", type=Path, help="folder for the synthetic indexes (the system's temporary one)"
    )
    _repeats(parser)


def _add_answer(which: Any) -> None:
    parser = _parser(which, "answer", "answers, by model and stage", _answer)
    _asking(parser)
    parser.add_argument(
        "--models", nargs="+", default=MODELS,
        help="quotes, smollm2, hf:…, openai:…; ratios are to the first (quotes)",
    )  # fmt: skip
    parser.add_argument("--limit", type=positive, default=20, help="at most so many cases (20)")
    _repeats(parser)


def _add_load(which: Any) -> None:
    parser = _parser(which, "load", "the chat server under many students at once", _load)
    _asking(parser)
    parser.add_argument("--url", help="a running server (default: one is started)")
    parser.add_argument("--model", help="chat model of the server that is started")
    parser.add_argument(
        "--students", nargs="+", type=_up_to(MAX_STUDENTS), default=STUDENTS,
        help="how many at once, a round each (1 4 16)",
    )  # fmt: skip
    parser.add_argument(
        "--questions", type=_up_to(MAX_QUESTIONS), default=3, help="of each student (3)"
    )
    parser.add_argument(
        "--pause", type=_seconds, default=1.0,
        help="seconds between a student's questions, on average (1)",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=_seconds, default=120.0, help="seconds to wait for an answer (120)"
    )
    parser.add_argument(
        "--allow-remote", action="store_true", help="the server may be on another machine"
    )


def _ingest(options: argparse.Namespace) -> int:
    from eval.bench.ingest import NOTES, bench_ingest, materials_of

    run = _Run("ingest", options)
    sources = project_file(options.sources)
    materials = options.materials or materials_of(sources)
    cases = _case_files(options)
    tables = bench_ingest(sources, materials, options.repeats, cases, images=not options.no_images)
    given = {"sources": sources, "materials": materials, "repeats": options.repeats}
    return run.report(given, tables, NOTES)


def _retrieval(options: argparse.Namespace) -> int:
    from ds542_tutor.queries import standalone
    from eval.bench.retrieval import bench_retrieval
    from eval.bench.synthetic import NOTES

    run = _Run("retrieval", options)
    settings = _settings(options)
    cases = load_cases(_case_files(options))
    queries = [standalone(case.question, case.history) for case in cases]
    work = options.workdir or Path(tempfile.gettempdir())
    tables = bench_retrieval(settings, queries, options.sizes, options.repeats, work)
    given = {
        "index": settings.paths.index,
        "sizes": options.sizes,
        "repeats": options.repeats,
        "candidates": settings.retrieval.candidates,
    }
    return run.report(given, tables, NOTES if options.sizes else ())


def _answer(options: argparse.Namespace) -> int:
    from eval.bench.answer import bench_answer

    run = _Run("answer", options)
    settings = _settings(options)
    cases = select(load_cases(_case_files(options)), limit=options.limit)
    tables = bench_answer(settings, options.models, cases, options.repeats)
    given = {"index": settings.paths.index, "cases": len(cases), "repeats": options.repeats}
    notes = ["A stage that an answer did without (no model speaks in a refusal) counts as 0."]
    return run.report(given, tables, notes)


def _load(options: argparse.Namespace) -> int:
    from eval.bench.load import LoadPlan, bench_load, check_address, own_server
    from eval.bench.measuring import BenchError

    if options.url and (options.index or options.model or options.config):
        raise BenchError(
            "--index, --model and --config are for a server that is started here; leave them out, "
            "or leave out --url."
        )
    run = _Run("load", options)
    # Questions that begin a conversation: later ones of a case lean on what was said before.
    questions = [c.question for c in load_cases(_case_files(options)) if not c.history]
    plan = LoadPlan(options.questions, options.pause, options.timeout)
    given: dict[str, object] = {
        "questions": plan.questions,
        "pause_s": plan.pause_s,
        "timeout_s": plan.timeout_s,
    }
    if options.url:
        url = check_address(options.url, options.allow_remote)
        tables, problems = bench_load(url, questions, options.students, plan)
        given["url"] = url
    else:
        settings = _settings(options)
        with own_server(settings.paths.index, options.model, options.config) as url:
            tables, problems = bench_load(url, questions, options.students, plan)
        given["concurrency"] = settings.server.concurrency
        given["queue"] = settings.server.queue
    notes = [
        "Times count from sending the question; the server and the students share this machine."
        if not options.allow_remote
        else "Times count from sending the question.",
        *problems,
    ]
    return run.report(given, tables, notes) or int(bool(problems))


class _Run:
    """One benchmark from the first look at the machine to its report."""

    def __init__(self, benchmark: str, options: argparse.Namespace) -> None:
        from eval.bench.machine import load_average

        self._benchmark = benchmark
        self._out: Path | None = options.out
        check_target(self._out)  # before hours of measuring
        self._load = load_average()

    def report(
        self, given: Mapping[str, object], tables: Sequence[Table], notes: Sequence[str]
    ) -> int:
        """Print the result as Markdown, write it as JSON if asked to, and return 0."""
        from eval.bench.machine import describe
        from eval.bench.table import Result, markdown

        parameters = {name: value for name, value in given.items() if value is not None}
        result = Result(self._benchmark, parameters, describe(self._load), tables, notes)
        print(markdown(result))
        if self._out is not None:
            save_json(asdict(result), self._out)
        return 0


def _parser(
    which: Any, name: str, text: str, handler: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = which.add_parser(name, help=text)
    parser.add_argument("--out", type=Path, help="write the result to this JSON file as well")
    parser.set_defaults(handler=handler)
    return parser


def _asking(parser: argparse.ArgumentParser) -> None:
    """Add what every benchmark that asks questions of an index takes."""
    parser.add_argument("--index", type=Path, help="index folder (default: as in the settings)")
    parser.add_argument(
        "--cases", nargs="+", type=Path, default=(CASES,), help=f"JSON Lines files ({CASES})"
    )
    parser.add_argument("--config", type=Path, help="settings file (default: ds542.toml, if there)")


def _repeats(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repeats", type=positive, default=3, help="medians are over these (3)")


def _settings(options: argparse.Namespace) -> Settings:
    settings = load_settings(options.config)
    index = (options.index or settings.paths.index).expanduser()
    return replace(settings, paths=replace(settings.paths, index=index))


def _case_files(options: argparse.Namespace) -> list[Path]:
    return [project_file(file) for file in options.cases]


def _size(text: str) -> int:
    number = int(text)
    if number < SMALLEST_SIZE:
        raise argparse.ArgumentTypeError(f"must be {SMALLEST_SIZE} chunks or more")
    return number


def _up_to(limit: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        number = int(text)
        if not 1 <= number <= limit:
            raise argparse.ArgumentTypeError(f"must lie in 1..{limit}")
        return number

    return count


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError("must be 0 or more seconds")
    return number
