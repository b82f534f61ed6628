"""Settings come from defaults, a file and the environment; what nobody reads is refused."""

from pathlib import Path

import pytest

from ds542_tutor.errors import SettingsError
from ds542_tutor.settings import Settings, load_settings, project_file


def write(folder: Path, text: str) -> Path:
    file = folder / "ds542.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_without_file_or_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(environment={}) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, '[server]\nport = 7000\nhost = "0.0.0.0"\n[models]\nchat = "quotes"\n')
    settings = load_settings(file, {"DS542_SERVER_PORT": "8001", "DS542_API_KEY": "secret"})
    assert (settings.server.port, settings.server.host) == (8001, "0.0.0.0")
    assert settings.models.chat == "quotes"


def test_the_environment_can_name_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, '[paths]\nindex = "elsewhere"\n')
    assert load_settings(environment={"DS542_CONFIG": str(file)}).paths.index == Path("elsewhere")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nprot = 1\n", "did you mean 'port'"),
        ("[sever]\nport = 1\n", "did you mean 'server'"),
        ("[server]\nport = 'x'\n", "server.port must be of type int"),
        ("[server]\nport = true\n", "server.port must be of type int"),
        ("[server]\nport = 99999\n", "0..65535"),
        ("[server]\nconcurrency = 0\n", "server.concurrency must be positive"),
        ("[server]\nurl = 'tutor'\n", "server.url must be like https://"),
        ("[answer]\nunsupported = 'keep'\n", "'remove' or 'mark'"),
        ("[models]\nembedder_dtype = 'int4'\n", "embedder_dtype"),
        ("server = 3\n", "must be a table"),
        ("[server\n", "not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load_settings(write(tmp_path, text), {})


def test_unknown_variables_and_missing_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DS542_MODLES_CHAT"):
        load_settings(environment={"DS542_MODLES_CHAT": "quotes"})
    with pytest.raises(SettingsError, match="does not exist"):
        load_settings(tmp_path / "none.toml", {})


def test_project_files_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert project_file(Path("corpus/policy.toml")).is_file()
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/policy.toml").write_text("", encoding="utf-8")
    assert project_file(Path("corpus/policy.toml")) == Path("corpus/policy.toml")
