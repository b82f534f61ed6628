"""The floors of the architecture: a module imports only from lower ones."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "ds542_tutor"

FLOORS: dict[str, int] = {
    "errors": 0, "documents": 0, "labels": 0, "dialogue": 0, "protocols": 0, "sentences": 0,
    "words": 0, "vectors": 1,
    "answer_json": 1, "inputs": 1, "settings": 1, "course": 1, "prompts": 1,
    "conversation_tables": 1,
    "accounts": 2, "calendar_answers": 2, "models": 2, "index": 2, "conversations": 2,
    "support": 2, "disagreements": 3, "duplicates": 4,
    "comparisons": 1, "queries": 3, "policy": 3, "markers": 2, "citations": 3,
    "continuity": 4, "tasks": 3, "ranking": 3, "evidence": 5, "hints": 4, "course_matters": 4,
    "places": 4,
    "reply_parts": 4, "reply_terms": 6, "course_questions": 5,
    "retrieval": 6,
    "replies": 7, "exchanges": 4,
    "course_pages": 7, "former_terms": 7, "calendars": 8,
    "classifiers": 7, "langchain_retriever": 7,
    "tutor": 9,
    "assembly": 10,
    "app": 11, "doctor": 11, "disclose": 11, "policy_check": 11, "cli": 12,
}  # fmt: skip
"""Floor of each module of `src/ds542_tutor`; a new module must be given one here."""

VALUES = 1
"""Up to this floor modules are mostly values and may use their neighbours, without cycles."""

INGEST_MAY_USE = 2
EVAL_MAY_USE = 10

OWNERS = {
    "torch": "models", "transformers": "models", "sentence_transformers": "models",
    "ctranslate2": "models",
    "langchain": "models", "langchain_core": "models", "langchain_openai": "models",
    "chromadb": "index", "bm25s": "index", "Stemmer": "index", "rapidfuzz": "index",
    "spellchecker": "index",
    "gradio": "app", "fastapi": "app", "uvicorn": "app",
}  # fmt: skip
"""Libraries that one package alone may import."""

# LangChain's objects may also appear at the public edge: the Runnable and the retriever.
EDGES = {("langchain_core", "tutor"), ("langchain_core", "langchain_retriever")}


def imports(path: Path) -> set[str]:
    """Every module that `path` imports, also inside functions; type-checking imports included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if p.name != "__init__.py" or p.parent != folder)


def own_rooms(path: Path) -> set[str]:
    names = {i.split(".")[1] for i in imports(path) if i.startswith("ds542_tutor.")}
    return names & FLOORS.keys()


@pytest.mark.parametrize("path", files(PACKAGE), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_lower_floors(path: Path) -> None:
    here = room(path)
    assert here in FLOORS, f"give {here} a floor in tests/test_layers.py"
    for other in own_rooms(path) - {here}:
        low, high = FLOORS[other], FLOORS[here]
        assert low < high or low == high <= VALUES, f"{path.name} imports {other}"


@pytest.mark.parametrize("path", files(PACKAGE), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_library_is_imported_by_its_owner_alone(path: Path) -> None:
    for name in {i.split(".")[0] for i in imports(path)} & OWNERS.keys():
        assert OWNERS[name] == room(path) or (name, room(path)) in EDGES, f"{path} imports {name}"


def test_floor_zero_needs_the_standard_library_only() -> None:
    for name in (n for n, floor in FLOORS.items() if floor == 0):
        roots = {module.split(".")[0] for module in imports(PACKAGE / f"{name}.py")}
        assert roots <= {*sys.stdlib_module_names, "ds542_tutor"}, f"{name}: {roots}"


@pytest.mark.parametrize(
    ("folder", "highest", "stranger"),
    [("ingest", INGEST_MAY_USE, "eval"), ("eval", EVAL_MAY_USE, "ingest")],
)
def test_ingest_and_eval_stay_apart(folder: str, highest: int, stranger: str) -> None:
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    for path in paths:
        assert stranger not in {i.split(".")[0] for i in imports(path)}, path
        for other in own_rooms(path):
            assert FLOORS[other] <= highest, f"{path} imports {other}"


def test_the_tutor_imports_neither_ingest_nor_eval() -> None:
    for path in files(PACKAGE):
        assert not {i.split(".")[0] for i in imports(path)} & {"ingest", "eval"}, path


def test_no_cycle_between_modules() -> None:
    graph: dict[str, set[str]] = {}
    roots = {"ds542_tutor": PACKAGE, "ingest": ROOT / "ingest", "eval": ROOT / "eval"}
    modules = {
        ".".join((name, *p.relative_to(folder).with_suffix("").parts)): p
        for name, folder in roots.items()
        for p in folder.rglob("*.py")
        if p.name != "__init__.py"
    }
    for name, path in modules.items():
        graph[name] = {i for i in imports(path) if i in modules} - {name}
    done: set[str] = set()

    def visit(node: str, trail: tuple[str, ...]) -> None:
        assert node not in trail, " -> ".join((*trail, node))
        if node not in done:
            for other in graph[node]:
                visit(other, (*trail, node))
            done.add(node)

    for name in graph:
        visit(name, ())
