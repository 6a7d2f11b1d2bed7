"""A decoder that comes to no end is left behind; one that answers is listened to."""

from __future__ import annotations

from threading import Event

import pytest

from maple_lib.data.dicom.patience import call_with_patience


def test_answers_and_errors_come_through():
    assert call_with_patience(lambda: 7, pixels=1) == 7
    with pytest.raises(ZeroDivisionError):
        call_with_patience(lambda: 1 // 0, pixels=1)


def test_what_takes_too_long_is_left_behind():
    released = Event()
    with pytest.raises(TimeoutError):
        call_with_patience(released.wait, pixels=1, seconds=0.05)
    released.set()


def test_a_large_image_is_waited_for_longer():
    slow = Event()
    assert call_with_patience(lambda: slow.wait(0.3), pixels=100_000_000, seconds=0.0) is False
