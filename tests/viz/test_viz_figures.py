import io
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image as PillowImage

from maple_lib import phantom, viz
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.viz.labels import spread
from maple_lib.viz.palette import region_color
from maple_lib.viz.retrieval import findings_in, window_of
from maple_lib.viz.saving import alt_text

LESIONS = (("pleural effusion", "left costophrenic angle"), ("mass", "right upper lung zone"))


@pytest.fixture(scope="module")
def study():
    return phantom(3, 0, size=96, difficulty="easy", findings=LESIONS)


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        yield


def written(fig):
    """The figure as its reader gets it: drawing is where warnings come from."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png")
    return np.asarray(PillowImage.open(io.BytesIO(buffer.getvalue())).convert("RGB"))


def contour_colors(ax):
    from matplotlib.colors import to_hex
    from matplotlib.contour import ContourSet

    return {to_hex(c.get_edgecolor()[0]) for c in ax.collections if isinstance(c, ContourSet)}


def test_image_figure_has_scale_and_sides(study):
    fig = viz.image_figure(study)
    words = {t.get_text() for t in fig.axes[0].texts}
    assert {"R", "L", "5 cm"} <= words
    assert study.study_id in alt_text(fig)
    assert written(fig).std() > 10


def test_image_without_spacing_claims_no_scale(study):
    bare = viz.image_figure(Study("s", "s", lambda: SimpleNamespace(
        pixels=study.image.pixels, spacing=None, view="LATERAL", source="s"
    )))  # fmt: skip
    assert [t.get_text() for t in bare.axes[0].texts] == []


def test_all_regions_are_named_and_coloured(study):
    fig = viz.regions_figure(study)
    named = {t.get_text(): t.get_color() for ax in fig.axes for t in ax.texts}
    assert named == {name: region_color(name) for name in study.regions}
    assert len(fig.axes) == 2


def test_a_region_has_one_colour_in_all_figures(study):
    region = LESIONS[0][1]
    color = region_color(region)
    few = viz.regions_figure(study, [region])
    lesions = viz.lesions_figure(study)
    found = viz.retrieval_figure(
        study, region, [SimpleNamespace(study_id=study.study_id, score=0.5)], [study]
    )
    assert contour_colors(few.axes[0]) == {color}
    assert color in contour_colors(lesions.axes[1])
    assert contour_colors(found.axes[0]) == {color}
    assert color in viz.report_html(SimpleNamespace(text="", triplets=study.triplets))


def test_names_of_regions_do_not_touch(study):
    fig = viz.regions_figure(study)
    fig.draw_without_rendering()
    for ax in fig.axes:
        boxes = [t.get_window_extent() for t in ax.texts]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_spread_keeps_order_distance_and_limits():
    rng = np.random.default_rng(0)
    for _ in range(50):
        wanted = sorted(rng.uniform(0, 100, 9))
        got = spread(wanted, 8, 0, 100)
        assert np.diff(got).min() >= 8 - 1e-6
        assert -1e-6 <= got[0] <= got[-1] <= 100 + 1e-6
    assert spread([10, 50], 8, 0, 100) == [10, 50]
    assert spread([], 8, 0, 100) == []


def test_sheet_names_every_lesion(study):
    fig = viz.phantom_sheet([study] * 5, columns=3)
    assert len(fig.axes) == 6
    said = [t.get_text() for t in fig.axes[0].texts]
    assert said == [f"{lesion.finding}, {lesion.region}" for lesion in study.lesions]
    with pytest.raises(MapleError, match="nothing to show"):
        viz.phantom_sheet([])


def test_retrieval_marks_what_is_shared(study):
    region = LESIONS[1][1]
    other = phantom(3, 1, size=96, difficulty="easy", findings=())
    hits = [SimpleNamespace(study_id=s.study_id, score=0.9) for s in (study, other)]
    fig = viz.retrieval_figure(study, region, hits, [study, other])
    assert len(fig.axes) == 6
    assert fig.axes[4].texts[0].get_text() == "● mass"
    assert fig.axes[5].texts[0].get_text() == "nothing stated"
    assert findings_in(study, region) == ("mass",)
    with pytest.raises(MapleError, match="not among the studies"):
        viz.retrieval_figure(study, region, hits, [study])


def test_window_of_holds_the_mask_and_is_square():
    mask = np.zeros((90, 120), bool)
    mask[80:90, 100:120] = True
    rows, columns = window_of(mask)
    assert mask[rows, columns].sum() == mask.sum()
    assert rows.stop - rows.start == columns.stop - columns.start
    assert window_of(np.zeros((90, 120), bool)) == (slice(0, 90), slice(0, 120))


def test_figures_leave_no_state_behind(study):
    import matplotlib

    before = dict(matplotlib.rcParams)
    written(viz.lesions_figure(study))
    assert dict(matplotlib.rcParams) == before


def test_window_figure_shows_the_steps_of_reading(tmp_path, study):
    samples = pytest.importorskip("maple_lib.data.samples.reading")
    try:
        files = sorted((samples.find_samples() / "dicom").glob("*.dcm"))
    except MapleError:
        pytest.skip("no data_samples/chest beside the package")
    from maple_lib import read_image
    from maple_lib.viz.window import dicom_steps

    for path in files[:4]:
        steps = dicom_steps(path)
        image = read_image(path).pixels
        assert steps[3].values.shape == image.shape
        np.testing.assert_array_equal(steps[3].values, image)
        shown, final = steps[2].values, steps[3].values
        inverted = steps[3].note == "inverted"
        np.testing.assert_allclose(1 - shown if inverted else shown, final, atol=1e-3)
    fig = viz.window_figure(files[0])
    assert len(fig.axes) == 8
    assert "as stored" in alt_text(fig)
