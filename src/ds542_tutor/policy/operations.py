"""What code computes, whatever its names: operations of deep learning found in a syntax tree.

An operation is recognised by what it is built from, so that renamed variables, another order of
statements, other comments, or PyTorch in place of NumPy do not hide it. The same operations are
read off the words of a task. Which of them a hint must not carry out is decided in `solutions`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_REDUCTIONS = frozenset({"mean", "sum", "average"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        calls: functions of NumPy, PyTorch, SciPy or the standard library that carry it out.
        task: how a task asks for it, in words or by naming one of its functions.
        shape: whether a node of a syntax tree carries it out without any such function.
    """

    name: str
    calls: frozenset[str]
    task: re.Pattern[str]
    shape: Callable[[ast.AST], bool] | None = None


def _calls(node: ast.AST) -> str:
    """The last name of what `node` calls: "maximum" for `np.maximum(…)`, "" for no call."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_zero(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in (0, 0.0) and node.value is not False


def _compares_with_zero(node: ast.AST) -> bool:
    sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
    return any(map(_is_zero, sides))


def _rectifies(node: ast.AST) -> bool:
    """`maximum(0, z)`, `z.clip(0)`, `where(z > 0, z, 0)`, `z * (z > 0)`, `z if z > 0 else 0`."""
    name = _calls(node)
    if isinstance(node, ast.Call) and name in ("max", "maximum", "clip", "clamp", "fmax"):
        given = [*node.args, *(k.value for k in node.keywords)]
        return any(_is_zero(a) or _calls(a).startswith("zeros") for a in given)
    if isinstance(node, ast.Call) and name == "where":
        return bool(node.args) and _compares_with_zero(node.args[0])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return any(_compares_with_zero(n) for side in (node.left, node.right) for n in _top(side))
    return isinstance(node, ast.IfExp) and _compares_with_zero(node.test)


def _top(node: ast.AST) -> Iterator[ast.AST]:
    """`node`, and what stands inside a conversion such as `(z > 0).astype(float)`."""
    yield node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield node.func.value
        yield from node.args


def _is_squared_difference(node: ast.AST) -> bool:
    squared: ast.AST | None = None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        squared = node.left
    elif _calls(node) in ("square", "pow") and isinstance(node, ast.Call):
        inside = node.func.value if isinstance(node.func, ast.Attribute) else None
        squared = node.args[0] if node.args else inside
    return isinstance(squared, ast.BinOp) and isinstance(squared.op, ast.Sub)


def _averages_squares(node: ast.AST) -> bool:
    """`((a - b) ** 2).mean()`, `np.sum(np.square(a - b))`, `total += (a - b) ** 2`."""
    return any(_is_squared_difference(n) for part in _summed(node) for n in ast.walk(part))


def _summed(node: ast.AST) -> list[ast.AST]:
    """What a call of `mean` or `sum`, or `total += …`, adds up."""
    if _calls(node) in _REDUCTIONS and isinstance(node, ast.Call):
        return [node.func, *node.args]
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        return [node.value]
    return []


def _squashes(node: ast.AST) -> bool:
    """`1 / (1 + exp(-z))`."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and isinstance(node.right, ast.BinOp)
        and isinstance(node.right.op, ast.Add)
        and any(_calls(side) == "exp" for side in (node.right.left, node.right.right))
    )


def _descends(node: ast.AST) -> bool:
    """`w -= rate * gradient`, `w = w - rate * gradient`: a step against something scaled."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub):
        step: ast.AST = node.value
    elif (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.BinOp)
        and isinstance(node.value.op, ast.Sub)
        and ast.dump(node.value.left) in {ast.dump(_as_load(target)) for target in node.targets}
    ):
        step = node.value.right
    else:
        return False
    return isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult)


def _as_load(target: ast.expr) -> ast.expr:
    """A target of an assignment, as it would be read rather than written."""
    return ast.parse(ast.unparse(target), mode="eval").body


def _weighs(node: ast.AST) -> bool:
    """`b + w * x` of three variables: a preactivation, or a weighted sum of activations."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return False
    for product, other in ((node.left, node.right), (node.right, node.left)):
        scaled = isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult | ast.MatMult)
        if (scaled or _calls(product) in ("outer", "dot", "matmul")) and not any(
            isinstance(part, ast.Constant)
            for part in (
                other,
                *([product.left, product.right] if isinstance(product, ast.BinOp) else []),
            )
        ):
            return True
    return False


def _weighs_logarithms(node: ast.AST) -> bool:
    """`y * log(p) + (1 - y) * log(1 - p)`."""

    def weighed(side: ast.AST) -> bool:
        if isinstance(side, ast.UnaryOp):
            return weighed(side.operand)
        product = isinstance(side, ast.BinOp) and isinstance(side.op, ast.Mult)
        return product and any(_calls(n) == "log" for n in ast.walk(side))

    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add | ast.Sub)
        and weighed(node.left)
        and weighed(node.right)
    )


