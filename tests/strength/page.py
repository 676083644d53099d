"""The kill matrix as one self-contained page."""

from pathlib import Path

from tests.strength.matrix import Matrix


def write_page(matrix: Matrix, path: Path) -> None: ...
