import pytest
import torch

from maple_lib.encoders.heads import ProjectionHead
from maple_lib.encoders.image import ImageEncoder
from maple_lib.errors import MapleError


@pytest.mark.parametrize("name", ["regnetx_002", "mobilenetv3_small_100", "resnet18"])
def test_any_convolutional_backbone_gives_the_grid_it_promises(name):
    encoder = ImageEncoder(name, image_size=64, strides=(8, 16), width=16)
    assert encoder.grid == (8, 8)
    assert encoder(torch.rand(2, 1, 64, 64)).shape == (2, 64, 16)


@pytest.mark.parametrize("name", ["regnetx_002", "resnet18", "convnext_atto"])
def test_a_patch_looks_at_its_own_place(name):
    """The gradient of a patch is centred on the patch: no map is half a patch off."""
    torch.manual_seed(0)
    encoder = ImageEncoder(name, image_size=128, strides=(8, 16), width=16).eval()
    image = torch.full((1, 1, 128, 128), 0.1, requires_grad=True)
    weight = torch.zeros(128)
    for k in range(8):
        patch = encoder(image)[0, 7 * 16 + 7] @ torch.randn(16, generator=torch.Generator().manual_seed(k))
        (gradient,) = torch.autograd.grad(patch, image)
        squares = gradient[0, 0].square()
        weight += (squares.sum(0) + squares.sum(1)) / squares.sum()
    centre = float(weight @ (torch.arange(128) + 0.5) / weight.sum())
    assert centre == pytest.approx(7.5 * 8, abs=2.0)


def test_wrong_shape_says_what_was_expected():
    encoder = ImageEncoder(image_size=64, width=8)
    with pytest.raises(MapleError, match=r"\(64, 64\).*expected \(B, 1, 64, 64\)"):
        encoder(torch.rand(64, 64))


def test_an_unknown_backbone_names_close_ones():
    with pytest.raises(MapleError, match="resnet18"):
        ImageEncoder("resnet_18")


def test_a_stride_that_is_not_there_is_named():
    with pytest.raises(MapleError, match="stride 7"):
        ImageEncoder("resnet18", strides=(7,))


def test_padding_takes_no_part_in_the_head():
    torch.manual_seed(0)
    head = ProjectionHead(4, 3, 8)
    x, valid = torch.randn(2, 5, 4), torch.ones(2, 5, dtype=torch.bool)
    valid[1, 3:] = False
    out = head(x, valid)
    x[1, 3:] = 100
    again = ProjectionHead(4, 3, 8)
    again.load_state_dict(head.state_dict())
    torch.testing.assert_close(out, again(x, valid))
    assert (out[1, 3:] == 0).all()
