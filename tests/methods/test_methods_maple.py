import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from maple_lib.data.batch import collate
from maple_lib.data.phantoms import phantom_studies
from maple_lib.data.record import FINDING_INDEX, REGION_INDEX, Record, make_record
from maple_lib.errors import MapleError
from maple_lib.methods import create_method, load_method
from maple_lib.methods.maple_answers import findings_of
from maple_lib.methods.maple_memory import corpus_statements
from maple_lib.methods.maple_options import ANATOMIES, MapleOptions, anatomy_of
from maple_lib.methods.saving import save_method
from maple_lib.methods.state_likeness import corpus_likeness, state_likeness
from maple_lib.training import read_log, train_config
from maple_lib.training.corpus import Corpus
from maple_lib.training.loop import Run, run_stages

OPTIONS = {
    "patch": 8,
    "patch_widths": (4, 4, 8, 8, 8),
    "bag": 8,
    "pool_layers": 1,
    "pool_heads": 2,
    "codebook": 3,
}
SMALL = {"image_size": 64, "text_width": 32, "text_layers": 1, "text_heads": 2, "dim": 16}
FEW = ("pleural effusion", "pneumothorax", "cardiomegaly")
STEPS = {"batch_size": 4, "text_warm_steps": 3, "image_warm_steps": 3, "steps": 6, "save_every": 2}
SAID = {
    "pleural effusion": ("left costophrenic angle", "No pleural effusion.", "Small left effusion."),
    "pneumothorax": ("left lung", "No pneumothorax.", "Left pneumothorax."),
    "cardiomegaly": ("cardiac silhouette", "Heart size is normal.", "The heart is enlarged."),
}


def record(i, size=64, grid=8):
    """Two statements of FEW; a finding that is present leaves a bright corner in its region."""
    rng = np.random.default_rng([4, i])
    pixels = rng.integers(60, 120, (size, size)).astype(np.uint8)
    regions = np.zeros((len(REGION_INDEX), grid, grid), np.uint8)
    for k, names in enumerate(ANATOMIES.values()):
        for name in names:
            regions[REGION_INDEX[name], k : k + 3, 1:7] = 255
    rows, sentences = [], []
    for finding in [FEW[k] for k in rng.permutation(3)[:2]]:
        region, *told = SAID[finding]
        state = int(rng.integers(0, 2))
        if state:
            top = 8 * list(ANATOMIES).index(list(ANATOMIES)[anatomy_of(finding)])
            pixels[top : top + 16, 16:32] = 250
        rows.append((len(sentences), REGION_INDEX[region], FINDING_INDEX[finding], state))
        sentences.append(told[state])
    return Record(f"made-{i}", pixels, regions, tuple(sentences), np.array(rows, np.int16))


@pytest.fixture(scope="module")
def records():
    return [record(i) for i in range(12)]


def small(**options):
    torch.manual_seed(0)
    return create_method("maple", **SMALL, options={**OPTIONS, "findings": FEW, **options})


def start(folder, records, name="run", options=None, **overrides):
    config = train_config(
        "maple", **{**SMALL, **STEPS, "options": {**OPTIONS, "findings": FEW, **(options or {})}, **overrides}
    )
    (folder / name).mkdir(exist_ok=True)
    return run_stages(
        Run(config, folder / name, Accelerator(), Corpus(tuple(records)), progress=False)
    ), folder / name


