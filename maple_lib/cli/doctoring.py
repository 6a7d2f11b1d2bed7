"""``maple doctor``: examine a corpus, print what is wrong, write a page and a mended copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from maple_lib.data.doctor import Diagnosis


def doctor(
    source: Annotated[
        str,
        typer.Argument(help="A studies table (.parquet), a folder, a dataset's name, 'samples', 'phantom'."),
    ],
    root: Annotated[Path | None, typer.Option(help="Folder of the dataset; a table knows its own.")] = None,
    page: Annotated[Path | None, typer.Option(help="HTML page to write, with pictures.")] = None,
    fix: Annotated[
        Path | None, typer.Option(help="Mended copy of the table to write, with a log of all changes.")
    ] = None,
    no_images: Annotated[
        bool, typer.Option("--no-images", help="Read no image; only look whether they are there.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes that read images.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bars.")] = False,
) -> None:
    """Look for what is wrong with a corpus; exit code 1 if there is an error or a warning."""
    from maple_lib.data.doctor import examine

    if fix is not None and not source.endswith(".parquet"):
        raise MapleError(f"--fix {fix}", "only a studies table can be mended", "make one with `maple ingest`")
    diagnosis = examine(source, root, images=not no_images, workers=workers, progress=not quiet)
    written = _write(diagnosis, source, page, fix)
    if as_json:
        typer.echo(json.dumps(diagnosis.to_dict() | {"written": written}))
    else:
        typer.echo("\n".join([str(diagnosis), *(f"Wrote {name}" for name in written)]))
    if not diagnosis.clean:
        raise typer.Exit(1)


def _write(diagnosis: Diagnosis, source: str, page: Path | None, fix: Path | None) -> list[str]:
    """The page and the mended copy, where they are asked for; returns the files."""
    written = []
    if page is not None:
        from maple_lib.viz.doctor_page import write_doctor_page

        written.append(write_doctor_page(diagnosis, page, Path(source).name))
    if fix is not None:
        from maple_lib.data.doctor import fix as mend
        from maple_lib.data.doctor.fixing import changes_path

        mend(diagnosis, source, fix)
        written += [fix, changes_path(fix)]
    return [str(path) for path in written]
