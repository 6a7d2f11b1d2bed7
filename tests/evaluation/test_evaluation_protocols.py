import pytest

from maple_lib.errors import MapleError
from maple_lib.evaluation import bootstrap_interval, list_protocols, protocol
from maple_lib.evaluation.protocols import build_protocol

ENTRY = {"version": 2, "task": "parsing", "description": "d", "source": "s"}


def test_every_protocol_is_typed_versioned_and_prints_both():
    assert {"ms_cxr_grounding", "phantom_grounding_easy", "phantom_grounding_realistic"} <= set(
        list_protocols()
    )
    assert {"retrieval", "location_retrieval", "report_parsing"} <= set(list_protocols())
    for name in list_protocols():
        one = protocol(name)
        assert str(one) == f"{name} v{one.version}"
        assert one.description
        assert one.source


def test_the_ms_cxr_protocol_is_the_published_one():
    one = protocol("ms_cxr_grounding")
    assert (one.sigma, one.interpolation, one.thresholds) == (1.5, "nearest", (0.1, 0.2, 0.3, 0.4, 0.5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "cooking"}, "unknown task 'cooking'"),
        ({"colour": 3}, r"unknown fields \['colour'\]"),
        ({"task": "retrieval"}, "incomplete"),
        ({"task": "grounding", "headline": "softmax"}, "headline='softmax'"),
    ],
)
def test_bad_entries_are_named(change, message):
    with pytest.raises(MapleError, match=message):
        build_protocol("mine", ENTRY | change)


def test_unknown_names_list_the_known():
    with pytest.raises(MapleError, match="ms_cxr_grounding"):
        protocol("ms cxr")


def test_bootstrap_covers_the_mean_leaves_nan_out_and_repeats():
    values = [*range(100), float("nan")]
    low, high = bootstrap_interval(values)
    assert low < 49.5 < high
    assert high - low == pytest.approx(2 * 1.96 * 28.9 / 10, rel=0.15)
    assert bootstrap_interval(values) == (low, high)
    assert all(v != v for v in bootstrap_interval([float("nan")]))
