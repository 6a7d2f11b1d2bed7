"""``maple segment``: regions for a table of studies, or a picture of what a source sees in images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from maple_lib.errors import MapleError

_IMAGES = {".dcm", ".dicom", ".png", ".jpg", ".jpeg"}
NOTICE = "The sources were made from phantoms: look at the outlines before you rely on them."


def segment(
    inputs: Annotated[
        list[Path], typer.Argument(help="A studies table (.parquet), or images, or folders of images.")
    ],
    out: Annotated[Path, typer.Option(help="Table (.parquet) or picture (.png) to write.")],
    sources: Annotated[
        str, typer.Option(help="Whom to ask, in this order: given, segmenter, atlas.")
    ] = "given,segmenter,atlas",
    threshold: Annotated[float, typer.Option(help="Least confidence of a region, from 0 to 1.")] = 0.3,
    root: Annotated[Path | None, typer.Option(help="Folder of a table's images; else as it says.")] = None,
    boxes: Annotated[bool, typer.Option("--boxes", help="Write boxes into the table, not masks.")] = False,
    most: Annotated[int, typer.Option(help="Images on a picture, the first ones.")] = 40,
    outlines_only: Annotated[
        bool, typer.Option("--outlines-only", help="Draw outlines on grey, without the images.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bars.")] = False,
) -> None:
    """Find the anatomical regions of radiographs: add them to a table, or draw them."""
    chain = tuple(name.strip() for name in sources.split(",") if name.strip())
    if any(path.suffix.lower() == ".parquet" for path in inputs):
        said = _fill_table(inputs, root, out, chain, threshold, boxes, not quiet)
    else:
        said = _draw_sheet(_image_files(inputs)[:most], out, chain, threshold, not outlines_only)
    typer.echo(json.dumps(said) if as_json else f"{_in_words(said)}\n{NOTICE}")


def _fill_table(
    inputs: Sequence[Path],
    root: Path | None,
    out: Path,
    chain: tuple[str, ...],
    threshold: float,
    boxes: bool,
    progress: bool,
) -> dict[str, Any]:
    from maple_lib.data.complete_table import complete_table
    from maple_lib.data.table import StudyTable

    if len(inputs) > 1:
        raise MapleError(f"{len(inputs)} inputs", "a table goes alone", "give one .parquet file at a time")
    added = complete_table(StudyTable(inputs[0], root), out, chain, threshold, boxes=boxes, progress=progress)
    return {"out": str(out), "studies": added.studies, "regions": added.regions, "failures": added.failures}


def _draw_sheet(
    files: Sequence[Path], out: Path, chain: tuple[str, ...], threshold: float, pixels: bool
) -> dict[str, Any]:
    from maple_lib.data.complete import complete_many
    from maple_lib.data.read import read_image
    from maple_lib.data.study import Study
    from maple_lib.viz.outlines import outline_sheet
    from maple_lib.viz.saving import save

    plain = [Study(path.stem, path.stem, partial(read_image, path)) for path in files]
    studies = complete_many(plain, chain, threshold)
    save(outline_sheet(studies, pixels=pixels), out)
    images = {study.study_id: _said(study) for study in studies}
    counts: dict[str, int] = {}
    for study in studies:
        for source in study.region_sources.values():
            counts[source] = counts.get(source, 0) + 1
    return {"out": str(out), "studies": len(studies), "regions": counts, "failures": [], "images": images}


def _said(study: Any) -> dict[str, Any]:
    sure = {name: round(float(value), 3) for name, value in study.region_confidence.items()}
    return {"confidence": sure, "sources": dict(study.region_sources), "missing": dict(study.regions.missing)}


def _image_files(inputs: Sequence[Path]) -> list[Path]:
    """The images named, and those of the folders named, in the order of their names."""
    files: list[Path] = []
    for path in inputs:
        if path.is_dir():
            files += sorted(each for each in path.iterdir() if each.suffix.lower() in _IMAGES)
        else:
            files.append(path)
    if not files:
        kinds = ", ".join(sorted(_IMAGES))
        raise MapleError(", ".join(map(str, inputs)), "no image in it", f"give files or folders of {kinds}")
    return files


def _in_words(said: dict[str, Any]) -> str:
    added = ", ".join(f"{count} by {source}" for source, count in said["regions"].items()) or "none"
    lines = [f"Wrote {said['out']}: {said['studies']} studies; regions added: {added}."]
    if said["failures"]:
        lines.append(f"{len(said['failures'])} images could not be read; the first: {said['failures'][0]}")
    return "\n".join(lines)
