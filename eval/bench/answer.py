"""`bench answer`: how long an answer takes, stage by stage, for one chat model after another."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ds542_tutor.index.generations import IndexStore
from ds542_tutor.settings import Settings
from eval.bench.measuring import (
    Spread,
    in_child,
    progress,
    ratio,
    spread_of_medians,
)
from eval.bench.table import Row, Table
from eval.cases import Case
from eval.memory import peak_memory_mib
from eval.metrics.cost import STAGES


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """What one model took.

    Attributes:
        name: as shown to students. load_s: until the first question could be asked.
        stages: milliseconds. answers_per_s: asked one after another.
        spoke: questions by who answered: the model, or nobody but policy, calendar and search.
        peak_mib: highest memory of the process, that of a GPU not counted.
    """

    name: str
    load_s: float
    stages: Mapping[str, Spread]
    answers_per_s: float
    spoke: Mapping[str, int]
    peak_mib: float


def bench_answer(
    settings: Settings, models: Sequence[str], cases: Sequence[Case], repeats: int
) -> list[Table]:
    """Put `cases` to the tutor with each of `models`, one process a model.

    Raises:
        TutorError: there is no index, or a model cannot be loaded or failed.
    """
    IndexStore(settings.paths.index).current_manifest()
    found = []
    for model in models:
        progress(f"{model}: {len(cases)} questions, {repeats} times")
        chosen = replace(settings, models=replace(settings.models, chat=model))
        found.append(in_child(measure_model, chosen, cases, repeats))
    stages = [_stage_row(stage, figures, found[0]) for figures in found for stage in STAGES]
    return [
        Table("Models", [_model_row(figures, found[0]) for figures in found]),
        Table(f"Stages, over {len(cases)} questions", stages),
    ]


def measure_model(settings: Settings, cases: Sequence[Case], repeats: int) -> ModelFigures:
    """Answer every case `repeats` times with the model of `settings`.

    Meant for a process of its own, in which nothing has been loaded.
    """
    from ds542_tutor.assembly import LiveTutor
    from eval.run import ask_tutor

    began = time.perf_counter()
    live = LiveTutor(settings)
    ask = ask_tutor(live.tutor, floors=False)
    load_s = time.perf_counter() - began
    ask(cases[0])  # loads what is loaded lazily; not counted
    times: dict[str, list[list[float]]] = {stage: [[] for _ in cases] for stage in STAGES}
    spoke: Counter[str] = Counter()
    began = time.perf_counter()
    for repeat in range(repeats):
        for number, case in enumerate(cases):
            answer = ask(case)
            for stage in STAGES:
                times[stage][number].append(answer["timings_ms"][stage])
            if repeat == 0:
                spoke[answer["model"]] += 1
    seconds = time.perf_counter() - began
    return ModelFigures(
        name=live.model.name,
        load_s=load_s,
        stages={stage: spread_of_medians(taken) for stage, taken in times.items()},
        answers_per_s=repeats * len(cases) / seconds,
        spoke=dict(spoke.most_common()),
        peak_mib=peak_memory_mib(),
    )


def _model_row(figures: ModelFigures, first: ModelFigures) -> Row:
    total, base = figures.stages["total"], first.stages["total"]
    return {
        "model": figures.name,
        "load_s": figures.load_s,
        "total_p50_ms": total.p50,
        "total_p95_ms": total.p95,
        "ratio_of_p50": ratio(total.p50, base.p50),
        "answers_per_s": figures.answers_per_s,
        "ratio_of_rate": ratio(figures.answers_per_s, first.answers_per_s),
        "peak_memory_mib": figures.peak_mib,
        "answers_by_speaker": ", ".join(f"{name} {n}" for name, n in figures.spoke.items()),
    }


def _stage_row(stage: str, figures: ModelFigures, first: ModelFigures) -> Row:
    taken = figures.stages[stage]
    return {
        "model": figures.name,
        "stage": stage,
        "p50_ms": taken.p50,
        "p95_ms": taken.p95,
        "ratio_of_p50": ratio(taken.p50, first.stages[stage].p50),
    }
