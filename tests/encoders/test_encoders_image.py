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


def test_patches_stay_in_their_place():
    """Changing pixels in the upper left corner changes that corner's patch most."""
    torch.manual_seed(0)
    encoder = ImageEncoder(image_size=128, strides=(8,), width=16).eval()
    base = torch.full((1, 1, 128, 128), 0.5)
    changed = base.clone()
    changed[..., :8, :8] = 1
    with torch.inference_mode():
        difference = (encoder(changed) - encoder(base)).norm(dim=-1)[0]
    assert int(difference.argmax()) in {0, 1, 16, 17}


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
