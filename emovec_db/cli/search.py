"""`emovec search`: stored utterances whose emotion is like that of a recording."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emovec_db.cli.conditions import Conditions
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import CollectionOption, JsonOption, SearchSpaceOption, examples, group, shares
from emovec_db.cli.output import console, print_json, working
from emovec_db.cli.session import opened
from emovec_db.errors import QueryError

if TYPE_CHECKING:
    from emovec_db.database import Collection
    from emovec_db.domain.answer import Answer

app = group()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How many matches, and what similar means."""

    k: Annotated[int, typer.Option("-k", metavar="NUMBER", min=1, help="How many matches.")] = 10
    space: SearchSpaceOption = None
    min_similarity: Annotated[
        float | None, typer.Option(metavar="NUMBER", min=-1, max=1, help="Only matches at least this similar, -1 to 1.")
    ] = None
    exclude_same: Annotated[
        str | None,
        typer.Option(metavar="WHAT", help="No match of the query's own recording, customer or speaker."),
    ] = None
    per_customer: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="At most so many matches of each customer.")
    ] = None
    per_recording: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="At most so many matches of each recording.")
    ] = None
    group_by: Annotated[
        str | None,
        typer.Option(metavar="WHAT", help="Matches by customer or recording; -k is the number of groups then."),
    ] = None
    per_group: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="Of each group at most so many matches.")] = 3
    cursor: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Go on after an earlier answer; it named the cursor.")
    ] = None
    diversify: Annotated[
        bool, typer.Option("--diversify", help="Leave out what is nearly the same as a match before it.")
    ] = False
    diversify_above: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", min=-1, max=1, help="The same from this similarity on; 0.98 unless given."),
    ] = None
    exact: Annotated[
        bool, typer.Option("--exact", help="Compare with all that is stored, whatever the index; takes longer.")
    ] = False

    def options(self) -> dict[str, Any]:
        """As the keyword arguments of searches."""
        options = asdict(self)
        above = options.pop("diversify_above")
        options["diversify"] = self.diversify or None if above is None else above
        return options


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What matches should be like, where it is no FILE, and what they should not."""

    utterance_id: Annotated[
        int | None, typer.Option("--id", metavar="UTTERANCE", help="Like this stored utterance.")
    ] = None
    recording: Annotated[int | None, typer.Option(metavar="ID", help="Like this stored recording.")] = None
    of_customer: Annotated[str | None, typer.Option(metavar="NAME", help="Like this customer usually is.")] = None
    scores: Annotated[str | None, typer.Option(metavar="SHARES", help="Like this mixture: angry=0.6,sad=0.4.")] = None
    vector: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Like this embedding: .npy, .f32 (bare floats) or .json (a list)."),
    ] = None
    like: Annotated[
        list[int] | None, typer.Option(metavar="UTTERANCE", help="Like this stored utterance; may be given again.")
    ] = None
    unlike: Annotated[
        list[int] | None, typer.Option(metavar="UTTERANCE", help="Not like this stored utterance; may be given again.")
    ] = None

    def search(self, stored: Collection, wanted: dict[str, Any]) -> Answer:
        """Ask for it; exactly one kind is set."""
        if self.utterance_id is not None:
            return stored.similar_by_id(self.utterance_id, **wanted)
        if self.recording is not None:
            return stored.similar_to_recording(self.recording, **wanted)
        if self.of_customer is not None:
            return stored.similar_to_customer(self.of_customer, **wanted)
        if self.scores is not None:
            return stored.similar_to_scores(shares("--scores", self.scores), **wanted)
        if self.vector is not None:
            from emovec_db.cli.vector_files import read_vector

            dim = stored.encoder().dim
            return stored.similar_to_vector(read_vector(self.vector, dim), **wanted)
        return stored.similar_to_examples(self.like or [], **wanted)

    @property
    def own_space(self) -> str | None:
        """What can be searched in one space only."""
        if self.vector is not None:
            return "embedding"
        return None if self.scores is None else "scores"

    @property
    def kinds(self) -> int:
        """How many kinds of what matches should be like are set."""
        kinds = (self.utterance_id, self.recording, self.of_customer, self.scores, self.vector, self.like)
        return sum(kind is not None for kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is said of FILE."""

    recording_role: Annotated[
        str | None, typer.Option(metavar="ROLE", help="Who speaks in FILE; a collection with a policy wants to know.")
    ] = None
    recording_channel: Annotated[
        str, typer.Option(metavar="NAME", help="Only this channel of FILE: left, right, ch0 …; else all are mixed.")
    ] = "mix"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenVoice(Given):
    """What is said of FILE, and of who is heard in it."""

    recording_customer: Annotated[str | None, typer.Option(metavar="NAME", help="Whose emotion is in FILE.")] = None
    recording_speaker: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose voice is in FILE; matters in space emotion.")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How the answer is shown."""

    explain: Annotated[bool, typer.Option("--explain", help="Show how each match differs; --json always does.")] = False
    as_json: JsonOption = False


@app.command(
    epilog=examples(
        "emovec search clip.mp3 -k 10",
        "emovec search --id 42 --customer c7 --since 2026-03-01",
        "emovec search --scores angry=0.6,sad=0.4 --unlike 63 --per-customer 1",
        "emovec search --like 42 --like 57 --unlike 63 --exclude-same customer",
        "emovec search --id 42 --group-by customer --per-group 2 --explain",
        "emovec search clip.mp3 --space scores --label angry --min-confidence 0.6 --json",
    )
)
@with_options(nearness=Nearness, alike=Alike, given=GivenVoice, conditions=Conditions, shown=Shown)
def search(
    nearness: Nearness,
    alike: Alike,
    given: GivenVoice,
    conditions: Conditions,
    shown: Shown,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Recording to compare with.")] = None,
    collection: CollectionOption = "default",
) -> None:
    """Find stored recordings whose emotion is like another's."""
    if (file is not None) + alike.kinds != 1:
        raise QueryError(
            "search takes either a FILE or one of --id, --recording, --of-customer, --scores, --vector and --like: "
            "give one"
        )
    with opened() as database:
        zone = database.settings.zone
        wanted = {**nearness.options(), "unlike": alike.unlike or [], **conditions.as_filter(zone)}
        stored = database.collection(collection)
        wanted["space"] = nearness.space or alike.own_space or stored.spaces.default()
        with working("Searching"):
            if file is not None:
                answer = stored.similar(file, **asdict(given), **wanted)
            else:
                answer = alike.search(stored, wanted)
        if shown.as_json:
            from emovec_db.documents import search_document

            print_json(search_document(answer))
        else:
            from emovec_db.cli.encoder_remark import encoder_remark
            from emovec_db.cli.search_view import answer_view

            narrowed = conditions != Conditions() or nearness.min_similarity is not None
            console().print(answer_view(answer, zone, narrowed=narrowed, explain=shown.explain))
            if answer.next_cursor is not None:
                console().print(f"\nThere are more: --cursor {shlex.quote(answer.next_cursor)}", style="dim")
            if answer:
                console().print(encoder_remark(stored))
