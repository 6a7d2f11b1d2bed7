"""Changes of training data: what they do, what they leave alone, and that caches can tell them apart."""

import pickle

import numpy as np
import pytest

from maple_lib.data.phantoms.sequence import PhantomSequence
from maple_lib.errors import MapleError
from maple_lib.leaderboard.ablations import ABLATIONS, ablation_entries
from maple_lib.leaderboard.changes import (
    ChangedStudies,
    NoisyMasks,
    OthersMasks,
    PlacesKept,
    WholeImageMasks,
)
from maple_lib.training.content import content_key
from maple_lib.vocabulary import REGIONS

BASE = PhantomSequence(4, 5, 64)
CHANGES = [WholeImageMasks(), OthersMasks(), NoisyMasks(3), PlacesKept(0.0)]


def masks(study):
    return {name: study.regions[name] for name in study.regions}


def equal(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_a_change_is_the_same_at_every_call_and_in_every_process(change):
    studies = ChangedStudies(BASE, change)
    again = pickle.loads(pickle.dumps(studies))[1]
    one = studies[1]
    assert equal(masks(one), masks(again))
    assert one.triplets == again.triplets
    assert np.array_equal(one.image.pixels, BASE[1].image.pixels)
    assert one.report == BASE[1].report
    assert len(studies) == 4
    assert studies[-3].study_id == one.study_id == studies[1:2][0].study_id
    with pytest.raises(IndexError):
        studies[4]


def test_whole_image_masks_cover_everything():
    changed = masks(ChangedStudies(BASE, WholeImageMasks())[0])
    assert tuple(changed) == REGIONS
    assert all(mask.all() for mask in changed.values())


def test_everybody_gets_the_masks_of_exactly_one_other():
    own = [masks(BASE[i]) for i in range(4)]
    given = [masks(study) for study in ChangedStudies(BASE, OthersMasks(seed=2))]
    owners = [next(i for i in range(4) if equal(own[i], each)) for each in given]
    assert sorted(owners) == [0, 1, 2, 3]
    assert all(owner != i for i, owner in enumerate(owners))
    with pytest.raises(MapleError, match="no other patient"):
        ChangedStudies(BASE[:1], OthersMasks())[0]


def test_noise_of_nothing_is_nothing_and_more_is_more():
    assert equal(masks(ChangedStudies(BASE, NoisyMasks(0))[0]), masks(BASE[0]))

    def overlap(pixels):
        noisy = ChangedStudies(BASE, NoisyMasks(pixels))
        pairs = [(masks(noisy[i]), masks(BASE[i])) for i in range(4)]
        shares = [(a[n] & b[n]).sum() / (a[n] | b[n]).sum() for a, b in pairs for n in a]
        return float(np.mean(shares))

    assert 1 > overlap(1) > overlap(4) > overlap(12) > 0


def test_a_share_of_the_reports_keeps_its_places():
    many = PhantomSequence(24, 6, 64)
    changed = ChangedStudies(many, PlacesKept(0.5))
    kept = [any(t.region for t in study.triplets) for study in changed]
    assert 4 < sum(kept) < 20
    for before, after, keeps in zip(many, changed, kept, strict=True):
        if keeps:
            assert before.triplets == after.triplets
        else:
            assert [t.finding for t in before.triplets] == [t.finding for t in after.triplets]
    assert not any(t.region for s in ChangedStudies(many, PlacesKept(0.0)) for t in s.triplets)
    assert all(
        a.triplets == b.triplets for a, b in zip(many, ChangedStudies(many, PlacesKept(1.0)), strict=True)
    )


def test_caches_tell_the_changes_apart_whatever_the_studies_are():
    for base in (BASE, BASE[:]):
        sequences = [
            base,
            *(ChangedStudies(base, c) for c in [*CHANGES, NoisyMasks(3, seed=1), NoisyMasks(2)]),
        ]
        keys = [content_key(each, "recipe") for each in sequences]
        assert len(set(keys)) == len(keys)
        assert content_key(ChangedStudies(base, NoisyMasks(3)), "recipe") == keys[3]


def test_ablations_have_entries_of_their_own_folders():
    for name in ABLATIONS:
        entries = ablation_entries(name)
        folders = [entry.folder for entry in entries]
        assert len(set(folders)) == len(folders) > 1
        assert all(folder and "/" not in folder and " " not in folder for folder in folders)
    weights = [entry.overrides.get("weights") for entry in ablation_entries("asg_terms")]
    assert weights[0] is None
    assert [set(w.values()) for w in weights[1:]] == [{0.0}] * 4
    assert {e.method for e in ablation_entries("anatomy", "asg")} == {"asg"}
    with pytest.raises(MapleError, match="not about gloria"):
        ablation_entries("asg_terms", "gloria")
    with pytest.raises(MapleError, match="unknown"):
        ablation_entries("nothing")
