import pytest
import torch

from maple_lib.encoders import RegionPatchCNN, RegionPatchDecoder
from maple_lib.encoders.patch_cnn import augment
from maple_lib.errors import MapleError

WIDTHS = (2, 4, 4, 8, 8)


@pytest.mark.parametrize("dims", [2, 3])
class TestBothDimensions:
    def make(self, dims, regions=3, size=8):
        torch.manual_seed(0)
        return RegionPatchCNN(dims, size, regions, dim=6, widths=WIDTHS)

    def test_five_layers_of_three_blocks(self, dims):
        cnn = self.make(dims)
        assert len(cnn.layers) == 5
        assert all(len(layer.blocks) == 3 for layer in cnn.layers)
        assert RegionPatchCNN(dims, 32, widths=WIDTHS).sides == (32, 16, 8, 4, 2)

    def test_the_shape_and_back(self, dims):
        cnn = self.make(dims)
        patches = torch.rand(5, 3, 1, *(8,) * dims)
        embedded = cnn(patches)
        assert embedded.shape == (5, 3, 6)
        assert RegionPatchDecoder(cnn, WIDTHS, 6)(embedded).shape == patches.shape

    def test_no_region_sees_another(self, dims):
        cnn = self.make(dims)
        patches = torch.rand(4, 3, 1, *(8,) * dims, requires_grad=True)
        out = cnn(patches)
        out[:, 1].sum().backward()
        assert (patches.grad[:, [0, 2]] == 0).all()
        assert (patches.grad[:, 1] != 0).any()
        assert all((p.grad.chunk(3)[0] == 0).all() for p in cnn.parameters())
        changed = patches.detach().clone()
        changed[:, 0] = 7.0
        torch.testing.assert_close(cnn(changed)[:, 1:], out[:, 1:])

    def test_one_after_the_other_is_all_at_once(self, dims):
        cnn, alone = self.make(dims), self.make(dims, regions=1)
        with torch.no_grad():
            for mine, all_of_them in zip(alone.parameters(), cnn.parameters(), strict=True):
                mine.copy_(all_of_them.chunk(3)[2])
        patches = torch.rand(4, 3, 1, *(8,) * dims)
        torch.testing.assert_close(alone(patches[:, 2:])[:, 0], cnn(patches)[:, 2], atol=1e-5, rtol=1e-4)

    def test_it_learns_to_reconstruct(self, dims):
        cnn = self.make(dims, regions=2, size=4)
        decoder = RegionPatchDecoder(cnn, WIDTHS, 6)
        both = torch.nn.ModuleList([cnn, decoder])
        optimiser = torch.optim.Adam(both.parameters(), 1e-2)
        ramp = torch.linspace(0, 1, 4).expand(8, 2, 1, *(4,) * dims)
        patches = ramp * torch.rand(8, 2, 1, *(1,) * dims)
        losses = []
        for _ in range(60):
            loss = (decoder(cnn(patches)) - patches).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        assert losses[-1] < 0.5 * patches.var()

    def test_turning_keeps_the_pixels(self, dims):
        torch.manual_seed(0)
        patches = torch.rand(40, 2, 1, *(4,) * dims)
        turned = augment(patches, dims)
        flat, other = patches.flatten(2).sort(-1).values, turned.flatten(2).sort(-1).values
        torch.testing.assert_close(flat, other)
        moved = (patches != turned).flatten(2).any(-1).float().mean()
        assert 0.3 < moved < 0.7
        assert torch.equal(augment(patches, dims, chance=0.0), patches)
        assert (augment(patches, dims, chance=1.0) != patches).flatten(2).any(-1).all()


def test_wrong_sizes_are_told():
    with pytest.raises(MapleError, match="dims=4"):
        RegionPatchCNN(4)
    with pytest.raises(MapleError, match=r"expected \(M, 2, 1, 8, 8\)"):
        RegionPatchCNN(2, 8, 2, 4, WIDTHS)(torch.rand(3, 1, 1, 8, 8))
    assert RegionPatchCNN(widths=WIDTHS).connect.weight.shape[0] == 768
