"""The segmenter: 29 regions of a frontal chest radiograph, by a small network that has only seen phantoms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from maple_lib.anatomy.confidence import Calibration, expected_dice
from maple_lib.anatomy.estimate import estimate
from maple_lib.anatomy.framing import Frame, find_frame
from maple_lib.anatomy.network import NetworkShape, RegionNet
from maple_lib.anatomy.source import BLANK, Pixels, RegionEstimate, check_pixels, nothing
from maple_lib.anatomy.weights import CONFIG, WEIGHTS, find_segmenter, read_config, read_tensors
from maple_lib.errors import MapleError


class Segmenter:
    """Finds regions with a network.

    Args:
        network: in eval mode.
        calibration: of its confidence.
        floor: regions with less confidence are missing from the result.
        batch: images that go through the network together.
    """

    name = "segmenter"

    def __init__(
        self, network: RegionNet, calibration: Calibration, floor: float = 0.3, batch: int = 16
    ) -> None:
        self.network, self.calibration, self.floor, self.batch = network, calibration, floor, batch

    def regions(self, pixels: Pixels) -> RegionEstimate:
        """The regions of one image; see ``AnatomySource``."""
        return self.regions_many([pixels])[0]

    def regions_many(self, images: Sequence[Pixels]) -> list[RegionEstimate]:
        """The regions of several images; see ``AnatomySource``.

        Images are shrunk at once; until its masks are asked for, half a megabyte is kept of each.
        """
        names, size = self.network.shape.regions, self.network.shape.size
        results = [nothing(names, BLANK, self.name) for _ in images]
        checked = [check_pixels(pixels) for pixels in images]
        framed = [(i, find_frame(pixels), pixels) for i, pixels in enumerate(checked)]
        seen = [(i, frame, pixels) for i, frame, pixels in framed if frame is not None]
        for start in range(0, len(seen), self.batch):
            chosen = seen[start : start + self.batch]
            scores = self._scores(torch.cat([frame.square(pixels, size) for _, frame, pixels in chosen]))
            for (i, frame, _), one in zip(chosen, scores, strict=True):
                results[i] = self._estimate(one, frame)
        return results

    @torch.inference_mode()
    def _scores(self, squares: Tensor) -> Tensor:
        scores: Tensor = self.network(squares)
        return scores.float().cpu()

    def _estimate(self, scores: Tensor, frame: Frame) -> RegionEstimate:
        names = self.network.shape.regions
        confidence = self.calibration(names, expected_dice(scores.sigmoid()))
        return estimate(names, scores, confidence, frame, self.floor, self.name)


def load_segmenter(folder: str | Path | None = None, floor: float = 0.3) -> Segmenter:
    """Open a segmenter; no network connection is needed.

    Args:
        folder: as ``python -m maple_lib.training.segmenter`` writes it; the one that comes with the
            repository if None.
        floor: regions with less confidence are missing from the result.

    Raises:
        MapleError: if a file is missing, damaged, or does not belong to the others.
    """
    place = find_segmenter() if folder is None else Path(folder)
    values = read_config(place)
    weights = read_tensors(place, WEIGHTS, values["sha256"][WEIGHTS])
    network = RegionNet(NetworkShape.from_dict(values["network"]))
    try:
        network.load_state_dict(
            {name: t.float() if t.is_floating_point() else t for name, t in weights.items()}
        )
    except RuntimeError as error:
        raise MapleError(
            place / WEIGHTS, f"does not fit its {CONFIG}", "use the pair that was made together"
        ) from error
    return Segmenter(network.eval(), Calibration.from_dict(values["calibration"]), floor)


@lru_cache(maxsize=1)
def shipped_segmenter() -> Segmenter:
    """The segmenter that comes with the repository, opened once."""
    return load_segmenter()
