"""``maple segment``: regions for a table of studies, or a picture of what a source sees in images."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from maple_lib.data.study import Study

_IMAGES = {".dcm", ".dicom", ".png", ".jpg", ".jpeg"}
_SHOWN = 10
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
        said = _draw_sheet(_image_files(inputs), out, chain, threshold, not outlines_only, most)
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
    files: Mapping[str, Path], out: Path, chain: tuple[str, ...], threshold: float, pixels: bool, most: int
) -> dict[str, Any]:
    from maple_lib.data.complete import complete_many
    from maple_lib.viz.outlines import outline_sheet
    from maple_lib.viz.saving import save

    plain, failures = _readable(files, most)
    studies = complete_many(plain, chain, threshold)
    save(outline_sheet(studies, pixels=pixels), out)
    images = {study.study_id: _said(study) for study in studies}
    counts: dict[str, int] = {}
    for study in studies:
        for source in study.region_sources.values():
            counts[source] = counts.get(source, 0) + 1
    return {
        "out": str(out),
        "studies": len(studies),
        "regions": counts,
        "failures": failures,
        "images": images,
    }


def _readable(files: Mapping[str, Path], most: int) -> tuple[list[Study], list[str]]:
    """The first images that can be read, at most so many, and why others before them cannot.

    Raises:
        MapleError: if none can.
    """
    from maple_lib.data.read import read_image
    from maple_lib.data.study import Study

    studies: list[Study] = []
    failures: list[MapleError] = []
    for name, path in files.items():
        if len(studies) >= most:
            break
        study = Study(name, name, partial(read_image, path))
        try:
            _ = study.image
        except MapleError as error:
            failures.append(error)
        else:
            studies.append(study)
    if not studies and failures:
        first = failures[0]
        raise (
            first
            if len(files) == 1
            else MapleError(f"{len(failures)} images", f"none can be read; the first: {first}", "give others")
        )
    return studies, [str(error) for error in failures]


def _said(study: Any) -> dict[str, Any]:
    sure = {name: round(float(value), 3) for name, value in study.region_confidence.items()}
    return {"confidence": sure, "sources": dict(study.region_sources), "missing": dict(study.regions.missing)}


def _image_files(inputs: Sequence[Path]) -> dict[str, Path]:
    """The images named, and those of the folders named, in the order of their names.

    Each has a name of its own: its path below the folder that all of them share.
    """
    files: list[Path] = []
    for path in inputs:
        if path.is_dir():
            files += sorted(each for each in path.iterdir() if each.suffix.lower() in _IMAGES)
        else:
            files.append(path)
    if not files:
        kinds = ", ".join(sorted(_IMAGES))
        raise MapleError(", ".join(map(str, inputs)), "no image in it", f"give files or folders of {kinds}")
    whole = [Path(os.path.abspath(path)) for path in files]
    shared = os.path.commonpath([path.parent for path in whole])
    names = (path.relative_to(shared).as_posix() for path in whole)
    return dict(zip(names, files, strict=True))


def _in_words(said: dict[str, Any]) -> str:
    added = ", ".join(f"{count} by {source}" for source, count in said["regions"].items()) or "none"
    lines = [f"Wrote {said['out']}: {said['studies']} studies; regions added: {added}."]
    if said["failures"]:
        lines.append(f"{len(said['failures'])} images could not be read:")
        lines += [f"  {failure}" for failure in said["failures"][:_SHOWN]]
        if len(said["failures"]) > _SHOWN:
            lines.append("  ... and more; --json lists all")
    return "\n".join(lines)