class TestStages:
    def test_each_changes_its_own_part_alone(self, tmp_path, records):
        method = small()
        parts = {
            "text_states": {"text_encoder", "text_encoders", "states"},
            "patch_reconstruction": {"image_encoder"},
            "align": {"aligned"},
        }
        for stage, expected in parts.items():
            mine = {id(p) for p in method.stage_parameters(stage)}
            changed = {n.split(".")[0] for n, p in method.named_parameters() if id(p) in mine}
            assert changed <= expected
            terms = method.stage_losses(stage, collate(records))
            method.zero_grad()
            method.total(terms).backward()
            touched = {n.split(".")[0] for n, p in method.named_parameters() if p.grad is not None}
            assert touched <= expected

    def test_they_run_in_order_and_are_logged_by_name(self, tmp_path, records):
        _, run = start(tmp_path, records)
        rows = read_log(run)
        assert list(dict.fromkeys(r["stage"] for r in rows)) == [
            "text_states",
            "patch_reconstruction",
            "align",
        ]
        assert {tuple(r["loss"]) for r in rows} == {
            ("total", "text_states"), ("total", "reconstruction"), ("total", "triplet"),
        }  # fmt: skip

    def test_alignment_never_asks_the_frozen_networks_again(self, tmp_path, records, monkeypatch):
        calls = {"align": 0, "other": 0}
        method_of = {}
        from maple_lib.encoders.patch_cnn import RegionPatchCNN
        from maple_lib.encoders.text import TextEncoder
        from maple_lib.methods.maple import MAPLE

        def counted(kind):
            plain = kind.forward

            def forward(self, *args):
                calls[method_of.get("now", "other")] += 1
                return plain(self, *args)

            return forward

        plain_losses = MAPLE.stage_losses

        def watched(self, stage, batch):
            method_of["now"] = "align" if stage == "align" else "other"
            try:
                return plain_losses(self, stage, batch)
            finally:
                method_of["now"] = "other"

        monkeypatch.setattr(RegionPatchCNN, "forward", counted(RegionPatchCNN))
        monkeypatch.setattr(TextEncoder, "forward", counted(TextEncoder))
        monkeypatch.setattr(MAPLE, "stage_losses", watched)
        start(tmp_path, records)
        assert calls["align"] == 0
        assert calls["other"] > 6
        small().stage_losses("align", collate(records))  # without a corpus they are asked: the count can fail
        assert calls["align"] == 2

    def test_what_is_remembered_is_what_would_be_computed(self, records):
        method = small().eval()
        method.begin_stage("align", records)
        remembered, method.memory = method.memory, None
        fresh = method.stage_losses("align", collate(records))["triplet"]
        method.memory = remembered
        torch.testing.assert_close(method.stage_losses("align", collate(records))["triplet"], fresh)
        bags, valid = method.bags(collate(records[2:5]))
        assert torch.equal(bags, method.memory.bags[2:5])
        assert torch.equal(valid, method.memory.valid[2:5])
        other = replace(collate(records[:2]), study_ids=("new", "newer"))
        torch.testing.assert_close(method.bags(other)[0], method.memory.bags[:2], atol=1e-5, rtol=1e-4)

    @pytest.mark.parametrize(
        "stop_at", [("text_states", 1), ("patch_reconstruction", 2), ("align", 0), ("align", 5)]
    )
    def test_a_stopped_run_goes_on_to_the_same_weights(self, tmp_path, records, monkeypatch, stop_at):
        from maple_lib.training.objective import Objective

        whole, run = start(tmp_path, records, "whole")
        forward, calls = Objective.forward, {}

        def stopping(self, batch):
            step = calls[self.stage] = calls.get(self.stage, -1) + 1
            if (self.stage, step) == stop_at:
                raise KeyboardInterrupt
            return forward(self, batch)

        monkeypatch.setattr(Objective, "forward", stopping)
        with pytest.raises(KeyboardInterrupt):
            start(tmp_path, records, "cut")
        monkeypatch.setattr(Objective, "forward", forward)
        again, cut = start(tmp_path, records, "cut")
        assert [r["loss"] for r in read_log(cut)] == [r["loss"] for r in read_log(run)]
        for name, tensor in whole.state_dict().items():
            assert torch.equal(tensor, again.state_dict()[name]), name


