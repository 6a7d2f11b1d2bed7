"""Score a checkpoint on radiographs of NIH ChestX-ray14: zero-shot AUC, and its boxes; run it by hand.

    python tests/benchmarks/score_nih.py [METHOD ...] [--images FOLDER]

The images are read from ``../shared/real/nih_chestxray14`` beside the repository (no restrictions on their
use; provided by the NIH Clinical Center; never committed): 120 films with mined labels, 5 boxes. They are
laid out as the official download, in a folder that is gone afterwards, and go through the reader and the
protocols ``zero_shot_nih_14`` and ``box_grounding`` as the download itself would.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path

from maple_lib import load_method, load_studies
from maple_lib.data.study import Study
from maple_lib.evaluation import evaluate

SAMPLE = Path(__file__).parents[3] / "shared/real/nih_chestxray14"
BOX_HEADER = ("Image Index", "Finding Label", "Bbox [x", "y", "w", "h]")


def lay_out(sample: Path, folder: Path) -> None:
    """The sample's files under the names and headers of the official download; every image is of the test."""
    (folder / "Data_Entry_2017.csv").symlink_to((sample / "labels.csv").resolve())
    (folder / "images").symlink_to((sample / "images").resolve())
    with (sample / "boxes.csv").open(newline="", encoding="utf-8") as file:
        _, *boxes = csv.reader(file)
    with (folder / "BBox_List_2017.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([BOX_HEADER, *boxes])
    names = sorted(path.name for path in (sample / "images").glob("*.png"))
    (folder / "test_list.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    (folder / "train_val_list.txt").write_text("none.png\n", encoding="utf-8")


def score(name: str, studies: Sequence[Study]) -> None:
    """Both tables of one method."""
    method = load_method(name)
    print(evaluate(method, studies, "zero_shot_nih_14"))
    boxed = [study for study in studies if study.phrases]
    print(evaluate(method, boxed, "box_grounding").headline().round(3).to_string())


def main() -> None:
    """Score every named method on the sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("methods", nargs="*", default=["maple_joint"], help="names or folders of checkpoints")
    parser.add_argument("--images", type=Path, default=SAMPLE, help="folder of the sample")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        lay_out(asked.images, Path(scratch))
        studies = list(load_studies("nih", root=scratch))
        for name in asked.methods:
            score(name, studies)


if __name__ == "__main__":
    main()
