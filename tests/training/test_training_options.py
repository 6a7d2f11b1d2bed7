"""Options of training: what each changes, and what it must not."""

import json

import pytest
import torch
from accelerate import Accelerator
from toys import toy_record

from maple_lib.data.record_store import RecordStore, write_records
from maple_lib.errors import MapleError
from maple_lib.methods import create_method
from maple_lib.training import read_log, train, train_config
from maple_lib.training.average import MovingAverage
from maple_lib.training.corpus import Corpus
from maple_lib.training.loop import Run, run_stages
from maple_lib.training.optimiser import freeze, make_optimiser
from maple_lib.training.run import start_accelerator
from maple_lib.training.splitting import split_studies
from maple_lib.training.validation import Best
from maple_lib.training.watch import ChanceWatch

SMALL = {
    "image_size": 64, "image_width": 16, "text_width": 32, "text_layers": 1, "dim": 16, "head_hidden": 16,
}  # fmt: skip
SHORT = {**SMALL, "batch_size": 4, "text_warm_steps": 2, "image_warm_steps": 2, "steps": 6, "save_every": 2}


@pytest.fixture
def records():
    return [toy_record(i) for i in range(12)]


def run(tmp_path, records, held_out=None, **overrides):
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    watched = Corpus(tuple(held_out)) if held_out else None
    config = train_config("asg", "tiny", **{**SHORT, **overrides})
    return run_stages(
        Run(config, folder, Accelerator(cpu=True), Corpus(tuple(records)), watched, progress=False)
    )


class TestRecordStore:
    def test_records_come_back_as_they_were(self, tmp_path, records):
        store = write_records(tmp_path / "s", [*records[:5], ("7", "unreadable"), *records[5:]])
        assert store.failures == (("7", "unreadable"),)
        assert len(store) == 12
        for one, two in zip(records, RecordStore(tmp_path / "s"), strict=True):
            assert (one.study_id, one.sentences) == (two.study_id, two.sentences)
            for name in ("pixels", "regions", "statements"):
                assert (getattr(one, name) == getattr(two, name)).all()

    def test_a_store_cut_short_is_named(self, tmp_path, records):
        write_records(tmp_path / "s", records)
        path = tmp_path / "s" / "pixels.bin"
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(MapleError, match=r"pixels\.bin.*bytes"):
            RecordStore(tmp_path / "s")
        (tmp_path / "s" / "store.json").write_text("{}")
        with pytest.raises(MapleError, match="damaged"):
            RecordStore(tmp_path / "s")

    def test_nothing_appears_when_making_is_interrupted(self, tmp_path, records):
        def stopping():
            yield records[0]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_records(tmp_path / "s", stopping())
        assert list(tmp_path.iterdir()) == []

    def test_no_record_at_all_says_why(self, tmp_path):
        with pytest.raises(MapleError, match="unreadable"):
            write_records(tmp_path / "s", [("0", "unreadable")])

    def test_batches_in_advance_are_the_batches(self, records):
        corpus = Corpus(tuple(records))
        for step, batch in enumerate(corpus.batches(range(7), 5, 3)):
            assert batch.study_ids == corpus.batch(step, 5, 3).study_ids


