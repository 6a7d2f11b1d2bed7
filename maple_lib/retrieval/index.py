"""The case index: exact search by image, text or region, in four directions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.retrieval.build import WHOLE, array_names, build_index
from maple_lib.retrieval.cases import Where, cases_with, chosen_cases
from maple_lib.retrieval.hit import Hit
from maple_lib.retrieval.manifest import Manifest, fingerprint, read_manifest
from maple_lib.retrieval.query import as_vector, embed, sides
from maple_lib.retrieval.rows import read_rows
from maple_lib.vocabulary import REGIONS

if TYPE_CHECKING:
    import pandas as pd


class CaseIndex:
    """Cases, embedded once, searched exactly: a matrix product over memory-mapped arrays.

    Make one with ``build`` or ``open``. The folder holds the reports' words: treat it as the reports.

    Attributes:
        path: its folder.
        manifest: what it holds and by which model.
        method: the model that embeds queries, or None: then only embeddings and indexed studies can ask.
    """

    def __init__(self, path: Path, manifest: Manifest, method: Any = None) -> None:
        self.path, self.manifest, self.method = path, manifest, method

    @classmethod
    def build(
        cls,
        method: Any,
        studies: Sequence[Study],
        path: str | Path,
        batch_size: int = 32,
        progress: bool = False,
        overwrite: bool = False,
    ) -> CaseIndex:
        """Embed studies, whole and region by region, and write the index.

        Args:
            method: anything that speaks the interface of a method.
            studies: each once; regions come from their masks, words from their triplets and reports.
            path: a new folder; it appears only when the index is complete.
            batch_size: studies embedded at a time.
            progress: show a progress bar.
            overwrite: replace an older index at ``path``; never any other folder.

        Raises:
            MapleError: if there is no study, one comes twice, or the path is taken.
        """
        build_index(method, studies, Path(path), batch_size, progress, overwrite)
        return cls.open(path, method, verify=False)

    @classmethod
    def open(cls, path: str | Path, method: Any = None, verify: bool = True) -> CaseIndex:
        """Open an index.

        Args:
            path: its folder.
            method: the model that embeds queries; it must be the one that built the index.
            verify: compare all files with their checksums (about a second per gigabyte).

        Raises:
            MapleError: if the folder is no index, is damaged, or was built by another model.
        """
        folder = Path(path)
        manifest = read_manifest(folder)
        if verify:
            manifest.check(folder)
        if method is not None and fingerprint(method) != manifest.digest:
            raise MapleError(
                folder,
                f"built by another model ({manifest.method})",
                "open it with that model, or build it again: embeddings of two models do not compare",
            )
        return cls(folder, manifest, method)

    @cached_property
    def cases(self) -> pd.DataFrame:
        """The case table, (N rows): study_id, patient_id, report, findings present anywhere."""
        return self._table("cases")

    @cached_property
    def statements(self) -> pd.DataFrame:
        """One row per statement: case (row of ``cases``, ascending), region, finding, existence, sentence."""
        return self._table("statements")

    @cached_property
    def _having(self) -> dict[str, NDArray[np.int64]]:
        return cases_with(self.cases)

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that at least one case shows."""
        return tuple(region for region in REGIONS if self.manifest.regions.get(region))

    def embeddings(self, region: str | None = None, side: str = "image") -> tuple[NDArray[Any], NDArray[Any]]:
        """The embeddings of one place and their (n,) rows in ``cases``; read-only.

        (n, D) of unit norm for whole images and reports; for a region (n, K), what the method compares.

        Raises:
            MapleError: if the region is unknown, or a file is damaged.
        """
        if region is not None and region not in REGIONS:
            raise MapleError(
                f"region {region!r}", "not a region of the vocabulary", f"use one of: {', '.join(REGIONS)}"
            )
        names, dim = array_names(region or WHOLE, side), self._dim(region)
        if names[0] not in self.manifest.files:
            return np.empty((0, dim), np.float32), np.empty(0, np.int64)
        vectors, cases = (read_rows(self.path / name) for name in names)
        if vectors.shape != (len(cases), dim):
            raise MapleError(self.path / names[0], f"has shape {vectors.shape}", "build the index again")
        return vectors, cases

    def _dim(self, region: str | None) -> int:
        return self.manifest.dim if region is None else self.manifest.region_dim

    def search(
        self,
        query: Study | str | ArrayLike,
        region: str | None = None,
        k: int = 10,
        direction: str = "image->image",
        where: Where | None = None,
    ) -> list[Hit]:
        """Find the k cases most like the query.

        Args:
            query: a study, a text, or an embedding as ``embeddings`` gives them: (D,), for a region (K,).
            region: compare this region only; cases that do not show it (or, where texts answer, do not
                speak of it) are no candidates. None compares whole images and reports.
            k: how many, at least 1; fewer come back when there are fewer candidates.
            direction: ``"image->image"``, ``"image->text"``, ``"text->image"`` or ``"text->text"``.
            where: finding -> True or False (present in the report or not), or a function from the case
                table to one bool per case.

        Returns:
            The hits, best first; equal scores in the order of the index. The query study itself is
            never among them.

        Raises:
            MapleError: for an unknown region or direction, a query that cannot be embedded, k < 1.
        """
        if k < 1:
            raise MapleError(f"k={k}", "must be at least 1", "ask for one case or more")
        ask, answer = sides(direction)
        vectors, cases = self.embeddings(region, answer)
        asked = self._vector(query, ask, region)
        allowed = chosen_cases(self.cases, self._having, where)
        if isinstance(query, Study):
            allowed = allowed & (self.cases["study_id"] != query.study_id).to_numpy()
        scores = np.where(allowed[cases], vectors @ asked, -np.inf)
        return [self._hit(int(cases[row]), float(scores[row]), region) for row in _best(scores, k)]

    def _vector(self, query: Any, side: str, region: str | None) -> NDArray[np.float32]:
        if isinstance(query, Study):
            stored = self._stored(query.study_id, side, region)
            if stored is not None:
                return stored
        elif not isinstance(query, str):
            return as_vector(query, self._dim(region), region)
        elif side == "image":
            raise MapleError(
                f"query {query!r}", "a text cannot ask as an image", "use direction='text->image'"
            )
        if self.method is None:
            raise MapleError(
                "query", "no model to embed it", "open the index with CaseIndex.open(path, method=...)"
            )
        return embed(self.method, query, side, region)

    def _stored(self, study_id: str, side: str, region: str | None) -> NDArray[np.float32] | None:
        """The embedding of a case of the index itself, so that it need not be embedded again."""
        vectors, cases = self.embeddings(region, side)
        found = np.flatnonzero((self.cases["study_id"] == study_id).to_numpy()[cases])
        return np.array(vectors[found[0]]) if len(found) else None

    def _hit(self, case: int, score: float, region: str | None) -> Hit:
        first, end = np.searchsorted(self.statements["case"].to_numpy(), [case, case + 1])
        said = self.statements.iloc[first:end]
        if region is not None:
            said = said[said["region"] == region]
        present = dict.fromkeys(said.loc[said["existence"] == "present", "finding"])
        sentences = dict.fromkeys(text for text in said["sentence"] if text)
        return Hit(str(self.cases["study_id"][case]), score, region, tuple(present), tuple(sentences))

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        path = self.path / f"{name}.parquet"
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise MapleError(path, f"not a readable table ({error})", "build the index again") from None

    def __len__(self) -> int:
        return self.manifest.cases

    def __repr__(self) -> str:
        return f"CaseIndex({str(self.path)!r}, {len(self)} cases, {len(self.regions)} regions)"


def _best(scores: NDArray[Any], k: int) -> NDArray[np.intp]:
    """Rows of the k highest finite scores, best first, equal ones in their order."""
    k = min(k, int(np.isfinite(scores).sum()))
    if not k:
        return np.empty(0, np.intp)
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    rows = np.flatnonzero(scores >= least)
    return rows[np.argsort(-scores[rows], kind="stable")][:k]
