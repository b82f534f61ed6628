"""Benchmarks over real indexes and real processes, in small."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from bench_samples import bench, write_cases
from index_samples import chunk, record
from index_samples import vector as hash_vector

from ds542_tutor.errors import TutorError
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from eval.bench import answer as answer_bench
from eval.bench import ingest as ingest_bench
from eval.bench import retrieval as retrieval_bench
from eval.bench.ingest import IngestRun, run_ingest
from eval.bench.load import check_address
from eval.bench.machine import describe
from eval.bench.measuring import (
    BenchError,
    Spread,
    in_child,
    ratio,
    spread,
    spread_of_medians,
)
from eval.bench.synthetic import COSINE, REPLACED, SyntheticChunks, make_vectors
from eval.bench.table import Result, Table, markdown
from eval.memory import max_rss_mib, peak_memory_mib

LECTURES = Path(__file__).parents[1] / "corpus/starter/lectures"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return write_cases(tmp_path)


# Statistics


def test_a_question_counts_with_its_median_and_the_spread_is_over_questions() -> None:
    # Medians 2, 10, 4 (the pause of 900 is gone); of 2, 4, 10 the 95th percentile is 4 + .9 · 6.
    assert spread_of_medians([[1, 2, 900], [10, 10, 11], [4, 4, 5]]) == Spread(
        4, pytest.approx(9.4), 3
    )
    assert spread([7.0]) == Spread(7.0, 7.0, 1)
    with pytest.raises(ValueError, match="values"):
        spread_of_medians([])


def test_ratios_of_what_is_missing_are_missing() -> None:
    assert ratio(3, 2) == 1.5
    assert ratio(None, 2) is None
    assert ratio(3, None) is None
    assert ratio(3, 0) is None


def test_ingests_are_summed_up_by_medians_beside_the_plain_pipeline() -> None:
    runs = [IngestRun(s, 100.0 + s, 40, 50, 50) for s in (8, 30, 10)]
    plain = [IngestRun(20, 900.0, 40, 60, 60)]
    row = ingest_bench._row("cold", runs, plain)
    assert (row["median_s"], row["min_s"], row["max_s"]) == (10, 8, 30)
    assert (row["chunks_per_s"], row["pages_per_s"], row["ratio_to_plain"]) == (5, 4, 0.5)
    assert row["peak_memory_mib"] == 110


SOURCES = """
[corpus]
name = "two decks"
term = "sp2026"

