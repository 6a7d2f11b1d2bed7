"""Chest ImaGenome: boxes of 29 regions and statements about them, for 242,072 images of MIMIC-CXR.

``silver_dataset/scene_graph/<dicom_id>_SceneGraph.json`` (from ``scene_graph.zip``; unpacked in its own
folder it lies one folder deeper), ``silver_dataset/splits/{train,valid,test}.csv`` (subject_id, study_id,
dicom_id, path, ViewPosition) and ``images_to_avoid.csv`` beside them, the images of the patients of the
gold set. The columns are known from a public inventory of the files and programs that read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.data.datasets.imagenome_graph import Graph, boxes_of, read_graph, statements_of
from maple_lib.data.datasets.images_elsewhere import ElsewhereSource, images_root, mimic_image
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.label_names import merge_labels
from maple_lib.data.datasets.splits import split_of
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.rows import ImageRow, RegionRow, StudyRow
from maple_lib.data.scene_graph import SUFFIX
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd

NAME = "chest-imagenome"
_SPLITS = "silver_dataset/splits"
_AVOID = f"{_SPLITS}/images_to_avoid.csv"
INFO = DatasetInfo(
    name=NAME,
    title="Chest ImaGenome 1.0.0",
    home="https://physionet.org/content/chest-imagenome/1.0.0/",
    licence="PhysioNet Credentialed Health Data License 1.5.0, after training and a signed agreement",
    forbids="sharing the data, trying to identify anyone, and sending it to services that keep it",
    size="242,072 scene graphs of frontal images; without MIMIC-CXR's images",
    files=(
        "silver_dataset/scene_graph",
        f"{_SPLITS}/train.csv",
        f"{_SPLITS}/valid.csv",
        f"{_SPLITS}/test.csv",
        _AVOID,
    ),
    cite="Wu et al., Chest ImaGenome Dataset for Clinical Reasoning, NeurIPS Datasets and Benchmarks 2021",
)
_FOLDERS = ("silver_dataset/scene_graph", "scene_graph", ".")
_IDS = ("subject_id", "study_id", "dicom_id", "path")
_STATES = {"present": 1, "absent": 0, "uncertain": -1}


class SceneGraphRegions(Mapping[str, tuple[RegionRow, ...]]):
    """dicom_id -> its regions; each file is read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, image_id: str) -> Path:
        """Where the scene graph of an image is."""
        return self.folder / f"{image_id}{SUFFIX}"

    def __getitem__(self, image_id: str) -> tuple[RegionRow, ...]:
        """The regions that are visible.

        Raises:
            KeyError: if the image has no scene graph.
            MapleError: if its scene graph is damaged.
        """
        path = self.path(image_id)
        if not path.is_file():
            raise KeyError(image_id)
        return _regions(image_id, path, read_graph(path))

    def __iter__(self) -> Iterator[str]:
        return (path.name.removesuffix(SUFFIX) for path in sorted(self.folder.glob(f"*{SUFFIX}")))

    def __len__(self) -> int:
        return sum(1 for _ in self.folder.glob(f"*{SUFFIX}"))


def regions_by_image(root: str | Path) -> SceneGraphRegions:
    """dicom_id -> regions, to join to MIMIC-CXR; nothing but the folder's names is read now.

    Args:
        root: the dataset's folder, or the one of the scene graphs.

    Raises:
        MapleError: if there are no scene graphs.
    """
    base = check_root(root, INFO.title)
    for name in _FOLDERS:
        for folder in (base / name, base / name / "scene_graph"):
            if folder.is_dir() and next(folder.glob(f"*{SUFFIX}"), None) is not None:
                return SceneGraphRegions(folder)
    raise MapleError(
        base / _FOLDERS[0],
        f"no files named <dicom_id>{SUFFIX}",
        f"unpack silver_dataset/scene_graph.zip of {INFO.title} here",
    )


def open_source(root: str | Path, images: str | Path | None = None, gold: bool = False) -> ElsewhereSource:
    """The silver set, in the order of its splits; the images of one examination are one study.

    Args:
        root: the folder that holds ``silver_dataset``.
        images: root of MIMIC-CXR or MIMIC-CXR-JPG; the root itself by default. Paths start from it.
        gold: keep the images of the gold set's patients, as test; they are left out by default, as the
            makers ask.

    Raises:
        MapleError: if a file is missing or damaged.
    """
    folder = check_root(root, INFO.title)
    regions = regions_by_image(folder)
    place = images_root(folder, images)
    table = _read_splits(folder, gold)
    studies = _Studies(table, regions, place)
    return ElsewhereSource(len(studies), studies.row, place)


def _read_splits(root: Path, gold: bool) -> pd.DataFrame:
    """A line an image: the three splits one under the other, frontal PA first in every study."""
    import pandas as pd

    columns = (*_IDS, "ViewPosition")
    path = find_file(root, (_AVOID,), INFO.title)
    avoid = read_table(path, columns, INFO.title, text=columns)
    parts = []
    for split in ("train", "valid", "test"):
        path = find_file(root, (f"{_SPLITS}/{split}.csv",), INFO.title)
        part = read_table(path, columns, INFO.title, text=columns).assign(split=split_of(split, path))
        if part[list(_IDS)].isna().any(axis=None):
            raise MapleError(path, "a line without its ids: cut off", f"download it again: {INFO.title}")
        parts.append(part[~part["dicom_id"].isin(avoid["dicom_id"])])
    if gold:
        parts.append(avoid.assign(split="test"))
    table = pd.concat(parts, ignore_index=True).drop_duplicates("dicom_id")
    order = pd.factorize(table["study_id"])[0]
    rank = (table["ViewPosition"] != "PA").to_numpy()
    return table.assign(study=order, rank=rank).sort_values(["study", "rank"], kind="stable")


class _Studies:
    """The rows of the splits, by examination."""

    def __init__(self, table: pd.DataFrame, regions: SceneGraphRegions, images: Path) -> None:
        import numpy as np

        self._columns = {name: table[name].to_numpy(object) for name in (*_IDS, "ViewPosition", "split")}
        starts = np.flatnonzero(np.diff(table["study"].to_numpy(), prepend=-1))
        self._starts = [*starts.tolist(), len(table)]
        self._regions, self._images = regions, images

    def __len__(self) -> int:
        return len(self._starts) - 1

    def row(self, number: int) -> StudyRow:
        """One examination; its statements are those of its first image's scene graph."""
        lines = range(self._starts[number], self._starts[number + 1])
        names = [self._columns["dicom_id"][line] for line in lines]
        paths = [self._regions.path(name) for name in names]
        graphs = [read_graph(path) for path in paths]
        report, triplets = statements_of(graphs[0], paths[0])
        return StudyRow(
            NAME,
            self._columns["study_id"][lines[0]],
            self._columns["subject_id"][lines[0]],
            tuple(self._image(line) for line in lines),
            report=report,
            labels=merge_labels((triplet.finding, _STATES[triplet.existence]) for triplet in triplets),
            regions=tuple(chain.from_iterable(map(_regions, names, paths, graphs))),
            triplets=triplets,
            split=self._columns["split"][lines[0]],
        )

    def _image(self, line: int) -> ImageRow:
        view = self._columns["ViewPosition"][line]
        path = mimic_image(self._images, self._columns["path"][line])
        return ImageRow(self._columns["dicom_id"][line], path, view if view in ("PA", "AP") else None)


def _regions(image_id: str, path: Path, graph: Graph) -> tuple[RegionRow, ...]:
    boxes = boxes_of(graph, path)
    return tuple(RegionRow(image_id, name, box, source=NAME) for name, box in boxes.items())