class TestFindings:
    def test_one_state_only_is_left_out_and_named(self, records):
        method = small()
        sure = [r for r in records if "Left pneumothorax." not in r.sentences]
        with pytest.warns(UserWarning, match="left out.*pneumothorax"):
            method.begin_stage("text_states", sure)
        assert method.aligned.learnt.tolist() == [True, False, True]
        _, spoken = method.stated(collate(sure))
        assert not spoken[1].any()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            method.begin_stage("patch_reconstruction", sure)

    def test_a_corpus_of_one_state_is_refused(self, records):
        silent = [Record(r.study_id, r.pixels, r.regions, (), np.zeros((0, 4), np.int16)) for r in records]
        with pytest.raises(MapleError, match="both present and absent"):
            small().begin_stage("text_states", silent)

    def test_uncertain_is_neither(self, records):
        doubt = records[0].statements.copy()
        doubt[:, 3] = 2
        unsure = Record("u", records[0].pixels, records[0].regions, records[0].sentences, doubt)
        assert corpus_statements([unsure], FEW) == {}
        assert not small().stated(collate([unsure]))[1].any()

    def test_every_finding_has_its_anatomy(self):
        names = list(ANATOMIES)
        where = {d: names[anatomy_of(d)] for d in MapleOptions().findings}
        assert where["pleural effusion"] == "bases"
        assert where["cardiomegaly"] == "heart"
        assert where["nodule"] == "lungs"
        assert where["line"] == where["tube"] == where["calcification"] == "mediastinum"

    def test_options_are_checked(self):
        with pytest.raises(MapleError, match=r"'colour'.*margin"):
            small(colour=1)
        with pytest.raises(MapleError, match="headache"):
            small(findings=("headache",))
        with pytest.raises(MapleError, match="no options"):
            create_method("asg", options={"margin": 1.0})

    def test_every_finding_may_have_a_text_encoder_of_its_own(self, records, tmp_path):
        method = small(text_per_finding=True)
        assert len(method.text_encoders) == 3
        method.total(method.losses(collate(records))).backward()
        assert all(p.grad is not None for p in method.text_encoders.parameters())
        method.eval()
        save_method(method, tmp_path / "m")
        again = load_method(str(tmp_path / "m"))
        said = ["No pneumothorax.", "Small left effusion."]
        with torch.inference_mode():
            torch.testing.assert_close(again.embed_states(said), method.embed_states(said))
            assert again.encode_texts(said).words.shape[::2] == (2, 16)

    def test_the_middle_line_may_be_walked_instead(self, records):
        grid, line = (small(strategy=s).image_encoder for s in ("grid", "skeleton"))
        batch = collate(records[:2])
        seen = [e.choose(batch.images, batch.regions, 64)[1].sum() for e in (grid, line)]
        assert 0 < seen[1] < seen[0]

    def test_a_mention_is_found(self):
        told = findings_of(["No pneumothorax.", "Small left effusion and cardiomegaly.", "Stable."], FEW)
        assert told.tolist() == [[0, 1, 0], [1, 0, 1], [0, 0, 0]]


class TestMissing:
    def test_a_missing_anatomy_has_no_anchor(self, records):
        method = small().eval()
        method.begin_stage("align", records)
        method.memory.valid[:, anatomy_of("cardiomegaly")] = False
        method.zero_grad()
        method.stage_losses("align", collate(records))["triplet"].backward()
        d = FEW.index("cardiomegaly")
        for p in method.aligned.parameters():
            assert (p.grad[d] == 0).all()
        assert any((p.grad[0] != 0).any() for p in method.aligned.parameters())

    def test_what_a_missing_region_holds_does_not_matter(self, records):
        method, batch = small().eval(), collate(records[:3])
        heart = REGION_INDEX["cardiac silhouette"]
        batch.regions[:, heart] = 0
        with torch.inference_mode():
            features = method.encode_images(batch.images, batch.regions)
        assert not features.region_valid[:, heart].any()
        assert (features.regions[:, heart] == 0).all()
        assert (features.attention[:, FEW.index("cardiomegaly")] == 0).all()
        torch.testing.assert_close(features.attention[:, 0].sum(-1), torch.ones(3))


