"""``maple deidentify``: copies of DICOM images that hold the image and nothing about anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from maple_lib.errors import MapleError


def deidentify(
    source: Annotated[Path, typer.Argument(help="A DICOM image, or a folder of them.")],
    out: Annotated[Path, typer.Argument(help="Folder to write to; files get new names.")],
    secret_file: Annotated[
        Path | None,
        typer.Option(help="Text that nobody else knows: links the files of a patient under new ids."),
    ] = None,
) -> None:
    """Copy DICOM images without names, dates, identifiers, private elements or overlays."""
    if not source.exists():
        raise MapleError(source, "no such file or folder", "check the path")
    secret = _secret(secret_file)
    files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
    _check_out(source, out)
    failures = [says for path in files if (says := _copy(path, out, secret))]
    for says in failures:
        typer.echo(f"maple: {says}", err=True)
    typer.echo(f"{len(files) - len(failures)} of {len(files)} files copied to {out}")
    if failures or not files:
        raise typer.Exit(1)


def _secret(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise MapleError(file, "cannot be read as text", "give a file that holds the secret") from None


def _check_out(source: Path, out: Path) -> None:
    """Copies beside their originals would be taken for originals."""
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise MapleError(out, f"lies inside {source}", "give a folder outside of it")
    if out.exists() and not out.is_dir():
        raise MapleError(out, "a file, not a folder", "give a folder to write to")
    out.mkdir(parents=True, exist_ok=True)


def _copy(path: Path, out: Path, secret: str | None) -> str | None:
    """None, or what hindered it."""
    from maple_lib.data.dicom.deidentify import deidentify as copy_without_identity

    try:
        copy_without_identity(path, out, secret)
    except MapleError as error:
        return str(error)
    return None
