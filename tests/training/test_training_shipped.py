import json
import shutil

import pytest
import torch

import maple_lib
from maple_lib.errors import MapleError
from maple_lib.methods import create_method, shipped
from maple_lib.methods.card import add_metrics
from maple_lib.methods.saving import save_method
from maple_lib.methods.shipped import checksums, file_digest, find_shipped
from maple_lib.training.shipped import Order, make_checkpoints, write_data_card

SMALL = {
    "image_size": 64, "image_width": 16, "text_width": 32, "text_layers": 1, "dim": 16, "head_hidden": 16,
    "batch_size": 4, "text_warm_steps": 1, "image_warm_steps": 1, "steps": 2, "studies": 8, "workers": 1,
}  # fmt: skip


def make(place, methods=("convirt", "lse_nl"), half=True, **more):
    fields = {**SMALL, "cache": str(place / "cache"), **more}
    out = place / "data_samples" / "checkpoints"
    made = make_checkpoints(
        out, methods, Order("tiny", half, tuple(fields.items())), place / "runs", progress=False
    )
    return out, made


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("shipped")
    make(place)
    return place


@pytest.fixture
def place(made, tmp_path):
    """A copy that a test may spoil."""
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_checkpoint_is_whole_and_says_what_it_is(place):
    folder = place / "data_samples" / "checkpoints"
    for name in ("convirt", "lse_nl"):
        names = {path.name for path in (folder / name).iterdir()}
        assert names == {"README.md", "config.json", "model.safetensors", "run.json", "tokenizer.json"}
        assert "license: cc-by-4.0" in (folder / name / "README.md").read_text()
        facts = json.loads((folder / name / "run.json").read_text())
        assert facts["made"]["steps"] == 4
        assert facts["made"]["seconds"] > 0
        assert facts["versions"]["torch"] == torch.__version__.split("+")[0]
        assert str(place) not in json.dumps(facts)
    card = (folder / "README.md").read_text()
    weights = create_method("convirt", **{k: v for k, v in SMALL.items() if k in SIZES}).state_dict()
    assert f"| `convirt` | {sum(t.numel() for t in weights.values()):,} |" in card
    assert "maple checkpoints --preset tiny --half" in card
    assert "CC BY 4.0" in card


SIZES = ("image_size", "image_width", "text_width", "text_layers", "dim", "head_hidden")


def test_the_checksums_are_those_of_all_files(place):
    folder = place / "data_samples" / "checkpoints"
    sums = checksums((folder / "SHA256SUMS").read_text())
    files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} - {"SHA256SUMS"}
    assert sums.keys() == files
    assert all(file_digest(folder / name) == digest for name, digest in sums.items())


def test_a_method_s_name_opens_the_shipped_one(place, monkeypatch):
    monkeypatch.setattr(shipped, "__file__", str(place / "maple_lib" / "methods" / "shipped.py"))
    monkeypatch.chdir(place)
    opened = maple_lib.load_method("convirt")
    assert opened.config.method == "convirt"
    with pytest.raises(MapleError, match=r"data_samples/checkpoints/asg.*maple checkpoints --methods asg"):
        maple_lib.load_method("asg")
    with pytest.raises(MapleError, match=r"'asgg'.*no such folder.*asg, convirt"):
        maple_lib.load_method("asgg")


def test_the_working_folder_may_hold_them_too(place, monkeypatch):
    monkeypatch.setattr(shipped, "__file__", "/nowhere/maple_lib/methods/shipped.py")
    monkeypatch.chdir(place)
    assert find_shipped("lse_nl").name == "lse_nl"
    save_method(create_method("gloria"), "lse_nl")  # a folder goes before a name
    assert maple_lib.load_method("lse_nl").config.method == "gloria"


def test_other_bytes_than_were_shipped_are_refused(place, monkeypatch):
    monkeypatch.setattr(shipped, "__file__", str(place / "maple_lib" / "methods" / "shipped.py"))
    weights = place / "data_samples" / "checkpoints" / "convirt" / "model.safetensors"
    weights.write_bytes(b"version https://git-lfs")
    with pytest.raises(MapleError, match=r"model\.safetensors: its bytes are not"):
        maple_lib.load_method("convirt")


def test_a_finished_run_is_not_repeated_and_others_stay(place, monkeypatch):
    folder = place / "data_samples" / "checkpoints"
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    monkeypatch.setattr("maple_lib.training.run.run_stages", None)  # a call would fail
    make(place, ["convirt"])
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_what_was_measured_goes_along(place):
    add_metrics(place / "runs" / "convirt" / "model", {"pointing game": 0.5})
    out, _ = make(place, ["convirt"])
    assert "pointing game | 0.500" in (out / "convirt" / "README.md").read_text()
    add_metrics(out / "lse_nl", {"pointing game": 0.25})
    assert "license: cc-by-4.0" in (out / "lse_nl" / "README.md").read_text()
    write_data_card(out)
    sums = checksums((out / "SHA256SUMS").read_text())
    assert sums["lse_nl/metrics.json"] == file_digest(out / "lse_nl" / "metrics.json")


def test_another_run_in_the_place_and_bad_names_are_refused(place):
    with pytest.raises(MapleError, match="differs in lr"):
        make(place, ["convirt"], lr=3e-4)
    with pytest.raises(MapleError, match="'nope'"):
        make(place, ["convirt", "nope"])
    (place / "file").write_text("")
    with pytest.raises(MapleError, match="a file, not a folder"):
        make_checkpoints(place / "file", ["convirt"], Order("tiny"), place / "runs", progress=False)
    foreign = place / "data_samples" / "checkpoints" / "gloria"
    save_method(create_method("gloria"), foreign)
    with pytest.raises(MapleError, match=r"gloria: holds no checkpoint"):
        write_data_card(foreign.parent)


def test_half_precision_stores_half_and_computes_alike(tmp_path):
    method = create_method("convirt", image_size=64).eval()
    whole, half = save_method(method, tmp_path / "whole"), save_method(method, tmp_path / "half", half=True)
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (whole, half)]
    assert 0.49 < sizes[1] / sizes[0] < 0.55
    assert next(method.parameters()).dtype == torch.float32, "the method itself is not changed"
    opened = maple_lib.load_method(half)
    assert {t.dtype for t in opened.state_dict().values() if t.is_floating_point()} == {torch.float32}
    images = torch.rand(2, 1, 64, 64)
    with torch.inference_mode():
        one, two = method.encode_images(images).patches, opened.encode_images(images).patches
    assert (one * two).sum(-1).min() > 0.999
    norms = [k for k, v in method.state_dict().items() if v.ndim == 1 and "running_var" in k]
    assert norms
    assert all(torch.equal(method.state_dict()[k], opened.state_dict()[k]) for k in norms)


def test_a_weight_beyond_half_precision_is_named(tmp_path):
    method = create_method("convirt", image_size=64)
    with torch.no_grad():
        method.head("text").expand.weight[0, 0] = 1e6
    with pytest.raises(MapleError, match=r"text_head.*too large"):
        save_method(method, tmp_path / "half", half=True)
    assert list(tmp_path.iterdir()) == []


def test_a_saved_folder_is_open_to_whom_the_folder_is(tmp_path):
    folder = save_method(create_method("convirt", image_size=64), tmp_path / "model")
    (tmp_path / "plain").mkdir()
    assert folder.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert len({path.stat().st_mode for path in folder.iterdir()}) == 1
