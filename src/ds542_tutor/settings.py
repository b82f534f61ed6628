"""Settings: one frozen group a stage, from defaults, then a TOML file, then the environment.

The file is `ds542.toml` in the working directory, or the one named by DS542_CONFIG. A key `k` of
group `g` is overridden by the environment variable DS542_G_K. An unknown key, in the file or among
the DS542_ variables, is an error: a setting that nobody reads helps no one. Secrets (the key of a
model server, password hashes) come from the environment or a file and are never stored here.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from ds542_tutor.errors import SettingsError

CONFIG_FILE = "ds542.toml"
PREFIX = "DS542_"
SECRETS = ("DS542_API_KEY", "DS542_STAFF_PASSWORDS", "DS542_SESSION_SECRET")
"""Variables that are no settings: who needs one reads it from the environment."""

G = TypeVar("G")


@dataclass(frozen=True, slots=True)
class PathSettings:
    """Folders. `index`: generations. `data`: conversations. `cache`: converted models."""

    index: Path = Path("index")
    data: Path = Path("data")
    cache: Path = Path("~/.cache/ds542_tutor")
    policy: Path = Path("corpus/policy.toml")


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which models speak and embed.

    Attributes:
        embedder: "minilm" (packaged) or a sentence-transformers id or folder.
        embedder_dtype: "float32", "bfloat16", "int8" (the packaged MiniLM on a CPU, documents
            only) or "auto": what is fast for documents, float32 for questions.
        reranker: a cross-encoder's sentence-transformers id or folder; "" for none.
        chat: "auto", "quotes", "smollm2", "hf:<id or folder>", "openai:<model>@<base url>".
        huggingface: id or folder that "auto" uses when CUDA is there; "" for none.
        endpoint: "<model>@<base url>" that "auto" prefers over all; "" for none.
        endpoint_timeout_s: seconds without a new piece after which a server counts as stuck.
        max_tokens: upper bound on an answer. temperature: 0 is greedy.
    """

    embedder: str = "minilm"
    embedder_dtype: str = "auto"
    reranker: str = ""
    chat: str = "auto"
    huggingface: str = ""
    endpoint: str = ""
    endpoint_timeout_s: float = 60.0
    max_tokens: int = 512
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How passages are found. `candidates`: depth of each searcher before they are ranked.

    `dense_weight`, `lexical_weight`: multiply what either searcher says. `abstain_below`: evidence
    under which the tutor stays silent, in [0, 1]. `passages`: how many the model sees, within
    `budget_words` words.
    """

    candidates: int = 60
    hits: int = 10
    passages: int = 10
    budget_words: int = 1200
    dense_weight: float = 1.0
    lexical_weight: float = 1.0
    abstain_below: float = 0.3


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """How answers are given.

    Attributes:
        unsupported: what happens to sentences that no passage supports: "remove" or "mark".
        ahead: material of a later lecture: "allow" answers as always, "note" adds when it comes and
            what to read first, "defer" says only that.
    """

    unsupported: str = "remove"
    ahead: str = "note"
    max_question_chars: int = 8000


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where the chat listens, and how many students it serves at once.

    `concurrency`: answers written at the same time; `queue`: students who may wait. `url`: where
    students open it, such as "https://tutor.example.edu/"; disclosures give it as the link.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    concurrency: int = 4
    queue: int = 64
    url: str = ""


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """The staff page. Who is staff stands in the policy file.

    Attributes:
        passwords: file of `account:hash` lines, as `ds542-tutor password` prints them; "" for none.
            Lines in DS542_STAFF_PASSWORDS count beside it.
        sources: the sources file that the page ingests from.
        materials: folder that its paths start from; "" takes the one it names itself.
        max_upload_mb: largest file that can be uploaded, in 10^6 bytes.
    """

    passwords: str = ""
    sources: Path = Path("corpus/starter.toml")
    materials: str = ""
    max_upload_mb: int = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """All groups together."""

    paths: PathSettings = field(default_factory=PathSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    staff: StaffSettings = field(default_factory=StaffSettings)


def load_settings(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings from `file` (or the default file, when it is there) and `environment`.

    Raises:
        SettingsError: the file is missing or malformed, a key is unknown or a value unfit.
    """
    env = os.environ if environment is None else environment
    named = file or (Path(env[f"{PREFIX}CONFIG"]) if env.get(f"{PREFIX}CONFIG") else None)
    table = _read(named or Path(CONFIG_FILE), required=named is not None)
    groups = {f.name: f.default_factory for f in dataclasses.fields(Settings)}
    for name in table:
        if name not in groups:
            raise SettingsError(_unknown(f"[{name}]", name, list(groups), "settings file"))
    overrides = _from_environment(env, groups)
    built = {}
    for name, make in groups.items():
        values = table.get(name, {})
        if not isinstance(values, dict):
            raise SettingsError(f"[{name}] in the settings file must be a table of keys.")
        built[name] = _fill(make(), name, {**values, **overrides.get(name, {})})  # type: ignore[operator]
    settings = Settings(**built)
    _check(settings)
    return settings


