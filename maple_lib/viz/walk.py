"""The whole idea in one picture: an image, its anatomy, and where a phrase of its report points to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maple_lib import vocabulary
from maple_lib.data.study import Lesion, Pixels, Study
from maple_lib.viz.heat import TRUTH, Grounded, draw_heat
from maple_lib.viz.palette import region_color
from maple_lib.viz.radiograph import draw_image, draw_pixels, fill, outline
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The lungs by their zones, the rest by its largest parts: few enough to be seen in a small picture.
_SHOWN = (
    *("upper lung zone", "mid lung zone", "lower lung zone", "apical zone", "costophrenic angle"),
    *("cardiac silhouette", "aortic arch", "trachea", "clavicle", "hilar structures"),
)


def walk_figure(study: Study, heat: Pixels, phrase: str, lesion: Lesion | None = None) -> Figure:
    """Three pictures of one study: the radiograph, its regions, and the map of a phrase.

    Args:
        study: with region masks.
        heat: (H, W) similarity of the image with the phrase.
        phrase: what was asked.
        lesion: the truth, outlined in white.
    """
    truth = None if lesion is None else lesion.mask
    item = Grounded(study.image.pixels, heat, phrase, truth)
    with figure(11.4, 4.05, wspace=0.01) as fig:
        image, anatomy, warm = fig.subplots(1, 3)
        draw_image(image, study.image)
        draw_pixels(anatomy, study.image.pixels)
        for name, mask in study.regions.items():
            if vocabulary.region(name).place in _SHOWN:
                fill(anatomy, mask, region_color(name), 0.3)
                outline(anatomy, mask, region_color(name), 1.0)
        draw_heat(warm, item, peak=False)
        if truth is not None:
            outline(warm, truth, TRUTH, 1.4)
        for ax, words in ((image, "an image"), (anatomy, "its anatomy"), (warm, f"“{phrase}”")):
            ax.set_title(words, fontsize=10.5, color=DARK.ink)
    return describe(
        fig,
        "The same chest radiograph three times: alone; with its anatomical regions in colours; and with a "
        f"warm spot where the phrase “{phrase}” points to"
        + (", the true lesion outlined." if truth is not None else "."),
    )
