"""Any text as LaTeX that shows it and does nothing else, for pdfTeX, XeTeX and LuaTeX alike.

Needs no package. What pdfTeX cannot set without one (other scripts, emojis) is given as its code
points there, and as itself in the engines that know Unicode.
"""

from __future__ import annotations

import itertools
import unicodedata

PREAMBLE = (
    r"\providecommand{\tutorchar}[2]{\ifdefined\Umathchar#1\else[#2]\fi}"
    "  % a sign, or its code points in pdfTeX"
)
"""Defines what `latex_text` uses; safe to say more than once."""

_SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"{\char34}",
    # No ligatures: "--", "``", "?`" stand as they were typed.
    "`": r"{\char96}", "'": "'{}", "-": "-{}", ",": ",{}", "?": "?{}", "!": "!{}",
    # A bracket after a line break would be taken for its optional argument, and so would "*".
    "[": "{[}", "]": "{]}", "*": "{*}",
    "–": r"\textendash{}", "—": r"\textemdash{}", "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}", "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}",
    "…": r"\ldots{}", "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "œ": r"\oe{}", "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "\u00a0": "~",
}  # fmt: skip

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi _ pi rho _ sigma "
    "tau upsilon phi chi psi omega"
).split()
_GREEK_CAPITALS = {
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma",
    "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
_MATH = {
    **{chr(0x3B1 + i): name for i, name in enumerate(_GREEK) if name != "_"},
    **_GREEK_CAPITALS,
    "ϕ": "phi", "×": "times", "÷": "div", "±": "pm", "·": "cdot", "⋅": "cdot", "√": "surd",
    "∑": "sum", "∏": "prod", "∫": "int", "∂": "partial", "∇": "nabla", "∞": "infty",
    "≤": "leq", "≥": "geq", "≠": "neq", "≈": "approx", "∼": "sim", "≡": "equiv", "∝": "propto",
    "∈": "in", "∉": "notin", "⊂": "subset", "⊆": "subseteq", "∪": "cup", "∩": "cap",
    "∅": "emptyset",
    "∀": "forall", "∃": "exists", "→": "rightarrow", "←": "leftarrow", "↔": "leftrightarrow",
    "⇒": "Rightarrow", "⇐": "Leftarrow", "⇔": "Leftrightarrow", "↑": "uparrow", "↓": "downarrow",
    "−": "mathord{-}", "∗": "ast", "∘": "circ", "⊙": "odot", "⊗": "otimes", "⊕": "oplus",
    "ℓ": "ell", "•": "bullet", "°": "mathord{^{\\circ}}", "²": "mathord{^{2}}",
    "³": "mathord{^{3}}", "′": "prime", "‖": "Vert",
}  # fmt: skip
_ACCENTS = {
    0x300: "`", 0x301: "'", 0x302: "^", 0x303: "~", 0x304: "=", 0x306: "u", 0x307: ".",
    0x308: '"', 0x30A: "r", 0x30B: "H", 0x30C: "v", 0x327: "c",
}  # fmt: skip


def latex_text(text: str) -> str:
    """Return one line of `text` as LaTeX; line breaks count as spaces, runs of spaces are kept."""
    parts = []
    for known, run in itertools.groupby(text, key=lambda c: _letter(c) is not None):
        characters = "".join(run)
        if known:
            parts.append("".join(_letter(c) or "" for c in characters))
        else:
            points = " ".join(f"U+{ord(c):04X}" for c in characters)
            parts.append(rf"\tutorchar{{{characters}}}{{{points}}}")
    return "".join(parts)


def latex_lines(lines: list[str]) -> str:
    """Return lines of text as LaTeX that keeps their breaks, indentation and empty lines."""
    return "\\\\\n".join(rf"\mbox{{}}{latex_text(line)}" for line in lines)


def _letter(character: str) -> str | None:
    """One character as LaTeX, or None where pdfTeX has no sign for it."""
    if character in _SIGNS:
        return _SIGNS[character]
    if character.isspace():
        return r"\ "
    if character.isascii():
        return character
    if character in _MATH:
        return rf"\ensuremath{{\{_MATH[character]}}}"
    base, *marks = list(unicodedata.normalize("NFD", character))
    if base.isascii() and base.isalpha() and len(marks) == 1 and ord(marks[0]) in _ACCENTS:
        inner = rf"\{base}" if base in "ij" else base
        return rf"\{_ACCENTS[ord(marks[0])]}{{{inner}}}"
    return None
