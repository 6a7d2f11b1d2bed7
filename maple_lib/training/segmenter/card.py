"""The data card of the segmenter's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maple_lib.vocabulary import REGIONS

_CARD = """\
# Model card: anatomy segmenter and atlas

**Both have seen phantoms only.** They outline 29 regions of a frontal chest radiograph so that methods know
where a word points to. For learning and research; not for diagnosis, measurement or treatment planning.

- Licence: Creative Commons Attribution 4.0 International (CC BY 4.0). Credit "MApLe Lab contributors".
- Made by `python -m maple_lib.training.segmenter --out data_samples/segmenter` in about twenty
  minutes of an idle core. The same versions and one thread give the same weights.
- Checked by `sha256sum --check SHA256SUMS`, and by the library whenever it opens them.
- Opened by `maple_lib.anatomy.load_segmenter()` and `maple_lib.anatomy.load_atlas()`.

## What is inside

- `model.safetensors`: {parameters:,} numbers of half precision; encoder `{encoder}` without
  pre-training, input {size} x {size}, trained on {phantoms} phantoms of seed {seed} (every fourth a hard one)
  with random geometry, brightness of tissues, shadows, noise, borders and cut-outs.
- `atlas.safetensors`: the average chest of {averaged} of them and its regions, 64 x 64.
- `config.json`: shape of the network, calibration of both confidences, recipe, versions, digests.

## How good they are

Mean Dice on {held_out} phantoms of another seed (`difficulty="realistic"`), a region not found counting 0:

| region | segmenter | atlas |
|---|---|---|
{rows}
| **mean** | **{segmenter:.3f}** | **{atlas:.3f}** |

These are phantoms. What happens on real radiographs, with the failures named, stands in the book's chapter on
anatomy.

## Limits

- Frontal, upright chests. A lateral film, a child, a rotated or very ill patient is beyond what they know.
- Regions follow the phantom's definitions: lungs are the aerated fields one sees beside heart and
  mediastinum, zones are cut by height, vessels inside the mediastinum are placed by rule.
- The patient's right is taken to be at the image's left, as films are hung. A mirrored film is not noticed.
- Confidence was calibrated on phantoms: on real radiographs it is too high.
"""


def model_card(
    facts: Mapping[str, object], segmenter: Mapping[str, float], atlas: Mapping[str, float]
) -> str:
    """The card as Markdown.

    Args:
        facts: parameters, encoder, size, phantoms, seed, averaged, held_out.
        segmenter: region name -> mean Dice.
        atlas: the same of the atlas.
    """
    rows = "\n".join(f"| {name} | {segmenter[name]:.3f} | {atlas[name]:.3f} |" for name in REGIONS)
    means = {"segmenter": _mean(list(segmenter.values())), "atlas": _mean(list(atlas.values()))}
    return _CARD.format(rows=rows, **means, **facts)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
