import numpy as np
import pytest
import torch

from maple_lib.anatomy import extract_patches, sample_cells, skeleton_centres
from maple_lib.errors import MapleError


def tube(shape, ends, radius):
    """A straight tube between two points, in 2-D or 3-D."""
    a, b = (np.array(e, float) for e in ends)
    at = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1)
    along = np.clip(((at - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(at - (a + along[..., None] * (b - a)), axis=-1) <= radius


def gaps(centres):
    """Distance of every centre to its nearest neighbour."""
    far = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    np.fill_diagonal(far, np.inf)
    return far.min(1)


@pytest.mark.parametrize(
    ("shape", "ends"),
    [((60, 80), ((10, 10), (50, 70))), ((40, 40, 60), ((8, 8, 8), (30, 30, 50)))],
)
class TestATube:
    def test_centres_lie_on_its_axis_a_stride_apart(self, shape, ends):
        centres = skeleton_centres(tube(shape, ends, 3), 8)
        a, b = (np.array(e, float) for e in ends)
        axis = (b - a) / np.linalg.norm(b - a)
        off = (centres - a) - ((centres - a) @ axis)[:, None] * axis
        assert np.linalg.norm(off, axis=1).max() <= 2
        # Steps from pixel to pixel are longer than the straight way, by at most 8 % in 2-D.
        assert gaps(centres).min() >= 5.5
        assert gaps(centres).max() <= 9.5
        assert len(centres) >= np.linalg.norm(b - a) / 9.5

    def test_the_walk_goes_from_one_end_to_the_other(self, shape, ends):
        centres = skeleton_centres(tube(shape, ends, 3), 8)
        ways = np.linalg.norm(np.diff(centres, axis=0), axis=1)
        assert ways.max() <= 9.5

    def test_twice_is_the_same(self, shape, ends):
        mask = tube(shape, ends, 3)
        assert np.array_equal(skeleton_centres(mask, 6), skeleton_centres(mask, 6))


def test_every_branch_is_visited():
    shape = (50, 50, 50)
    fork = tube(shape, ((5, 25, 25), (25, 25, 25)), 2)
    arms = [((25, 25, 25), (45, 5, 25)), ((25, 25, 25), (45, 45, 25)), ((25, 25, 25), (45, 25, 45))]
    centres = skeleton_centres(np.logical_or.reduce([fork, *(tube(shape, a, 2) for a in arms)]), 5)
    for _, end in arms:
        assert np.linalg.norm(centres - np.array(end), axis=1).min() <= 6


def test_every_piece_is_visited_in_turn():
    two = tube((40, 90), ((10, 5), (10, 80)), 2) | tube((40, 90), ((30, 5), (30, 80)), 2)
    rows = skeleton_centres(two, 10)[:, 0]
    assert set(np.unique(rows)) <= {9, 10, 11, 29, 30, 31}
    assert (np.diff(rows > 20) != 0).sum() == 1


def test_small_and_strange_masks():
    dot, ring = np.zeros((9, 9), bool), np.zeros((40, 40), bool)
    dot[4, 4] = True
    at = np.stack(np.meshgrid(np.arange(40), np.arange(40), indexing="ij"), -1)
    ring[np.abs(np.linalg.norm(at - 19.5, axis=-1) - 14) < 2] = True
    assert skeleton_centres(dot, 5).tolist() == [[4, 4]]
    assert skeleton_centres(np.zeros((9, 9)), 5).shape == (0, 2)
    around = skeleton_centres(ring, 8) - 19.5
    assert set(map(tuple, np.sign(around).astype(int))) == {
        (1, 1), (1, -1), (-1, 1), (-1, -1),
    }  # fmt: skip
    full = skeleton_centres(np.ones((20, 60), bool), 5)
    assert len(full) > 4
    with pytest.raises(MapleError, match="stride"):
        skeleton_centres(dot, 0)


class TestPatches:
    @pytest.mark.parametrize(("dims", "size"), [(2, 6), (2, 5), (3, 4)])
    def test_as_a_loop_would_cut_them(self, dims, size):
        g = torch.Generator().manual_seed(0)
        side = 12
        images = torch.randn(2, 3, *(side,) * dims, generator=g)
        centres = torch.randint(-4, side + 4, (2, 5, dims), generator=g)
        padded = torch.nn.functional.pad(images, [20] * (2 * dims))
        got = extract_patches(images, centres, size)
        for b in range(2):
            for k in range(5):
                start = [int(c) - size // 2 + 20 for c in centres[b, k]]
                box = tuple(slice(s, s + size) for s in start)
                torch.testing.assert_close(got[b, k], padded[(b, slice(None), *box)])

    def test_far_outside_is_dark_and_gradients_find_their_pixels(self):
        images = torch.rand(1, 1, 10, 10, requires_grad=True)
        patches = extract_patches(images, torch.tensor([[[500, -700], [5, 5]]]), 4)
        assert (patches[0, 0] == 0).all()
        patches.sum().backward()
        assert images.grad.sum() == 16
        assert (images.grad[0, 0, 3:7, 3:7] == 1).all()

    def test_shapes_are_told(self):
        with pytest.raises(MapleError, match="fit"):
            extract_patches(torch.rand(1, 1, 8, 8), torch.zeros(1, 2, 3), 4)


class TestCells:
    def test_the_grid_keeps_all_or_thins_evenly(self):
        cover = torch.zeros(1, 3, 6, 6)
        cover[0, 0, 2, 1:5] = 1
        cover[0, 1] = 1
        cells, valid = sample_cells(cover, 9)
        assert cells[0, 0][valid[0, 0]].tolist() == [13, 14, 15, 16]
        assert cells[0, 1].tolist() == list(range(0, 36, 4))
        assert valid.sum(-1).tolist() == [[4, 9, 0]]

    @pytest.mark.parametrize("most", [1, 7, 20])
    def test_as_many_as_there_is_room_for(self, most):
        cover = (torch.rand(4, 3, 6, 6, generator=torch.Generator().manual_seed(0)) > 0.4).float()
        cells, valid = sample_cells(cover, most)
        count = cover.flatten(2).sum(-1).clamp_max(most)
        assert torch.equal(valid.sum(-1), count.long())
        inside = cover.flatten(2).gather(-1, cells)
        assert (inside[valid] == 1).all()
        for row, there in zip(cells.flatten(0, 1), valid.flatten(0, 1), strict=True):
            assert len(set(row[there].tolist())) == int(there.sum())

    def test_the_skeleton_takes_fewer(self):
        cover = torch.zeros(2, 1, 16, 16)
        cover[:, :, 3:13, 5:9] = 1
        _, grid = sample_cells(cover, 64)
        cells, line = sample_cells(cover, 64, "skeleton", stride=2)
        assert 0 < line.sum() < grid.sum() / 3
        columns = cells[line] % 16
        assert ((columns >= 5) & (columns < 9)).all()

    def test_an_unknown_strategy_is_told(self):
        with pytest.raises(MapleError, match="grid, skeleton"):
            sample_cells(torch.rand(1, 1, 4, 4), 3, "random")
