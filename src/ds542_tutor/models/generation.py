"""Chooses the chat model that the settings name. The models themselves are in their own modules.

Libraries that take seconds to import are imported only for the model that needs them.
"""

from __future__ import annotations

from ds542_tutor.errors import SettingsError
from ds542_tutor.models.quotes import QuotesModel
from ds542_tutor.protocols import ChatModel, Embedder
from ds542_tutor.settings import Settings

CHOICES = "auto, quotes, smollm2, hf:<id or folder>, openai:<model>@<base url>"


def load_chat_model(settings: Settings, embedder: Embedder) -> ChatModel:
    """Load the model that `settings.models.chat` names; `embedder` serves "quotes".

    "auto" is the configured endpoint, else the configured Hugging Face model where there is a CUDA
    device, else "quotes".

    Raises:
        SettingsError: the name is none of these. ModelError: the model cannot be loaded.
    """
    models = settings.models
    name = resolve(settings)
    if name == "quotes":
        return QuotesModel(embedder)
    if name == "smollm2":
        from ds542_tutor.models.smollm2 import load_smollm2

        return load_smollm2(settings.paths.cache, temperature=models.temperature)
    kind, _, rest = name.partition(":")
    if kind == "hf" and rest:
        from ds542_tutor.models.huggingface import load_huggingface

        return load_huggingface(rest, temperature=models.temperature)
    if kind == "openai":
        from ds542_tutor.models.endpoint import EndpointModel, parse_endpoint

        setting = "models.endpoint" if models.chat == "auto" else "models.chat after 'openai:'"
        model, url = parse_endpoint(rest, setting)
        return EndpointModel(
            model, url, timeout_s=models.endpoint_timeout_s, temperature=models.temperature
        )
    raise SettingsError(f"models.chat must be one of {CHOICES}, but is {models.chat!r}.")


def resolve(settings: Settings) -> str:
    """Say which model "auto" means on this machine, in the words of `models.chat`."""
    models = settings.models
    if models.chat != "auto":
        return models.chat
    if models.endpoint:
        return f"openai:{models.endpoint}"
    if models.huggingface:
        import torch

        if torch.cuda.is_available():
            return f"hf:{models.huggingface}"
    return "quotes"