class TestAnswers:
    def test_the_codebook_goes_with_the_checkpoint(self, tmp_path, records):
        method, _ = start(tmp_path, records)
        save_method(method, tmp_path / "m")
        again, batch = load_method(str(tmp_path / "m")), collate(records[:4])
        one, other = (m.zero_shot(batch.images, batch.regions) for m in (method, again))
        assert torch.equal(one.states, other.states)
        torch.testing.assert_close(one.scores, other.scores)
        assert method.codebook.valid.sum(-1).flatten().tolist() == [1] * 6  # one sentence a state here
        assert set(one.states.unique().tolist()) <= {0, 1}

    def test_an_untrained_method_has_none(self, records):
        with pytest.raises(MapleError, match="train the method"):
            small().eval().zero_shot(collate(records[:1]).images)

    def test_the_nearest_sentence_decides(self):
        method = small()
        codes = torch.zeros_like(method.codebook.codes)
        codes[:, 0, 0, 0] = codes[:, 1, 0, 1] = 1
        method.codebook.codes.copy_(codes)
        method.codebook.valid[:2, :, 0] = True
        images = torch.zeros(1, 3, 16)
        images[0, 0, 0] = images[0, 1, 1] = 1
        answer = method.codebook(images)
        assert answer.states.tolist() == [[0, 1, -1]]
        assert answer.scores[0, 2].isnan()

    def test_heat_lies_in_the_anatomy_of_the_phrase(self, records):
        method, batch = small().eval(), collate(records[:2])
        with torch.inference_mode():
            features = method.encode_images(batch.images, batch.regions)
            heat = method.similarity_map(
                features, method.encode_texts(["Cardiomegaly.", "Left pneumothorax."])
            )
        names = list(ANATOMIES)
        for row, finding in enumerate(("cardiomegaly", "pneumothorax")):
            inside = (
                batch.regions[row, [REGION_INDEX[r] for r in ANATOMIES[names[anatomy_of(finding)]]]].amax(0)
                > 0
            )
            assert (heat[row][~inside] == 0).all()
            assert heat[row].max() == 1


class TestLikeness:
    def test_by_hand(self):
        rows = torch.tensor([[1.0, 0], [0, 2], [3, 0], [-1, 0]])
        found = state_likeness("edema", rows, torch.tensor([1, 0, 1, 0]))
        assert found.states.tolist() == [0, 0, 1, 1]
        assert sorted(found.within.tolist()) == [0, 1]
        assert sorted(found.across.tolist()) == [-1, -1, 0, 0]
        with pytest.raises(MapleError, match="one way"):
            state_likeness("edema", rows, torch.ones(4))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Sixty steps on phantoms, after the two stages before them."""
    folder = tmp_path_factory.mktemp("maple")
    studies = phantom_studies(300, seed=3, size=64, difficulty="easy")
    made = [make_record(s, 64, (8, 8)) for s in studies]
    options = {"pool_layers": 1, "findings": (*FEW, "opacity")}
    sizes = {"image_size": 64, "text_layers": 1, "batch_size": 24, "options": options}
    steps = {"text_warm_steps": 200, "image_warm_steps": 60, "steps": 60}
    config = train_config("maple", **sizes, **steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        method = run_stages(Run(config, folder, Accelerator(), Corpus(tuple(made[:240])), progress=False))
    return method, read_log(folder), made[240:]


@pytest.mark.slow
class TestOnPhantoms:
    @pytest.mark.parametrize("stage", ["text_states", "patch_reconstruction", "align"])
    def test_the_loss_falls(self, trained, stage):
        losses = [r["loss"]["total"] for r in trained[1] if r["stage"] == stage]
        assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:5])

    def test_the_embeddings_do_not_collapse(self, trained):
        method, _, held_out = trained
        batch = collate(held_out)
        with torch.inference_mode():
            found = method.encode_images(batch.images, batch.regions).findings
        for d in method.aligned.learnt.nonzero().flatten().tolist():
            cosines = found[:, d] @ found[:, d].T
            assert cosines.min() < 0.9, method.options.findings[d]
        assert found.var(0).sum(-1).mean() > 0.05

    def test_states_of_held_out_sentences_stand_apart(self, trained):
        """MApLe's Fig. 2: > 0.9 within a state, < 0 across; before training both are high."""
        method, _, held_out = trained
        torch.manual_seed(0)
        fresh = create_method("maple", image_size=64, text_layers=1, options=method.config.options)
        for before, after in zip(
            corpus_likeness(fresh, held_out), corpus_likeness(method, held_out), strict=True
        ):
            assert after.within.mean() > 0.9, after.finding
            assert after.across.mean() < 0, after.finding
            assert before.across.mean() > 0.5, before.finding
