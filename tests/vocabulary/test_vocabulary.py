"""The vocabulary: order, sides, mappings, and a reader's own words."""

from __future__ import annotations

import pytest

from maple_lib import vocabulary
from maple_lib.errors import MapleError
from maple_lib.vocabulary import ASG_FINDINGS, ASG_REGIONS, FINDINGS, REGIONS, load_vocabulary, mirror


def test_29_regions_in_the_official_order():
    assert len(REGIONS) == len(set(REGIONS)) == 29
    assert (REGIONS[0], REGIONS[9], REGIONS[-1]) == ("right lung", "left upper lung zone", "abdomen")


def test_asg_has_40_findings_and_23_regions():
    assert len(ASG_FINDINGS) == 40
    assert FINDINGS[:40] == ASG_FINDINGS
    assert (ASG_FINDINGS[0], ASG_FINDINGS[19], ASG_FINDINGS[-1]) == (
        "pleural effusion",
        "pleural thickening",
        "aspiration",
    )
    assert len(ASG_REGIONS) == len(set(ASG_REGIONS)) == 23
    assert set(ASG_REGIONS) <= set(REGIONS)


@pytest.mark.parametrize("name", REGIONS)
def test_mirror_is_its_own_inverse_and_swaps_sides(name):
    other = mirror(name)
    assert mirror(other) == name
    sides = {vocabulary.region(name).side, vocabulary.region(other).side}
    assert sides in ({None}, {"right", "left"})


def test_right_atrium_is_not_a_side():
    assert mirror("right atrium") == "right atrium"
    assert vocabulary.region("right atrium").side is None


@pytest.mark.parametrize("name", REGIONS)
def test_parents_are_regions_on_the_same_side(name):
    region = vocabulary.region(name)
    if region.parent is not None:
        parent = vocabulary.region(region.parent)
        assert parent.side in (region.side, None)


@pytest.mark.parametrize("name", FINDINGS)
def test_findings_refer_to_what_exists(name):
    finding = vocabulary.finding(name)
    assert name in finding.synonyms
    assert set(finding.parents) <= set(FINDINGS)
    assert set(finding.default_regions) <= set(REGIONS)
    assert (finding.place is None) == (not finding.default_regions)


def test_hierarchy_and_defaults():
    assert vocabulary.finding("consolidation").parents == ("opacity",)
    assert vocabulary.finding("cardiomegaly").default_regions == ("cardiac silhouette",)
    assert vocabulary.finding("edema").bilateral_by_nature
    assert vocabulary.finding("tube").kinds["chest tube"] == "lung"


CHEXPERT = (
    "Atelectasis, Cardiomegaly, Consolidation, Edema, Enlarged Cardiomediastinum, Fracture, Lung Lesion, "
    "Lung Opacity, Pleural Effusion, Pleural Other, Pneumonia, Pneumothorax, Support Devices"
)


@pytest.mark.parametrize("label", CHEXPERT.split(", "))
def test_every_chexpert_label_but_no_finding_has_a_finding(label):
    assert any(vocabulary.finding(name).chexpert == label for name in FINDINGS)


def test_every_nih_label_has_exactly_one_finding():
    labels = [vocabulary.finding(name).nih for name in FINDINGS]
    named = [label for label in labels if label]
    assert len(named) == len(set(named)) == 14


def test_unknown_names_say_what_is_known():
    with pytest.raises(MapleError, match="left lung"):
        vocabulary.region("left liver")
    with pytest.raises(MapleError, match="pneumothorax"):
        vocabulary.finding("flu")


def test_extra_words_are_added(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "findings:\n  nodule: {words: [speck+]}\n  silicosis: {words: [silicosis], place: lung}\n"
    )
    extended = load_vocabulary(path)
    assert {"speck", "specks", "nodule"} <= set(extended.findings["nodule"].synonyms)
    assert extended.findings["silicosis"].default_regions == ("right lung", "left lung")
    assert extended.findings["silicosis"].asg is None
    assert "speck" not in load_vocabulary().findings["nodule"].synonyms


BAD = {
    "list: [": "YAML",
    "- nodule": "mapping",
    "finding:\n  x: {}": "unknown key 'finding'",
    "findings:\n  x: {wrods: [x]}": "wrods",
    "findings:\n  x: {words: x}": "list",
    "findings:\n  x: {words: [no]}": "quote",
    "findings:\n  x: {place: liver}": "liver",
    "findings:\n  x: {parents: [y]}": "unknown name 'y'",
    "findings:\n  x: 3": "mapping",
    "places:\n  x: {sides: [up]}": "up",
}


@pytest.mark.parametrize(("text", "said"), BAD.items())
def test_malformed_files_name_file_and_fault(tmp_path, text, said):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(MapleError, match=said) as caught:
        load_vocabulary(path)
    assert "mine.yaml" in str(caught.value)


def test_missing_file_and_unknown_base(tmp_path):
    with pytest.raises(MapleError, match=r"nowhere\.yaml"):
        load_vocabulary(tmp_path / "nowhere.yaml")
    with pytest.raises(MapleError, match="cardiac_ct"):
        load_vocabulary(base="knee")


def test_cardiac_ct_has_maples_four_findings_in_three_regions():
    heart = load_vocabulary(base="cardiac_ct")
    assert len(heart.findings) == 4
    assert len(heart.regions) == 3
    assert "verkalkung" in heart.findings["calcification"].synonyms
