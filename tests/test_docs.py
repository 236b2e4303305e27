"""Every Python block of the documentation runs, page by page, in the order in which it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("docs/providers/*.md"))]
PAGES = [page for page in PAGES if page.name != "guide.md"]  # test_guide.py runs that one
FENCE = re.compile(r"^```python\n(.*?)^```", re.M | re.S)


def blocks(page: Path) -> list[tuple[int, str]]:
    """(line, source) of each Python block."""
    text = page.read_text(encoding="utf-8")
    return [(text[: match.start()].count("\n") + 2, match[1]) for match in FENCE.finditer(text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/jobs.db")
    namespace: dict[str, object] = {"__name__": "docs"}
    for line, source in blocks(page):
        code = compile("\n" * (line - 1) + source, str(page), "exec")
        exec(code, namespace)
