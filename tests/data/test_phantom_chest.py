"""The drawn chest: regions, lesions and what they change in the pixels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from maple_lib.data.phantoms import PLACES, PlannedFinding, Rendered, render_chest
from maple_lib.vocabulary import REGIONS

SIZE = 128
FOCAL = ("opacity", "consolidation", "nodule", "mass", "atelectasis")
EVERYWHERE = [(finding, region) for finding, regions in PLACES.items() for region in regions]


def draw(plan=(), patient=0, size=SIZE, difficulty="realistic", **options) -> Rendered:
    anatomy, pixels = np.random.default_rng([patient, 1]), np.random.default_rng([patient, 2])
    return render_chest(plan, size, anatomy, pixels, difficulty, **options)


def change(plan, patient=0, difficulty="realistic"):
    """What a plan changes in the pixels of a patient, and its lesions."""
    drawn = draw(plan, patient, difficulty=difficulty)
    return np.abs(drawn.pixels - draw((), patient, difficulty=difficulty).pixels), drawn


@pytest.fixture(scope="module")
def normals() -> list[Rendered]:
    return [draw(patient=patient) for patient in range(20)]


def test_pixels_are_float32_in_unit_range_with_bone_bright(normals):
    for chest in normals:
        assert chest.pixels.dtype == np.float32
        assert chest.pixels.shape == (SIZE, SIZE)
        assert chest.pixels.min() >= 0.0
        assert chest.pixels.max() <= 1.0
        lungs = chest.regions["right lung"] | chest.regions["left lung"]
        assert chest.pixels[chest.regions["spine"]].mean() > chest.pixels[lungs].mean() + 0.2


def test_all_29_regions_are_there_and_never_empty(normals):
    for chest in normals:
        assert tuple(chest.regions) == REGIONS
        assert all(mask.dtype == bool and mask.shape == (SIZE, SIZE) for mask in chest.regions.values())
        assert [name for name, mask in chest.regions.items() if mask.sum() < 4] == []


def test_the_patients_right_is_the_images_left(normals):
    for chest in normals:
        middle = np.nonzero(chest.regions["spine"])[1].mean()
        for name, mask in chest.regions.items():
            centre = np.nonzero(mask)[1].mean()
            if name.startswith("right "):
                assert centre < middle, name
            if name.startswith("left "):
                assert centre > middle, name


def test_regions_nest_and_exclude_as_anatomy_does(normals):
    for chest in normals:
        regions = chest.regions
        for side in ("right", "left"):
            lung = regions[f"{side} lung"]
            zones = [regions[f"{side} {part} lung zone"] for part in ("upper", "mid", "lower")]
            assert (sum(zone.astype(int) for zone in zones)[lung] == 1).all()
            assert not (zones[0] | zones[1] | zones[2])[~lung].any()
            assert not (regions[f"{side} apical zone"] & ~zones[0]).any()
            assert not (lung & regions["cardiac silhouette"]).any()
            assert not (lung & regions["abdomen"]).any()
        assert not (regions["right atrium"] & ~regions["cardiac silhouette"]).any()
        assert not (regions["upper mediastinum"] & ~regions["mediastinum"]).any()


def test_the_order_from_head_to_feet(normals):
    down = ("left clavicle", "aortic arch", "carina", "cardiac silhouette", "left hemidiaphragm", "abdomen")
    for chest in normals:
        heights = [np.nonzero(chest.regions[name])[0].mean() for name in down]
        assert heights == sorted(heights)


@pytest.mark.parametrize(("finding", "region"), EVERYWHERE)
def test_a_finding_lies_in_its_region_and_shows_in_the_pixels(finding, region):
    for difficulty, severity in (("easy", 0.8), ("realistic", 0.4)):
        difference, drawn = change(
            [PlannedFinding(finding, region, severity)], patient=3, difficulty=difficulty
        )
        (lesion,) = drawn.lesions
        inside = (lesion.mask & drawn.regions[region]).sum()
        assert lesion.mask.any()
        assert inside > 0
        if finding in FOCAL:
            assert inside / lesion.mask.sum() >= 0.6
        assert difference[lesion.mask].mean() > 0.004
        assert difference[lesion.mask].mean() > 2 * difference[~lesion.mask].mean()


@pytest.mark.parametrize("finding", list(PLACES))
def test_more_severe_means_more_change(finding):
    region = PLACES[finding][0]
    totals = [
        sum(change([PlannedFinding(finding, region, severity)], patient)[0].sum() for patient in (5, 6, 7))
        for severity in (0.1, 0.5, 0.95)
    ]
    assert totals[0] < totals[1] < totals[2]


@pytest.mark.parametrize(
    "finding", ["opacity", "consolidation", "mass", "pleural effusion", "pneumothorax", "edema"]
)
def test_easy_shows_more_than_realistic_and_realistic_more_than_hard(finding):
    plan = [PlannedFinding(finding, PLACES[finding][0], 0.5)]
    totals = []
    for difficulty in ("easy", "realistic", "hard"):
        shown = [change(plan, patient, difficulty) for patient in range(4)]
        totals.append(sum(float(difference[drawn.lesions[0].mask].sum()) for difference, drawn in shown))
    assert totals[0] > totals[1] > totals[2]


@pytest.mark.parametrize(("finding", "size_mm"), [("nodule", 12.0), ("nodule", 28.0), ("mass", 45.0)])
def test_the_planned_size_is_the_drawn_diameter(finding, size_mm):
    drawn = draw([PlannedFinding(finding, "right mid lung zone", 0.6, size_mm)], patient=2, size=320)
    area = drawn.lesions[0].mask.sum() * drawn.spacing[0] * drawn.spacing[1]
    assert 2 * np.sqrt(area / np.pi) == pytest.approx(size_mm, rel=0.12)


def test_no_vessels_outside_the_pleural_line():
    plan = [PlannedFinding("pneumothorax", "right apical zone", 0.8)]
    with_air, healthy = draw(plan, 4, 224, keep_layers=True), draw((), 4, 224, keep_layers=True)
    mask = with_air.lesions[0].mask
    markings = healthy.layers["vessels"] + healthy.layers["texture"]
    core = binary_erosion(mask, iterations=4)
    assert np.std((markings + with_air.layers["pneumothorax"])[core]) < 0.2 * np.std(markings[core])
    assert with_air.pixels[mask].mean() < healthy.pixels[mask].mean()


def test_consolidation_is_denser_than_opacity():
    region = "left lower lung zone"
    dense, hazy = (
        change([PlannedFinding(finding, region, 0.5)], patient=6) for finding in ("consolidation", "opacity")
    )
    assert dense[0][dense[1].lesions[0].mask].mean() > 1.3 * hazy[0][hazy[1].lesions[0].mask].mean()


def test_one_lesion_does_not_move_another():
    nodule = PlannedFinding("nodule", "right upper lung zone", 0.7, 20.0)
    alone = draw([nodule])
    joined = draw([PlannedFinding("opacity", "left lower lung zone", 0.5), nodule])
    np.testing.assert_array_equal(alone.lesions[0].mask, joined.lesions[1].mask)


def test_a_patient_is_the_same_at_every_size():
    small, large = draw(size=96), draw(size=192)
    for name, mask in small.regions.items():
        assert abs(float(mask.mean()) - float(large.regions[name].mean())) < 0.004, name
    assert small.view == large.view
    assert small.spacing[0] == pytest.approx(2 * large.spacing[0])


def test_layers_add_up_to_the_healthy_and_the_diseased_chest():
    healthy, ill = (
        draw(plan, keep_layers=True).layers
        for plan in ((), [PlannedFinding("mass", "left mid lung zone", 0.5)])
    )
    assert set(ill) - set(healthy) == {"mass"}
    assert ill["mass"].min() >= 0
    assert all(np.array_equal(healthy[name], ill[name]) for name in healthy)
    assert healthy["lung air"].max() <= 0 < healthy["ribs"].max()
