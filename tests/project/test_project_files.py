"""The files around the library agree with each other."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
TEXT = {".py", ".ipynb", ".md", ".toml", ".yml", ".yaml", ".cff", ".txt", ".css", ".json", ".csv", ""}
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:" + "|".join(["home", "root", "Users", "work", "mnt"]) + r")/\w")
UNSAFE = re.compile(
    r"pickle\.load\(|Unpickler\(|torch\.load\(|joblib\.load\(|trust_remote_code *= *True"
    r"|yaml\.load\((?!.*Loader=)|yaml\.(?:unsafe|full)_load\(|yaml\.C?(?:Unsafe|Full)Loader"
)


def kept_files() -> list[Path]:
    """Files that git tracks or would track."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def hits(pattern: re.Pattern[str], suffixes: set[str]) -> list[str]:
    files = [path for path in kept_files() if path.suffix in suffixes]
    assert len(files) > 20, "the list of files is empty: is this a git checkout?"
    return [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in files
        for found in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_conda_installs_the_same_package_and_nothing_beside_it():
    plain = [item for item in ENVIRONMENT["dependencies"] if isinstance(item, str)]
    by_pip = [item["pip"] for item in ENVIRONMENT["dependencies"] if isinstance(item, dict)]
    assert {re.split(r"[=<>]", item)[0] for item in plain} == {"python", "pip"}
    assert by_pip == [["-e ."]]
    assert ENVIRONMENT["name"] == PROJECT["name"]


def test_conda_python_is_one_the_package_takes():
    (pinned,) = [d for d in ENVIRONMENT["dependencies"] if isinstance(d, str) and d.startswith("python=")]
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert tuple(map(int, pinned.removeprefix("python=").split("."))) >= tuple(map(int, lowest.split(".")))


def test_torch_and_torchvision_are_left_to_pair_up():
    """torchvision pins its torch exactly: an upper bound or a pin on one of them alone breaks the pair."""
    needs = [d for d in PROJECT["dependencies"] if re.match(r"torch(vision)?\b", d)]
    assert len(needs) == 2
    assert all(re.fullmatch(r"torch(vision)?>=[\d.]+", need) for need in needs)


def test_one_version_everywhere():
    import maple_lib

    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"]
    assert maple_lib.__version__ == PROJECT["version"] == cited


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "book/index.md"])
def test_every_make_command_that_is_shown_exists(page):
    shown = set(re.findall(r"\bmake ([a-z]+)\b(?=[`\s])", "\n".join(code_of(ROOT / page))))
    assert shown, f"{page} shows no make command"
    assert shown <= targets()


def code_of(page: Path) -> list[str]:
    text = page.read_text()
    return re.findall(r"```.*?```", text, re.DOTALL) + re.findall(r"`[^`\n]+`", text)


@pytest.mark.parametrize("page", ["README.md", "book/commands.md"])
def test_every_maple_command_that_is_shown_exists(page):
    from maple_lib.cli.main import app

    known = {c.name or c.callback.__name__ for c in app.registered_commands}
    shown = set(re.findall(r"\bmaple ([a-z]+)\b", "\n".join(code_of(ROOT / page))))
    assert shown, f"{page} shows no maple command"
    assert shown <= known


def test_ci_stops_at_the_first_failure():
    script = ROOT / ".ci" / "run"
    assert "set -euo pipefail" in script.read_text()
    assert script.stat().st_mode & 0o111, ".ci/run must be executable"


def test_no_path_of_somebodys_machine():
    assert hits(MACHINE_PATH, TEXT) == []


def test_no_file_is_unpickled_and_no_remote_code_is_run():
    """Bytes between processes of one program may be pickles, as in any process pool; files may not."""
    assert hits(UNSAFE, {".py", ".ipynb"}) == []


def test_links_between_the_files_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / name).read_text()):
            assert (ROOT / target).exists(), f"{name} links to {target}"


def test_the_front_picture_is_small():
    assert (ROOT / "book/images/front.jpg").stat().st_size <= 500_000
