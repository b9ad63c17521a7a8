"""Finding recordings in folders, globs and lists of files."""

from __future__ import annotations

import inspect
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from emovec_db.errors import UnreadableError
from emovec_db.sources.folders import AUDIO_SUFFIXES, find_recordings
from emovec_db.sources.found import Found
from emovec_db.sources.local import path_of


def plant(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def relatives(*paths: Path | str, ignored: Counter[str] | None = None) -> list[str]:
    found = list(find_recordings(paths, ignored=ignored))
    assert [one.error for one in found if one.error] == []
    return [one.relative for one in found]


def errors(*paths: Path | str) -> dict[str, str]:
    return {one.relative: str(one.error) for one in find_recordings(paths) if one.error}


def test_a_folder_is_walked_in_the_order_of_names(tmp_path):
    plant(tmp_path, "b.wav", "a/2.mp3", "a/10.flac", "a.ogg", "c/d/e/f.M4A", "Z.WAV")
    assert relatives(tmp_path) == ["Z.WAV", "a/10.flac", "a/2.mp3", "a.ogg", "b.wav", "c/d/e/f.M4A"]


def test_what_is_passed_over_is_counted(tmp_path):
    plant(tmp_path, "a.wav", "b.txt", "c/d.TXT", "README", ".hidden.wav", ".git/e.wav", ".git/f.wav", "g.tar.gz")
    ignored: Counter[str] = Counter()
    assert relatives(tmp_path, ignored=ignored) == ["a.wav"]
    assert ignored == {".txt": 2, "no suffix": 1, "hidden": 2, ".gz": 1}


def test_a_named_file_is_tried_whatever_its_suffix(tmp_path):
    plant(tmp_path, "a.dat", ".b.wav", "c")
    assert relatives(tmp_path / "a.dat", tmp_path / ".b.wav", tmp_path / "c") == ["a.dat", ".b.wav", "c"]


def test_found_says_where(tmp_path):
    plant(tmp_path, "calls/c1/a.wav")
    (found,) = find_recordings([tmp_path / "calls"])
    path = tmp_path / "calls/c1/a.wav"
    assert found == Found(path, path.as_uri(), "c1/a.wav")
    (named,) = find_recordings([path])
    assert named == Found(path, path.as_uri(), "a.wav")


def test_relative_paths_have_absolute_uris(tmp_path, monkeypatch):
    plant(tmp_path, "calls/a.wav")
    monkeypatch.chdir(tmp_path)
    (found,) = find_recordings(["calls"])
    assert (found.place, found.uri) == (Path("calls/a.wav"), (tmp_path / "calls/a.wav").as_uri())
    assert relatives(".") == ["calls/a.wav"]
    monkeypatch.chdir(tmp_path / "calls")
    (above,) = find_recordings([".."])
    assert above.uri == found.uri


def test_home_is_expanded(tmp_path, monkeypatch):
    plant(tmp_path, "calls/a.wav")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert relatives("~/calls", "~/c*/a.wav") == ["a.wav", "calls/a.wav"]


def test_walking_is_lazy(tmp_path):
    plant(tmp_path, "a/1.wav", "b/2.wav")
    walk = find_recordings([tmp_path])
    assert next(walk).relative == "a/1.wav"
    plant(tmp_path, "b/3.wav")
    assert [found.relative for found in walk] == ["b/2.wav", "b/3.wav"]


def test_folders_nested_deeper_than_python_recurses(tmp_path):
    plant(tmp_path, "d/" * 200 + "a.wav")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        (found,) = find_recordings([tmp_path])
    finally:
        sys.setrecursionlimit(limit)
    assert found.relative == "d/" * 200 + "a.wav"


# globs


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.wav", ["a.wav", "b.wav"]),
        ("*/*.wav", ["x/c.wav", "y/d.wav"]),
        ("[x]/?.wav", ["x/c.wav"]),
        ("x/*", ["c.wav", "n.txt", "z/e.wav"]),
        ("**/*.wav", ["a.wav", "b.wav", "x/c.wav", "x/z/e.wav", "y/d.wav"]),
        ("**/z/*.wav", ["x/z/e.wav"]),
        ("**", ["a.wav", "b.wav", "x/c.wav", "x/n.txt", "x/z/e.wav", "y/d.wav"]),
        ("x*", ["x/c.wav", "x/z/e.wav"]),
        ("*/z/e.wav", ["x/z/e.wav"]),
        (".h*", [".h.wav"]),
    ],
)
def test_globs(tmp_path, pattern, expected):
    plant(tmp_path, "a.wav", "b.wav", "x/c.wav", "x/n.txt", "x/z/e.wav", "y/d.wav", ".h.wav", ".git/i.wav")
    assert relatives(tmp_path / pattern) == expected


