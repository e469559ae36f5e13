"""Rules of the package itself."""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent
SHIPPED = sorted(path for path in HERE.rglob("*.py") if not {".venv", "tests"} & set(path.relative_to(HERE).parts))


def texts(path: Path) -> set[str]:
    """What the code says in strings, its docstrings aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in spoken]
    return {node.value for node in strings if isinstance(node.value, str)}


def test_the_package_is_found() -> None:
    assert HERE / "qnet" / "episodes.py" in SHIPPED


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(HERE).as_posix())
def test_no_shipped_file_is_longer_than_250_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(HERE).as_posix())
def test_no_shipped_file_names_the_folder_of_what_only_the_simulator_knows(path: Path) -> None:
    assert [text for text in texts(path) if "truth" in text.split("/")] == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(HERE).as_posix())
def test_every_shipped_file_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_every_requirement_is_pinned_exactly() -> None:
    lines = (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.count("==") != 1 or "+" in line] == []
