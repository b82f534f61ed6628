"""Code as something to compare: its syntax tree, its lines, the names in it. Nothing is run."""

from __future__ import annotations

import ast
import builtins
import re
import textwrap

MODULES = frozenset(
    "np numpy torch math F nn optim plt pd scipy sp stats sklearn random tf keras jnp jax linalg "
    "cupy functional d2l".split()
)
BUILTINS = frozenset(dir(builtins))
_FILLER = frozenset("my your the new own a an of fn func function impl solution answer get".split())
_KEYWORDS = frozenset(
    "for in if else elif while return def class with as not and or is None True False import from "
    "lambda yield".split()
)
_COMMENT = re.compile(r"(?<!['\"\w])#.*$")
DEFINITION = re.compile(
    r"^[ \t]*(?:class[ \t]+|def[ \t]+(?=\w+\((?P<params>[^)]*)\)|))(?P<name>\w+)", re.M
)
NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def defined_names(code: str) -> set[str]:
    """Return the functions and classes that `code` defines, by its syntax tree or, failing that,
    by its `def` and `class` lines."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return {match["name"] for match in DEFINITION.finditer(code)}
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def parsed(code: str) -> ast.Module | None:
    """Return the syntax tree of Python code, or None; shell lines of notebooks are left out."""
    plain = re.sub(
        r"^\s*(?:[!%]|>>> |\.\.\. )", "", textwrap.dedent(code).strip(" \n`"), flags=re.M
    )
    for attempt in (code, plain, textwrap.dedent(plain)):
        try:
            return ast.parse(attempt)
        except (SyntaxError, ValueError):
            continue
    return None


def code_lines(code: str) -> list[str]:
    """Return the lines of `code` without comments, blank lines and spacing."""
    lines = ("".join(_COMMENT.sub("", line).split()) for line in code.splitlines())
    return [line for line in lines if line]


def line_forms(code: str) -> frozenset[str]:
    """Return the lines of `code` with its variables' names left out: `_ = np.maximum(0, _)`.

    Names after a dot and called names stay, they say what is done. Lines that any code has
    (`return _`, imports) are left out.
    """
    forms = set()
    for line in code.splitlines():
        bare = _COMMENT.sub("", line).strip()
        form = re.sub(
            r"(?<![.\w])[A-Za-z_]\w*(?![\w(])",
            lambda m: m.group() if m.group() in _KEYWORDS | MODULES else "_",
            bare,
        )
        form = re.sub(r"\d+(?:\.\d+)?(?:e-?\d+)?", "0", "".join(form.split()))
        if re.search(r"\w\(|[-+*/@\[]", form) and not form.startswith(("import", "from")):
            forms.add(form)
    return frozenset(forms)


def name_words(name: str) -> frozenset[str]:
    """The words of a name, and its letters together: "ReLU" is one word for all its capitals."""
    parts = [part.casefold() for part in NAME_PART.findall(name)]
    words = [part for part in parts if part not in _FILLER]
    joined = "".join(word for word in words if word.isalpha())
    return frozenset({*words, joined} if "_" not in name.strip("_") else words)


def uses_variables(tree: ast.AST) -> bool:
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return bool(names - MODULES - BUILTINS)


def free_names(tree: ast.AST) -> set[str]:
    """Names that are used but given no value in the code itself."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    stored |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in names} - stored - MODULES - BUILTINS


def toy_names(tree: ast.Module) -> frozenset[str]:
    """Names that the code itself gives a value made of numbers: `z = np.linspace(-3, 3, 7)`."""
    return frozenset(
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and not uses_variables(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    )


def assigned_names(statement: ast.AST) -> set[str]:
    """The variables that an assignment gives a value, whole or in part."""
    heads = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    found: set[str] = set()
    for head in heads:
        for part in head.elts if isinstance(head, ast.Tuple | ast.List) else [head]:
            while isinstance(part, ast.Subscript | ast.Starred):
                part = part.value
            if isinstance(part, ast.Name):
                found.add(part.id)
    return found
