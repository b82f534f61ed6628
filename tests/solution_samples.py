"""Solutions of the starter course's graded notebooks, and ways of disguising code.

The starter course was written for this project, so that its solutions give nothing away. Each is
written as a model would write it, as one expression or lambda, and as pseudocode.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Solution:
    """One task solved: `plain` as functions, `short` as an expression, `steps` in words."""

    name: str
    assignment: str
    plain: str
    short: str = ""
    steps: str = ""


STARTER = [
    Solution(
        "relu", "homework2",
        "def relu(z):\n    return np.maximum(0.0, z)",
        "r = lambda v: v * (v > 0)",
        "1. Set m to 0.\n2. For each v in z: compare v with m.\n3. Return max(0, v).",
    ),
    Solution(
        "shallow network", "homework2",
        "def shallow_1_1_3(x, theta, phi):\n"
        "    pre = theta[:, 0:1] + theta[:, 1:2] * x\n"
        "    h = relu(pre)\n"
        "    y = phi[0] + phi[1:] @ h\n"
        "    return y, h",
        "net = lambda x, t, p: p[0] + p[1:] @ np.maximum(0, t[:, :1] + t[:, 1:] * x)",
        "Let h = max(0, theta[:, 0] + theta[:, 1] * x)\nSet y to phi[0] + phi[1:] @ h\n"
        "Return y and h",
    ),
    Solution(
        "joints", "homework2",
        "def joints(theta, low, high):\n"
        "    moving = theta[theta[:, 1] != 0]\n"
        "    places = np.unique(-moving[:, 0] / moving[:, 1])\n"
        "    return places[(places > low) & (places < high)]",
        "j = lambda t, a, b: np.array(sorted({-u / v for u, v in t if v and a < -u / v < b}))",
        "for each (u, v) in theta:\n    if v is 0: skip\n    let p = -u / v\n"
        "    if low < p < high: append p to found\nreturn sorted(set(found))",
    ),
    Solution(
        "region slopes", "homework2",
        "def region_slopes(theta, phi, low, high):\n"
        "    edges = np.concatenate([[low], joints(theta, low, high), [high]])\n"
        "    middles = (edges[:-1] + edges[1:]) / 2\n"
        "    active = theta[:, 0:1] + theta[:, 1:2] * middles > 0\n"
        "    return (phi[1:] * theta[:, 1]) @ active",
        "s = lambda t, p, m: (p[1:] * t[:, 1]) @ (t[:, :1] + t[:, 1:] * m > 0)",
        "set edges to [low] + joints(theta, low, high) + [high]\nfor each middle of two edges:\n"
        "    set on to the units with theta[k, 0] + theta[k, 1] * middle > 0\n"
        "    add phi[k + 1] * theta[k, 1] over on to the result",
    ),
    Solution(
        "regions", "homework2",
        "def max_regions(inputs, units):\n"
        "    return sum(math.comb(units, j) for j in range(min(inputs, units) + 1))",
        "n = lambda a, b: sum(math.comb(b, j) for j in range(a + 1))",
        "1. Set total to 0\n2. For j from 0 to the number of inputs: add math.comb(units, j) to "
        "total\n3. Return total",
    ),
    Solution(
        "design matrix", "homework2",
        "def design_matrix(x, theta):\n"
        "    h = relu(theta[:, 0] + np.outer(x, theta[:, 1]))\n"
        "    return np.column_stack([np.ones(len(x)), h])",
        "d = lambda x, t: np.c_[np.ones(len(x)), np.maximum(0, t[:, 0] + x[:, None] * t[:, 1])]",
        "set A to ones of shape (N, D + 1)\nfor each k in range(D):\n"
        "    set A[:, k + 1] to max(0, theta[k, 0] + theta[k, 1] * x)\nreturn A",
    ),
    Solution(
        "output weights", "homework2",
        "def fit_output_weights(x, y, theta):\n"
        "    A = design_matrix(x, theta)\n"
        "    phi, *_ = np.linalg.lstsq(A, y, rcond=None)\n"
        "    return phi",
        "w = lambda x, y, t: np.linalg.lstsq(g(x, t), y, rcond=None)[0]",
        "let A = design_matrix(x, theta)\nset phi to np.linalg.lstsq(A, y)[0]\nreturn phi",
    ),
    Solution(
        "errors by width", "homework2",
        "def errors_by_width(widths, rng):\n"
        "    x, xt = rng.uniform(size=20), rng.uniform(size=200)\n"
        "    y = np.sin(2 * np.pi * x) + rng.normal(0, 0.1, 20)\n"
        "    yt = np.sin(2 * np.pi * xt) + rng.normal(0, 0.1, 200)\n"
        "    train, test = [], []\n"
        "    for D in widths:\n"
        "        theta = np.column_stack([-np.arange(D) / D, np.ones(D)])\n"
        "        phi = fit_output_weights(x, y, theta)\n"
        "        train.append(np.mean((design_matrix(x, theta) @ phi - y) ** 2))\n"
        "        test.append(np.mean((design_matrix(xt, theta) @ phi - yt) ** 2))\n"
        "    return np.array(train), np.array(test)",
        "e = lambda ds: [np.mean((g(x, d) @ np.linalg.lstsq(g(x, d), y)[0] - y) ** 2) for d in ds]",
        "for each D in widths:\n    set theta to joints at k / D with slope 1\n"
        "    let phi = fit_output_weights(x, y, theta)\n"
        "    append np.mean((design_matrix(x, theta) @ phi - y) ** 2) to train",
    ),
    Solution(
        "learning rates", "discussion4",
        "for rate in (0.005, 0.05, 0.5):\n"
        "    for make in (lambda p: torch.optim.SGD(p, lr=rate),\n"
        "                 lambda p: torch.optim.SGD(p, lr=rate, momentum=0.9),\n"
        "                 lambda p: torch.optim.Adam(p, lr=rate)):\n"
        "        print(rate, train(make, 32, epochs=50))",
        "[train(lambda p: torch.optim.Adam(p, lr=r), 32, 50) for r in (0.005, 0.05, 0.5)]",
        "for each rate in 0.005, 0.05, 0.5:\n    set optimizer to torch.optim.Adam(p, lr=rate)\n"
        "    add train(optimizer, 32, 50) to results",
    ),
    Solution(
        "train without clearing", "discussion4",
        "def train_uncleared(make_optimizer, batch_size, epochs):\n"
        "    network = new_network()\n"
        "    optimizer = make_optimizer(network.parameters())\n"
        "    loader = DataLoader(TensorDataset(inputs, targets), batch_size=batch_size, "
        "shuffle=True)\n"
        "    criterion = nn.MSELoss()\n"
        "    for _ in range(epochs):\n"
        "        for batch_inputs, batch_targets in loader:\n"
        "            criterion(network(batch_inputs), batch_targets).backward()\n"
        "            optimizer.step()\n"
        "    return criterion(network(inputs), targets).item()",
        "[(nn.MSELoss()(n(a), b).backward(), o.step()) for a, b in loader]",
        "for each batch in loader:\n    set loss to MSELoss(network(batch), targets)\n"
        "    loss.backward()\n    optimizer.step()",
    ),
]  # fmt: skip
"""Two solutions of discussion 4 are of exercises that only say what to run."""

_KEPT = {"np", "torch", "math", "nn", "F", "optim", "pd", "plt", "self"}
_LETTERS = [f"{a}{b}" for b in ("", "1", "2") for a in "abcdefghkmnopqrstuvw"]
_SWEETS = [f"{a}_{b}" for b in ("bag", "jar", "tin") for a in ("candy", "fudge", "mint", "toffee")]


class _Renamer(ast.NodeTransformer):
    """Gives every name that the code itself introduces, or takes from outside, another one."""

    def __init__(self, pool: list[str]) -> None:
        self._pool = iter(pool)
        self._names: dict[str, str] = {}

    def _new(self, name: str) -> str:
        if name in _KEPT or name in dir(__builtins__) or hasattr(__import__("builtins"), name):
            return name
        if name not in self._names:
            self._names[name] = next(self._pool, f"z{len(self._names)}")
        return self._names[name]

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._new(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self._new(node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if not node.name.startswith("__"):
            node.name = self._new(node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._new(node.name)
        return self.generic_visit(node)


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


def renamed(code: str, pool: list[str] | None = None) -> str:
    """Every name another one, comments and docstrings gone."""
    tree = _Renamer(pool or _LETTERS).visit(ast.parse(code))
    return ast.unparse(ast.fix_missing_locations(tree))


def reordered(code: str) -> str:
    """Named after something else, commented otherwise, an idle statement put into every body."""
    tree = ast.parse(renamed(code, _SWEETS))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body.insert(0, ast.parse("checked = True").body[0])
    lines = ast.unparse(tree).splitlines()
    return "\n".join(f"{line}  # step {i}: fill the jar" for i, line in enumerate(lines, 1))


def other_library(code: str) -> str:
    """NumPy for PyTorch and the other way round, renamed as well."""
    swap = {"np.": "torch.", "torch.": "np."}
    changed = re.sub(r"\b(?:np|torch)\.(?!optim|utils|nn)", lambda m: swap[m.group()], code)
    return renamed(changed)


def in_two_blocks(code: str) -> str:
    """The first half, some words, the second half."""
    lines = renamed(code).splitlines()
    half = max(1, len(lines) // 2)
    first, second = "\n".join(lines[:half]), "\n".join(lines[half:])
    return f"{fenced(first)}\n\nThen go on with this:\n\n{fenced(second)}"


DISGUISES: dict[str, Callable[[Solution], str]] = {
    "as written": lambda s: fenced(s.plain),
    "renamed": lambda s: fenced(renamed(s.plain)),
    "renamed, commented, padded": lambda s: fenced(reordered(s.plain)),
    "other library": lambda s: fenced(other_library(s.plain)),
    "two blocks": lambda s: in_two_blocks(s.plain),
    "one expression": lambda s: fenced(s.short),
    "inline": lambda s: f"The idea is one line: `{s.short}`.",
    "pseudocode": lambda s: f"Do it like this:\n\n{s.steps}\n\nThen run the check.",
}

BENIGN = {
    "library call": "np.linalg.lstsq(A, b, rcond=None)",
    "library call with numbers": "math.comb(5, 2)",
    "optimizer": "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)",
    "shapes": "a = np.arange(6).reshape(2, 3)\nprint(a.T.shape)",
    "broadcasting": "row = np.ones((1, 3))\ncolumn = np.ones((2, 1))\nprint((row + column).shape)",
    "a mask": "ages = np.array([12, 31, 8])\nprint(ages[ages > 10])",
    "stacking": "np.column_stack([[1, 2], [3, 4]])",
    "autograd on a toy": "x = torch.tensor(3.0, requires_grad=True)\ny = x ** 2\ny.backward()\n"
    "print(x.grad)",
    "clearing gradients": "optimizer.zero_grad()",
    "a loop": "for i in range(3):\n    print(i)",
    "another function": "def area(width, height):\n    return width * height",
    "a parabola": "def parabola(x):\n    return x ** 2 - 3 * x",
    "temperatures": "def celsius(fahrenheit):\n    return (fahrenheit - 32) * 5 / 9",
    "counting words": "def count_words(sentence):\n    counts = {}\n"
    "    for word in sentence.split():\n        counts[word] = counts.get(word, 0) + 1\n"
    "    return counts",
    "a layer": "layer = nn.Linear(4, 2)\nprint(layer.weight.shape)",
    "a softplus": "z = np.linspace(-3, 3, 7)\nprint(np.log1p(np.exp(z)))",
    "reading a file": "rows = pd.read_csv('weather.csv')\nprint(rows.head())",
    "a plot": "plt.plot(years, rainfall)\nplt.xlabel('year')\nplt.show()",
    "an assertion": "assert y.shape == (40,)",
    "a generator": "rng = np.random.default_rng(1)\nprint(rng.integers(0, 6, size=3))",
    "moving average": "def moving_average(prices, days):\n    smooth = np.ones(days) / days\n"
    "    return np.convolve(prices, smooth, mode='valid')",
    "fibonacci": "def fibonacci(n):\n    if n < 2:\n        return n\n"
    "    return fibonacci(n - 1) + fibonacci(n - 2)",
}
"""Code that may stand in a hint: a library in use, an example of something else."""
