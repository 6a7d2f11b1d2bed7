"""Sentences about devices: endotracheal tubes, central lines and pacemakers, with where they end."""

from __future__ import annotations

from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment, Mention, Regions, marked
from maple_lib.data.phantoms.grammar.topics import Topic

_TUBE = ("endotracheal tube", "endotracheal tube", "ET tube", "ETT")
# A distance above the carina is no place: the tube and its tip lie in the trachea.
_TUBE_FRAMES = (
    "{the}<{tube}> terminates {d} cm above the carina",
    "{the}<{tube}> ends {d} cm above the carina",
    "{the}<{tube}> is {d} cm above the carina",
    "{the}<{tube}> <tip> is {d} cm above the carina",
    "{the}<{tube}> <tip> terminates approximately {d} cm above the carina",
    "<{tube}> in standard position",
    "{the}<{tube}> is in satisfactory position",
    "{the}<{tube}> is in appropriate position, with its <tip> {d} cm above the carina",
    "the <tip> of the <{tube}> is {d} cm above the carina",
    "the <tip> of the <{tube}> projects {d} cm above the carina",
    "an <{tube}> is in place",
)
# One patient has one catheter: the names of one row mean the same.
_LINES = (
    (
        "right internal jugular <central venous catheter>",
        "right internal jugular <central venous line>",
        "right IJ <central venous catheter>",
    ),
    ("right subclavian <central venous catheter>", "right subclavian <central venous line>"),
    ("right-sided <PICC>", "right <PICC>", "right upper extremity <PICC line>", "right <PICC line>"),
    ("<central venous catheter>", "<central venous line>", "<central line>"),
    ("right chest <port>", "right-sided <port>"),
)
_LINE_FRAMES = (
    "{the}{line} terminates {at}",
    "{the}{line} ends {at}",
    "{a}{line} terminates {at}",
    "{the}{line} <tip> is {at}",
    "{the}{line} <tip> projects {over}",
    "{line} with <tip> {at}",
    "{the}{line} is in place with its <tip> {at}",
    "there is {a}{line} with <tip> terminating {at}",
)
_LINE_ENDS: dict[str, tuple[tuple[str, str], ...]] = {
    "svc": (
        ("in the [SVC]", "over the [SVC]"),
        ("in the [lower SVC]", "over the [lower SVC]"),
        ("in the [mid SVC]", "over the [mid SVC]"),
        ("in the [distal SVC]", "over the [distal SVC]"),
        ("in the [superior vena cava]", "over the [superior vena cava]"),
    ),
    "cavoatrial junction": (
        ("at the [cavoatrial junction]", "over the [cavoatrial junction]"),
        ("near the [cavoatrial junction]", "near the [cavoatrial junction]"),
    ),
    "right atrium": (
        ("in the [right atrium]", "over the [right atrium]"),
        ("in the [upper right atrium]", "over the [proximal right atrium]"),
    ),
}
_PACEMAKERS = (
    ("<pacemaker>", "<pacemaker>", "cardiac <pacemaker>", "<pacing device>"),
    ("dual-lead <pacemaker>", "dual-chamber <pacemaker>", "<pacemaker>"),
    ("single-lead <pacemaker>", "<pacemaker>"),
    ("<ICD>", "<AICD>"),
)
_PACEMAKER_FRAMES = (
    "{a}{side} {device} is in place{leads}",
    "{a}{side} {device} is present{leads}",
    "there is {a}{side} {device}{leads}",
    "{side} {device}{leads}",
    "{side} {device} is noted{leads}",
    "{device} overlying the [{s} chest wall]{leads}",
    "{device} projects over the [{s} chest wall]{leads}",
    "{side} {device} is seen{leads}",
)
_PACEMAKER_SIDES = ("[{s}-sided]", "[{s}]", "[{s} chest wall]", "[{s} pectoral]")
# Leads are no finding, and where they end is not where the device is.
_LEADS = (
    "",
    "",
    "",
    " with intact leads",
    " with leads in the right atrium and right ventricle",
    " with leads in expected position",
    " with lead projecting over the right ventricle",
)


def device_sentence(dice: Dice, topic: Topic, change: str) -> Fragment:
    """A sentence on a tube, a line or a pacemaker, without full stop and capital letter."""
    fragment = {"tube": _tube, "line": _line, "pacemaker": _pacemaker}[topic.finding](dice, topic)
    if change == "unchanged" and dice.chance(0.5):
        ending = dice.pick((", unchanged", ", unchanged from prior", ", stable"))
        return Fragment(fragment.text + ending, fragment.marks)
    return fragment


def device_name(topic: Topic) -> str:
    """A short name with its place, for grounding: "left chest wall pacemaker"."""
    names = {"tube": "endotracheal tube", "pacemaker": f"{topic.side} chest wall pacemaker"}
    if topic.finding in names:
        return names[topic.finding]
    end = _LINE_ENDS[topic.kind][0][0].replace("[", "").replace("]", "")
    return f"central venous catheter with tip {end}"


def bare_device(topic: Topic) -> str:
    """The device with its article and without any place: "a pacemaker"."""
    return {"tube": "an endotracheal tube", "line": "a central venous catheter", "pacemaker": "a pacemaker"}[
        topic.finding
    ]


def _in_order(text: str, finding: str, regions: Regions) -> Fragment:
    """Mark the device and its tip, whichever comes first."""
    device, tip = Mention(finding, regions), Mention("tip", regions)
    if "<tip>" not in text:
        return marked(text, (device,))
    return marked(text, (tip, device) if text.index("<tip>") == text.index("<") else (device, tip))


def _tube(dice: Dice, topic: Topic) -> Fragment:
    the = "the " if dice.chance(0.4) else ""
    distance = f"{3 + 3.5 * topic.variant:.1f}"
    text = dice.pick(_TUBE_FRAMES).format(the=the, tube=dice.pick(_TUBE), d=distance)
    return _in_order(text, "tube", topic.regions)


def _line(dice: Dice, topic: Topic) -> Fragment:
    at, over = dice.pick(_LINE_ENDS[topic.kind])
    the = "the " if dice.chance(0.3) else ""
    text = dice.pick(_LINE_FRAMES).format(
        the=the, a="a ", line=dice.pick(topic.own(_LINES)), at=at, over=over
    )
    return _in_order(text, "line", topic.regions)


def _pacemaker(dice: Dice, topic: Topic) -> Fragment:
    device = dice.pick(topic.own(_PACEMAKERS))
    side = dice.pick(_PACEMAKER_SIDES).format(s=topic.side)
    text = dice.pick(_PACEMAKER_FRAMES).format(
        a="a ", side=side, device=device, leads=dice.pick(_LEADS), s=topic.side
    )
    return marked(text, (Mention("pacemaker", topic.regions),))
