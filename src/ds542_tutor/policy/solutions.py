"""Does a piece of code do what graded work leaves to be done?

Judged by structure alone; no model is asked and nothing is run. A solution stays one when its
names, comments or order change, when it is written in PyTorch instead of NumPy, as a lambda, in
one line, in another language or as pseudocode. What may stay in a hint is code of the teaching
materials themselves, the use of a library function, and an example of something else. What happens
to a solution is `enforce`'s business.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ds542_tutor.policy.code_forms import (
    BUILTINS,
    MODULES,
    NAME_PART,
    assigned_names,
    code_lines,
    defined_names,
    free_names,
    line_forms,
    name_words,
    parsed,
    toy_names,
    uses_variables,
)
from ds542_tutor.policy.graded import MIN_SHARED, GradedItems, shingles
from ds542_tutor.policy.operations import OPERATIONS, asked_operations, operations

MAX_HINT_LINES = 12
"""Longest code block in a hint: a worked example of another case fits into a dozen lines, a graded
function with its plumbing does not."""

MAX_TAUGHT_LINES = 30
"""Longest example that may be shown because it stands in the teaching materials: about a screen."""

COPIED_SHARE = 0.5
"""Share of a block's word runs found in one graded cell above which the block is that cell."""

MIN_FORMS, FORM_SHARE = 4, 0.6
"""The same for lines whose names are left out: that many, and this share of the block's lines."""

MIN_OTHER_WORDS, OTHER_SHARE = 2, 0.5
"""What a function must say of another subject, in its names, to count as an example of one."""

_PROGRAMMING = frozenset(
    "value values data result results output outputs input inputs array arrays list items item "
    "index total count temp func function model layer param params args kwargs self init call "
    "main test name size shape step steps rate loss number numbers size left right low high first "
    "last start stop order size return vector matrix weights weight bias units unit width widths "
    "func1 func2 foo spam epoch epochs batch train error errors point points term terms".split()
)
_NOTATION = frozenset(
    "alpha beta gamma delta theta lambda sigma omega target targets label labels feature features "
    "criterion optimizer opt scaler dataset images logits preds prediction predictions scores attn "
    "losses".split()
)
"""Names that any code of the field has; like those of `_PROGRAMMING` they tell of no assignment."""

_EVERY_CLASS = frozenset({"forward", "training_step", "fit", "predict"})
"""Methods that any model has, left open in one assignment or not."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LOOPS = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
_OTHER_LANGUAGE = re.compile(
    r"\bfunction\b|=>|\breturn\b|\bend\b|<-|←|:=|\bfn\b|\bdef\b|\blambda\b|[\w)]\s*=\s*\w"
)
_PSEUDO = re.compile(
    r"^\W*(?:\d+[.)]\s*)?(?:(?:then |next |first |finally )?"
    r"(?:set|let|initiali[sz]e|assign|define)\s+"
    r"[`$\w\[\]]+(?:\s+(?:to|be|as|equal|from)\b|\s*[=←])|for (?:each |every |all )?[`$\w]+ "
    r"(?:in|from|=|of)\b|while\b.+:|if\b.+(?::|then\b)|else\b|return\b|repeat\b|add\b.+\bto\b"
    r"|append\b|compute [`$\w]+ (?:as|=)|(?:function|procedure|algorithm|input|output)\b\W*\w*\(?"
    r"|[`$]?\w[\w\[\], ]*[`$]?\s*(?:←|:=|<-)\s*\S)",
    re.I,
)

_CONTROL = re.compile(
    r"^\W*(?:\d+[.)]\s*)?(?:for (?:each|every|all)?\b|while\b|if\b|repeat\b)", re.I
)


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What graded work leaves to be done, ready to compare code with.

    Attributes:
        asked: operations that its words ask for. central: those that a function to be written is
            named after ("relu"). names: the words of each such function's name. vocabulary: words
            of the tasks. forms: for each cell with gaps, its lines without their names.
    """

    graded: GradedItems
    asked: frozenset[str]
    central: frozenset[str]
    names: tuple[frozenset[str], ...]
    vocabulary: frozenset[str]
    forms: tuple[frozenset[str], ...]
    leaves_code: bool

    @staticmethod
    def of(graded: GradedItems, assignment: str | None) -> OpenWork:
        """Gather what `assignment` leaves open; that of all graded work for None."""
        mine = graded.of(assignment)
        texts = [item.text for item in mine.items]
        # Collected in lower case, so that the words of one are known only where "_" divides them.
        mine = replace(
            mine,
            names={n: a for n, a in mine.names.items() if n not in _EVERY_CLASS},
            params=frozenset(p for p in mine.params if _tells(p)),
            stubs=frozenset(s for s in mine.stubs if _tells(s) or len(s) <= 2),
        )
        names = tuple(words for name in mine.names if (words := name_words(name)))
        return OpenWork(
            graded=mine,
            asked=frozenset().union(*map(asked_operations, texts)),
            central=frozenset(
                operation.name
                for operation in OPERATIONS
                for words in names
                if words & {part for part in re.split(r"\W+", operation.name) if len(part) > 3}
                or words & {call.casefold() for call in operation.calls}
            ),
            names=names,
            vocabulary=frozenset(
                word for text in texts for word in re.findall(r"[a-z]{4,}", text.casefold())
            ),
            forms=tuple(line_forms(item.text) for item in mine.items if item.open),
            leaves_code=bool(mine.names) or any(item.open for item in mine.items),
        )


