"""Devices and their tips: a line lies where its tip lies, a tip without a place where its device lies."""

from __future__ import annotations

from maple_lib.reports.mention import Mention

_DEVICES = ("line", "tube", "device", "drainage")


def place_devices(mentions: list[Mention]) -> None:
    """Exchange places between each tip and its device, "tube tip" or "tip of the tube".

    A device in the midline (a line, an endotracheal or gastric tube) takes the place of its tip; a chest tube
    keeps its side. A tip without a place takes its device's, default included.
    """
    device: Mention | None = None
    for i, mention in enumerate(mentions):
        if mention.is_a(*_DEVICES):
            device = mention
            continue
        if mention.is_a("tip") and device is None and i + 1 < len(mentions):
            device = mentions[i + 1] if mentions[i + 1].is_a(*_DEVICES) else None  # "the tip of the tube"
        if mention.is_a("tip") and device is not None:
            if any(_names_place(mention)):
                if device.midline:
                    device.wheres = list(mention.wheres)
            else:
                mention.wheres = list(device.wheres)
                mention.named = tuple(named._replace(place=device.named[0].place) for named in mention.named)


def _names_place(mention: Mention) -> list[bool]:
    return [bool(event.entry.where and event.entry.where.places) for event in mention.wheres]
