"""Reads a list of pairs and compares each of them."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from os.path import normpath
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from verikit.client import (
    AbnormalAnswer,
    Client,
    InvalidArgument,
    Unreachable,
    Verification,
    VerificationRefused,
)
from verikit.commands.verify.kept_answers import ADDED, Answers
from verikit.errors import OTHER_KEY, NoVerdict, WrongUse, in_words
from verikit.foreign_files import LARGEST_DATA, TooLarge, read_bytes
from verikit.foreign_text import shown
from verikit.plural import counted

JOBS = 4
_NAMED = 5
_ENOUGH_TROUBLE = 20
"""Requests in a row without an answer after which the rest is not tried."""


@dataclass(frozen=True, kw_only=True)
class PairList:
    """A list of pairs: its rows as read, and the folder that its paths are relative to."""

    path: Path
    photos: Path
    columns: Sequence[str]
    rows: Sequence[Mapping[str, str]]
    digest: str

    def places(self, row: int) -> tuple[Path, Path]:
        """The files of a row's photos."""
        first, second = (self.photos / self.rows[row][name] for name in ("first", "second"))
        return first, second


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How many pairs have a score, were refused with which code, and have no answer yet."""

    scored: int
    refused: Mapping[int, int]
    open: int


def read_pairs(path: Path, photos: Path | None) -> PairList:
    """A list of pairs: a table with a heading, columns ``first`` and ``second``, others kept.

    Raises:
        WrongUse: it is none, it names a file outside the folder of photos, or photos are missing.
    """
    try:
        content = read_bytes(path, LARGEST_DATA)
        text = content.decode("utf-8-sig")
        first_line = text.partition("\n")[0]
        delimiter = max(",;\t", key=first_line.count)
        table = csv.DictReader(text.splitlines(), delimiter=delimiter, restkey="", strict=True)
        columns = [name.strip() for name in table.fieldnames or ()]
        rows = [dict(zip(columns, row.values(), strict=False)) for row in table]
    except TooLarge as error:
        raise WrongUse(f"{path}: {error}: split it") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise WrongUse(f"{path} is not a table of pairs: {in_words(error)}") from error
    if not {"first", "second"} <= set(columns) or not rows:
        raise WrongUse(f"{path} needs a heading with the columns first and second, and rows")
    if taken := set(columns) & set(ADDED):
        raise WrongUse(f"{path} already has the column {min(taken)}: rename it")
    found = PairList(
        path=path,
        photos=photos or path.parent,
        columns=columns,
        rows=rows,
        digest=hashlib.sha256(content).hexdigest(),
    )
    _demand_photos(found)
    return found


def _demand_photos(pairs: PairList) -> None:
    """All that are missing at once, before the first request."""
    root = pairs.photos.resolve()
    names = dict.fromkeys(row[side] or "" for row in pairs.rows for side in ("first", "second"))
    outside = [name for name in names if not Path(normpath(root / name)).is_relative_to(root)]
    if outside:
        raise WrongUse(f"{pairs.path} names files outside {pairs.photos}: {_some(outside)}")
    missing = [name for name in names if not _is_there(root / name)]
    if missing:
        raise WrongUse(
            f"{len(missing):,} of the {counted(len(names), 'photo')} of {pairs.path} are not in "
            f"{pairs.photos}: {_some(missing)}. Give their folder with --photos"
        )


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # longer than a name can be, or with a zero in it
        return False


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(shown(name, limit=100) or "(no name)" for name in names[:_NAMED]) + more


def ask(client: Client, pairs: PairList, answers: Answers, switches: Mapping[str, bool]) -> Summary:
    """Ask about every pair that has no answer yet, and write the scores once all have one.

    Ctrl-C ends it between two responses; those received are kept.

    Raises:
        NoVerdict: the server does not answer, or its key is another one.
    """
    left = [row for row in range(len(pairs.rows)) if row not in answers.by_row]
    troubles = 0
    pool = ThreadPoolExecutor(JOBS)

    def submit(row: int) -> Future[Verification]:
        first, second = pairs.places(row)
        return pool.submit(lambda: client.verify(first, second, **switches))

    try:
        with _bar(len(pairs.rows), len(pairs.rows) - len(left)) as (bar, task):
            for row, future in _as_they_come(submit, left):
                try:
                    answers.keep(row, _answer(future))
                    bar.advance(task)
                    troubles = 0
                except (AbnormalAnswer, Unreachable) as error:
                    troubles += 1
                    if troubles >= min(_ENOUGH_TROUBLE, len(left)):
                        raise NoVerdict(_so_far(answers, pairs, str(error))) from error
    except KeyboardInterrupt:
        raise NoVerdict(_so_far(answers, pairs, "Interrupted")) from None
    finally:
        pool.shutdown(cancel_futures=True)
    if len(answers.by_row) == len(pairs.rows):
        answers.finish(pairs.columns, pairs.rows)
    codes = Counter(kept["code"] for kept in answers.by_row.values() if kept["score"] is None)
    return Summary(
        scored=len(answers.by_row) - codes.total(),
        refused=dict(codes.most_common()),
        open=len(pairs.rows) - len(answers.by_row),
    )


def _answer(future: Future[Verification]) -> Verification | VerificationRefused:
    """A score, or a refusal of the photos.

    Raises:
        NoVerdict: the request itself is refused.
        WrongUse: a photo cannot be read.
        AbnormalAnswer, Unreachable: neither; asked again, it may be another one.
    """
    try:
        return future.result()
    except InvalidArgument as error:
        raise NoVerdict(f"The server refuses the request itself: {error}. {OTHER_KEY}") from error
    except VerificationRefused as error:
        return error
    except Unreachable:
        raise
    except OSError as error:
        raise WrongUse(f"{error.filename} cannot be read: {error.strerror}") from error


def _so_far(answers: Answers, pairs: PairList, why: str) -> str:
    done = f"{len(answers.by_row):,} of {counted(len(pairs.rows), 'pair')} answered"
    return f"{why.rstrip('.')}. {done}, kept in {answers.part}; the same command resumes"


def _as_they_come(
    submit: Callable[[int], Future[Verification]], rows: Sequence[int]
) -> Iterator[tuple[int, Future[Verification]]]:
    """A few requests at a time."""
    waiting: dict[Future[Verification], int] = {}
    left = iter(rows)
    while True:
        waiting |= {submit(row): row for row in islice(left, JOBS - len(waiting))}
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            yield waiting.pop(future), future


@contextmanager
def _bar(total: int, done: int) -> Iterator[tuple[Progress, TaskID]]:
    columns = (TextColumn("pairs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar, bar.add_task("", total=total, completed=done)
