import json

import pytest
import torch

import maple_lib
from maple_lib.data.batch import collate
from maple_lib.errors import MapleError
from maple_lib.methods import create_method, list_methods, load_method
from maple_lib.methods.config import MethodConfig
from maple_lib.methods.saving import save_method, whole_folder

SMALL = {
    "image_size": 64,
    "image_width": 32,
    "text_width": 32,
    "text_layers": 1,
    "dim": 16,
    "head_hidden": 32,
}


def small(name, **overrides):
    torch.manual_seed(0)
    return create_method(name, "tiny", **SMALL, **overrides)


@pytest.mark.parametrize("name", list_methods())
class TestEveryMethod:
    def test_losses_are_named_finite_and_train_everything(self, name, toy_records):
        method = small(name)
        terms = method.losses(collate(toy_records))
        assert terms
        assert all(t.ndim == 0 and torch.isfinite(t) for t in terms.values())
        method.total(terms).backward()
        own = [s for s in method.stage_names if not s.startswith("warm")]
        trained = {p for stage in own for p in method.stage_parameters(stage)}
        without = [n for n, p in method.named_parameters() if p.grad is None and p in trained]
        assert [n for n in without if "pooler" not in n] == []

    def test_permuting_the_studies_changes_no_loss(self, name, toy_records):
        method = small(name).eval()
        order = torch.randperm(len(toy_records), generator=torch.Generator().manual_seed(1)).tolist()
        with torch.inference_mode():
            one = method.losses(collate(toy_records))
            other = method.losses(collate([toy_records[i] for i in order]))
        for key in one:
            torch.testing.assert_close(one[key], other[key], atol=2e-5, rtol=1e-5)

    def test_permuting_the_studies_permutes_the_features(self, name, toy_records):
        method = small(name).eval()
        batch, turned = collate(toy_records), collate(toy_records[::-1])
        with torch.inference_mode():
            one = method.encode_images(batch.images, batch.regions)
            other = method.encode_images(turned.images, turned.regions)
        torch.testing.assert_close(one.pooled, other.pooled.flip(0), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(one.regions, other.regions.flip(0), atol=1e-5, rtol=1e-4)

    def test_features_have_their_shapes_and_norms(self, name, toy_records):
        method = small(name).eval()
        batch = collate(toy_records[:3])
        images = method.encode_images(batch.images, batch.regions)
        texts = method.encode_texts(["No pneumothorax.", "Cardiomegaly.", "Left effusion. Stable nodule."])
        assert images.patches.shape == (3, 64, 16)
        assert texts.words.shape[0] == 3
        for unit in (images.pooled, images.patches, texts.pooled):
            torch.testing.assert_close(unit.norm(dim=-1), torch.ones(unit.shape[:-1]))
        heat = method.similarity_map(images, texts)
        assert heat.shape == (3, 8, 8)
        assert heat.abs().max() <= 1 + 1e-5

    def test_a_batch_without_regions_or_sentences_is_defined(self, name, toy_records):
        silent = [
            type(r)(r.study_id, r.pixels, r.regions * 0, r.sentences, r.statements) for r in toy_records[:4]
        ]
        terms = small(name).losses(collate(silent))
        assert all(torch.isfinite(t) for t in terms.values())

    def test_a_pixel_that_is_no_number_is_told(self, name, toy_records):
        method, images = small(name).eval(), collate(toy_records[:3]).images
        images[1, 0, 5, 5] = float("nan")
        with pytest.raises(MapleError, match=r"images \[1\].*NaN"):
            method.encode_images(images)

    def test_an_unknown_backbone_is_told(self, name):
        with pytest.raises(MapleError, match=r"resnet18.*close names"):
            create_method(name, "tiny", **SMALL | {"image_encoder": "resnet18x"})

    def test_saved_and_loaded_it_says_the_same(self, name, toy_records, tmp_path):
        method = small(name).eval()
        save_method(method, tmp_path / "m")
        again = load_method(str(tmp_path / "m"))
        batch = collate(toy_records[:2])
        with torch.inference_mode():
            torch.testing.assert_close(
                method.encode_images(batch.images).pooled, again.encode_images(batch.images).pooled
            )
            torch.testing.assert_close(
                method.encode_texts(["Edema."]).pooled, again.encode_texts(["Edema."]).pooled
            )


def test_a_text_of_two_sentences_is_the_mean_of_both():
    method = small("asg").eval()
    with torch.inference_mode():
        both = method.encode_texts(["No pneumothorax. Cardiomegaly.", "Cardiomegaly."])
        first = method.encode_texts(["No pneumothorax."])
    mean = (first.phrase[0] + both.phrase[1]) / 2
    torch.testing.assert_close(both.phrase[0], mean, atol=1e-5, rtol=1e-4)


def test_a_term_can_be_weighed():
    method = small("asg", weights={"global": 0.0})
    terms = {"global": torch.tensor(5.0), "region_sentence": torch.tensor(2.0)}
    assert method.total(terms) == 2
    assert not method.uses("global")


def test_unknown_names_list_what_there_is():
    with pytest.raises(MapleError, match="asg"):
        create_method("asgg")
    with pytest.raises(MapleError, match=r"tiny, laptop, gpu"):
        create_method("asg", "huge")
    with pytest.raises(MapleError, match=r"'depth'.*image_encoder"):
        create_method("asg", depth=3)


def test_damaged_checkpoints_are_named(tmp_path):
    method = small("asg")
    for name, harm, says in (
        ("model.safetensors", lambda p: p.write_bytes(p.read_bytes()[:1000]), "half-written"),
        ("model.safetensors", lambda p: p.unlink(), "no such file"),
        ("config.json", lambda p: p.write_text("{"), "not valid JSON"),
        ("config.json", lambda p: p.write_text(json.dumps({"colour": 1})), "'colour'"),
        ("config.json", lambda p: p.unlink(), "holds no config.json"),
        ("tokenizer.json", lambda p: p.write_text("{}"), "not a tokenizer"),
        ("config.json", lambda p: p.write_text(json.dumps(MethodConfig(dim=8).to_dict())), "does not fit"),
    ):
        save_method(method, tmp_path / "m")
        harm(tmp_path / "m" / name)
        with pytest.raises(MapleError, match=says):
            load_method(str(tmp_path / "m"))


def test_a_folder_is_written_whole_or_not_at_all(tmp_path):
    save = tmp_path / "model"
    with whole_folder(save) as folder:
        (folder / "a").write_text("first")

    def stopped_while_writing():
        with whole_folder(save) as folder:
            (folder / "a").write_text("second")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_while_writing()
    assert (save / "a").read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_public_names_reach_the_registry():
    assert "asg" in maple_lib.list_methods()
