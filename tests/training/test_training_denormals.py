"""Denormal numbers are zero while a method is trained, and numbers again afterwards."""

import pytest
import torch

from maple_lib.training.denormals import without_denormals

CPU = torch.device("cpu")


def tiny():
    return (torch.tensor(1e-30) * 1e-10).item()


@pytest.fixture(autouse=True)
def as_usual():
    if not torch.set_flush_denormal(False):
        pytest.skip("this processor cannot flush denormal numbers")
    yield
    torch.set_flush_denormal(False)


def fail_within():
    with without_denormals(CPU):
        assert tiny() == 0
        raise RuntimeError


def test_they_are_zero_inside_and_numbers_again_after_an_error():
    assert tiny() > 0
    with pytest.raises(RuntimeError):
        fail_within()
    assert tiny() > 0


def test_a_setting_of_the_user_stays():
    torch.set_flush_denormal(True)
    with without_denormals(CPU):
        assert tiny() == 0
    assert tiny() == 0


def test_another_device_changes_nothing():
    with without_denormals(torch.device("meta")):
        assert tiny() > 0
