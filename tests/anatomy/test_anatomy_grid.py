import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maple_lib.anatomy import boxes_to_grid, mask_pool, masks_to_grid
from maple_lib.errors import MapleError

sizes = st.integers(3, 40)


@settings(max_examples=40, deadline=None)
@given(h=sizes, w=sizes, gh=st.integers(1, 9), gw=st.integers(1, 9), seed=st.integers(0, 99))
def test_grid_weights_are_area_exact(h, w, gh, gw, seed):
    masks = torch.rand(3, h, w, generator=torch.Generator().manual_seed(seed)) > 0.5
    weights = masks_to_grid(masks, (gh, gw))
    assert weights.shape == (3, gh, gw)
    torch.testing.assert_close(weights.mean((1, 2)), masks.float().mean((1, 2)), atol=1e-5, rtol=1e-4)
    assert weights.min() >= -1e-6
    assert weights.max() <= 1 + 1e-5


@settings(max_examples=40, deadline=None)
@given(
    x=st.integers(-5, 30),
    y=st.integers(-5, 30),
    bw=st.integers(0, 30),
    bh=st.integers(0, 30),
    g=st.integers(1, 7),
)
def test_a_box_equals_its_drawn_mask(x, y, bw, bh, g):
    mask = torch.zeros(24, 32, dtype=torch.bool)
    mask[max(0, y) : max(0, y + bh), max(0, x) : max(0, x + bw)] = True
    box = torch.tensor([x, y, x + bw, y + bh])
    torch.testing.assert_close(
        boxes_to_grid(box, (24, 32), (g, g)), masks_to_grid(mask, (g, g)), atol=1e-5, rtol=1e-5
    )


def test_mask_pool_equals_the_loop_and_masks_the_missing():
    patches, weights = torch.randn(2, 12, 5), torch.rand(2, 4, 3, 4)
    weights[1, 2] = 0
    regions, visible = mask_pool(patches, weights)
    for b in range(2):
        for r in range(4):
            w = weights[b, r].flatten()
            if w.sum() == 0:
                assert not visible[b, r]
                assert (regions[b, r] == 0).all()
            else:
                torch.testing.assert_close(regions[b, r], (w[:, None] * patches[b]).sum(0) / w.sum())


def test_a_missing_region_carries_no_gradient():
    patches = torch.randn(1, 4, 3, requires_grad=True)
    regions, _ = mask_pool(patches, torch.zeros(1, 2, 2, 2))
    regions.sum().backward()
    assert (patches.grad == 0).all()


def test_wrong_shapes_name_both():
    with pytest.raises(MapleError, match=r"\(1, 4, 3\).*\(1, 2, 3, 3\)"):
        mask_pool(torch.zeros(1, 4, 3), torch.zeros(1, 2, 3, 3))
    with pytest.raises(MapleError, match="add the image axes"):
        masks_to_grid(torch.zeros(3), (1, 1))
