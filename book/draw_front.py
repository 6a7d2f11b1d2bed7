"""Draw the picture of the front page from the model that ``make demo`` trained: ``make picture``."""

from __future__ import annotations

import argparse
from pathlib import Path

import maple_lib
from maple_lib import viz
from maple_lib.data.study import Study
from maple_lib.evaluation import build_queries, heat_maps, protocol, similarity_maps
from maple_lib.methods.base import Method

HERE = Path(__file__).parent
FINDINGS = [("mass", "right upper lung zone"), ("pleural effusion", "left costophrenic angle")]


def main() -> None:
    """Ground one phrase in a phantom that the model has not seen, and save the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo/run/model", help="made by `make demo`")
    parser.add_argument("--out", type=Path, default=HERE / "images" / "front.jpg")
    parser.add_argument("--seed", type=int, default=2025)
    options = parser.parse_args()
    study = maple_lib.phantom(options.seed, size=448, difficulty="easy", findings=FINDINGS)
    draw(maple_lib.load_method(options.model), study, options.out)
    print(f"Wrote {options.out}")


def draw(method: Method, study: Study, out: Path) -> None:
    """The walk in one picture: the image, its anatomy, and the heat map of a phrase with the truth."""
    settings = protocol("phantom_grounding_easy")
    query = build_queries([study], settings)[0]
    patches = similarity_maps(method, [study], [query])
    heat = heat_maps(patches, study.image.pixels.shape, settings)[0]
    figure = viz.walk_figure(study, heat, query.phrase, study.lesions[0])
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, pil_kwargs={"quality": 90, "optimize": True})


if __name__ == "__main__":
    main()
