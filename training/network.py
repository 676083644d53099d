"""The network: four regions and whether it is a face at all, from a chip of 75 x 75."""

from __future__ import annotations

from torch import nn

WIDTHS = (16, 32, 32, 48, 48, 64, 64)
STRIDES = (2, 2, 1, 2, 1, 2, 1)
SQUEEZED, HIDDEN = 12, 48
GRID = 5  # 75 halved four times


def network(outputs: int) -> nn.Sequential:
    """Takes float RGB chips (N, 3, 75, 75) from 0 to 1, gives logits (N, outputs)."""
    layers: list[nn.Module] = []
    before = 3
    for width, stride in zip(WIDTHS, STRIDES, strict=True):
        layers += [
            nn.Conv2d(before, width, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        before = width
    layers += [nn.Conv2d(before, SQUEEZED, 1), nn.ReLU(), nn.Flatten()]
    layers += [nn.Dropout(0.2), nn.Linear(SQUEEZED * GRID**2, HIDDEN), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(HIDDEN, outputs))
