"""The shipped segmenter: whole, offline, right on phantoms, honest where there is nothing to see."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
import torch

from maple_lib.anatomy import load_segmenter
from maple_lib.anatomy.confidence import Calibration, calibrate, dice, expected_dice
from maple_lib.anatomy.normalise import network_input
from maple_lib.anatomy.weights import ATLAS, CONFIG, WEIGHTS
from maple_lib.data.phantoms import phantom
from maple_lib.data.read import read_image
from maple_lib.errors import MapleError
from maple_lib.vocabulary import REGIONS

SHIPPED = Path(__file__).resolve().parents[2] / "data_samples" / "segmenter"
REAL = Path(__file__).resolve().parents[3] / "shared" / "real"
LUNGS = ("right lung", "left lung")


@pytest.fixture(scope="module")
def segmenter():
    return load_segmenter()


@pytest.fixture(scope="module")
def study():
    return phantom(31, 4, report=False)


def overlap(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def test_the_folder_is_whole_and_small():
    sums = dict(reversed(line.split("  ")) for line in (SHIPPED / "SHA256SUMS").read_text().splitlines())
    assert set(sums) | {"SHA256SUMS"} == {path.name for path in SHIPPED.iterdir()}
    for name, digest in sums.items():
        assert hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() == digest, name
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 4_000_000


def test_it_opens_without_a_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("went online")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert load_segmenter().network.shape.regions == tuple(REGIONS)


def test_it_finds_the_regions_of_phantoms_it_has_not_seen(segmenter):
    studies = [phantom(2027, i, report=False) for i in range(6)]
    for study, found in zip(studies, segmenter.regions_many([s.image.pixels for s in studies]), strict=True):
        scores = [overlap(study.regions[n], found.masks[n]) if n in found.masks else 0.0 for n in REGIONS]
        assert np.mean(scores) > 0.85
        assert min(scores[REGIONS.index(n)] for n in LUNGS) > 0.93
        assert found.source == "segmenter"


def test_masks_lie_on_the_images_own_pixels(segmenter, study):
    wide = np.pad(study.image.pixels, [(0, 0), (30, 50)], mode="edge")
    found = segmenter.regions(wide)
    for name in ("spine", "carina"):
        assert found.masks[name].shape == wide.shape
        assert found.masks[name].dtype == bool
    assert set(found.masks) == set(found.confidence)
    assert set(found.masks) | set(found.missing) == set(REGIONS)
    assert all(0 <= value <= 1 for value in found.confidence.values())


def test_several_images_are_as_one_by_one(segmenter, study):
    small = np.ascontiguousarray(phantom(31, 5, 128, report=False).image.pixels[:, 8:])
    images = [study.image.pixels, np.zeros((50, 60), np.float32), small]
    for alone, together in zip(map(segmenter.regions, images), segmenter.regions_many(images), strict=True):
        assert list(alone.masks) == list(together.masks)
        assert alone.confidence == pytest.approx(together.confidence, abs=1e-3)
        for name in alone.masks:
            assert overlap(alone.masks[name], together.masks[name]) > 0.999
    assert segmenter.regions_many([]) == []


def test_a_border_changes_nothing(segmenter, study):
    plain, framed = study.image.pixels, np.pad(study.image.pixels, [(20, 9), (0, 41)])
    one, other = segmenter.regions(plain), segmenter.regions(framed)
    assert dict(one.confidence) == dict(other.confidence)
    for name in one.masks:
        inside = other.masks[name][20:-9, :-41]
        np.testing.assert_array_equal(one.masks[name], inside)
        assert other.masks[name].sum() == inside.sum()


@pytest.mark.parametrize("change", [lambda p: 0.3 * p + 0.4, lambda p: p**1.7, lambda p: 900 * p + 20])
def test_window_and_gamma_change_next_to_nothing(segmenter, study, change):
    one, other = segmenter.regions(study.image.pixels), segmenter.regions(change(study.image.pixels))
    assert np.mean([overlap(one.masks[n], other.masks[n]) for n in one.masks if n in other.masks]) > 0.97
    assert len(set(one.masks) ^ set(other.masks)) <= 1


def test_in_a_mirrored_image_right_and_left_change_places(segmenter, study):
    plain, mirrored = (segmenter.regions(p) for p in (study.image.pixels, study.image.pixels[:, ::-1].copy()))
    for place in ("lung", "upper lung zone", "apical zone", "hemidiaphragm"):
        assert overlap(mirrored.masks[f"right {place}"], plain.masks[f"left {place}"][:, ::-1]) > 0.85
        assert overlap(mirrored.masks[f"left {place}"], plain.masks[f"right {place}"][:, ::-1]) > 0.85


@pytest.mark.parametrize("grey", [0.0, 0.4, 1.0])
def test_nothing_is_visible_in_a_blank_image(segmenter, grey):
    found = segmenter.regions(np.full((120, 100), grey, np.float32))
    assert dict(found.masks) == {}
    assert set(found.missing) == set(REGIONS)
    assert all(reason.startswith("not visible") for reason in found.missing.values())


@pytest.mark.parametrize("kind", ["noise", "gradient", "upside down", "stripes"])
def test_what_is_no_chest_gets_few_regions_or_little_confidence(segmenter, study, kind):
    rows = np.linspace(0, 1, 200, dtype=np.float32)
    image = {
        "noise": np.random.default_rng(0).random((200, 200), dtype=np.float32),
        "gradient": rows[:, None] * np.ones(200, np.float32),
        "upside down": study.image.pixels[::-1].copy(),
        "stripes": (np.sin(40 * rows)[:, None] + np.cos(25 * rows)[None]).astype(np.float32),
    }[kind]
    found = segmenter.regions(image)
    total = sum(found.confidence.values())
    chest = sum(segmenter.regions(study.image.pixels).confidence.values())
    assert total < 0.25 * chest


def test_half_a_chest_shows_half_the_regions(segmenter, study):
    upper = study.image.pixels[:100]
    found = segmenter.regions(upper)
    assert "abdomen" in found.missing
    assert "right costophrenic angle" in found.missing
    assert "right apical zone" in found.masks


def damaged(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "segmenter"))


def test_damaged_weights_are_named(tmp_path):
    folder = damaged(tmp_path)
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-100] ^= 1
    (folder / WEIGHTS).write_bytes(bytes(content))
    with pytest.raises(MapleError, match=r"model\.safetensors: its bytes are not those"):
        load_segmenter(folder)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_missing_file_is_named(tmp_path, name):
    folder = damaged(tmp_path)
    (folder / name).unlink()
    with pytest.raises(MapleError, match="no such file"):
        load_segmenter(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"network": 3'])
def test_a_damaged_config_is_named(tmp_path, content):
    folder = damaged(tmp_path)
    (folder / CONFIG).write_text(content)
    with pytest.raises(MapleError, match=r"config\.json: damaged"):
        load_segmenter(folder)


def test_weights_of_another_network_are_refused(tmp_path):
    folder = damaged(tmp_path)
    config = json.loads((folder / CONFIG).read_text())
    config["network"]["widths"][0] += 8
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(MapleError, match="does not fit"):
        load_segmenter(folder)
    config["sha256"][WEIGHTS] = config["sha256"][ATLAS]
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(MapleError, match="its bytes"):
        load_segmenter(folder)


def test_the_networks_input_forgets_the_grey_scale():
    image = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    image = torch.nn.functional.avg_pool2d(image, 5, 1, 2)
    image = (image - image.amin()) / (image.amax() - image.amin())
    plain, bent = network_input(image), network_input(image**1.5)
    assert plain.shape == (2, 2, 64, 64)
    assert (plain - bent).abs().mean() < 0.03
    torch.testing.assert_close(network_input(3 * image + 7), plain, atol=0.02, rtol=0)
    assert not network_input(torch.full((1, 1, 64, 64), 0.5)).any()


def test_expected_dice_is_what_sure_probabilities_give():
    inside = torch.zeros(1, 8, 8)
    inside[0, 2:5] = 1.0
    assert expected_dice(inside) == pytest.approx(1.0)
    doubtful = torch.full((1, 8, 8), 0.6)
    assert 0.6 < expected_dice(doubtful) < 0.8
    assert expected_dice(torch.zeros(1, 8, 8)) == 0


def test_calibration_learns_what_promises_are_worth():
    rng = np.random.default_rng(0)
    promised = rng.uniform(0.4, 1, (400, 2))
    found = np.stack([promised[:, 0], promised[:, 1] - 0.3], 1)
    found[::7, 0] = np.nan
    fitted = calibrate(("spine", "carina"), promised, found)
    good, poor = fitted(("spine", "carina"), torch.tensor([0.9, 0.9]))
    assert good == pytest.approx(0.9, abs=0.03)
    assert poor == pytest.approx(0.6, abs=0.03)
    assert Calibration.from_dict(json.loads(json.dumps(fitted.to_dict()))) == fitted
    with pytest.raises(MapleError, match="carina"):
        calibrate(("spine", "carina"), promised, np.full((400, 2), [0.5, np.nan]))


def test_dice_of_two_empty_masks_is_undefined():
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[0, :2] = True
    assert dice(masks, masks)[0] == 1
    assert dice(masks, masks)[1].isnan()


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="real data not found beside the repository")
def test_lungs_of_real_radiographs_lie_where_they_should(segmenter):
    files = sorted((REAL / "nih_chestxray14" / "images").glob("*.png"))[::6]
    found = segmenter.regions_many([read_image(path).pixels for path in files])
    right_side = 0
    for each in found:
        if all(name in each.masks for name in LUNGS):
            right, left = (np.nonzero(each.masks[name])[1].mean() for name in LUNGS)
            right_side += left - right > 0.15 * each.masks["left lung"].shape[1]
    assert right_side >= 0.9 * len(files)
