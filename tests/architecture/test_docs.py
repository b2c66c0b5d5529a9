"""Documents tell the truth: links lead somewhere, commands exist, code runs."""

import contextlib
import io
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.serving.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language on a page."""
    text = page.read_text(encoding="utf-8")
    return [code for kind, code in BLOCK.findall(text) if kind == language]


def test_every_link_to_a_file_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)} → {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_make_target_the_documents_name_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        target
        for page in PAGES
        for code in blocks(page, "sh")
        for target in re.findall(r"^make ([a-z]+)", code, re.MULTILINE)
    }
    assert named
    assert named <= known


@pytest.mark.slow
def test_every_aop_command_the_readme_names_has_help() -> None:
    text = "\n".join(blocks(ROOT / "README.md", "sh"))
    commands = {
        tuple(word for word in found.split() if re.fullmatch(r"[a-z]+", word))[:2]
        for found in re.findall(r"aop ([^\n#]+)", text)
    }
    assert commands
    for words in sorted(commands):
        shown = CliRunner().invoke(app, [*words, "--help"])
        assert shown.exit_code == 0, (words, shown.output)
        assert "Usage: " in shown.output


@pytest.mark.slow
@pytest.mark.parametrize("page", ["extending.md"])
def test_the_code_of_a_page_runs(page: str) -> None:
    for code in blocks(ROOT / "docs" / page, "python"):
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            exec(compile(code, page, "exec"), {})
        assert shown.getvalue().strip()
