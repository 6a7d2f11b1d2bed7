"""How well a similarity map finds what a phrase names: contrast, overlap, pointing, ranking.

Maps are (B, H, W) with NaN outside the encoder's crop, masks (B, H, W) bool; every metric gives (B,).
What cannot be defined (no true pixel among the counted ones, a map of NaN) is NaN: count it, never drop it
unseen. Nothing here needs torch; a torch tensor in gives a torch tensor out.
"""

from maple_lib.evaluation.grounding.contrast import cnr
from maple_lib.evaluation.grounding.heatmap import CentreCrop, gate, smooth_and_resize
from maple_lib.evaluation.grounding.overlap import NORMALISATIONS, THRESHOLDS, miou
from maple_lib.evaluation.grounding.ranking import pixel_auprc, pointing_game
from maple_lib.evaluation.grounding.table import score_maps

__all__ = [
    "NORMALISATIONS",
    "THRESHOLDS",
    "CentreCrop",
    "cnr",
    "gate",
    "miou",
    "pixel_auprc",
    "pointing_game",
    "score_maps",
    "smooth_and_resize",
]
