"""Fits the network to chips; the same seed and number of threads give the same weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reference_server.faces.occlusion import REGIONS
from training.dataset import NOTHING, Chips
from training.drawing.paste import BARE_BELOW, COVERED_FROM, pasted, region_masks
from training.network import network
from training.photos import really_covered

MIRRORED = [1, 0, 2, 3, 4]  # what a chip's outputs mean in its mirror image


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How long and how fast to learn."""

    epochs: int = 50
    batch: int = 128
    rate: float = 4e-3
    decay: float = 0.02
    threads: int = 1


def learn(chips: Chips, seed: int, recipe: Recipe) -> nn.Sequential:
    """The network after training."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    model = network(len(REGIONS) + 1).to(memory_format=torch.channels_last)
    pixels, truth = (
        torch.from_numpy(chips.pixels).permute(0, 3, 1, 2),
        torch.from_numpy(targets(chips)),
    )
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=recipe.decay)
    regions = region_masks()
    steps = recipe.epochs * (len(pixels) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, steps)
    for epoch in range(recipe.epochs):
        order, total = torch.randperm(len(pixels)), 0.0
        batches = order[: len(order) // recipe.batch * recipe.batch].split(recipe.batch)
        for batch in batches:
            seen, wanted = pasted(pixels[batch].float() / 255, truth[batch], regions)
            seen, wanted = varied(seen, wanted)
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(seen)
            loss = _loss(logits.float(), wanted)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1} of {recipe.epochs}: loss {total / len(batches):.4f}", flush=True)
    return model.eval()


def targets(chips: Chips) -> NDArray[np.float32]:
    """1 covered, 0 bare, NaN unknown for each region; then 1 for a face, 0 for none."""
    shares, really = chips.covered, really_covered()
    truth = np.where(shares >= COVERED_FROM, 1, np.where(shares <= BARE_BELOW, 0, np.nan))
    is_face = chips.kinds != NOTHING
    for row in np.flatnonzero(np.isin(chips.photos, list(really)) & is_face):
        known = [region in really[chips.photos[row]] for region in REGIONS]
        truth[row] = np.where(known, np.fmax(truth[row], 1), np.where(truth[row] == 1, 1, np.nan))
    return np.hstack([truth, is_face[:, None]]).astype(np.float32)


def varied(pixels: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Half of the chips mirrored, all lighter or darker, moved a little, some sharper."""
    mirrored = torch.rand(len(pixels)) < 0.5
    pixels = torch.where(mirrored[:, None, None, None], pixels.flip(3), pixels)
    truth = torch.where(mirrored[:, None], truth[:, MIRRORED], truth)
    gain = torch.exp(
        torch.randn(len(pixels), 3, 1, 1) * 0.05 + torch.randn(len(pixels), 1, 1, 1) * 0.15
    )
    lift = torch.randn(len(pixels), 1, 1, 1) * 0.05
    x, y = torch.randint(-2, 3, (2,)).tolist()
    moved = torch.roll((_sharpened(pixels) * gain + lift).clamp(0, 1), (x, y), (3, 2))
    return moved.contiguous(memory_format=torch.channels_last), truth


def _sharpened(pixels: Tensor) -> Tensor:
    """Half of the chips blurred or sharpened, one in ten gray."""
    blurred = nn.functional.avg_pool2d(pixels, 3, 1, 1, count_include_pad=False)
    amount = torch.empty(len(pixels), 1, 1, 1).uniform_(-0.8, 1.2)
    amount = amount * (torch.rand(len(pixels), 1, 1, 1) < 0.5)
    changed = pixels + amount * (pixels - blurred)
    grey = torch.rand(len(pixels), 1, 1, 1) < 0.1
    return torch.where(grey, changed.mean(1, keepdim=True), changed)


def _loss(logits: Tensor, truth: Tensor) -> Tensor:
    known = ~truth.isnan()
    each = nn.functional.binary_cross_entropy_with_logits(
        logits, truth.nan_to_num(), reduction="none"
    )
    return (each * known).sum() / known.sum()


def answers(model: nn.Sequential, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The probabilities of chips, shape (N, outputs)."""
    with torch.inference_mode():
        parts = torch.from_numpy(pixels).permute(0, 3, 1, 2).split(500)
        probabilities = [torch.sigmoid(model(part.float() / 255)).numpy() for part in parts]
        return np.concatenate(probabilities)
