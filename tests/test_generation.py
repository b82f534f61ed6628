"""Chat models in this process: the packaged SmolLM2, a tiny real model, and the choice of one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from fakes import WordEmbedder
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ds542_tutor.dialogue import Message, Prompt
from ds542_tutor.errors import EndpointError, ModelError, SettingsError
from ds542_tutor.models import smollm2 as smollm2_module
from ds542_tutor.models.endpoint import EndpointModel
from ds542_tutor.models.generation import load_chat_model, resolve
from ds542_tutor.models.huggingface import (
    HuggingFaceModel,
    load_huggingface,
    merge_system,
    plain_chat,
)
from ds542_tutor.models.quotes import QuotesModel
from ds542_tutor.models.smollm2 import load_smollm2
from ds542_tutor.models.streaming import stream_from_thread, until, without_thinking
from ds542_tutor.settings import ModelSettings, Settings

CHAT = (Message("system", "You help students."), Message("user", "Explain gradient descent."))


def prompt(max_tokens: int = 24, messages: tuple[Message, ...] = CHAT) -> Prompt:
    return Prompt("q", (), messages, max_tokens=max_tokens)


def model_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "chat-model" and t.is_alive()]


def wait_until_free(seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while model_threads() and time.monotonic() < end:
        time.sleep(0.02)
    return not model_threads()


@pytest.fixture(scope="module")
def cache(pytestconfig: pytest.Config) -> Path:
    """A folder that outlives the run: converting SmolLM2 takes half a minute."""
    assert pytestconfig.cache is not None
    return pytestconfig.cache.mkdir("ds542-models")


@pytest.fixture(scope="module")
def smollm2(cache: Path) -> HuggingFaceModel:
    return load_smollm2(cache)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random Llama of a few thousand weights and a word tokenizer."""
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    words = ["<unk>", "<s>", "</s>", *(f"w{i}" for i in range(61))]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=2, max_position_embeddings=256, bos_token_id=1, eos_token_id=2,
        )
    ).save_pretrained(folder)  # fmt: skip
    return folder