class TestOptimiser:
    def test_frozen_parts_do_not_move(self, tmp_path, records):
        torch.manual_seed(0)
        before = create_method("asg", "tiny", **SMALL).state_dict()
        name = "text_encoder.model.embeddings.word_embeddings.weight"
        method = run(tmp_path, records, freeze=("text_encoder.model.embeddings",))
        after = method.state_dict()
        from accelerate.utils import set_seed

        set_seed(0)
        fresh = create_method("asg", "tiny", **SMALL).state_dict()
        assert torch.equal(after[name], fresh[name])
        assert not torch.equal(after["text_head.expand.weight"], fresh["text_head.expand.weight"])
        assert before.keys() == after.keys()

    def test_a_prefix_that_fits_nothing_is_named(self):
        with pytest.raises(MapleError, match=r"'vision'.*image_encoder"):
            freeze(create_method("asg", "tiny", **SMALL), ("vision",))

    def test_lower_layers_learn_slower_and_norms_do_not_decay(self):
        method = create_method("asg", "tiny", **SMALL)
        config = train_config("asg", "tiny", layer_decay=0.5, weight_decay=0.1)
        optimiser = make_optimiser(method, list(method.parameters()), 1.0, config)
        scale = {id(p): g["scale"] for g in optimiser.param_groups for p in g["params"]}
        decay = {id(p): g["weight_decay"] for g in optimiser.param_groups for p in g["params"]}
        text = method.text_encoder.model
        top = text.encoder.layer[-1].output.dense.weight
        assert scale[id(top)] > scale[id(text.embeddings.word_embeddings.weight)]
        assert scale[id(method.text_head.expand.weight)] == 1
        assert decay[id(top)] == 0.1
        assert decay[id(method.text_head.expand.bias)] == 0
        assert sum(len(g["params"]) for g in optimiser.param_groups) == len(list(method.parameters()))


class TestAverage:
    def test_it_is_the_weighted_sum_of_all_steps(self):
        layer = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(layer.weight, 0.0)
        average = MovingAverage(layer, 0.5)
        for value in (1.0, 3.0):
            torch.nn.init.constant_(layer.weight, value)
            average.update()
        assert average.values["weight"].item() == pytest.approx(0.25 * 1 + 0.5 * 3)
        with average.swapped():
            assert layer.weight.item() == pytest.approx(1.75)
        assert layer.weight.item() == 3.0

    def test_a_run_with_it_resumes_to_the_same_weights(self, tmp_path, records, monkeypatch):
        options = {"ema": 0.9, "validate_every": 2, "keep": 2}
        whole = run(tmp_path / "a", records, records[:4], **options)
        from maple_lib.training.step import Step

        gradients, calls = Step.gradients, []

        def stopping(self, batch):
            calls.append(1)
            if len(calls) == 8:
                raise KeyboardInterrupt
            return gradients(self, batch)

        monkeypatch.setattr(Step, "gradients", stopping)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "b", records, records[:4], **options)
        monkeypatch.setattr(Step, "gradients", gradients)
        again = run(tmp_path / "b", records, records[:4], **options)
        for one, two in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
            assert torch.equal(one, two)
        assert [r.get("validation") for r in read_log(tmp_path / "a" / "run")] == [
            r.get("validation") for r in read_log(tmp_path / "b" / "run")
        ]

    @pytest.fixture(autouse=True)
    def _folders(self, tmp_path):
        for name in "ab":
            (tmp_path / name).mkdir()


class TestValidation:
    def test_the_best_is_kept_and_training_stops(self, tmp_path, records, monkeypatch):
        scores = iter([3.0, 2.0, 2.5, 2.5, 1.0])
        monkeypatch.setattr("maple_lib.training.loop.validation_loss", lambda *_: next(scores))
        run(tmp_path, records, records[:4], validate_every=1, patience=2)
        rows = [r for r in read_log(tmp_path / "run") if r["stage"] == "align"]
        assert [r["validation"] for r in rows] == [3.0, 2.0, 2.5, 2.5]
        state = json.loads((tmp_path / "run" / "checkpoint" / "state.json").read_text())
        assert state["best"] == {"score": 2.0, "step": 2, "since": 2}
        assert (tmp_path / "run" / "best" / "model.safetensors").is_file()

    def test_the_last_checkpoints_stay(self, tmp_path, records):
        run(tmp_path, records, keep=3)
        names = sorted(p.name for p in (tmp_path / "run").glob("checkpoint*"))
        assert names == ["checkpoint", "checkpoint-align-0000002", "checkpoint-align-0000004"]

    def test_scores_are_remembered(self):
        best = Best()
        assert [best.see(s, i) for i, s in enumerate([2.0, 3.0, 1.0])] == [True, False, True]
        assert (best.score, best.step, best.since) == (1.0, 2, 0)


