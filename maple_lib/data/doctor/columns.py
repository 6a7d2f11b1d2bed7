"""A studies table's Arrow columns, flattened into the tables of a corpus: no object a study is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.doctor.corpus import (
    BOXES,
    IMAGES,
    LABELS,
    MASKS,
    STUDIES,
    Corpus,
    Pictures,
    Tables,
    corpus_from,
)
from maple_lib.data.doctor.shapes import around

if TYPE_CHECKING:
    import pandas as pd

_NAMES = {"studies": STUDIES, "images": IMAGES, "boxes": BOXES, "masks": MASKS, "labels": LABELS}
_BATCH = 4096  # studies that are decoded at a time
_WANTED = ["study_id", "patient_id", "split", "report", "images", "labels", "regions", "phrases"]


def corpus_of_table(path: Path, root: Path | None) -> Corpus:
    """The corpus of a studies table.

    Args:
        path: the Parquet file.
        root: folder in which the images' paths start; None for the one the table was made from.

    Raises:
        MapleError: if the file is missing, damaged, or no studies table.
    """
    import pandas as pd

    from maple_lib.data.table.failures import read_failures
    from maple_lib.data.table.schema import read_info
    from maple_lib.data.table.table import intact, open_parquet

    file = open_parquet(path)
    info = read_info(file.schema_arrow, path)
    folder = root or (Path(info.root) if info.root else None)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in _NAMES}
    pictures: list[Pictures | None] = []
    studies = images = 0
    batches = file.iter_batches(_BATCH, columns=_WANTED)
    while True:
        with intact(path):
            batch = next(batches, None)
        if batch is None:
            break
        tables, paths = _flat(batch)
        pictures += [folder / each if folder and each else None for each in paths]
        for name, rows in tables.items():
            parts[name].append(_moved(rows, studies, images))
        studies, images = studies + batch.num_rows, images + len(paths)
    joined = {
        name: pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(_NAMES[name]))
        for name, kept in parts.items()
    }
    return corpus_from(joined, pictures, left_out=len(read_failures(path)))


def _moved(rows: pd.DataFrame, studies: int, images: int) -> pd.DataFrame:
    """Row numbers inside a batch become row numbers of the corpus."""
    for name, offset in (("study", studies), ("image", images)):
        if name in rows:
            rows[name] = rows[name].astype(np.int64) + offset
    return rows


def _flat(batch: Any) -> tuple[Tables, list[str]]:
    """The tables of one batch, and the paths of its images."""
    import pandas as pd

    studies = pd.DataFrame({name: batch.column(name).to_pylist() for name in STUDIES}, dtype=object)
    studies["report"] = studies["report"].fillna("")
    images = _lists(batch.column("images"))
    images["first"] = ~images["study"].duplicated()
    places = pd.Series(images.index.to_numpy(), [images["study"], images["image_id"]])
    places = places[~places.index.duplicated()]
    regions = _placed(_lists(batch.column("regions")), places)
    phrases = _placed(_lists(batch.column("phrases")), places)
    boxes = pd.concat([_region_boxes(regions), _phrase_boxes(phrases)], ignore_index=True)
    masks = pd.concat([regions, phrases.rename(columns={"text": "name"})], ignore_index=True)
    tables = {
        "studies": studies,
        "images": images[list(IMAGES)],
        "boxes": boxes,
        "masks": masks[masks["rle"].astype(bool)][list(MASKS)],
        "labels": _labels(batch.column("labels")),
    }
    return tables, list(images["path"])


def _lists(column: Any) -> pd.DataFrame:
    """A column of lists of structs as one table with ``study`` (the row) and ``item`` (place in its list)."""
    import pandas as pd

    structs, parents = column.flatten(), column.value_parent_indices().to_numpy()
    kind = column.type.value_type
    rows = pd.DataFrame({"study": parents})
    rows["item"] = rows.groupby("study").cumcount()
    for i in range(kind.num_fields):
        rows[kind.field(i).name] = pd.Series(_values(structs.field(i)), dtype=object)
    return rows


def _values(column: Any) -> Any:
    """Python values; equal texts are one object, since a few names stand in millions of rows."""
    import pyarrow as pa

    if not pa.types.is_string(column.type):
        return column.to_pylist()
    encoded = column.dictionary_encode()
    words = np.array([*encoded.dictionary.to_pylist(), None], object)
    return words[encoded.indices.fill_null(-1).to_numpy()]


def _placed(rows: pd.DataFrame, places: pd.Series) -> pd.DataFrame:
    """Rows whose image the study has, with that image's row."""
    import pandas as pd

    keys = pd.MultiIndex.from_arrays([rows["study"], rows["image_id"]])
    rows["image"] = places.reindex(keys).to_numpy()
    return rows.dropna(subset=["image"])


def _labels(column: Any) -> pd.DataFrame:
    import pandas as pd

    lengths = np.diff(column.offsets.to_numpy())
    start, stop = column.offsets[0].as_py(), column.offsets[-1].as_py()
    return pd.DataFrame(
        {
            "study": np.repeat(np.arange(len(lengths)), lengths),
            "finding": column.keys[start:stop].to_pylist(),
            "value": column.items[start:stop].to_numpy(zero_copy_only=False),
        }
    )


def _region_boxes(regions: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    boxed = regions[regions["box"].notna()]
    edges = [[box[edge] for edge in ("x1", "y1", "x2", "y2")] for box in boxed["box"]]
    return _boxes(
        boxed.assign(kind="region", finding="", region=boxed["name"]), pd.Series(edges, boxed.index)
    )


def _phrase_boxes(phrases: pd.DataFrame) -> pd.DataFrame:
    """A row a box or polygon."""
    import pandas as pd

    shapes = pd.Series(
        [list(_shapes(*each)) for each in zip(phrases["boxes"], phrases["polygons"], strict=True)],
        phrases.index,
        dtype=object,
    )
    single = shapes.explode().dropna()
    rows = (
        phrases.loc[single.index].assign(kind="phrase", name=lambda each: each["text"]).reset_index(drop=True)
    )
    return _boxes(rows, single.reset_index(drop=True))


def _shapes(boxes: Any, polygons: Any) -> Iterator[tuple[float, ...]]:
    for box in boxes or ():
        yield box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]
    yield from map(around, polygons or ())


def _boxes(rows: pd.DataFrame, edges: pd.Series) -> pd.DataFrame:
    numbers = np.array(edges.tolist(), np.float64).reshape(-1, 4)
    corners = dict(zip(("x1", "y1", "x2", "y2"), numbers.T, strict=True))
    return rows.assign(**corners)[list(BOXES)]