def project_file(path: Path) -> Path:
    """Return `path`, or the project's own file of that name when it is not in the working folder.

    Lets the installed command run from any folder of a checkout's user.
    """
    own = Path(__file__).resolve().parents[2] / path
    return own if not path.exists() and own.exists() else path


def _read(path: Path, *, required: bool) -> dict[str, Any]:
    if not path.is_file():
        if required:
            raise SettingsError(
                f"The settings file {path} does not exist; create it or unset {PREFIX}CONFIG."
            )
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML ({error}); correct that line.") from error


def _from_environment(
    env: Mapping[str, str], groups: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for variable, value in env.items():
        # DS542_CONFIG names the file.
        if not variable.startswith(PREFIX) or variable in (f"{PREFIX}CONFIG", *SECRETS):
            continue
        group, _, key = variable.removeprefix(PREFIX).lower().partition("_")
        if group not in groups or not key:
            raise SettingsError(
                _unknown(f"environment variable {variable}", group, list(groups), "settings")
            )
        found.setdefault(group, {})[key] = value
    return found


def _fill(group: G, name: str, values: Mapping[str, Any]) -> G:
    hints = get_type_hints(type(group))
    changes = {}
    for key, value in values.items():
        if key not in hints:
            raise SettingsError(_unknown(f"{name}.{key}", key, list(hints), f"[{name}]"))
        changes[key] = _convert(value, hints[key], f"{name}.{key}")
    return dataclasses.replace(group, **changes)  # type: ignore[type-var]


def _convert(value: Any, kind: type, name: str) -> Any:
    """Convert a TOML value, or a string of the environment, to `kind`."""
    fits = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    try:
        if fits and kind is Path and isinstance(value, str) and value:
            return Path(value)
        if fits and kind is str and isinstance(value, str):
            return value
        if fits and kind is int and float(value) == int(float(value)):
            return int(float(value))
        if fits and kind is float:
            return float(value)
    except ValueError:
        pass
    raise SettingsError(f"{name} must be of type {kind.__name__}, but is {value!r}.")


def _unknown(what: str, word: str, known: list[str], where: str) -> str:
    near = get_close_matches(word, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known in {where}: {', '.join(known)}."
    return f"Unknown setting {what}; {hint}"


def _check(settings: Settings) -> None:
    """Refuse values that no stage could work with."""
    server, retrieval, answer = settings.server, settings.retrieval, settings.answer
    if not 0 <= server.port <= 65535:
        raise SettingsError(f"server.port must lie in 0..65535, but is {server.port}.")
    if server.url and not re.fullmatch(r"https?://[^\s/]\S*", server.url):
        raise SettingsError(
            f"server.url must be like https://tutor.example.edu/, but is {server.url!r}."
        )
    positive = {
        "server.concurrency": server.concurrency,
        "server.queue": server.queue,
        "retrieval.candidates": retrieval.candidates,
        "retrieval.hits": retrieval.hits,
        "retrieval.passages": retrieval.passages,
        "retrieval.budget_words": retrieval.budget_words,
        "models.max_tokens": settings.models.max_tokens,
        "models.endpoint_timeout_s": settings.models.endpoint_timeout_s,
        "answer.max_question_chars": answer.max_question_chars,
        "staff.max_upload_mb": settings.staff.max_upload_mb,
    }
    for name, number in positive.items():
        if number <= 0:
            raise SettingsError(f"{name} must be positive, but is {number}.")
    if answer.unsupported not in ("remove", "mark"):
        raise SettingsError(
            f"answer.unsupported must be 'remove' or 'mark', but is {answer.unsupported!r}."
        )
    if answer.ahead not in ("allow", "note", "defer"):
        raise SettingsError(
            f"answer.ahead must be 'allow', 'note' or 'defer', but is {answer.ahead!r}."
        )
    if settings.models.embedder_dtype not in ("auto", "float32", "bfloat16", "int8"):
        raise SettingsError(
            "models.embedder_dtype must be 'auto', 'float32', 'bfloat16' or 'int8', "
            f"but is {settings.models.embedder_dtype!r}."
        )
