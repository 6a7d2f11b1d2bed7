import pytest
import torch

from maple_lib.encoders import ClassTokenPool, GatedAttentionPool
from maple_lib.errors import MapleError

B, N, D = 4, 6, 8


def make(kind):
    torch.manual_seed(0)
    pool = ClassTokenPool(D, layers=2, heads=2) if kind == "class" else GatedAttentionPool(D, 5)
    return pool.eval()


@pytest.fixture
def bags():
    torch.manual_seed(1)
    valid = torch.rand(B, N) > 0.4
    valid[:, 0], valid[3] = True, False  # the last bag is empty
    return torch.randn(B, N, D), valid


@pytest.mark.parametrize("kind", ["class", "gated"])
class TestBoth:
    def test_weights_are_shares_of_what_is_there(self, kind, bags):
        patches, valid = bags
        pooled, weights = make(kind)(patches, valid)
        assert pooled.shape == (B, D)
        torch.testing.assert_close(weights.sum(-1), torch.tensor([1.0, 1.0, 1.0, 0.0]))
        assert (weights[~valid] == 0).all()
        assert (weights >= 0).all()

    def test_padding_neither_matters_nor_trains(self, kind, bags):
        patches, valid = bags
        pool = make(kind)
        patches.requires_grad_()
        pooled, weights = pool(patches, valid)
        pooled.square().sum().backward()
        assert (patches.grad[~valid] == 0).all()
        assert (patches.grad[valid].abs().sum(-1) > 0).all()
        foul = patches.detach().masked_fill(~valid[..., None], torch.nan)
        again, others = pool(foul, valid)
        torch.testing.assert_close(again, pooled)
        torch.testing.assert_close(others, weights)

    def test_a_longer_padding_changes_nothing(self, kind, bags):
        patches, valid = bags
        pool = make(kind)
        longer = torch.cat([patches, torch.randn(B, 3, D)], 1), torch.nn.functional.pad(valid, (0, 3))
        torch.testing.assert_close(pool(*longer)[0], pool(patches, valid)[0])

    def test_a_bag_has_no_order(self, kind, bags):
        patches, valid = bags
        pool, order = make(kind), torch.randperm(N)
        pooled, weights = pool(patches, valid)
        turned, others = pool(patches[:, order], valid[:, order])
        torch.testing.assert_close(turned, pooled)
        torch.testing.assert_close(others, weights[:, order])

    def test_shapes_are_told(self, kind, bags):
        with pytest.raises(MapleError, match="valid"):
            make(kind)(bags[0], bags[1][:, :-1])

    def test_it_learns_to_look_at_the_patch_that_tells(self, kind):
        torch.manual_seed(0)
        pool = make(kind)
        decide = torch.nn.Linear(D, 1)
        optimiser = torch.optim.Adam([*pool.parameters(), *decide.parameters()], 1e-2)
        valid = torch.ones(32, N, dtype=torch.bool)
        for _ in range(100):
            patches, label = torch.randn(32, N, D) * 0.3, torch.randint(0, 2, (32,)).float()
            patches[:, 2, 0] = 3 * (2 * label - 1)
            patches[:, 2, 1] = 4
            logits = decide(pool(patches, valid)[0])[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, label)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        assert loss < 0.3
        if kind == "gated":  # a class token may look elsewhere in its last layer: it has two
            assert pool(patches, valid)[1].mean(0).argmax() == 2


def test_gated_weights_are_ilses_formula(bags):
    pool, patches = make("gated"), bags[0]
    a, b = torch.tanh(pool.content(patches)), torch.sigmoid(pool.gate(patches))
    naive = (pool.score(a * b)[..., 0]).softmax(-1)
    pooled, weights = pool(patches, torch.ones(B, N, dtype=torch.bool))
    torch.testing.assert_close(weights, naive)
    torch.testing.assert_close(pooled, torch.einsum("bn,bnd->bd", naive, patches))


def test_networks_side_by_side_are_one_after_the_other(bags):
    torch.manual_seed(0)
    many, alone = ClassTokenPool(D, 2, 2, experts=3).eval(), make("class")
    patches, valid = torch.randn(3, B, N, D), bags[1].expand(3, -1, -1)
    pooled, weights = many(patches, valid)
    for e in range(3):
        with torch.no_grad():
            for mine, theirs in zip(alone.parameters(), many.parameters(), strict=True):
                mine.copy_(theirs[e : e + 1])
        one, share = alone(patches[e], valid[e])
        torch.testing.assert_close(one, pooled[e], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(share, weights[e], atol=1e-5, rtol=1e-4)


def test_the_papers_size_is_the_default():
    with torch.device("meta"):
        pool = ClassTokenPool()
    assert (len(pool.layers), pool.layers[0].heads, pool.dim, pool.layers[0].dropout.p) == (6, 12, 768, 0.1)
    with pytest.raises(MapleError, match="multiple of 5"):
        ClassTokenPool(8, heads=5)
