"""The demo's page: what was done, what came out, what it means, and what to try next."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maple_lib.cli.demo_metrics import explain_metrics
from maple_lib.cli.demo_search import Found, Grounding
from maple_lib.cli.demo_steps import Reading, Trained
from maple_lib.viz.page import Page, PageSection, commands, facts, paragraph, table

NOTICE = (
    "<b>This model was trained on phantoms: it knows phantoms.</b> Everything here is computed, "
    "no patient is shown. For research and teaching only; not a medical device."
)


def demo_page(
    results: Mapping[str, Any], reading: Reading, trained: Trained, grounding: Grounding, found: Found
) -> Page:
    """The page of the four steps."""
    return Page(
        title="From a report to a place in the image",
        kicker="MApLe Lab · the demo",
        lead=(
            "A small vision-language model learns, in minutes and on this machine, to connect the words of a "
            "radiology report with regions of a chest radiograph. This is what it did."
        ),
        hero=grounding.hero,
        notice=NOTICE,
        sections=(
            PageSection("Reports become statements", _reports(results, reading)),
            PageSection("Images come with anatomy", _anatomy(grounding)),
            PageSection("Both learn to agree", _training(results, trained)),
            PageSection("A phrase finds its place", _phrases(results, grounding)),
            PageSection("How good is that?", _metrics(results, grounding)),
            PageSection("This region of this case", _retrieval(results, found)),
            PageSection("What this model does not know", _limits()),
            PageSection("What to try next", _next(found, Path(trained.config.out).parent)),
        ),
        footer=_footer(results),
    )


def _reports(results: Mapping[str, Any], reading: Reading) -> str:
    read = results["parsing"]
    words = paragraph(
        "Every sentence is taken apart into what is said to be there, where, and whether it is: solid line",
        "present, dotted absent, wavy uncertain. A line's colour is its region's, here and in every figure.",
    )
    numbers = facts(
        {
            "reports read": str(read["reports"]),
            "statements found: region, finding, existence": str(read["statements"]),
            "F1 of whole statements against the truth": f"{read['f1']:.2f}",
        }
    )
    pairs = (f'<div class="pair">{image}{report}</div>' for image, report in reading.examples)
    return words + numbers + "".join(pairs)


def _anatomy(grounding: Grounding) -> str:
    return (
        paragraph(
            "The model pools what it sees inside 29 anatomical regions, so that a sentence about the left",
            "base can be compared with the left base. Phantoms bring exact masks of all of them.",
        )
        + grounding.anatomy
    )


def _training(results: Mapping[str, Any], trained: Trained) -> str:
    config, spent = trained.config, results["training"]
    return (
        paragraph(
            f"The method {config.model.method} at the preset {config.preset}, on {config.studies} phantoms.",
            "From random weights a contrast of images and reports stays for minutes at the dashed line,",
            "the loss of a model that knows nothing. So the text encoder first learns to tell what a",
            "sentence states, the image encoder where the anatomy lies; then the two are asked to agree.",
        )
        + trained.losses
        + paragraph(f"{spent['steps']} steps in {spent['seconds']:.0f} seconds.")
    )


def _phrases(results: Mapping[str, Any], grounding: Grounding) -> str:
    told = results["phrases"]
    hits = sum(bool(row["hit"]) for row in told)
    return (
        paragraph(
            "Every patch of a held-out image is compared with a phrase about it; the map shows the cosine.",
            "These are the first phantoms with each finding, not the best ones:",
            f"{hits} of {len(told)} maps peak inside the lesion.",
        )
        + grounding.panel
    )


def _metrics(results: Mapping[str, Any], grounding: Grounding) -> str:
    return (
        paragraph(
            "A number says little alone. Beside the method stand floors: noise, a blob in the middle, the",
            "mask of the named region, the mean training lesion of that finding and region, and",
            "image-blind, the method's own mean map over other images: it has read the phrase but not seen",
            "the image.",
            "The ring is the ceiling: the truth as finely as the patch grid can draw it. Lines are 95 %",
            "intervals.",
        )
        + grounding.metrics
        + explain_metrics(results["grounding"])
    )


def _retrieval(results: Mapping[str, Any], found: Found) -> str:
    told = results["retrieval"]
    right = sum(found.finding in hit["findings"] for hit in told["hits"])
    return (
        paragraph(
            f"A new phantom has {_article(found.finding)} in the {found.region}. Which of",
            f"{results['held_out']} others look alike there, whatever else they show?",
            "The search compares that region's embedding only.",
            f"{right} of the first {len(told['hits'])} share the finding; of all cases in the index",
            f"{told['share_of_index']:.0%} do, which is what guessing would give.",
        )
        + found.cases
    )


def _article(finding: str) -> str:
    from maple_lib import vocabulary

    if vocabulary.finding(finding).mass_noun:
        return finding
    return f"{'an' if finding[0] in 'aeiou' else 'a'} {finding}"


def _limits() -> str:
    points = (
        "It has never seen a patient. On a real radiograph its maps are a demonstration, not a finding.",
        "Its lesions were large and contrasty. Small nodules and calcifications are a few pixels here.",
        "Part of what looks like grounding is reading the place in the phrase: see the image-blind floor.",
        "It ran once, from one seed: differences smaller than the intervals are noise.",
    )
    return f"<ul>{''.join(f'<li>{html.escape(point)}</li>' for point in points)}</ul>"


def _next(found: Found, folder: Path) -> str:
    model, index = folder / "run" / "model", folder / "index"
    return "".join(
        (
            "<h3>Your own image and your own report</h3>",
            commands(
                'maple ground radiograph.dcm "left pleural effusion" --out heat.png', "maple parse report.txt"
            ),
            "<h3>Ask the index of this demo</h3>",
            commands(f'maple retrieve {index} "{found.finding}" --region "{found.region}" --model {model}'),
            "<h3>The same numbers again, and harder phantoms</h3>",
            commands(
                f"maple eval --model {model}",
                f"maple eval --model {model} --protocol phantom_grounding_realistic --difficulty realistic",
            ),
            "<h3>Train longer, or look inside</h3>",
            commands("maple train --preset laptop", "make lab    # notebooks/00_setup_and_tour.ipynb"),
        )
    )


def _footer(results: Mapping[str, Any]) -> str:
    seconds, config = results["seconds"], results["config"]
    spent = ", ".join(f"{name} {value:.0f} s" for name, value in seconds.items())
    model = {f"model.{key}": value for key, value in config["model"].items()}
    rows = {**{k: v for k, v in config.items() if k != "model"}, **model}
    used = "; ".join(f"{name} {value}" for name, value in results["versions"].items())
    settings = table(("setting", "value"), ((key, str(value)) for key, value in rows.items()))
    return (
        f"<p>Time: {html.escape(spent)}. {html.escape(used)}.</p>"
        f"<details><summary>Every setting of this run</summary>{settings}</details>"
        '<p>All numbers are in <a href="results.json">results.json</a>. '
        "MApLe Lab, Apache-2.0, for research and teaching only.</p>"
    )
