"""Reads the network in ``dlib_face_recognition_resnet_model_v1.dat``, strictly and to its end.

dlib writes the loss, then the versions of the layers from the output inwards, then the layers from
the input outwards. Which layer follows which is not in the file, it is the C++ type ``anet_type``
(dlib/tools/python/src/face_recognition.cpp): it stands here as ``NETWORK``, and the file must
agree with it. Formats: dlib/serialize.h, dlib/float_details.h and the headers in dlib/dnn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.errors import WeightsError


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer:
    """A layer: its kind, its settings in the file's order, and its parameters, shape (n,)."""

    kind: str
    settings: tuple[float, ...] = ()
    weights: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))


# A residual block keeps its input under a tag; one that halves the picture keeps its main path
# under a second tag while a skip goes back to the first. Both leave nothing but their version.
_KEEP = ("tag", "con", "affine", "relu", "con", "affine", "add", "relu")
_HALVE = ("tag", "con", "affine", "relu", "con", "affine", "tag", "skip", "avg", "add", "relu")
NETWORK = (
    *("input", "con", "affine", "relu", "max"),
    *(_KEEP * 3 + _HALVE + _KEEP * 3 + _HALVE + _KEEP * 2 + _HALVE + _KEEP * 2 + _HALVE),
    *("avg", "fc"),
)

# What the file says of a layer after its name: i an integer, f a real number, w a tensor of
# parameters, s the shape of a part of them.
_LAYOUTS = {
    "loss": ("loss_metric_2", "ff"),
    "input": ("input_rgb_image_sized", "fffii"),
    "con": ("con_4", "wiiiiiiissffff"),
    "affine": ("affine_", "wssi"),
    "relu": ("relu_", ""),
    "max": ("max_pool_2", "iiiiii"),
    "avg": ("avg_pool_2", "iiiiii"),
    "add": ("add_prev_", ""),
    "fc": ("fc_2", "iiwssiffff"),
}
_VERSION_OF_INNERMOST, _VERSION, _VERSION_OF_MARK, _VERSION_OF_LOSS = 3, 2, 1, 1
_TENSOR_VERSION, _SHAPE_VERSION = 2, 1


def read_network(data: bytes) -> list[Layer]:
    """The layers from input to output, including tags and skips.

    Raises:
        WeightsError: the bytes are not this network, are truncated, or continue after it.
    """
    reader = _Reader(data)
    reader.expect(_VERSION_OF_LOSS)
    _details(reader, "loss")
    for kind in reversed(NETWORK[2:]):
        reader.expect(_VERSION_OF_MARK if kind in {"tag", "skip"} else _VERSION)
    reader.expect(_VERSION_OF_INNERMOST)
    layers = [_layer(reader, kind, position) for position, kind in enumerate(NETWORK)]
    if not reader.at_end:
        raise WeightsError("the dlib weights continue after the end of the network")
    return layers


def _layer(reader: _Reader, kind: str, position: int) -> Layer:
    if kind in {"tag", "skip"}:
        return Layer(kind=kind)
    layer = _details(reader, kind)
    if kind != "input":
        _training_state(reader)
    if position == 1:
        reader.expect(1)  # samples that the input layer makes of one picture
    return layer


def _details(reader: _Reader, kind: str) -> Layer:
    name, layout = _LAYOUTS[kind]
    found = reader.text()
    if found != name:
        raise WeightsError(f"the dlib weights hold {found!r} where {name!r} belongs")
    settings: list[float] = []
    weights = np.empty(0, np.float32)
    for part in layout:
        if part == "w":
            weights = reader.tensor()
        elif part == "s":
            reader.shape(_SHAPE_VERSION)
        else:
            settings.append(reader.integer() if part == "i" else reader.real())
    return Layer(kind=kind, settings=tuple(settings), weights=weights)


def _training_state(reader: _Reader) -> None:
    """Three flags and three tensors that are empty outside training."""
    for _ in range(3):
        reader.flag()
    for _ in range(3):
        reader.tensor()


class _Reader:
    """Walks through dlib's serialized values."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._data)

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise WeightsError("the dlib weights end in the middle of a layer")
        self._at += count
        return piece

    def integer(self) -> int:
        """A control byte (sign and number of bytes), then that many bytes, lowest first."""
        control = self.take(1)[0]
        if control & 0x70 or not 1 <= control & 0x0F <= 8:
            raise WeightsError("the dlib weights hold no number where one belongs")
        magnitude = int.from_bytes(self.take(control & 0x0F), "little")
        return -magnitude if control & 0x80 else magnitude

    def real(self) -> float:
        """A mantissa and a power of two."""
        mantissa, exponent = self.integer(), self.integer()
        if abs(exponent) > 1023:
            raise WeightsError("the dlib weights hold no number where one belongs")
        return mantissa * 2.0**exponent

    def flag(self) -> bool:
        value = self.take(1)
        if value not in {b"0", b"1"}:
            raise WeightsError("the dlib weights hold no flag where one belongs")
        return value == b"1"

    def text(self) -> str:
        return self.take(max(self.integer(), 0)).decode("latin-1")

    def shape(self, version: int) -> int:
        """The number of values in a tensor of four dimensions."""
        self.expect(version)
        sizes = [self.integer() for _ in range(4)]
        if min(sizes) < 0:
            raise WeightsError("the dlib weights hold a tensor of a negative size")
        return sizes[0] * sizes[1] * sizes[2] * sizes[3]

    def tensor(self) -> NDArray[np.float32]:
        values = self.take(4 * self.shape(_TENSOR_VERSION))
        return np.frombuffer(values, "<f4").astype(np.float32, copy=False)

    def expect(self, value: int) -> None:
        if (found := self.integer()) != value:
            raise WeightsError(f"the dlib weights hold {found} where {value} belongs")
