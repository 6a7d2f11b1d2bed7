"""The demo's first half: reports read, a method trained. Steps draw pictures and keep numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maple_lib import viz
from maple_lib.data.sources import load_studies
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.viz.page import picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from maple_lib.methods.base import Method
    from maple_lib.training import TrainConfig

PICTURE = 224  # side of the phantoms in pictures, pixels


@dataclass(frozen=True, slots=True)
class Walk:
    """What all steps share: folder, preset, seed, number of held-out phantoms, whether to show bars."""

    out: Path
    preset: str
    seed: int
    studies: int
    progress: bool

    @property
    def held_out_seed(self) -> int:
        """Another seed than the training's: none of its phantoms was seen."""
        return 1000 + self.seed

    def held_out(self, index: int) -> Study:
        """One held-out phantom, large enough for a picture."""
        from maple_lib.data.phantoms import phantom

        return phantom(self.held_out_seed, index, PICTURE, "easy")

    def keep(self, name: str, fig: Figure, caption: str = "", dark: Figure | None = None) -> str:
        """Save a figure in the page's folder; its element in the page."""
        viz.save(fig, self.out / f"{name}.png")
        if dark is not None:
            viz.save(dark, self.out / f"{name}_dark.png")
        alt = str(fig.get_label())
        return picture(f"{name}.png", alt, caption, None if dark is None else f"{name}_dark.png")


@dataclass(frozen=True, slots=True)
class Reading:
    """Reports read: HTML of image and report for a few, and the numbers."""

    examples: Sequence[tuple[str, str]]
    results: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained method, its configuration, the picture of its losses."""

    method: Method
    config: TrainConfig
    losses: str
    results: dict[str, Any]


def read_reports(walk: Walk) -> Reading:
    """Parse the samples' reports (or, without the samples, as many phantoms') and compare with the truth."""
    from maple_lib.evaluation import score_triplets
    from maple_lib.reports import parse

    try:
        studies = load_studies("samples")
    except MapleError:
        studies = load_studies("phantom", n=32, seed=walk.held_out_seed + 1, size=PICTURE)
    parsed = [parse(study.report) for study in studies]
    scores = score_triplets([p.triplets for p in parsed], [s.triplets for s in studies])
    f1 = float(scores.loc[(scores["level"] == "triplet") & (scores["finding"] == "all"), "f1"].iloc[0])
    shown = [i for i, p in enumerate(parsed) if any(t.existence == "present" for t in p.triplets)][:2]
    examples = [
        (walk.keep(f"sample_{n}", viz.image_figure(studies[i])), viz.report_html(parsed[i]))
        for n, i in enumerate(shown, 1)
    ]
    said = sum(len({t.key for t in p.triplets}) for p in parsed)
    return Reading(examples, {"parsing": {"reports": len(studies), "statements": said, "f1": f1}})


def train_model(walk: Walk, settings: dict[str, Any]) -> Trained:
    """Train ``maple_joint`` at the preset, or take the finished run that lies there."""
    from maple_lib.training import read_log, train, train_config
    from maple_lib.training.run import versions

    run = walk.out / "run"
    config = train_config("maple_joint", walk.preset, seed=walk.seed, **{"out": str(run), **settings})
    method = train(config, progress=walk.progress)
    rows = read_log(run)
    chance = {"global": 2 * math.log(config.batch_size)}
    faces = [viz.loss_figure(rows, chance, dark=dark) for dark in (False, True)]
    losses = walk.keep("losses", faces[0], dark=faces[1])
    spent = {"steps": len(rows), "seconds": sum(row["seconds"] for row in rows)}
    results = {"config": config.to_dict(), "versions": versions(), "training": spent}
    return Trained(method, config, losses, results)
