"""The weights in this repository are those of the package mtcnn."""

import numpy as np

from reference_server.faces.detection.mtcnn_networks import WEIGHTS
from training.mtcnn_weights import packaged


def test_the_weights_are_the_packages_own():
    with np.load(WEIGHTS) as stored:
        expected = packaged()
        assert sorted(stored.files) == sorted(expected)
        for name, array in expected.items():
            np.testing.assert_array_equal(stored[name], array)
