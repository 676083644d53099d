"""The errors of loading a model.

ModelError
    UnknownModelError
    WeightsError
    NoScoreMapError
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWN_FILES = "reinstall verikit"


class ModelError(Exception):
    """A model cannot be used; the message is one sentence that says what to do."""


class UnknownModelError(ModelError):
    """DeepFace has no model of that name."""


class WeightsError(ModelError):
    """The weights are missing, cannot be fetched, or are not the ones expected."""


class NoScoreMapError(ModelError):
    """Nothing maps the model's similarity to a score with known error rates."""


@contextmanager
def reading(file: Path, remedy: str) -> Iterator[None]:
    """Turn any error while a file is read into one sentence.

    Raises:
        WeightsError: the block raised an error; ``remedy`` says what to do.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # readers of files raise nearly anything
        raise WeightsError(
            f"{file} is missing or damaged ({type(error).__name__}): {remedy}"
        ) from error
