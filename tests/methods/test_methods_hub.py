import json

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.methods import create_method, load_method, method_class
from maple_lib.methods.card import add_metrics
from maple_lib.methods.saving import save_method

SMALL = {
    "image_size": 64, "image_width": 16, "text_width": 32, "text_layers": 1, "dim": 8, "head_hidden": 16,
}  # fmt: skip


def test_the_hub_s_calls_write_and_read_the_same_folder(tmp_path):
    torch.manual_seed(0)
    method = create_method("asg", "tiny", **SMALL)
    method.save_pretrained(tmp_path / "m")
    names = {p.name for p in (tmp_path / "m").iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json", "README.md"}
    again = method_class("asg").from_pretrained(str(tmp_path / "m"))
    for one, two in zip(method.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(one, two)
    assert again.config == method.config


def test_a_card_tells_what_was_measured(tmp_path):
    save_method(create_method("asg", "tiny", **SMALL), tmp_path / "m")
    assert "Nothing yet" in (tmp_path / "m" / "README.md").read_text()
    add_metrics(tmp_path / "m", {"pointing game": {"value": 0.51234, "protocol": "p/1"}})
    add_metrics(tmp_path / "m", {"CNR": 1.5})
    card = (tmp_path / "m" / "README.md").read_text()
    assert "value 0.512, protocol p/1" in card
    assert "| CNR | 1.500 |" in card
    assert set(json.loads((tmp_path / "m" / "metrics.json").read_text())) == {"pointing game", "CNR"}


def test_a_name_that_cannot_be_fetched_says_what_works_offline(monkeypatch):
    import huggingface_hub

    def refuse(*args, **kwargs):
        raise ConnectionError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(MapleError, match=r"'someone/model'.*ConnectionError.*data_samples"):
        load_method("someone/model")


def test_a_path_that_is_not_there_is_no_hub_name():
    with pytest.raises(MapleError, match=r"runs/none/model.*no such folder"):
        load_method("runs/none/model")
