"""Shows progress, rate and remaining time of a long run on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:  # slow to import
    from calibration.asking.store import Answer


class _Rate(ProgressColumn):
    """Comparisons a second."""

    def render(self, task: Task) -> Text:
        """The speed, once there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "")


@contextmanager
def shown(title: str, *, quiet: bool) -> Iterator[Progress]:
    """A progress bar that disappears at the end."""
    with Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
        transient=True,
        disable=quiet,
    ) as progress:
        yield progress


def working(title: str, *, quiet: bool) -> AbstractContextManager[object]:
    """A spinner for work of unknown length."""
    return Console(stderr=True, quiet=quiet).status(title)


def of_tiles(progress: Progress) -> Callable[[int, int], None]:
    """A function that shows the tiles done and their total."""
    task = progress.add_task("", total=None, note="")

    def tell(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)

    return tell


def of_answers(progress: Progress, total: int) -> Callable[[Answer | int], None]:
    """A function that shows the number of settled comparisons, then each answer."""
    task = progress.add_task("", total=total, note="")
    troubles = 0

    def tell(heard: Answer | int) -> None:
        nonlocal troubles
        if isinstance(heard, int):
            progress.reset(task, completed=heard, total=total)
            return
        troubles += heard.trouble is not None
        note: dict[str, Any] = {"note": f"{troubles} without a response"} if troubles else {}
        if heard.place is not None:
            progress.update(task, advance=1, **note)

    return tell
