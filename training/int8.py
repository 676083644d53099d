"""Writes the recogniser with weights of 7 bits and activations of 8, which the server does not run.

    python -m training.int8 --data ../shared/data --out recogniser-int8.onnx

The recipe, which benchmarks/faces/int8.py judges: each output channel of a convolution has a scale
of its own; the ranges of the activations are those of portraits of people who are in no other data
set; the first convolution stays in fp32. With weights of 7 bits no sum of two products exceeds 16
bits (2 * 255 * 64 < 32768), so processors without VNNI do not saturate.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from reference_server.faces import weights
from reference_server.faces.engine import load_engine
from reference_server.faces.recognition.dlib_file import Layer, read_network
from reference_server.faces.recognition.dlib_onnx import to_onnx
from reference_server.pictures import Photo, Pixels
from reference_server.stages import Stages
from training.photos import data_folder, portraits, read

QUANTISED = ["Conv", "Add", "Relu", "Pad", "AveragePool", "GlobalAveragePool"]


def quantised(chips: Sequence[Pixels], path: Path) -> None:
    """Write the network as an ONNX file; its ranges are those of the chips and mirror images."""
    network = onnx.load_from_string(to_onnx(_pooled_first(read_network(weights.RECOGNISER.read()))))
    for node in network.graph.node:
        node.name = node.output[0]  # the quantiser knows nodes by their names
    nodes = network.graph.node
    first_relu = next(place for place, node in enumerate(nodes) if node.op_type == "Relu")
    quantize_static(
        network,
        path,
        _Chips(chips),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=QUANTISED,
        nodes_to_exclude=[node.name for node in nodes[: first_relu + 1]],
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )


def _pooled_first(layers: list[Layer]) -> list[Layer]:
    """The same network with its only maximum before the ReLU in front of it, not behind.

    Otherwise onnxruntime would take the maximum of integers, which is 20 times as slow.
    """
    place = [layer.kind for layer in layers].index("max")
    return [*layers[: place - 1], layers[place], layers[place - 1], *layers[place + 1 :]]


class _Chips(CalibrationDataReader):  # type: ignore[misc] # onnxruntime ships no types
    def __init__(self, chips: Sequence[Pixels]) -> None:
        self._left = iter(chips)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """A chip and its mirror image; None after the last."""
        chip = next(self._left, None)
        return None if chip is None else {"chips": np.stack([chip, chip[:, ::-1]])}


def portrait_chips(data: Path) -> list[Pixels]:
    """The faces of the portraits for training."""
    engine = load_engine()
    photos = [Photo(read(path)) for path in portraits(data, "training")]
    return [engine.find(photo, stages=Stages()).chip for photo in photos]


def main() -> None:
    """Collect the chips, and write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    quantised(portrait_chips(given.data), given.out)


if __name__ == "__main__":
    main()
