"""Files of real phones, cameras and programs: what viewers show is read, what is damaged is not."""

import numpy as np
import pytest
from PIL import Image

from reference_server.refusals import UnreadablePhoto
from reference_server.request.photo import read_photo
from tests.support.odd_photos import Odd, odd_photos
from verikit.contract import load_contract

STANDARDS = load_contract().photo_standards
ODD = list(odd_photos())


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow minds what we are here to read
@pytest.mark.parametrize("odd", ODD, ids=[odd.name for odd in ODD])
def test_an_odd_file_is_read_as_viewers_show_it_or_refused(odd: Odd) -> None:
    if odd.shown is None:
        with pytest.raises(UnreadablePhoto):
            read_photo(odd.file, STANDARDS)
        return
    pixels = read_photo(odd.file, STANDARDS).pixels
    shown = np.asarray(odd.shown.convert("RGB").resize(pixels.shape[1::-1], Image.Resampling.BOX))
    assert float(np.abs(pixels.astype(int) - shown).mean()) < odd.within


def test_there_are_enough_of_them() -> None:
    assert len({odd.name for odd in ODD}) == len(ODD) >= 60
