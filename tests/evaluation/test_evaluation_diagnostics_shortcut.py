from dataclasses import replace

import numpy as np
import pytest
from finding_reader import FindingReader, marked_study

from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate, evaluate_shortcut, protocol, shortcut_studies
from maple_lib.evaluation.diagnostics import ShortcutStudies

EFFUSION, LINE = "pleural effusion", "line"
PHANTOM = replace(protocol("shortcut_phantom"), bootstrap=200)
CONDITIONS = ("holds", "absent", "reversed")


def share(studies, finding, given, shows):
    chosen = [s.labels.get(finding, 0) for s in studies if s.labels.get(given, 0) == shows]
    return np.mean(chosen)


def marked(sets):
    """The same sets with findings marked on toy images."""
    each = [
        [marked_study(i, dict(study.labels)) for i, study in enumerate(getattr(sets, c))] for c in CONDITIONS
    ]
    return ShortcutStudies(sets.finding, sets.shortcut, *each)


def means(result):
    return result.summary().set_index(["metric", "condition"])["mean"].to_dict()


def test_a_method_that_uses_the_shortcut_is_seen_to():
    sets = marked(shortcut_studies(200, seed=3, share=0.9))
    result = evaluate(FindingReader({EFFUSION: LINE}), sets, PHANTOM)
    found = means(result)
    assert found["auc", "holds"] > 0.8
    assert found["auc", "absent"] == pytest.approx(0.5, abs=0.12)
    assert found["auc", "reversed"] < 0.2
    assert found["drop", "reversed"] == pytest.approx(found["auc", "holds"] - found["auc", "reversed"])
    assert result.uses_shortcut
    assert "uses the shortcut" in str(result)
    assert "shortcut_phantom v1" in str(result)
    summary = result.summary()
    assert ((summary["low"] <= summary["mean"]) & (summary["mean"] <= summary["high"])).all()


def test_a_method_that_looks_at_the_finding_is_not_accused():
    result = evaluate_shortcut(FindingReader(), marked(shortcut_studies(100, seed=3)), PHANTOM)
    assert means(result)["auc", "reversed"] == 1
    assert means(result)["drop", "reversed"] == 0
    assert not result.uses_shortcut
    assert "no use of the shortcut shown" in str(result)


def test_half_a_shortcut_is_half_a_fall():
    class Both(FindingReader):
        def encode_images(self, images, regions=None):
            features = super().encode_images(images, regions)
            from finding_reader import FINDINGS

            features.pooled[:, FINDINGS.index(EFFUSION)] += features.pooled[:, FINDINGS.index(LINE)]
            return features

    sets = marked(shortcut_studies(200, seed=3))
    whole = means(evaluate(FindingReader({EFFUSION: LINE}), sets, PHANTOM))["drop", "reversed"]
    result = evaluate(Both(), sets, PHANTOM)
    assert 0.1 < means(result)["drop", "reversed"] < whole - 0.1
    assert result.uses_shortcut


def test_shares_are_those_asked_for_and_the_findings_stay_as_frequent():
    sets = shortcut_studies(2000, seed=1, finding=EFFUSION, shortcut="pacemaker", share=0.8)
    expected = {"holds": (0.8, 0.2), "absent": (0.5, 0.5), "reversed": (0.2, 0.8)}
    for condition, (with_finding, without) in expected.items():
        studies = list(getattr(sets, condition))
        assert share(studies, "pacemaker", EFFUSION, 1) == pytest.approx(with_finding, abs=0.04)
        assert share(studies, "pacemaker", EFFUSION, 0) == pytest.approx(without, abs=0.04)
        assert sum(s.labels.get(EFFUSION, 0) for s in studies) == 1000


def test_only_the_shortcut_changes_between_the_sets():
    sets = shortcut_studies(60, seed=2)
    for three in zip(sets.holds, sets.absent, sets.reversed, strict=True):
        others = [{name for name in study.labels if name != LINE} for study in three]
        assert others[0] == others[1] == others[2]
        assert len({study.patient_id for study in three}) == 1


def test_images_are_drawn_when_asked_for_and_show_what_the_labels_say():
    sets = shortcut_studies(4, seed=5, size=64, difficulty="easy", share=1.0)
    healthy = sets.reversed[1]  # no effusion, so a line
    assert healthy.labels[LINE] == 1
    assert EFFUSION not in healthy.labels
    assert healthy.image.pixels.shape == (64, 64)
    again = sets.reversed[-3].image.pixels
    np.testing.assert_array_equal(healthy.image.pixels, again)
    assert (healthy.image.pixels != sets.holds[1].image.pixels).any()
    assert [study.study_id for study in sets.holds[1:3]] == [sets.holds[1].study_id, sets.holds[2].study_id]
    with pytest.raises(IndexError):
        sets.holds[4]


def test_real_phantoms_go_through_a_method():
    result = evaluate(FindingReader(), shortcut_studies(6, seed=5, size=64), PHANTOM, batch_size=4)
    assert len(result.table) == 18
    assert result.summary()["n"].tolist() == [6] * 5


def test_bad_arguments_are_named():
    with pytest.raises(MapleError, match=r"cannot draw.*pleural effusion"):
        shortcut_studies(finding="cat")
    with pytest.raises(MapleError, match="the finding itself"):
        shortcut_studies(finding=LINE, shortcut=LINE)
    with pytest.raises(MapleError, match=r"share=0.3"):
        shortcut_studies(share=0.3)
    with pytest.raises(MapleError, match=r"use shortcut_studies\(...\)"):
        evaluate(FindingReader(), [], PHANTOM)
    mass, none = marked_study(0, {EFFUSION: 1}), marked_study(1, {"mass": 1})
    with pytest.raises(MapleError, match="do not match"):
        evaluate(
            FindingReader(),
            ShortcutStudies(EFFUSION, LINE, [mass, none], [none, mass], [mass, none]),
            PHANTOM,
        )
    with pytest.raises(MapleError, match=r"are \[1\]"):
        evaluate(FindingReader(), ShortcutStudies(EFFUSION, LINE, [mass], [mass], [mass]), PHANTOM)
