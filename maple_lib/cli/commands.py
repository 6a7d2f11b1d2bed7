"""The commands; each reads its options, calls one room, and prints."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from maple_lib.cli.checkpoints import checkpoints
from maple_lib.cli.deidentifying import deidentify
from maple_lib.cli.doctoring import doctor
from maple_lib.cli.evaluating import evaluate
from maple_lib.cli.ingesting import ingest
from maple_lib.cli.leaderboard import leaderboard
from maple_lib.cli.parsing import Format, choose_format, print_parsed, write_parsed
from maple_lib.cli.segmenting import segment
from maple_lib.cli.settings import read_setting

Json = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bars.")]
Model = Annotated[
    Path,
    typer.Option(help="Checkpoint folder, as `maple train` makes it, or the name of a shipped one: asg."),
]
DEMO_MODEL = Path("demo/run/model")
PHANTOM_NOTICE = "This model was trained on phantoms: it knows phantoms. For research and teaching only."


def demo(
    out: Annotated[Path, typer.Option(help="Folder of the page.")] = Path("demo"),
    seed: int = 0,
    quiet: Quiet = False,
) -> None:
    """The whole walk in minutes: parse, train, ground, retrieve, and a page that shows it."""
    from maple_lib.cli.demo import run_demo

    page = run_demo(out, seed=seed, progress=not quiet)
    typer.echo(f"Open {page} in a browser.")


def parse(
    files: Annotated[list[Path], typer.Argument(help="Report files (.txt).")],
    format: Annotated[
        Format | None, typer.Option(help="What to write; with --out, its ending can say it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; the screen if none.")] = None,
    as_json: Json = False,
) -> None:
    """Read reports and print or write their statements: region, finding, existence."""
    chosen = choose_format(format, out, as_json)
    failures = write_parsed(files, out, chosen) if chosen else print_parsed(files)
    for failure in failures:
        typer.echo(f"maple: {failure}", err=True)
    if failures:
        typer.echo(f"maple: {len(failures)} of {len(files)} files could not be read", err=True)
        raise typer.Exit(1)


def train(
    method: Annotated[str | None, typer.Option(help="Method; asg if none is named.")] = None,
    preset: Annotated[str | None, typer.Option(help="tiny, laptop, gpu or cluster.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file of fields; other options win.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Any field as name=value; may be repeated.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the whole configuration and stop.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train a method; run the same command again to go on after an interruption."""
    from maple_lib.training.file import config_text, read_config

    named = {"method": method, "preset": preset, "out": str(out) if out else None}
    given = {name: value for name, value in named.items() if value is not None}
    chosen = read_config(config, **given, **dict(read_setting(s) for s in settings or []))
    if show:
        typer.echo(config_text(chosen), nl=False)
        return
    from maple_lib.training import train as run_training

    run_training(chosen, progress=not quiet)
    if os.environ.get("RANK", "0") == "0":  # a launcher starts this command once a process
        typer.echo(f"Saved {Path(chosen.out) / 'model'}")


def slurm(
    nodes: Annotated[int, typer.Option(help="Machines.")] = 1,
    gpus: Annotated[int, typer.Option(help="GPUs of each.")] = 4,
    hours: Annotated[int, typer.Option(help="Longest run; the job is queued again until it is done.")] = 12,
    arguments: Annotated[str, typer.Option(help="What follows `maple train`.")] = "--preset cluster",
) -> None:
    """Print a SLURM job script that trains on several machines and goes on after a time limit."""
    from maple_lib.training.slurm import slurm_script

    typer.echo(slurm_script(nodes, gpus, hours, arguments), nl=False)


def ground(
    image: Annotated[Path, typer.Argument(help="A radiograph: DICOM, PNG or JPEG.")],
    phrase: Annotated[str, typer.Argument(help='What to look for, e.g. "left pleural effusion".')],
    out: Annotated[Path, typer.Option(help="PNG to write.")] = Path("heat.png"),
    model: Model = DEMO_MODEL,
    as_json: Json = False,
) -> None:
    """Draw where in an image a phrase points to."""
    from maple_lib.cli.grounding import ground_phrase

    result = ground_phrase(model, image, phrase, out)
    typer.echo(json.dumps(result) if as_json else _say_ground(result))


def index(
    out: Annotated[Path, typer.Argument(help="Folder to write the index to.")],
    source: Annotated[str, typer.Option(help="Studies: 'samples', or a folder.")] = "samples",
    model: Model = DEMO_MODEL,
    quiet: Quiet = False,
) -> None:
    """Embed the regions of many cases once, for search."""
    from maple_lib import CaseIndex, load_method, load_studies

    built = CaseIndex.build(load_method(str(model)), load_studies(source), out, progress=not quiet)
    typer.echo(f"{len(built)} cases in {out}")


def retrieve(
    folder: Annotated[Path, typer.Argument(help="An index folder, made by `maple index`.")],
    query: Annotated[str, typer.Argument(help="A phrase, or the id of a study of the source.")],
    region: Annotated[
        str | None, typer.Option(help='Search by this region, e.g. "left lower lung zone".')
    ] = None,
    source: Annotated[str, typer.Option(help="Where the query study comes from.")] = "samples",
    k: int = 5,
    model: Model = DEMO_MODEL,
    as_json: Json = False,
) -> None:
    """Find cases that look alike in a region, or that fit a phrase."""
    from maple_lib.cli.retrieving import find_cases

    hits = find_cases(folder, model, query, region, source, k)
    if as_json:
        typer.echo(json.dumps(hits))
        return
    for rank, hit in enumerate(hits, 1):
        found = ", ".join(hit["findings"]) or "nothing stated"
        typer.echo(f"{rank}. {hit['study_id']}  {hit['score']:.3f}  {found}")


def bench(
    studies: Annotated[int, typer.Option(help="Phantoms to draw.")] = 60,
    as_json: Json = False,
) -> None:
    """Time this machine: drawing, parsing, encoding."""
    from maple_lib.cli.benching import time_machine

    rows = time_machine(studies)
    typer.echo(json.dumps(rows) if as_json else "\n".join(f"{k:28s} {v:10.1f}" for k, v in rows.items()))


evaluate.__name__ = "eval"
ALL = (
    demo,
    parse,
    train,
    checkpoints,
    slurm,
    evaluate,
    leaderboard,
    ground,
    index,
    retrieve,
    bench,
    deidentify,
    doctor,
    ingest,
    segment,
)


def _say_ground(result: dict[str, Any]) -> str:
    return (
        f"Wrote {result['out']}: the map of {result['phrase']!r} peaks at row {result['peak'][0]}, "
        f"column {result['peak'][1]} of {result['size'][0]} x {result['size'][1]}.\n{PHANTOM_NOTICE}"
    )
