"""Counts tokens as a model does; small enough to be sent to another process."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer


class TokenCounter:
    """Counts the tokens of whole texts. Picklable; one object serves one thread."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Take a copy of `tokenizer`, which may cut or pad texts itself."""
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @classmethod
    def from_file(cls, file: Path) -> TokenCounter:
        """Read a `tokenizer.json`."""
        return cls(Tokenizer.from_file(str(file)))

    @property
    def special_tokens(self) -> int:
        """Number of tokens that mark the ends of a text; `__call__` leaves them out."""
        return int(self._tokenizer.num_special_tokens_to_add(is_pair=False))

    def __call__(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)
