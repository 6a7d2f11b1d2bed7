"""The report grammar tells its plan, contradicts nothing, and knows where it says what."""

import re
from collections import defaultdict

import numpy as np
import pytest
from grammar_plans import MIDLINE, PLACES, random_plan

from maple_lib.data.phantoms.grammar import PhantomReport, write_report
from maple_lib.data.phantoms.planned import PlannedFinding
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS, REGIONS

COUNT = 400
ASSERTING = {"findings", "impression", "conclusion", "body"}
LUNG = {
    "opacity",
    "consolidation",
    "nodule",
    "mass",
    "atelectasis",
    "edema",
    "pneumonia",
    "aspiration",
    "scar",
}
# Present or possible finding -> what may not be denied anywhere it lies: itself and its parents.
PARENTS = {finding: {finding, "opacity"} if finding in LUNG else {finding} for finding in FINDINGS}
PARENTS["consolidation"] |= {"pneumonia"}
PARENTS["pneumonia"] |= {"consolidation"}
PARENTS["mass"] |= {"nodule"}
PARENTS["edema"] |= {"engorgement"}
PARENTS["blunting"] |= {"pleural effusion"}


def report_of(seed: int, noise: float = 0.0) -> PhantomReport:
    return write_report(random_plan(seed), np.random.default_rng([7, seed]), noise)


@pytest.fixture(scope="module")
def reports() -> list[PhantomReport]:
    return [report_of(seed) for seed in range(COUNT)]


def side_of(region: str) -> str:
    first = region.split()[0]
    return first if first in ("right", "left") and region != "right atrium" else ""


def lies_in(inner: str, outer: str) -> bool:
    """Whether a denial about ``outer`` covers ``inner``: the same region, or a lung and its zones."""
    whole_lung = outer.endswith(" lung") and side_of(inner) == side_of(outer)
    return inner == outer or (whole_lung and "clavicle" not in inner)


def test_same_generator_state_gives_the_same_report():
    assert [report_of(s) for s in range(30)] == [report_of(s) for s in range(30)]
    assert report_of(3).text != write_report(random_plan(3), np.random.default_rng(99)).text


def test_only_the_given_generator_is_used():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    first = report_of(5)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert report_of(5) == first


def test_sentences_lie_in_the_text_in_order(reports):
    for report in reports:
        end = 0
        for index, sentence in enumerate(report.sentences):
            start, stop = sentence.span
            assert sentence.index == index
            assert end <= start < stop
            assert report.text[start:stop] == sentence.text == sentence.text.strip()
            end = stop


def test_sections_cover_the_text_and_hold_their_sentences(reports):
    for report in reports:
        covered = "".join(report.text[slice(*section.span)] for section in report.sections)
        assert re.sub(r"\s", "", covered) == re.sub(r"\s", "", report.text)
        for sentence in report.sentences:
            homes = [
                s for s in report.sections if s.body[0] <= sentence.span[0] and sentence.span[1] <= s.body[1]
            ]
            assert [home.name for home in homes] == [sentence.section]


def test_spans_are_the_mentions(reports):
    pronouns = {"it", "they", "this", "these"}
    for report in reports:
        for triplet in report.triplets:
            sentence = report.sentences[triplet.sentence]
            assert sentence.section in ASSERTING
            assert sentence.span[0] <= triplet.span[0] < triplet.span[1] <= sentence.span[1]
            words = re.sub(r"\s+", " ", report.text[slice(*triplet.span)].lower())
            stem = triplet.finding.split()[-1][:6]
            assert words == words.strip()
            if (
                triplet.finding in ("pleural effusion", "pneumothorax", "nodule", "consolidation")
                and not triplet.implied
            ):
                assert stem in words or words in pronouns, words
            if triplet.region_span:
                place = report.text[slice(*triplet.region_span)].lower()
                assert side_of(triplet.region or "") in place or re.search(
                    r"bi|both|s\b|lingula|retrocardiac|rml|[rl][ul]l", place
                )


def test_names_come_from_the_vocabulary_and_triplets_are_sets(reports):
    for report in reports:
        keys = [(t.sentence, *t.key) for t in report.triplets]
        assert len(keys) == len(set(keys))
        assert {t.region for t in report.triplets} <= {*REGIONS, None}
        assert {t.finding for t in report.triplets} <= set(FINDINGS)


def test_every_planned_finding_is_told_at_its_region_or_side():
    for seed in range(COUNT):
        report = report_of(seed)
        told = [t for t in report.triplets if t.existence != "absent"]
        for item in random_plan(seed):
            regions = {t.region for t in told if t.finding == item.finding}
            sides = {side_of(region or "") for region in regions}
            assert item.region in regions or (item.region not in MIDLINE and side_of(item.region) in sides), (
                item,
                report.text,
            )