[[source]]
files = "*.pdf"
kind = "slides"
"""
CASE = {
    "id": "one", "kind": "concept", "today": None, "history": [],
    "question": "What does dropout do to activations?", "expect": "answer",
    "relevant": [{"doc": "05_regularization.pdf", "pages": []}],
    "must_say": [], "must_not_say": [], "note": "",
}  # fmt: skip


def test_an_ingest_is_measured_cold_unchanged_and_with_a_deck_changed(tmp_path: Path) -> None:
    materials = tmp_path / "materials"
    materials.mkdir()
    for deck in ("05_regularization.pdf", "07_attention_and_transformers.pdf"):
        shutil.copy(LECTURES / deck, materials)
    before = {f.name: f.read_bytes() for f in materials.iterdir()}
    (tmp_path / "two.toml").write_text(SOURCES)
    (tmp_path / "cases.jsonl").write_text(json.dumps(CASE))
    given = ("--materials", materials, "--cases", tmp_path / "cases.jsonl", "--repeats", 1)
    assert bench("ingest", tmp_path / "two.toml", *given, "--out", tmp_path / "out.json") == 0
    speed, quality = json.loads((tmp_path / "out.json").read_text())["tables"]
    rows = {row["run"]: row for row in speed["rows"]}
    assert list(rows) == ["cold", "images", "unchanged", "one deck", "plain"]
    assert rows["cold"]["pages"] == rows["plain"]["pages"] == rows["one deck"]["pages"]
    assert rows["cold"]["embedded"] == rows["cold"]["chunks"]
    assert rows["unchanged"]["embedded"] == 0
    assert rows["unchanged"]["chunks"] == rows["cold"]["chunks"]
    assert 1 <= rows["one deck"]["embedded"] <= 2
    assert rows["plain"]["ratio_to_plain"] == 1
    assert all(20 < row["peak_memory_mib"] < 8000 for row in rows.values())
    assert next(row["search"] for row in quality["rows"]) == "plain"
    assert all(row["success@5"] == 1 for row in quality["rows"])
    assert {f.name: f.read_bytes() for f in materials.iterdir()} == before


# Processes, machine, tables


def test_work_in_a_child_comes_back_with_its_result_or_its_error() -> None:
    assert in_child(len, "abc") == 3
    assert in_child(os.getpid) != os.getpid()
    with pytest.raises(BenchError, match="give one like"):
        in_child(check_address, "nowhere", False)
    with pytest.raises(BenchError, match="status 3"):
        in_child(os._exit, 3)


def test_memory_is_that_of_the_child_alone() -> None:
    held = bytearray(300 << 20)
    held[::4096] = b"x" * len(held[::4096])
    assert peak_memory_mib() > 300
    assert 5 < in_child(peak_memory_mib) < 300


def test_kibibytes_become_mebibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"ru_maxrss": 2048})()
    monkeypatch.setattr("sys.platform", "linux")
    assert max_rss_mib(usage) == 2.0


def test_results_as_markdown_and_json(tmp_path: Path) -> None:
    machine = describe(load=0.126)
    assert machine.cores >= 1
    assert machine.packages["chromadb"].count(".") == 2
    assert machine.load == 0.13
    rows = [
        {"model": "a|b", "p50_ms": 12.345, "n": 1234567},
        {"model": "c", "p50_ms": None, "n": 0},
        {"model": "d", "p50_ms": 1234.5, "n": 1},
    ]
    result = Result("answer", {"repeats": 3, "sizes": (1, 2)}, machine, [Table("T", rows)], ["so"])
    lines = markdown(result).splitlines()
    assert "repeats 3, sizes 1 2" in lines
    assert lines[-7:-2] == [
        "| model | p50 ms | n         |",
        "|-------|--------|-----------|",
        "| a/b   | 12.3   | 1,234,567 |",
        "| c     | –      | 0         |",
        "| d     | 1,234  | 1         |",
    ]


# Synthetic corpora


def test_made_vectors_lie_as_far_from_their_origin_as_said(tmp_path: Path) -> None:
    origins = np.array([hash_vector(str(i), 384) for i in range(7)], dtype=np.float32)
    made = make_vectors(tmp_path, origins, 500)
    assert made.shape == (500, 384)
    assert made.dtype == np.float32
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    cosines = np.sum(made * origins[np.arange(500) % 7], axis=1)
    assert abs(cosines.mean() - COSINE) < 0.01
    (tmp_path / "again").mkdir()
    assert np.array_equal(made, make_vectors(tmp_path / "again", origins, 500))


def test_made_chunks_are_distinct_noisy_and_the_same_each_time() -> None:
    origins = [chunk(f"{'alpha beta gamma ' * 40}{i}", ordinal=i) for i in range(3)]
    made = SyntheticChunks(origins, 60)
    assert (
        len(made) == len({c.id for c in made}) == len({(c.document, c.ordinal) for c in made}) == 60
    )
    assert [c.text for c in made] == [c.text for c in made]
    assert made[7] == made[5:9][2]
    with pytest.raises(IndexError):
        made[60]
    # A drawn word is the one that stood there in a third of all cases.
    pairs = [
        (a, b)
        for i, c in enumerate(made)
        for a, b in zip(origins[i % 3].text.split(), c.text.split(), strict=True)
    ]
    assert sum(a != b for a, b in pairs) / len(pairs) == pytest.approx(REPLACED * 2 / 3, abs=0.02)


def test_recall_is_counted_against_exact_search(tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(40)]
    chunks = [chunk(text, ordinal=i) for i, text in enumerate(texts)]
    vectors = np.array([hash_vector(text) for text in texts], dtype=np.float32)
    with IndexStore(tmp_path).begin() as writer:
        writer.write([record("lectures/07.pdf", 40)], chunks, vectors)  # type: ignore[arg-type]
        writer.publish(Manifest("hash@1", 16))
    queries = [hash_vector("one"), hash_vector("two")]
    with IndexStore(tmp_path).open_current() as generation:
        assert retrieval_bench.graph_recall(generation, vectors, queries, 20) == 1.0
        # Against vectors that the index does not have: what it finds is too far away.
        nearer = np.repeat(np.array(queries, dtype=np.float32), 10, axis=0)
        assert retrieval_bench.graph_recall(generation, nearer, queries, 20) == 0.0


def test_retrieval_grows(
    starter_index: Path, cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, work = tmp_path / "r.json", tmp_path / "work"
    status = bench(
        "retrieval", "--index", starter_index, "--cases", cases, "--repeats", 1,
        "--sizes", 600, 200, "--workdir", work, "--out", out,
    )  # fmt: skip
    assert status == 0
    assert list(work.iterdir()) == []
    search, storage, growth = json.loads(out.read_text())["tables"]
    given, small, large = search["rows"]
    assert [given["index"], small["chunks"], large["chunks"]] == ["given", 200, 600]
    assert given["embed_p50_ms"] > 0
    for row in search["rows"]:
        assert row["recall_at_10"] > 0.9
        assert 0 < row["dense_p50_ms"] <= row["dense_p95_ms"]
        assert 0 < row["bm25_p50_ms"] < row["whole_p50_ms"]
    small, large = storage["rows"][1:]
    assert small["disk_mib"] < large["disk_mib"]
    assert small["build_cpu_s"] > 0
    assert 0 < large["of_this_index_mib"] < large["resident_mib"]
    assert growth["rows"][1]["chunks_ratio"] == 3.0
    assert growth["rows"][1]["disk"] == pytest.approx(large["disk_mib"] / small["disk_mib"])
    printed = capsys.readouterr().out
    assert "**Search, over 2 questions**" in printed
    assert "mean cosine of 0.8" in printed


def test_a_synthetic_index_is_gone_after_an_interruption(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), retrieval_bench.room_for(100, tmp_path) as folder:
        (folder / "index").mkdir()
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_too_large_a_corpus_is_refused_before_it_is_built(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"1,000,000,000 chunks need .* GiB .*--sizes"):
        retrieval_bench.room_for(10**9, tmp_path).__enter__()
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match="--workdir"):
        retrieval_bench.room_for(100, tmp_path / "file").__enter__()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("benchmark", ["retrieval", "answer"])
def test_without_an_index_the_remedy_is_told(benchmark: str, cases: Path, tmp_path: Path) -> None:
    with pytest.raises(TutorError, match="make ingest"):
        bench(benchmark, "--index", tmp_path / "none", "--cases", cases)


@pytest.mark.parametrize(
    "arguments",
    [
        ("retrieval", "--sizes", "10"),
        ("answer", "--limit", "0"),
        ("ingest", "--repeats", "0"),
        ("load", "--students", "1000"),
        ("load", "--questions", "0"),
        ("load", "--timeout", "inf"),
    ],
)
def test_numbers_out_of_range_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as refused:
        bench(*arguments)
    assert refused.value.code == 2


# Ingest and answers


def test_a_failed_ingest_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DS542_MODELS_EMBEDER", "x")
    with pytest.raises(BenchError, match=r"status 2: .*did you mean 'embedder'"):
        run_ingest(tmp_path / "any.toml", None, tmp_path / "index")


def test_answers_by_stage(
    starter_index: Path, cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In this process, where the libraries have been imported already.
    monkeypatch.setattr(answer_bench, "in_child", lambda work, *given: work(*given))
    out = tmp_path / "a.json"
    given = ("--index", starter_index, "--cases", cases, "--limit", 1, "--repeats", 1)
    assert bench("answer", *given, "--models", "quotes", "quotes", "--out", out) == 0
    models, stages = json.loads(out.read_text())["tables"]
    model, second = models["rows"]
    assert model["model"] == "quotes"
    assert model["answers_by_speaker"] == "quotes 1"
    assert model["ratio_of_p50"] == 1.0
    assert second["ratio_of_p50"] == second["total_p50_ms"] / model["total_p50_ms"]
    assert model["answers_per_s"] > 0
    assert model["peak_memory_mib"] > 100
    by_stage = {row["stage"]: row["p50_ms"] for row in stages["rows"]}
    assert set(by_stage) == {
        "policy", "retrieval", "first_token", "generation", "verification", "total"
    }  # fmt: skip
    assert by_stage["first_token"] <= by_stage["total"]
