"""Build an index: every case embedded once, arrays per region, the folder whole or not there at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.statements import region_sentences
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.methods.inference import encode_studies, encode_texts, inference, method_name, searched
from maple_lib.retrieval.cases import CASE_COLUMNS, STATEMENT_COLUMNS, case_row, statements
from maple_lib.retrieval.manifest import FILE, Manifest, fingerprint
from maple_lib.retrieval.rows import RowWriter, checksum
from maple_lib.vocabulary import REGIONS

if TYPE_CHECKING:
    from torch import Tensor

    from maple_lib.encoders.features import ImageFeatures

Rows = list[dict[str, Any]]
WHOLE = "whole"


def array_names(place: str, side: str) -> tuple[str, str]:
    """File names of the embeddings and of their case numbers; ``side`` is ``image`` or ``text``."""
    stem = place.replace(" ", "_")
    return f"{stem}.{side}.npy", f"{stem}.{side}.cases.npy"


def build_index(
    method: Any, studies: Sequence[Study], path: Path, batch_size: int, progress: bool, overwrite: bool
) -> None:
    """Embed all studies and write the index; see ``CaseIndex.build``."""
    if not len(studies):
        raise MapleError("studies", "none given", "give at least one study")
    repeated = [name for name, n in Counter(s.study_id for s in studies).items() if n > 1]
    if repeated:
        raise MapleError(f"study {repeated[0]}", "given more than once", "give every study once")
    with _new_folder(path, overwrite) as folder:
        with _Writer(folder) as writer, inference(method):
            batches = encode_studies(method, studies, batch_size, regions=True)
            for index, features in _shown(batches, len(studies), batch_size, progress):
                batch = [studies[i] for i in index]
                writer.cases(batch)
                writer.images(method, index, features)
                writer.texts(method, index, batch)
        writer.tables()
        files = {file.name: checksum(file) for file in sorted(folder.iterdir())}
        manifest = Manifest(
            method=method_name(method),
            digest=fingerprint(method),
            dim=writer.dim,
            region_dim=writer.region_dim,
            cases=len(studies),
            regions=dict(writer.shown),
            files=files,
        )
        manifest.write(folder)


class _Writer(ExitStack):
    """The open arrays of an index, one pair per place and side, and its growing tables."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder, self._open = folder, {}  # type: tuple[Path, dict[str, RowWriter]]
        self._cases: Rows = []
        self._statements: Rows = []
        self.shown: Counter[str] = Counter()
        self.dim = self.region_dim = 0

    def cases(self, studies: Sequence[Study]) -> None:
        """Take the words of a batch."""
        for study in studies:
            said = statements(study)
            self._statements += [{"case": len(self._cases), **row} for row in said]
            self._cases.append(case_row(study, said))

    def images(self, method: Any, index: range, features: ImageFeatures) -> None:
        """Take the image embeddings of a batch: whole, and each visible region."""
        cases = np.array(index)
        self._whole("image", features.pooled, cases)
        if features.regions is None or features.region_valid is None:
            return
        for number, region in enumerate(REGIONS):
            visible = features.region_valid[:, number].cpu().numpy()
            if visible.any():
                self.shown[region] += int(visible.sum())
                found = searched(method, features.regions[visible, number].float(), number)
                self._region(region, "image", found, cases[visible])

    def texts(self, method: Any, index: range, studies: Sequence[Study]) -> None:
        """Take the text embeddings of a batch: whole reports, and the sentences about each region."""
        told = [(case, s.report) for case, s in zip(index, studies, strict=True) if s.report.strip()]
        if told:
            embedded = encode_texts(method, [report for _, report in told])
            self._whole("text", embedded.pooled, np.array([case for case, _ in told]))
        about = [
            (region, case, text)
            for case, study in zip(index, studies, strict=True)
            for region, text in region_sentences(study).items()
        ]
        if not about:
            return
        phrases = encode_texts(method, [text for _, _, text in about]).phrase
        for region in dict.fromkeys(item[0] for item in about):
            chosen = [i for i, item in enumerate(about) if item[0] == region]
            said = searched(method, phrases[chosen].float(), REGIONS.index(region))
            self._region(region, "text", said, np.array([about[i][1] for i in chosen]))

    def tables(self) -> None:
        """Write the case table and the statements."""
        import pandas as pd

        for name, rows, columns in (
            ("cases", self._cases, CASE_COLUMNS),
            ("statements", self._statements, STATEMENT_COLUMNS),
        ):
            pd.DataFrame(rows, columns=list(columns)).to_parquet(
                self._folder / f"{name}.parquet", index=False
            )

    def _whole(self, side: str, embeddings: Tensor, cases: NDArray[np.int64]) -> None:
        from torch.nn.functional import normalize

        self.dim = embeddings.shape[1]
        self._append(WHOLE, side, normalize(embeddings.float(), dim=-1), cases)

    def _region(self, region: str, side: str, found: Tensor, cases: NDArray[np.int64]) -> None:
        self.region_dim = found.shape[1]
        self._append(region, side, found, cases)

    def _append(self, place: str, side: str, found: Tensor, cases: NDArray[np.int64]) -> None:
        vectors = found.cpu().numpy()
        if not np.isfinite(vectors).all():
            raise MapleError(f"embeddings of {place} ({side})", "hold NaN", "check the method's weights")
        names = array_names(place, side)
        for name, rows, dtype in zip(names, (vectors, cases), (np.float32, np.int64), strict=True):
            if name not in self._open:
                self._open[name] = self.enter_context(RowWriter(self._folder / name, dtype))
            self._open[name].append(rows)


@contextmanager
def _new_folder(path: Path, overwrite: bool) -> Iterator[Path]:
    """A folder that takes the name ``path`` only when all went well."""
    if path.exists() and not (overwrite and (path / FILE).is_file()):
        raise MapleError(
            path, "exists already", "choose another path; overwrite=True replaces an older index"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    older = folder.with_suffix(".older")
    try:
        yield folder
        if path.exists():
            os.replace(path, older)
        os.replace(folder, path)
    finally:
        for left in (folder, older):
            shutil.rmtree(left, ignore_errors=True)


def _shown(batches: Iterator[Any], total: int, batch_size: int, progress: bool) -> Iterator[Any]:
    if not progress:
        return batches
    from tqdm import tqdm

    return iter(tqdm(batches, total=-(-total // batch_size), desc="indexing", unit="batch"))
