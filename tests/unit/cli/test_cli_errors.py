"""Every error becomes an exit code and words, or one JSON document."""

from __future__ import annotations

import io
import json

import pytest

from emovec_db import errors
from emovec_db.cli import exit_codes, failures, session
from emovec_db.cli.main import main
from tests.unit.cli.conftest import Run
from tests.unit.cli.fakes import FakeDatabase


def subclasses(kind: type[errors.EmovecError]) -> list[type[errors.EmovecError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in subclasses(child))]


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(session, "open_database", broken)


def expected_exit_code(kind: type[errors.EmovecError]) -> int:
    if kind in {errors.JobCancelledError, errors.StoppedError}:
        return exit_codes.INTERRUPTED
    return exit_codes.USAGE if issubclass(kind, errors.UserError) else exit_codes.FAILED


@pytest.mark.parametrize("kind", subclasses(errors.EmovecError), ids=lambda kind: kind.__name__)
def test_own_errors_keep_their_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, kind: type[errors.EmovecError]
) -> None:
    fail_with(monkeypatch, kind("what came\x1b, what was expected", place=3))

    said, document = run("collections"), run("collections", "--json")

    assert said.code == document.code == kind.exit_code
    assert said.code == expected_exit_code(kind)
    assert said.out == ""
    assert said.err == "emovec: what came\\x1b, what was expected\n"
    assert document.err == ""
    assert document.json["code"] == kind.code
    assert document.json["message"] == "what came\x1b, what was expected"
    assert document.json["detail"]["place"] == 3


def test_an_unexpected_error_is_one_line_with_a_hint(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, ZeroDivisionError("by\nnothing"))

    said, document = run("collections"), run("collections", "--json")

    assert (said.code, said.out) == (1, "")
    assert said.err == "emovec: ZeroDivisionError: by\\nnothing\nEMOVEC_DEBUG=1 shows where this happened\n"
    assert document.code == 1
    assert document.json == {"code": "internal", "message": "ZeroDivisionError: by\nnothing", "detail": {}}


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fail_with(monkeypatch, ZeroDivisionError())
    monkeypatch.setenv("EMOVEC_DEBUG", "1")

    assert main(["collections"]) == 1

    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("search", "--nonsense", "x"), "No such option: --nonsense"),
        (("search", "x", "-k", "0"), "'-k'"),
        (("search", "x", "-k", "many"), "'-k'"),
        (("classify",), "FILE"),
        (("classify", "x", "--granularity", "word"), "'--granularity'"),
        (("models", "nonsense"), "No such command"),
    ],
)
def test_usage_errors(run: Run, words: tuple[str, ...], part: str) -> None:
    said, document = run(*words), run(*words, "--json")

    assert said.code == document.code == 2
    assert said.out == ""
    assert part in said.err
    assert "--help" in said.err
    assert document.json["code"] == "usage"
    assert part in document.json["message"]


@pytest.mark.parametrize(
    "words",
    [
        ("search",),
        ("search", "clip.wav", "--id", "3"),
        ("trajectories",),
        ("trajectories", "angry", "--like", "3"),
        ("trajectories", "angry", "--stretch", "2"),
        ("trajectories", "angry", "--recording-role", "agent"),
        ("trajectories", "--like", "3", "--recording-role", "agent"),
        ("trajectories", "--like", "3", "--min-clarity", "0.5"),
        ("ingest",),
        ("ingest", "--retry-failed", "--dry-run"),
        ("ingest", "x", "--dry-run", "--forbid-role", "agent"),
        ("ingest", "--manifest", "x.csv", "--column", "no-equals-sign"),
        ("ingest", "x", "--metadata", "no-equals-sign"),
        ("ingest", "x", "--roles", "left"),
        ("ingest", "x", "--retry-failed", "--allow-again"),
        ("ingest", "x", "--channels", "left,,right"),
        ("ingest", "x", "--recorded-at", "yesterday"),
        ("list", "--since", "soon"),
        ("search", "clip.wav", "--metadata", "=x"),
        ("delete",),
        ("delete", "3", "--customer", "c1"),
        ("delete", "3"),
        ("delete", "3", "--json"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_happens(
    run: Run, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))

    outcome = run(*words)

    assert outcome.code == 2
    assert database.asked == []
    message = outcome.json["message"] if "--json" in words else outcome.err
    assert message.strip()


def test_ctrl_c_says_that_the_same_command_goes_on(run: Run, database: FakeDatabase) -> None:
    database.interrupted = True

    said, document = run("ingest", "calls/"), run("ingest", "calls/", "--json")

    assert said.code == document.code == 130
    assert "the same command goes on from there" in said.err
    assert document.json["code"] == "interrupted"


def test_a_file_named_json_asks_for_no_json(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, errors.SettingsError("broken"))

    assert run("classify", "--", "--json").err == "emovec: broken\n"


def test_a_reader_that_leaves_ends_the_command_quietly(
    database: FakeDatabase, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

        def fileno(self) -> int:
            return spare

    import os

    spare = os.dup(2)
    monkeypatch.setattr("sys.stdout", Gone())

    assert main(["collections", "--json"]) == 1

    assert capfd.readouterr().err == ""
    os.close(spare)


def test_details_that_are_no_json_are_written_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    failures.report(errors.NotFoundError("gone", path=ZeroDivisionError), as_json=True)

    assert json.loads(capsys.readouterr().out)["detail"] == {"path": "<class 'ZeroDivisionError'>"}


def test_no_command_shows_the_help(run: Run) -> None:
    assert run().out == run("--help").out
    assert run("models").out == run("models", "--help").out


def test_version(run: Run) -> None:
    from emovec_db import __version__

    assert run("--version").out == f"emovec-db {__version__}\n"
