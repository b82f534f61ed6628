"""Real but tiny models, untrained: a few thousand weights with MiniLM's vocabulary."""

from collections.abc import Sequence
from pathlib import Path

from ds542_tutor.models.packaged import minilm_path


def make_classifier(folder: Path, labels: Sequence[str]) -> Path:
    """Save a BERT that gives a pair of texts one score a label."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(minilm_path()))
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        initializer_range=1.0,  # texts must differ visibly in their scores
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