def _tells(name: str) -> bool:
    """Whether a variable's name tells of an assignment, rather than being everybody's."""
    return len(name) > 3 and name.casefold() not in _PROGRAMMING | _NOTATION


def solves(code: str, work: OpenWork, taught: frozenset[str] = frozenset()) -> bool:
    """Say whether `code` does what graded work leaves to be done, or may well do so.

    `taught`: lines of code of the teaching materials, as `code_lines` gives them.
    """
    if _names_it(code, work) or _fills_a_gap(code, work) or _repeats_a_cell(code, work):
        return True
    tree = parsed(code)
    if _does_what_is_asked(tree, work) if tree else _does_so_elsewhere(code, work):
        return True
    lines = code_lines(code)
    if lines and set(lines) <= taught and len(lines) <= MAX_TAUGHT_LINES:
        return False
    return len(lines) > MAX_HINT_LINES or (tree is not None and _may_do_so(tree, work))


def is_pseudocode(lines: Iterable[str], work: OpenWork) -> bool:
    """Say whether lines of prose are steps of a program that does what graded work asks for."""
    steps = [line for line in lines if line.strip()]
    marked = [step for step in steps if _PSEUDO.match(step)]
    if len(marked) < 2:
        return False
    text = "\n".join(steps)
    words = set(re.findall(r"[A-Za-z_]\w*", text))
    if words & {s for s in work.graded.stubs if _tells(s)} or words & work.graded.params:
        return True
    if len(marked) > 2 and work.leaves_code and any(map(_CONTROL.match, marked)):
        return True
    return bool(_called_in_words(text) & work.asked)


def _names_it(code: str, work: OpenWork) -> bool:
    """It defines a function that graded work asks for: `max_regions`, `maxRegions`, `my_relu`."""
    for name in defined_names(code):
        words = name_words(name)
        if name.casefold() in work.graded.names or any(wanted <= words for wanted in work.names):
            return True
    assigned = re.findall(r"^[ \t]*(\w+)[ \t]*=[ \t]*lambda\b", code, re.M)
    return any(wanted <= name_words(name) for name in assigned for wanted in work.names)


def _repeats_a_cell(code: str, work: OpenWork) -> bool:
    """It is a cell with gaps, the gaps filled: under its own names, or under others."""
    runs = shingles(code)
    items = [item for item in work.graded.items if item.open]
    shared = max((len(runs & item.shingles) for item in items), default=0)
    if shared >= MIN_SHARED and shared > COPIED_SHARE * len(runs):
        return True
    forms = line_forms(code)
    shared = max((len(forms & cell) for cell in work.forms), default=0)
    return shared >= MIN_FORMS and shared >= FORM_SHARE * len(forms)


def _fills_a_gap(code: str, work: OpenWork) -> bool:
    tree = parsed(code)
    toys = toy_names(tree) if tree else frozenset()
    # As a whole, for statements over several lines, and by lines, for code that does not parse.
    return any(fills_gap(part, work, toys) for part in (code, *code.splitlines()))


def fills_gap(code: str, work: OpenWork, toys: frozenset[str] = frozenset()) -> bool:
    """Say whether a statement of `code` computes what graded work leaves open.

    `N = sum(...)` does, where `N = ...` is left open, and so does `np.exp(-preactivation)`, where
    `preactivation` is a parameter of a function to be written. A bare name or number computes
    nothing, and a sum of single letters is mathematics rather than code. `toys`: names that hold
    an example's own numbers.
    """
    try:
        tree = ast.parse(textwrap.dedent(code).strip(" \n`"))
    except (SyntaxError, ValueError):
        return False
    graded = work.graded
    for node in ast.walk(tree):
        value = getattr(node, "value", None)
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.Return | ast.Expr) or not value:
            continue
        targets = assigned_names(node) & graded.stubs
        library = any(
            isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) for n in ast.walk(value)
        )
        used = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} & graded.params - toys
        computes = any(isinstance(n, ast.Call | ast.BinOp) for n in ast.walk(value))
        assigns = isinstance(node, ast.Assign | ast.AnnAssign) and bool(targets)
        # "y = np.array([2, 3])" gives an example its numbers.
        assigns = assigns and (any(map(_tells, targets)) or uses_variables(value))
        if library and (used or assigns):
            return True
        if assigns and computes and any(len(name) > 1 for name in targets):
            return True
    return False