def test_below_a_glob_names_begin_at_the_first_wildcard(tmp_path):
    plant(tmp_path, "calls/c1/a.wav")
    (found,) = find_recordings([str(tmp_path / "calls/*/a.wav")])
    assert found.relative == "c1/a.wav"


def test_a_file_whose_name_looks_like_a_pattern(tmp_path):
    plant(tmp_path, "call[1].wav", "call1.wav")
    assert relatives(tmp_path / "call[1].wav") == ["call[1].wav"]


def test_a_glob_without_a_match(tmp_path):
    assert errors(tmp_path / "*.wav") == {
        "*.wav": "nothing matches *.wav: check the pattern, and quote it for the shell"
    }


# what is not as it should be


def test_a_missing_path_and_what_follows_it(tmp_path):
    plant(tmp_path, "a.wav")
    missing, good = find_recordings([tmp_path / "none.wav", tmp_path / "a.wav"])
    assert isinstance(missing.error, UnreadableError)
    assert "none.wav can't be read: there is no such file" in str(missing.error)
    assert good.error is None


def test_a_folder_that_leads_into_itself(tmp_path):
    plant(tmp_path, "a/b.wav")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    found = {one.relative: one.error for one in find_recordings([tmp_path])}
    assert list(found) == ["a/b.wav", "a/up", "loop.wav"]
    assert "symlink loop" in str(found["a/up"])
    assert "leads back to itself" in str(found["loop.wav"])


def test_a_symlinked_folder_is_followed_and_keeps_one_uri(tmp_path):
    plant(tmp_path, "real/a.wav")
    (tmp_path / "other").symlink_to("real")
    first, second = find_recordings([tmp_path])
    assert [first.relative, second.relative] == ["other/a.wav", "real/a.wav"]
    assert first.uri == second.uri == (tmp_path / "real/a.wav").as_uri()


def test_a_symlinked_recording_keeps_its_own_name(tmp_path):
    plant(tmp_path, "store/123.wav")
    (tmp_path / "call.wav").symlink_to("store/123.wav")
    (tmp_path / "gone.wav").symlink_to("nowhere")
    found = {one.relative: one for one in find_recordings([tmp_path])}
    assert found["call.wav"].uri == (tmp_path / "call.wav").as_uri()
    assert found["call.wav"].error is None
    assert "no such file" in str(found["gone.wav"].error)


def test_a_folder_named_like_a_recording(tmp_path):
    plant(tmp_path, "a.wav/b.wav", "c.wav/deep/d.wav", "e.wav/f.txt", "h.txt/i.txt")
    (tmp_path / "g.mp3").mkdir()
    found = {one.relative: one.error for one in find_recordings([tmp_path])}
    assert list(found) == ["a.wav/b.wav", "c.wav/deep/d.wav", "e.wav", "g.mp3"]
    assert found["c.wav/deep/d.wav"] is None
    assert str(found["g.mp3"]) == "g.mp3 is a folder named like a recording, and holds none; expected a file"


def test_an_unreadable_folder_does_not_stop_the_rest(tmp_path, monkeypatch):
    plant(tmp_path, "a/1.wav", "b/2.wav", "c/3.wav")
    scandir = os.scandir

    def forbidding(path: Path) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbidding)
    found = {one.relative: one.error for one in find_recordings([tmp_path])}
    assert list(found) == ["a/1.wav", "b", "c/3.wav"]
    assert "b can't be read: reading it is not permitted" in str(found["b"])


def test_a_path_with_a_nul():
    assert "NUL character" in errors("a\0b.wav")["a\0b.wav"]


# names


def test_names_that_are_no_text(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9\n\xf0\x9f\x98\x80.wav")
    path.touch()
    (found,) = find_recordings([tmp_path])
    assert found.uri.endswith("/caf%E9%0A%F0%9F%98%80.wav")
    assert found.relative == "caf�\n😀.wav"
    assert path_of(found.uri).samefile(path)


def test_suffixes_are_lower_case_with_a_dot():
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in AUDIO_SUFFIXES)
    assert {".wav", ".mp3", ".m4a", ".mp4", ".webm", ".amr", ".opus"} <= AUDIO_SUFFIXES
