"""Imports point one way, and the heavy ones wait until they are needed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import maple_lib

ROOT = Path(__file__).parents[2]
HEAVY = {
    "torch",
    "torchvision",
    "timm",
    "transformers",
    "accelerate",
    "pandas",
    "matplotlib",
    "scipy",
    "sklearn",
    "skimage",
    "pyarrow",
    "IPython",
}
HELP = "from typer.testing import CliRunner; from maple_lib.cli.main import app; " + (
    "assert CliRunner().invoke(app, ['--help']).exit_code == 0"
)


def packages_after(code: str) -> set[str]:
    """Top-level packages that a fresh interpreter holds after running ``code``."""
    tail = "; import sys, json; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_rooms_import_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import maple_lib",
        "import maple_lib.reports",
        "import maple_lib.vocabulary",
        "import maple_lib.methods; maple_lib.methods.list_methods()",
        "import maple_lib.evaluation",
        "import maple_lib.training",
        HELP,
    ],
)
def test_stays_light(code):
    assert packages_after(code) & HEAVY == set()


def test_the_check_of_lightness_can_fail():
    assert "scipy" in packages_after("import scipy")


@pytest.mark.parametrize("name", maple_lib.__all__)
def test_every_public_name_can_be_had(name):
    assert getattr(maple_lib, name) is not None


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(AttributeError, match="phantom"):
        maple_lib.phantoms_of_the_opera  # noqa: B018


def test_the_api_page_has_every_public_name():
    page = (ROOT / "book" / "api.md").read_text()
    rooms = set(maple_lib._ROOMS)
    missing = [
        n for n in maple_lib.__all__ if n not in rooms | {"__version__"} and f"maple_lib.{n}" not in page
    ]
    assert missing == []
    assert [room for room in sorted(rooms) if f"maple_lib.{room}" not in page] == []