def _scales_products(node: ast.AST) -> bool:
    """`Q @ K.T / sqrt(d)`."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and any(_calls(n) in ("sqrt", "isqrt") for n in ast.walk(node.right))
        and any(
            isinstance(getattr(n, "op", None), ast.MatMult) or _calls(n) in ("matmul", "bmm")
            for n in ast.walk(node.left)
        )
    )


def _counts_agreement(node: ast.AST) -> bool:
    """`(guess == y).mean()`, `sum(a == b for …)`, `right += guess == y`."""
    return any(
        isinstance(n, ast.Compare) and isinstance(n.ops[0], ast.Eq)
        for part in _summed(node)
        for n in ast.walk(part)
    )


def _stops_early(node: ast.AST) -> bool:
    """A loop that keeps the best value, counts what is no better, and breaks off."""
    if not isinstance(node, ast.For | ast.While):
        return False
    kinds = {type(n) for n in ast.walk(node)}
    return {ast.Break, ast.AugAssign, ast.Compare} <= kinds


def _serves_items(node: ast.AST) -> bool:
    """A class with `__getitem__` and `__len__`."""
    if not isinstance(node, ast.ClassDef):
        return False
    methods = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
    return {"__getitem__", "__len__"} <= methods


def _operation(
    name: str, calls: str, task: str, shape: Callable[[ast.AST], bool] | None = None
) -> Operation:
    words = frozenset(calls.split())
    # A task that names the function asks for it as well: "math.comb()", "numpy.linalg.lstsq".
    named = "|".join(rf"\.{re.escape(word)}\b" for word in sorted(words))
    return Operation(name, words, re.compile(f"{task}|{named}" if named else task, re.I), shape)


OPERATIONS = (
    _operation("relu", "relu relu_ heaviside", r"\bre?lu\b|rectified|heaviside", _rectifies),
    _operation(
        "weighted sum", "", r"preactivation|hidden units?\b|weight the activations", _weighs
    ),
    _operation(
        "binomial", "comb binom factorial combinations perm", r"binom|zaslavsky|\bC\(D, ?j\)"
    ),
    _operation("least squares", "lstsq pinv solve inv polyfit", r"least[- ]squares|\binverse\b"),
    _operation(
        "squared error", "mse_loss MSELoss mean_squared_error",
        r"(?:mean|sum of) squared? err|\bmse\b|loss function|compute_loss|least[- ]squares",
        _averages_squares,
    ),
    _operation(
        "absolute error", "l1_loss L1Loss mean_absolute_error", r"absolute error|compute_loss"
    ),
    _operation(
        "cross-entropy",
        "binary_cross_entropy binary_cross_entropy_with_logits BCELoss BCEWithLogitsLoss "
        "cross_entropy CrossEntropyLoss nll_loss NLLLoss log_loss",
        r"cross[-_ ]entropy|logistic regression|log[- ]likelihood",
        _weighs_logarithms,
    ),
    _operation("sigmoid", "sigmoid expit Sigmoid", r"\bsigmoid|logistic regression", _squashes),
    _operation("softmax", "softmax log_softmax Softmax", r"softmax"),
    _operation("sort", "sort sorted argsort unique", r"\bsorted\b|increasing order|listed once"),
    _operation("loader", "DataLoader", r"data ?loaders?\b"),
    _operation(
        "dataset", "Dataset TensorDataset", r"data ?set subclass|__getitem__", _serves_items
    ),
    _operation(
        "optimizer", "Adam AdamW SGD RMSprop Adagrad",
        r"optimi[sz]er|training loop|gradient descent|training process",
    ),
    _operation(
        "descent", "backward grad", r"training loop|gradient descent|gradient update", _descends
    ),
    _operation("one-hot", "one_hot get_dummies OneHotEncoder", r"one-?hot"),
    _operation("counts", "value_counts hist histogram bincount Counter", r"histogram"),
    _operation("noise", "randn normal randn_like standard_normal", r"\bnoise\b|diffusion"),
    _operation(
        "attention", "scaled_dot_product_attention MultiheadAttention",
        r"\battn\b|attention scores", _scales_products,
    ),
    _operation(
        "accuracy", "accuracy_score multiclass_accuracy", r"\baccuracy\b", _counts_agreement
    ),
    _operation("early stopping", "EarlyStopping", r"early stopping|best.epoch", _stops_early),
    _operation("initialization", "xavier_uniform_ xavier_normal_ kaiming_normal_ kaiming_uniform_",
               r"init_weights|initiali[sz]ation method"),
)  # fmt: skip


def operations(tree: ast.AST) -> frozenset[str]:
    """Return the names of the operations that code carries out."""
    nodes = list(ast.walk(tree))
    called = {_calls(node) for node in nodes}
    bases = {
        base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
        for node in nodes
        if isinstance(node, ast.ClassDef)
        for base in node.bases
    }
    return frozenset(
        operation.name
        for operation in OPERATIONS
        if operation.calls & (called | bases)
        or (operation.shape is not None and any(map(operation.shape, nodes)))
    )


def asked_operations(text: str) -> frozenset[str]:
    """Return the names of the operations that the words of a task ask for."""
    return frozenset(operation.name for operation in OPERATIONS if operation.task.search(text))
