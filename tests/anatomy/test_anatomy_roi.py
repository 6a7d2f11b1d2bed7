import pytest
import torch

from maple_lib.anatomy import box_pool, mask_pool
from maple_lib.errors import MapleError


def aligned_boxes(grid, count, generator):
    """Boxes along the edges of patches: (count, 4) shares, and their masks (count, h, w)."""
    boxes, masks = [], torch.zeros(count, *grid)
    for r in range(count):
        y, x = (int(torch.randint(0, n - 2, (), generator=generator)) for n in grid)
        height, width = (
            int(torch.randint(1, n - a + 1, (), generator=generator))
            for n, a in zip(grid, (y, x), strict=True)
        )
        masks[r, y : y + height, x : x + width] = 1
        boxes.append([x / grid[1], y / grid[0], (x + width) / grid[1], (y + height) / grid[0]])
    return torch.tensor(boxes), masks


@pytest.mark.parametrize("grid", [(8, 8), (7, 10)])
def test_on_whole_patches_it_is_mask_pooling(grid):
    g = torch.Generator().manual_seed(0)
    patches = torch.randn(2, grid[0] * grid[1], 5, generator=g)
    made = [aligned_boxes(grid, 6, g) for _ in range(2)]
    boxes, masks = (torch.stack(each) for each in zip(*made, strict=True))
    pooled, visible = box_pool(patches, grid, boxes)
    expected, _ = mask_pool(patches, masks)
    assert visible.all()
    torch.testing.assert_close(pooled, expected, atol=1e-5, rtol=1e-4)


def test_a_missing_box_neither_shows_nor_trains_whatever_it_holds():
    patches = torch.randn(1, 64, 4, requires_grad=True)
    boxes = torch.tensor([[[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0], [0.2, 0.2, 0.2, 0.9]]])
    valid = torch.tensor([[True, False, True]])
    pooled, visible = box_pool(patches, (8, 8), boxes, valid)
    assert visible.tolist() == [[True, False, False]]
    assert (pooled[0, 1:] == 0).all()
    pooled.sum().backward()
    hidden = patches.grad.view(8, 8, 4)[4:, 4:]
    assert (hidden == 0).all()
    assert (patches.grad.view(8, 8, 4)[:4, :4] > 0).all()
    foul = boxes.clone()
    foul[0, 1] = torch.nan
    torch.testing.assert_close(box_pool(patches, (8, 8), foul, valid)[0], pooled)


def test_shapes_are_told():
    patches = torch.randn(1, 64, 4)
    with pytest.raises(MapleError, match="expected"):
        box_pool(patches, (7, 8), torch.rand(1, 2, 4))
    with pytest.raises(MapleError, match="boxes"):
        box_pool(patches, (8, 8), torch.rand(1, 4))
    with pytest.raises(MapleError, match="valid"):
        box_pool(patches, (8, 8), torch.rand(1, 2, 4), torch.ones(1, 3, dtype=torch.bool))
