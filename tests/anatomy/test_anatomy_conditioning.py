import pytest
import torch

from maple_lib.anatomy import RegionExperts, RegionFiLM, RegionTokens
from maple_lib.anatomy.experts import ExpertLinear
from maple_lib.errors import MapleError

B, N, R, D = 3, 16, 4, 8


@pytest.fixture
def scene():
    torch.manual_seed(0)
    weights = torch.rand(B, R, 4, 4)
    valid = torch.ones(B, R, dtype=torch.bool)
    valid[:, 2] = False  # region 2 is missing everywhere
    return torch.randn(B, N, D), weights, valid


def wiggle(module):
    with torch.no_grad():
        for p in module.parameters():
            p.add_(torch.randn_like(p) * 0.3)
    return module


class TestFiLM:
    def test_it_begins_as_no_change(self, scene):
        patches, weights, _ = scene
        torch.testing.assert_close(RegionFiLM(R, D)(patches, weights), patches)

    def test_a_patch_in_one_region_gets_its_scale_and_shift(self):
        film = wiggle(RegionFiLM(R, D))
        patches, weights = torch.randn(1, N, D), torch.zeros(1, R, 4, 4)
        weights[0, 1, 0, 0] = 1
        out = film(patches, weights)
        torch.testing.assert_close(out[0, 0], patches[0, 0] * (1 + film.scale[1]) + film.shift[1])
        torch.testing.assert_close(out[0, 1:], patches[0, 1:])

    def test_a_missing_region_neither_matters_nor_trains(self, scene):
        patches, weights, valid = scene
        film = wiggle(RegionFiLM(R, D))
        out = film(patches, weights, valid)
        out.square().sum().backward()
        assert (film.scale.grad[2] == 0).all()
        assert (film.shift.grad[2] == 0).all()
        assert (film.scale.grad[[0, 1, 3]] != 0).all()
        foul = weights.clone()
        foul[:, 2] = torch.nan
        torch.testing.assert_close(film(patches, foul, valid), out)


class TestTokens:
    def test_a_token_sees_its_region_alone(self, scene):
        patches, _, _ = scene
        tokens, weights = RegionTokens(R, D, heads=2), torch.zeros(B, R, 4, 4)
        weights[:, 0, :2] = 1
        one, visible = tokens(patches, weights)
        changed = patches.clone()
        changed[:, 8:] = 5.0
        other, _ = tokens(changed, weights)
        assert visible.tolist() == [[True, False, False, False]] * B
        torch.testing.assert_close(one[:, 0], other[:, 0])
        whole = RegionTokens(R, D, heads=2, inside=False)
        assert (whole(patches, weights)[0][:, 0] - whole(changed, weights)[0][:, 0]).abs().max() > 1e-3

    def test_a_missing_region_neither_shows_nor_trains(self, scene):
        patches, weights, valid = scene
        tokens = RegionTokens(R, D, heads=2)
        patches.requires_grad_()
        out, visible = tokens(patches, weights, valid)
        assert (out[:, 2] == 0).all()
        assert not visible[:, 2].any()
        out[:, 2].sum().backward(retain_graph=True)
        assert (patches.grad == 0).all()
        out.square().sum().backward()
        assert (tokens.tokens.grad[2] == 0).all()
        assert (tokens.tokens.grad[0] != 0).any()

    def test_heads_must_share_the_width(self):
        with pytest.raises(MapleError, match="multiple of 3"):
            RegionTokens(R, D, heads=3)


class TestExperts:
    def test_side_by_side_is_one_after_the_other(self):
        torch.manual_seed(0)
        linear, rows = ExpertLinear(R, D, 5), torch.randn(R, 2, 3, D)
        naive = torch.stack([rows[e] @ linear.weight[e] + linear.bias[e] for e in range(R)])
        torch.testing.assert_close(linear(rows), naive)

    def test_every_region_has_its_own(self, scene):
        experts = RegionExperts(R, D)
        same = torch.randn(1, 1, D).expand(1, R, D)
        out = experts(same, torch.ones(1, R, dtype=torch.bool))
        assert (out[0, 0] - out[0, 1]).abs().max() > 1e-3

    def test_a_missing_region_neither_shows_nor_trains(self, scene):
        _, _, valid = scene
        regions = torch.randn(B, R, D)
        regions[:, 2] = torch.nan
        regions.requires_grad_()
        experts = RegionExperts(R, D)
        out = experts(regions, valid)
        out.square().sum().backward()
        assert (out[:, 2] == 0).all()
        assert (regions.grad[:, 2] == 0).all()
        for p in experts.parameters():
            assert (p.grad[2] == 0).all()
            assert (p.grad[0] != 0).any()
