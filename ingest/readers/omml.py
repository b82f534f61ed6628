"""Formulas of Office files (OMML) as one line of text: 'x_i^2', '(a+b)/c', '√(x)', '∑_(i=1)^n'.

Which formulas a document has, and where they stand, is the readers' business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def to_text(element: Any) -> str:
    """One formula, or any part of one, as text."""
    tag = element.tag if isinstance(element.tag, str) else ""
    if tag == f"{M}t":
        return element.text or ""
    known = _FORMS.get(tag.removeprefix(M)) if tag.startswith(M) else None
    return known(element) if known else "".join(map(to_text, element))


def _part(element: Any, name: str) -> str:
    found = element.find(M + name)
    return "" if found is None else to_text(found).strip()


def _value(element: Any, path: str, default: str) -> str:
    """The value of a property, which may be set to nothing."""
    found = element.find("/".join(M + step for step in path.split("/")))
    return default if found is None else str(found.get(f"{M}val", default))


def _grouped(text: str) -> str:
    """In parentheses, where it would otherwise run into what surrounds it."""
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _scripts(element: Any) -> str:
    sub, sup = _part(element, "sub"), _part(element, "sup")
    text = _part(element, "e")
    text += f"_{_grouped(sub)}" if sub else ""
    return text + (f"^{_grouped(sup)}" if sup else "")


def _sum(element: Any) -> str:
    sub, sup = _part(element, "sub"), _part(element, "sup")
    text = _value(element, "naryPr/chr", "∫")
    text += f"_{_grouped(sub)}" if sub else ""
    text += f"^{_grouped(sup)}" if sup else ""
    return f"{text} {_part(element, 'e')}"


def _fraction(element: Any) -> str:
    return f"{_grouped(_part(element, 'num'))}/{_grouped(_part(element, 'den'))}"


def _root(element: Any) -> str:
    return f"{_part(element, 'deg')}√({_part(element, 'e')})"


def _brackets(element: Any) -> str:
    inner = _value(element, "dPr/sepChr", "|").join(to_text(e) for e in element.findall(f"{M}e"))
    return _value(element, "dPr/begChr", "(") + inner + _value(element, "dPr/endChr", ")")


def _accent(element: Any) -> str:
    return _part(element, "e") + _value(element, "accPr/chr", "\u0302")


def _matrix(element: Any) -> str:
    rows = (
        ", ".join(to_text(cell) for cell in row.findall(f"{M}e"))
        for row in element.findall(f"{M}mr")
    )
    return "; ".join(rows)


def _lines(element: Any) -> str:
    return "; ".join(to_text(line) for line in element.findall(f"{M}e"))


def _limit(element: Any) -> str:
    return f"{_part(element, 'e')}_{_grouped(_part(element, 'lim'))} "


def _function(element: Any) -> str:
    name, inner = _part(element, "fName"), _part(element, "e")
    return f"{name}{'' if inner.startswith(('(', '[', '{')) else ' '}{inner}"


_FORMS: Final[dict[str, Callable[[Any], str]]] = {
    "sSub": _scripts,
    "sSup": _scripts,
    "sSubSup": _scripts,
    "nary": _sum,
    "f": _fraction,
    "rad": _root,
    "d": _brackets,
    "acc": _accent,
    "m": _matrix,
    "eqArr": _lines,
    "limLow": _limit,
    "func": _function,
}
