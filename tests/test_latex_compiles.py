"""The appendix in LaTeX goes through real TeX engines, and a hostile text stays text in it."""

import shutil
import subprocess
from pathlib import Path

import pypdfium2
import pytest

from ds542_tutor.policy.appendix import Exchange, latex
from ds542_tutor.policy.latex import _MATH, _SIGNS

HOSTILE = r"""\end{document} \input{/etc/passwd} \write18{ls} 100% & $x_1^2$ #1 ~ {

[optional]
*starred
\\[3pt]
```python
def f(x):
    return {'a': x**2}  # 50 %
```
日本語 😀 é ñ ő ℝ"""


@pytest.mark.parametrize("engine", ["pdflatex", "lualatex", "xelatex"])
def test_an_appendix_can_be_set(engine: str, tmp_path: Path) -> None:
    if shutil.which(engine) is None:
        pytest.skip(f"needs {engine} (Debian: texlive-latex-base, texlive-xetex)")
    keyboard = "".join(map(chr, range(32, 127)))
    letters = "".join(map(chr, range(0xA0, 0x250)))
    signs = "".join([*_SIGNS, *_MATH])
    exchanges = (
        Exchange(HOSTILE, HOSTILE, "a_tool 1.0", "b#2", "2026-02-03", "https://x.y/a_b?c=%20&d#e"),
        Exchange(keyboard, f"{letters}\n{signs}", "a_tool 1.0", "c", "2026-02-04"),
    )
    (tmp_path / "appendix.tex").write_text(latex(exchanges, "as it is, 50 %", "why \\ not"))
    (tmp_path / "main.tex").write_text(
        "\\documentclass{article}\\begin{document}\n\\input{appendix}\nThe end.\\end{document}\n"
    )
    done = subprocess.run(
        [engine, "-interaction=nonstopmode", "-halt-on-error", "main.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    document = pypdfium2.PdfDocument(tmp_path / "main.pdf")
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    words = " ".join(text.split())
    for said in (r"\end{document} \input{/etc/passwd} \write18{ls} 100%", "[optional] *starred",
                 "return {", "The end.", r"https://x.y/a b?c=%20&d#e"):  # fmt: skip
        assert said in words or said.replace("a b", "a_b") in words
    assert "root:" not in text
