"""A corpus of phantoms on disk, and a fault of every kind to plant in it."""

from dataclasses import replace

import numpy as np
from PIL import Image as PillowImage

from maple_lib.data.box_regions import box_of
from maple_lib.data.dicom.write import write_dicom
from maple_lib.data.doctor import examine
from maple_lib.data.phantoms import phantom_studies
from maple_lib.data.read import read_image
from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow, StudyRow
from maple_lib.data.samples.reading import labels_of
from maple_lib.data.table import TableInfo, write_rows

N, SIZE = 64, 128
SPLITS = ("train", "train", "train", "validate", "test")


def write_image(study, root, i):
    """Every other image is a DICOM."""
    if i % 2:
        return write_dicom(study, root / f"{i}.dcm").name
    save_png(study.image.pixels, root / f"{i}.png")
    return f"{i}.png"


def save_png(pixels, path):
    PillowImage.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path)


def row_of(study, path, i):
    image = ImageRow(f"image-{i}", path, "PA", None, SIZE, SIZE)
    boxes = {name: box_of(mask) for name, mask in study.regions.items()}
    return StudyRow(
        "phantoms",
        f"study-{i}",
        f"patient-{i // 2 if i < 20 else i}",
        (image,),
        study.report,
        labels_of(study.triplets),
        tuple(RegionRow(image.image_id, name, box) for name, box in boxes.items() if box),
        tuple(PhraseRow(image.image_id, p.text, p.finding, p.region, p.boxes) for p in study.phrases),
        None,
        SPLITS[(i // 2 if i < 20 else i) % len(SPLITS)],
    )


def make_corpus(root):
    studies = phantom_studies(N, seed=41, size=SIZE)
    return root, [row_of(study, write_image(study, root, i), i) for i, study in enumerate(studies)]


def table(root, rows, name="studies"):
    return write_rows(rows, root / f"{name}.parquet", TableInfo("phantoms", str(root)))


def diagnose(root, rows, **options):
    return examine(table(root, rows), workers=1, progress=False, **options)


def told(diagnosis):
    """(check, study) of every error and warning."""
    serious = [each for each in diagnosis.complaints if each.severity != "note"]
    return {(each.check, study) for each in serious for study in each.study_ids}


def change(rows, i, **fields):
    rows[i] = replace(rows[i], **fields)


def change_image(rows, i, **fields):
    change(rows, i, images=(replace(rows[i].images[0], **fields),))


# A fault changes rows (and files beside them), and says which (check, studies) it plants.


def empty_report(root, rows):
    change(rows, 20, report=" \n")
    change(rows, 21, report="INDICATION: Cough.")
    return {"empty-report": [20, 21]}


def missing_image(root, rows):
    change_image(rows, 22, path="nowhere.png")
    return {"missing-image": [22]}


def unreadable_image(root, rows):
    whole = (root / rows[23].images[0].path).read_bytes()
    (root / "half.dcm").write_bytes(whole[: len(whole) // 2])
    change_image(rows, 23, path="half.dcm")
    return {"unreadable-image": [23]}


def inverted_image(root, rows):
    save_png(1 - read(root, rows, 24), root / "inverted.png")
    change_image(rows, 24, path="inverted.png")
    return {"polarity": [24]}


def lateral_first(root, rows):
    lateral = ImageRow("lateral", "lateral.png", "LATERAL", None, SIZE, SIZE)
    save_png(np.rot90(read(root, rows, 26)).copy(), root / "lateral.png")
    change(rows, 26, images=(lateral, *rows[26].images))
    change_image(rows, 27, view="LATERAL")
    return {"wrong-view": [26, 27]}


def torn_patient(root, rows):
    change(rows, 1, split="test" if rows[0].split != "test" else "train")
    return {"patient-across-splits": [0, 1]}


def bad_boxes(root, rows):
    regions = list(rows[28].regions)
    regions[0] = replace(regions[0], box=(10.0, 10.0, 10.0, 40.0))
    regions[1] = replace(regions[1], box=(float("nan"), 0.0, 5.0, 5.0))
    change(rows, 28, regions=tuple(regions))
    spine = next(i for i, region in enumerate(rows[29].regions) if region.name == "spine")
    over = replace(rows[29].regions[spine], box=(50.0, 5.0, 70.0, SIZE + 30.0))
    change(rows, 29, regions=(*rows[29].regions[:spine], over, *rows[29].regions[spine + 1 :]))
    return {"box": [28, 29]}


def mirrored_regions(root, rows):
    flipped = tuple(
        replace(r, box=(SIZE - r.box[2], r.box[1], SIZE - r.box[0], r.box[3])) for r in rows[30].regions
    )
    change(rows, 30, regions=flipped)
    return {"left-right": [30]}


def phrase_on_the_other_side(root, rows):
    left = PhraseRow(
        rows[31].images[0].image_id, "left basal opacity", "opacity", None, ((10.0, 70.0, 30.0, 20.0),)
    )
    change(rows, 31, phrases=(*rows[31].phrases, left))
    return {"left-right": [31]}


def finding_on_the_other_side(root, rows):
    image = rows[32].images[0].image_id
    box = PhraseRow(image, "mass", "mass", None, ((10.0, 20.0, 30.0, 20.0),))
    report = "FINDINGS: There is a large mass in the left upper lobe."
    change(rows, 32, report=report, labels={"mass": 1}, phrases=(box,))
    return {"left-right": [32]}


def wrong_labels(root, rows):
    change(rows, 33, labels={"pneumothorax": 1}, report="FINDINGS: No pneumothorax. Patient 33 is well.")
    change(
        rows,
        34,
        labels={"opacity": 0},
        report="FINDINGS: There is a right basal consolidation and an opacity.",
    )
    return {"label-report": [33, 34]}


def copied_image(root, rows):
    """Made smaller, paler and compressed, under another patient."""
    small = PillowImage.fromarray(np.rint(read(root, rows, 35) * 220 + 10).astype(np.uint8)).resize((96, 96))
    small.resize((SIZE, SIZE)).save(root / "copy.jpg", quality=70)
    change_image(rows, 36, path="copy.jpg")
    return {"duplicate-image": [35, 36]}


def blank_image(root, rows):
    save_png(np.full((SIZE, SIZE), 0.5), root / "blank.png")
    change_image(rows, 37, path="blank.png")
    return {"blank-image": [37]}


def tiny_image(root, rows):
    small = PillowImage.fromarray(np.rint(read(root, rows, 38) * 255).astype(np.uint8)).resize((48, 48))
    small.save(root / "tiny.png")
    change(rows, 38, regions=(), phrases=(), images=(ImageRow("image-38", "tiny.png", "PA"),))
    return {"tiny-image": [38]}


def identifiers(root, rows):
    change(rows, 39, report=f"{rows[39].report}\nDictated by Dr. Frankenstein on 03/14/2019.")
    return {"identifier": [39]}


def repeated_study(root, rows):
    change(rows, 41, study_id=rows[40].study_id)
    return {"duplicate-id": [40]}


def repeated_image(root, rows):
    change(rows, 42, regions=(), phrases=())
    change_image(rows, 42, image_id=rows[43].images[0].image_id)
    return {"duplicate-id": [43]}


def wrong_size(root, rows):
    change(rows, 44, images=(replace(rows[44].images[0], rows=2 * SIZE, columns=2 * SIZE),))
    return {"size-mismatch": [44]}


def copied_report(root, rows):
    long = (
        "FINDINGS: There is a large right pleural effusion with adjacent atelectasis of the right lower "
        "lobe, and a mass of the left upper lobe that has grown since the previous examination. The heart "
        "is enlarged. The trachea lies in the midline and the bones are without a fracture in what can be "
        "seen of them today."
    )
    for i in (45, 46):
        change(rows, i, report=long, labels={})
    return {"duplicate-report": [45, 46]}


FAULTS = (
    empty_report,
    missing_image,
    unreadable_image,
    inverted_image,
    lateral_first,
    torn_patient,
    bad_boxes,
    mirrored_regions,
    phrase_on_the_other_side,
    finding_on_the_other_side,
    wrong_labels,
    copied_image,
    blank_image,
    tiny_image,
    identifiers,
    repeated_study,
    repeated_image,
    wrong_size,
    copied_report,
)


def read(root, rows, i):
    return read_image(root / rows[i].images[0].path).pixels


def planted(root, rows, faults):
    expected = set()
    for fault in faults:
        expected |= {(check, f"study-{i}") for check, ids in fault(root, rows).items() for i in ids}
    return expected
