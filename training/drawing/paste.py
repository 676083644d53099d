"""Pieces of other chips laid over chips while the network learns: new ones in every epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reference_server.faces.occlusion import REGIONS
from training.drawing.frame import Frame

SIDE = 75
SHARE = 0.35
"""Share of the chips that get a piece."""
BARE_BELOW, COVERED_FROM = 0.1, 0.35
"""Regions covered by a share between these two teach nothing."""

LANDMARKS = np.array([(0.31, 0.30), (0.67, 0.30), (0.49, 0.51), (0.34, 0.70), (0.65, 0.70)])
"""Where eyes, nose and corners of the mouth are on a chip: MTCNN's medians over 167 of them."""


def region_masks() -> Tensor:
    """Where the regions are on an aligned chip, shape (regions, SIDE, SIDE)."""
    regions = Frame.of(LANDMARKS * SIDE, (SIDE, SIDE)).regions()
    return torch.from_numpy(np.stack([regions[name] for name in REGIONS]))


def pasted(pixels: Tensor, truth: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
    """Chips (N, 3, SIDE, SIDE) and their truth, some with something more in front of the face."""
    count = len(pixels)
    chosen = (torch.rand(count) < SHARE) & (truth[:, -1] == 1)
    masks = _shapes(count) * chosen[:, None, None]
    pixels = torch.where(masks[:, None] > 0, _paint(pixels), pixels)
    shares = torch.einsum("nyx,ryx->nr", masks, regions) / regions.sum((1, 2))
    before = truth[:, :-1]
    unsure = before.masked_fill((shares > BARE_BELOW) & (before != 1), torch.nan)
    return pixels, torch.cat([unsure.masked_fill(shares >= COVERED_FROM, 1), truth[:, -1:]], dim=1)


def _shapes(count: int) -> Tensor:
    """Ellipses and rectangles of any size and angle, 0 or 1, shape (count, SIDE, SIDE)."""
    at = torch.arange(SIDE) / SIDE
    x = at[None, None, :] - (0.1 + 0.8 * torch.rand(count, 1, 1))
    y = at[None, :, None] - (0.1 + 0.8 * torch.rand(count, 1, 1))
    angle = torch.rand(count, 1, 1) * torch.pi
    along, across = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
    long, short = 0.08 + 0.42 * torch.rand(count, 1, 1), 0.08 + 0.22 * torch.rand(count, 1, 1)
    power = torch.where(torch.rand(count, 1, 1) < 0.5, 2.0, 8.0)
    return ((along / long).abs() ** power + (across / short).abs() ** power < 1).float()


def _paint(pixels: Tensor) -> Tensor:
    """Another chip upside down, its plain color, the chip's own plain color, or any color."""
    count = len(pixels)
    others = pixels[torch.randperm(count)].flip(2)
    own, any_colour = pixels.mean((2, 3), keepdim=True), torch.rand(count, 3, 1, 1)
    plain = torch.stack(
        [
            others.mean((2, 3), keepdim=True),
            own * (0.7 + 0.6 * torch.rand(count, 1, 1, 1)),
            any_colour,
        ]
    )
    colours = plain[torch.randint(0, 3, (count,)), torch.arange(count)]
    flat = (colours + torch.randn_like(pixels) * 0.02).clamp(0, 1)
    return torch.where(torch.rand(count, 1, 1, 1) < 0.5, others, flat)