def test_nothing_present_is_invented():
    """What is present beside the plan follows from it: a tip, a blunted angle, a stated cause."""
    for seed in range(COUNT):
        planned = {item.finding for item in random_plan(seed)}
        allowed = planned | ({"tip"} if planned & {"tube", "line"} else set())
        allowed |= {"blunting"} if "pleural effusion" in planned else set()
        allowed |= {"pneumonia"} if "consolidation" in planned or "opacity" in planned else set()
        assert {t.finding for t in report_of(seed).triplets if t.existence == "present"} <= allowed


def test_no_denial_contradicts_what_is_there(reports):
    for report in reports:
        denied = defaultdict(set)
        for triplet in report.triplets:
            if triplet.existence == "absent":
                denied[triplet.finding].add(triplet.region)
        for triplet in report.triplets:
            if triplet.existence == "absent" or triplet.region is None:
                continue
            for name in PARENTS[triplet.finding]:
                clash = [r for r in denied[name] if r and lies_in(triplet.region, r)]
                assert not clash, (triplet, clash, report.text)


def test_no_denial_contradicts_the_plan():
    for seed in range(COUNT):
        report = report_of(seed)
        absent = {(t.finding, t.region) for t in report.triplets if t.existence == "absent"}
        for item in random_plan(seed):
            for name in PARENTS[item.finding]:
                assert (name, item.region) not in absent


def test_an_empty_plan_gives_a_normal_report():
    for seed in range(100):
        report = write_report([], np.random.default_rng(seed))
        assert report.text
        assert {t.existence for t in report.triplets} <= {"absent"}
        assert not report.phrases


def test_pertinent_negatives_are_mostly_stated():
    reports = [write_report([], np.random.default_rng(seed)) for seed in range(200)]
    reports = [r for r in reports if any(s.name == "findings" for s in r.sections)]
    for finding in ("pleural effusion", "pneumothorax"):
        stated = [any(t.finding == finding for t in report.triplets) for report in reports]
        assert np.mean(stated) > 0.8


def test_sentences_are_many(reports):
    told = set()
    for seed in range(2500):
        report = report_of(seed)
        stating = {triplet.sentence for triplet in report.triplets}
        told |= {report.sentences[index].text for index in stating}
    assert len(told) >= 5000


def test_sizes_agree_with_the_plan():
    plan = [PlannedFinding("nodule", "right upper lung zone", 0.5, 12.4)]
    for seed in range(200):
        report = write_report(plan, np.random.default_rng(seed))
        text = re.sub(r"\s+", " ", report.text)
        sizes = {float(mm) for mm in re.findall(r"(\d+)(?: x \d+)? mm", text)}
        sizes |= {10 * float(cm) for cm in re.findall(r"(\d\.\d)(?: x \d\.\d)? cm", text)}
        assert sizes <= {12.0}, text
        said = {t.attributes.get("size_mm") for t in report.triplets if t.finding == "nodule"}
        assert said <= {"12", None}


@pytest.mark.parametrize(("severity", "wrong"), [(0.1, "large moderate"), (0.9, "small tiny trace minimal")])
def test_adjectives_fit_finding_and_severity(severity, wrong):
    never = {"patchy", "hazy", "dense", "focal", "ill-defined", *wrong.split()}
    plan = [PlannedFinding("pleural effusion", "left costophrenic angle", severity)]
    said = set()
    for seed in range(COUNT):
        report = write_report(plan, np.random.default_rng(seed))
        said |= {t.attributes.get("severity", "") for t in report.triplets if t.existence != "absent"}
        before = [
            report.text[max(0, t.span[0] - 30) : t.span[0]]
            for t in report.triplets
            if t.existence == "present"
        ]
        last_words = {words.split()[-1].lower() for words in before if words.split()}
        assert not last_words & never
    assert len(said) >= 3
    assert not {word for adjective in said for word in adjective.split()} & never


@pytest.mark.parametrize("finding", sorted(PLACES))
def test_phrases_name_the_finding_with_its_place(finding):
    kind = PLACES[finding][0]
    regions = [kind] if kind in MIDLINE else [f"left {kind}"]
    for seed in range(20):
        report = write_report([PlannedFinding(finding, regions[0], 0.5)], np.random.default_rng(seed))
        phrase, bare = report.phrases[0], report.location_free[0]
        assert phrase
        assert not set(phrase) & set("[]{}<>")
        assert re.fullmatch(r"There is .*\.", bare)
        assert not re.search(r"left|right|lobe|base|apex|lung zone|chest", bare)
        if kind not in MIDLINE:
            assert re.search(r"left|lingula|retrocardiac|\bL[UL]L\b", phrase), phrase


@pytest.mark.parametrize(
    ("item", "word"),
    [
        (PlannedFinding("unicorn", "left lung", 0.5), "unicorn"),
        (PlannedFinding("pleural effusion", "trachea", 0.5), "trachea"),
        (PlannedFinding("opacity", "left lower lung zone", 1.5), "1.5"),
    ],
)
def test_an_impossible_plan_is_refused_by_name(item, word):
    with pytest.raises(MapleError, match=word):
        write_report([item], np.random.default_rng(0))