def _does_what_is_asked(tree: ast.Module, work: OpenWork) -> bool:
    """It carries out an operation that the task asks for, with variables rather than numbers."""
    if not uses_variables(tree):
        return False  # `math.comb(5, 2)`: a library function, shown with numbers
    carried = operations(tree) & work.asked
    defines = any(isinstance(node, _DEFINITIONS) for node in ast.walk(tree))
    return bool(carried & work.central) or (
        bool(carried) and (defines or _composed(tree, carried) or _calls_graded(tree, work))
    )


def _may_do_so(tree: ast.Module, work: OpenWork) -> bool:
    """Nothing says what it is an example of, and it is more than the use of a library."""
    if not work.leaves_code or not uses_variables(tree):
        return False
    if any(isinstance(node, _DEFINITIONS) for node in ast.walk(tree)):
        return not _is_simple(tree) and not _speaks_of_something_else(tree, work)
    computing = sum(
        any(isinstance(n, ast.BinOp | ast.Compare) for n in ast.walk(statement))
        for statement in tree.body
    )
    return computing >= 2 and bool(free_names(tree)) and _is_nameless(tree)


def _does_so_elsewhere(code: str, work: OpenWork) -> bool:
    """Judge code of another language, or that does not parse, by the functions it calls."""
    calls = _called_in_words(code) & work.asked
    return bool(calls) and bool(_OTHER_LANGUAGE.search(code))


def _called_in_words(text: str) -> frozenset[str]:
    """Operations whose functions are called in `text`, in any language: `comb(`, `max(0`."""
    named = {name.casefold() for name in re.findall(r"([A-Za-z_]\w*)\s*\(", text)}
    found = {
        operation.name
        for operation in OPERATIONS
        if {call.casefold() for call in operation.calls} & named
    }
    if re.search(r"\bf?max(?:imum)?\.?\s*\(\s*(?:0|[^()]*,\s*0(?:\.0*)?\s*\))", text, re.I):
        found.add("relu")
    if re.search(r"\bbinomial\b|\b(?:n?choosek?|n?C[rk])\b", text, re.I):
        found.add("binomial")
    return frozenset(found)


def _calls_graded(tree: ast.AST, work: OpenWork) -> bool:
    """It puts to use what the student is to write: `Loader(DiabetesDataset(df))`."""
    called = (getattr(n.func, "id", "") for n in ast.walk(tree) if isinstance(n, ast.Call))
    return any(name.casefold() in work.graded.names for name in called)


def _composed(tree: ast.AST, carried: frozenset[str]) -> bool:
    """The operations are put to work: in arithmetic, in a loop, or several of them together.

    A call by itself, `torch.optim.Adam(model.parameters(), lr=0.1)`, is the use of a library.
    """
    if len(carried) > 1 or any(isinstance(node, _LOOPS) for node in ast.walk(tree)):
        return True
    calls = frozenset().union(*(o.calls for o in OPERATIONS if o.name in carried))
    called = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in calls
    ]
    if not called:
        return True  # built from arithmetic
    given = (argument for call in called for argument in (*call.args, *call.keywords))
    if any(_computes(node) for argument in given for node in ast.walk(argument)):
        return True
    inside = (
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp | ast.Subscript | ast.Compare)
        for child in ast.walk(node)
    )
    return bool(set(map(id, called)) & set(map(id, inside)))


def _computes(node: ast.AST) -> bool:
    """Arithmetic, or a call that is given something: more than a name handed on."""
    return isinstance(node, ast.BinOp) or (isinstance(node, ast.Call) and bool(node.args))


def _is_simple(tree: ast.AST) -> bool:
    """Functions of one line of arithmetic, such as `return w * h`: too little for a task."""
    functions = [n for n in ast.walk(tree) if isinstance(n, _DEFINITIONS)]
    if any(isinstance(n, (*_LOOPS, ast.ClassDef, ast.Subscript)) for n in ast.walk(tree)):
        return False
    for function in functions:
        body = [function.body] if isinstance(function, ast.Lambda) else function.body
        if len(body) > 2 or any(isinstance(n, ast.Attribute) for b in body for n in ast.walk(b)):
            return False
    return True


def _own_words(tree: ast.AST) -> set[str]:
    """Words of the names that the code gives: functions, parameters, variables."""
    given: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            given.add(node.name)
        elif isinstance(node, ast.arg):
            given.add(node.arg)
        elif isinstance(node, ast.Name):
            given.add(node.id)
    words = {
        part.casefold() for name in given - MODULES - BUILTINS for part in NAME_PART.findall(name)
    }
    return {word for word in words if len(word) > 3} - _PROGRAMMING


def _is_nameless(tree: ast.AST) -> bool:
    """All its variables are letters: nothing says what it is an example of."""
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - MODULES - BUILTINS
    return all(len(name) <= 2 for name in names)


def _speaks_of_something_else(tree: ast.AST, work: OpenWork) -> bool:
    words = _own_words(tree)
    other = words - work.vocabulary
    return len(other) >= MIN_OTHER_WORDS and len(other) >= OTHER_SHARE * len(words)