class TestStudies:
    def test_an_official_test_split_is_never_touched(self):
        from maple_lib.data.study import Study

        def study(i, split):
            return Study(f"s{i}", f"p{i}", lambda: None, split=split)

        given = [study(i, ("train", "validate", "test")[i % 3]) for i in range(9)]
        train_on, watch = split_studies(given)
        assert {s.split for s in train_on} == {"train"}
        assert {s.split for s in watch} == {"validate"}
        by_patient = [Study(f"s{i}", f"p{i // 2}", lambda: None) for i in range(200)]
        train_on, watch = split_studies(by_patient)
        assert len(train_on) + len(watch) == 200
        assert not {s.patient_id for s in train_on} & {s.patient_id for s in watch}
        assert 8 <= len(watch) <= 40

    def test_the_second_run_reads_no_study(self, tmp_path, monkeypatch):
        config = train_config(
            "asg",
            "tiny",
            **SHORT,
            studies=6,
            workers=1,
            cache=str(tmp_path / "cache"),
            out=str(tmp_path / "1"),
        )
        train(config, progress=False)
        made = list((tmp_path / "cache").iterdir())
        monkeypatch.setattr("maple_lib.training.corpus.make_record", None)
        other = train_config(
            "asg", "tiny", **SHORT, studies=6, seed=0, cache=str(tmp_path / "cache"), out=str(tmp_path / "2")
        )
        train(other, progress=False)
        assert list((tmp_path / "cache").iterdir()) == made


def test_adapters_learn_while_the_text_encoder_stays(tmp_path, records):
    pytest.importorskip("peft")
    from accelerate.utils import set_seed

    set_seed(0)
    fresh = create_method("asg", "tiny", **SMALL).state_dict()
    method = run(tmp_path, records, lora=2, text_warm_steps=0)
    after = method.state_dict()
    assert after.keys() == fresh.keys()
    moved = {name for name in fresh if not torch.equal(fresh[name], after[name]) and "text_encoder" in name}
    assert moved == {
        f"text_encoder.model.encoder.layer.0.attention.self.{part}.weight" for part in ("query", "value")
    }


def test_trackers_write_beside_the_log(tmp_path):
    pytest.importorskip("tensorboard")
    config = train_config(
        "asg",
        "tiny",
        **SHORT,
        studies=6,
        trackers=("tensorboard",),
        cache=str(tmp_path / "c"),
        out=str(tmp_path / "r"),
    )
    train(config, progress=False)
    assert list((tmp_path / "r" / "tracking").rglob("events.out.tfevents*"))


def test_a_tracker_that_is_not_there_is_named(tmp_path):
    config = train_config("asg", "tiny", **SHORT, trackers=("nosuch",), out=str(tmp_path / "r"))
    with pytest.raises(MapleError, match="nosuch"):
        train(config, progress=False)


def test_a_batch_too_small_for_its_pieces_is_named(tmp_path):
    config = train_config("asg", "tiny", **{**SHORT, "accumulate": 8}, out=str(tmp_path / "r"))
    with pytest.raises(MapleError, match="batch_size=4"):
        train(config, progress=False)


def test_half_precision_keeps_the_losses_in_float32(tmp_path, records):
    config = train_config("asg", "tiny", **{**SHORT, "precision": "bf16", "steps": 1})
    (tmp_path / "run").mkdir()
    accelerator = start_accelerator(config)
    method = run_stages(Run(config, tmp_path / "run", accelerator, Corpus(tuple(records)), progress=False))
    start_accelerator(train_config("asg", "tiny", **SHORT))
    assert {p.dtype for p in method.parameters()} == {torch.float32}
    assert all(r["loss"]["total"] > 0 for r in read_log(tmp_path / "run"))


def test_a_run_at_chance_says_so():
    method = create_method("asg", "tiny", **SMALL)
    watch = ChanceWatch(method, 32, 80)
    terms = {"total": 9.0, "global": 6.9, "region_sentence": 1.0}
    for step in range(19):
        watch.see(step, terms)
    with pytest.warns(UserWarning, match=r"at chance.*global 6\.9"):
        watch.see(19, terms)
