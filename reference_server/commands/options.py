"""Options that several commands share."""

from __future__ import annotations

import click

from reference_server.faces.detection.detectors import DEFAULT_DETECTOR, DETECTORS
from reference_server.faces.recognition.recogniser import DEFAULT_MODEL, Precision

model = click.option(
    "--model", default=DEFAULT_MODEL, show_default=True, help="The DeepFace model for templates."
)
precision = click.option(
    "--precision",
    type=click.Choice(Precision, case_sensitive=False),
    default=Precision.INT8.value,
    show_default=True,
    help=f"The arithmetic of {DEFAULT_MODEL}; fp32 takes more time. Other models only know fp32.",
)
detector = click.option(
    "--detector",
    type=click.Choice(list(DETECTORS)),
    default=DEFAULT_DETECTOR,
    show_default=True,
    help="The face detector.",
)
