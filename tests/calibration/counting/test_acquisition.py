import numpy as np

from calibration.counting.acquisition import Acquirer, Acquisition


def result(*answers: tuple[int, int, bool]) -> Acquisition:
    """Answers are two photos and whether they were compared; the others were refused."""
    acquirer = Acquirer()
    first, second, completed = (np.array(column) for column in zip(*answers, strict=True))
    acquirer.add(first, second, completed, ~completed)
    return acquirer.result()


def test_the_partner_of_an_acquired_photo_is_the_one_that_failed():
    found = result((0, 1, True), (0, 2, False), (2, 1, False))
    assert (found.tried, found.failed.tolist(), found.open_.tolist()) == (3, [2], [])


def test_two_unknown_photos_are_left_open_until_compared_with_themselves():
    found = result((0, 1, False))
    assert (found.failed.tolist(), found.open_.tolist()) == ([], [0, 1])
    found = result((0, 1, False), (0, 0, True), (1, 1, False))
    assert (found.failed.tolist(), found.open_.tolist()) == ([1], [])


def test_a_photo_that_was_acquired_once_is_acquired():
    found = result((0, 1, False), (0, 2, True), (1, 2, True))
    assert (found.failed.tolist(), found.open_.tolist()) == ([], [])


def test_nothing_was_refused():
    assert result((0, 1, True)).failed.size == 0