class TestSmolLM2:
    def test_the_packaged_model_streams_words_of_a_sensible_answer(
        self, smollm2: HuggingFaceModel
    ) -> None:
        messages = (Message("user", "What is the capital of France? Answer in one sentence."),)
        pieces = list(smollm2.stream(prompt(messages=messages), threading.Event()))
        assert len(pieces) > 3
        assert "Paris" in "".join(pieces)
        assert smollm2.name == "smollm2"

    def test_cancelling_stops_within_a_token_and_frees_the_thread(
        self, smollm2: HuggingFaceModel
    ) -> None:
        cancel = threading.Event()
        stream = smollm2.stream(prompt(max_tokens=400), cancel)
        assert next(stream)
        cancel.set()
        assert len(list(stream)) <= 1
        assert wait_until_free(), "the model goes on writing for nobody"

    def test_closing_the_generator_frees_the_thread(self, smollm2: HuggingFaceModel) -> None:
        stream = smollm2.stream(prompt(max_tokens=400), threading.Event())
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert wait_until_free(), "the model goes on writing for nobody"

    def test_a_loop_is_cut_short(self, smollm2: HuggingFaceModel) -> None:
        messages = (Message("user", "Repeat the word hello one hundred times."),)
        text = "".join(smollm2.stream(prompt(200, messages), threading.Event()))
        assert text.lower().count("hello") < 60

    def test_the_second_load_takes_the_converted_copy(
        self, smollm2: HuggingFaceModel, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("converted again")

        monkeypatch.setattr(smollm2_module, "_convert", refuse)
        assert load_smollm2(cache).name == "smollm2"

    def test_a_damaged_copy_names_the_folder_to_delete(
        self, smollm2: HuggingFaceModel, cache: Path, tmp_path: Path
    ) -> None:
        (folder,) = cache.glob("smollm2-*")
        damaged = tmp_path / folder.name
        shutil.copytree(folder, damaged, ignore=shutil.ignore_patterns("*.safetensors"))
        (damaged / "model.safetensors").write_bytes(b"half a model")
        with pytest.raises(ModelError, match=r"delete that folder") as caught:
            load_smollm2(tmp_path)
        assert str(damaged) in str(caught.value)

    def test_a_cache_that_cannot_be_written_is_named(self, tmp_path: Path) -> None:
        blocked = tmp_path / "cache"
        blocked.write_text("a file where a folder should be")
        with pytest.raises(ModelError, match=r"paths\.cache"):
            load_smollm2(blocked)

    def test_a_process_that_ends_after_cancelling_ends_well(
        self, smollm2: HuggingFaceModel, cache: Path
    ) -> None:
        code = (
            "import threading, sys\nfrom pathlib import Path\n"
            "from ds542_tutor.dialogue import Message, Prompt\n"
            "from ds542_tutor.models.smollm2 import load_smollm2\n"
            "model = load_smollm2(Path(sys.argv[1]))\n"
            "p = Prompt('q', (), (Message('user', 'Tell a story.'),), max_tokens=300)\n"
            "stream = model.stream(p, threading.Event())\n"
            "next(stream)\nstream.close()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(cache)], capture_output=True, text=True, timeout=120
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class TestHuggingFace:
    def test_a_folder_loads_and_streams(self, tiny: Path) -> None:
        model = load_huggingface(str(tiny))
        text = "".join(model.stream(prompt(), threading.Event()))
        assert model.name == "tiny-llama"
        assert text.split()
        assert set(text.split()) <= {f"w{i}" for i in range(61)} | {"<unk>"}

    def test_answers_at_the_same_time_do_not_disturb_each_other(self, tiny: Path) -> None:
        model = load_huggingface(str(tiny))
        asked = [
            prompt(messages=(Message("user", " ".join(f"w{(n * 7 + i) % 61}" for i in range(20))),))
            for n in range(4)
        ]
        alone = ["".join(model.stream(p, threading.Event())) for p in asked]
        together: list[str] = [""] * len(asked)

        def answer(n: int) -> None:
            together[n] = "".join(model.stream(asked[n], threading.Event()))

        threads = [threading.Thread(target=answer, args=(n,)) for n in range(len(asked))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert together == alone
        assert len(set(alone)) > 1

    def test_a_student_who_leaves_the_queue_does_not_wait(self, tiny: Path) -> None:
        model = load_huggingface(str(tiny))
        with model._lock:
            cancel = threading.Event()
            threading.Timer(0.2, cancel.set).start()
            assert list(model.stream(prompt(), cancel)) == []
        assert wait_until_free()

    def test_a_prompt_beyond_the_context_says_what_to_lower(self, tiny: Path) -> None:
        model = load_huggingface(str(tiny))
        long = prompt(messages=(Message("user", "w1 " * 300),))
        with pytest.raises(
            ModelError, match=r"tiny-llama reads 256; lower retrieval\.budget_words"
        ):
            list(model.stream(long, threading.Event()))

    def test_an_error_in_the_thread_reaches_the_reader_and_frees_the_model(
        self, tiny: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = load_huggingface(str(tiny))

        def fail(**_: object) -> None:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB\nmore lines")

        with monkeypatch.context() as patched:
            patched.setattr(model._model, "generate", fail)
            with pytest.raises(ModelError, match="ran out of memory"):
                list(model.stream(prompt(), threading.Event()))
        assert list(model.stream(prompt(), threading.Event()))

    def test_a_name_that_is_nowhere_is_told_in_one_line(self) -> None:
        with pytest.raises(ModelError, match="'no-such/model' cannot be loaded") as caught:
            load_huggingface("no-such/model")
        assert "\n" not in str(caught.value)

    def test_loading_prints_nothing(self, tiny: Path, capfd: pytest.CaptureFixture[str]) -> None:
        load_huggingface(str(tiny))
        assert capfd.readouterr() == ("", "")

    def test_a_chat_template_is_used_and_may_know_no_system_role(self, tiny: Path) -> None:
        model = load_huggingface(str(tiny))
        model._tokenizer.chat_template = (
            "{% for m in messages %}"
            "{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}"
            "w1 {{ m.content }} w2 {% endfor %}"
        )
        ids = model._encode((Message("system", "w3"), Message("user", "w4")))["input_ids"]
        assert model._tokenizer.decode(ids[0]).split() == ["w1", "w3", "w4", "w2"]


def test_plain_chat_and_merged_system() -> None:
    assert plain_chat(CHAT) == (
        "Instructions: You help students.\n\nQuestion: Explain gradient descent.\n\nAnswer:"
    )
    chat = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
    assert merge_system(chat) == [{"role": "user", "content": "S\n\nU"}]
    assert chat[1]["content"] == "U"


class TestStreaming:
    def test_an_error_of_the_tree_passes_unchanged(self) -> None:
        def produce(emit: Any, stop: threading.Event) -> None:
            emit("a")
            raise EndpointError("down")

        stream = stream_from_thread(produce, threading.Event())
        assert next(stream) == "a"
        with pytest.raises(EndpointError, match=r"^down$"):
            next(stream)

    def test_silence_is_an_error(self) -> None:
        def produce(emit: Any, stop: threading.Event) -> None:
            stop.wait(10)

        with pytest.raises(EndpointError, match=r"nothing for 0\.2 s"):
            list(stream_from_thread(produce, threading.Event(), silence_s=0.2))
        assert wait_until_free()

    @pytest.mark.parametrize(
        ("pieces", "expected"),
        [
            (["<thi", "nk>so", " it is", "</thi", "nk>\n\nAn", "swer"], "Answer"),
            (["\n<think>\n</think>", "\n\nAnswer"], "Answer"),
            (["<", "b> is a tag"], "<b> is a tag"),
            (["Answer <think>"], "Answer <think>"),
            (["<think>never ends"], ""),
            (["<"], "<"),
            ([], ""),
        ],
    )
    def test_thinking_is_not_part_of_the_answer(self, pieces: list[str], expected: str) -> None:
        assert "".join(without_thinking(p for p in pieces)) == expected

    @pytest.mark.parametrize(
        ("pieces", "expected"),
        [
            (["a < b", " and <pass", "age n=2>", "more"], "a < b and "),
            (["x <pas", "ta>"], "x <pasta>"),
            (["ends with <"], "ends with <"),
            (["<passage"], ""),
        ],
    )
    def test_text_ends_at_a_stop_string(self, pieces: list[str], expected: str) -> None:
        assert "".join(until((p for p in pieces), ("<passage", "</passage"))) == expected


class TestChoice:
    def choose(self, **models: Any) -> str:
        return resolve(Settings(models=ModelSettings(**models)))

    def test_auto_prefers_the_endpoint_then_a_model_on_cuda_then_quotes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        both = {"endpoint": "m@http://localhost/v1", "huggingface": "org/model"}
        assert self.choose(**both) == "openai:m@http://localhost/v1"
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        assert self.choose(huggingface="org/model") == "hf:org/model"
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        assert self.choose(huggingface="org/model") == "quotes"
        assert self.choose() == "quotes"

    def test_each_name_gives_its_model(
        self, tiny: Path, cache: Path, smollm2: HuggingFaceModel
    ) -> None:
        def load(chat: str) -> Any:
            settings = Settings(models=ModelSettings(chat=chat))
            settings = replace(settings, paths=replace(settings.paths, cache=cache))
            return load_chat_model(settings, WordEmbedder())

        assert isinstance(load("quotes"), QuotesModel)
        assert load("smollm2").name == "smollm2"
        assert load(f"hf:{tiny}").name == "tiny-llama"
        endpoint = load("openai:qwen@http://127.0.0.1:1/v1")
        assert isinstance(endpoint, EndpointModel)
        assert endpoint.name == "qwen"

    @pytest.mark.parametrize("chat", ["gpt", "hf:", "hf", "openai", "openai:qwen", ""])
    def test_an_unknown_name_lists_the_choices(self, chat: str) -> None:
        with pytest.raises(SettingsError, match=r"models\.chat"):
            load_chat_model(Settings(models=ModelSettings(chat=chat)), WordEmbedder())
