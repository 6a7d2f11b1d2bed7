"""Checkpoints on a model hub: the same folders, named instead of pathed; safetensors and JSON only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import PyTorchModelHubMixin

from maple_lib.errors import MapleError


class HubMixin(PyTorchModelHubMixin):
    """``save_pretrained``, ``from_pretrained`` and ``push_to_hub`` for methods.

    What is written is what ``save_method`` writes, with a model card; what is read is what ``load_method``
    reads. No code comes with a checkpoint.
    """

    def _save_pretrained(self, save_directory: Path) -> None:
        from maple_lib.methods.saving import write_method

        write_method(self, Path(save_directory))  # type: ignore[arg-type]

    @classmethod
    def _from_pretrained(cls, *, model_id: str, revision: str | None = None, **options: Any) -> Any:
        from maple_lib.methods.saving import read_method

        folder = Path(model_id)
        if not folder.is_dir():
            folder = fetch(model_id, revision, bool(options.get("local_files_only")))
        return read_method(folder)

    def generate_model_card(self, *_: Any, **__: Any) -> Any:
        """The card that ``save_method`` writes."""
        from huggingface_hub import ModelCard

        from maple_lib.methods.card import model_card

        return ModelCard(model_card(self.config))  # type: ignore[attr-defined]


def fetch(name: str, revision: str | None = None, offline: bool = False) -> Path:
    """The folder of a hub checkpoint, downloaded if it is not on this machine yet.

    Raises:
        MapleError: if there is no such checkpoint or no network.
    """
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors", "README.md"]
    try:
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=wanted, local_files_only=offline)
        )
    except Exception as error:  # the hub's client raises many kinds, of several libraries
        raise MapleError(
            f"checkpoint {name!r}",
            f"no such folder, and could not be fetched ({type(error).__name__})",
            "give a folder made by `maple train`, e.g. one of data_samples/checkpoints",
        ) from error
