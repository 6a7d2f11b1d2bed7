"""Shared by all tests: the toy corpus, and a single thread."""

import pytest
from toys import toy_record

from maple_lib.data.record import Record


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def toy_records() -> list[Record]:
    return [toy_record(i) for i in range(12)]
