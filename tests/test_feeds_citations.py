"""Citations of an entry: no title breaks their syntax, and they have no invented date."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_eyes.feeds.compose.citations import cite
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import compose_entry
from foreign_eyes.listing.text import clean

COLUMN = runpy.run_path(str(Path(__file__).parent / "data/feeds/column.py"))
EDITION: PublicationTarget = COLUMN["EDITION"]
KITE, TEA, MELODY, LANTERN = COLUMN["ENTRIES"]


def test_a_plain_citation_names_work_publication_column_day_and_address() -> None:
    assert cite(EDITION, KITE).plain == (
        "“A kite that <steers> itself & lands”, The Harbour Post. Excerpt in “A Made-up Column”, first seen there on"
        " 2 March 2021. Archived at https://eyes.example/column/entries/400000004/"
    )


def test_bibtex_escapes_tex_commands() -> None:
    archived = replace(COLUMN["ARCHIVED"][0], title=r"50% of {R&D} costs $5_000 #1 ~ ^ \input{x}")
    bibtex = cite(EDITION, compose_entry(EDITION, archived)).bibtex

    assert (
        r"title = {{50\% of \textbraceleft{}R\&D\textbraceright{} costs \$5\_000 \#1 \textasciitilde{} \textasciicircum{}"
        r" \textbackslash{}input\textbraceleft{}x\textbraceright{}}}"
    ) in bibtex
    assert bibtex.startswith("@misc{foreign-eyes-400000004,\n")


def test_csl_json_has_the_fields_of_reference_managers_and_no_date() -> None:
    (item,) = json.loads(cite(EDITION, TEA).csl_json)

    assert (item["title"], item["container-title"]) == ("Tea by Telegraph", "Evening Ledger")
    assert (item["URL"], item["archive_location"]) == (TEA.alternate, TEA.tag_uri)
    assert item["note"] == "Excerpt in “A Made-up Column”, first seen there on 2 March 2021", (
        "and not when it was edited"
    )
    assert "issued" not in item


def test_an_untitled_entry_is_cited_without_a_publication_of_its_own() -> None:
    cited = cite(EDITION, MELODY)

    assert cited.plain.startswith("“Who Owns a Melody? The Quarterly”. Excerpt in")
    assert "howpublished" not in cited.bibtex
    assert "container-title" not in json.loads(cited.csl_json)[0]


def test_the_braces_of_bibtex_are_balanced() -> None:
    """BibTeX counts every brace, one behind a backslash too, so none of a title's own may stand there."""
    archived = replace(COLUMN["ARCHIVED"][0], title="a } b", publication="{ c \\}")
    fields = read_bibtex(cite(EDITION, compose_entry(EDITION, archived)).bibtex)

    assert fields == {
        "title": r"{a \textbraceright{} b}",
        "howpublished": r"\textbraceleft{} c \textbackslash{}\textbraceright{}",
        "note": "Excerpt in “A Made-up Column”, first seen there on 2 March 2021",
        "url": KITE.alternate,
    }


def read_bibtex(entry: str) -> dict[str, str]:
    """Read an entry as BibTeX does: a field ends where as many braces were closed as opened."""
    assert entry.startswith("@misc{")
    fields, depth, start, name = {}, 0, 0, ""
    for place, sign in enumerate(entry):
        depth += (sign == "{") - (sign == "}")
        assert depth > 0 or sign != "}" or place == len(entry) - 1
        if sign == "{" and depth == 2 and not name:
            name, start = entry[:place].rpartition("\n")[2].removesuffix(" = ").strip(), place + 1
        elif sign == "}" and depth == 1 and name:
            fields[name], name = entry[start:place], ""
    assert depth == 0
    return fields


@settings(deadline=None)
@given(title=st.text().map(clean), publication=st.text().map(clean))
def test_no_title_breaks_out_of_its_braces(title: str, publication: str) -> None:
    archived = replace(COLUMN["ARCHIVED"][0], title=title, publication=publication)
    entry = compose_entry(EDITION, archived)
    cited = cite(EDITION, entry)
    fields = read_bibtex(cited.bibtex)

    assert list(fields) == ["title", *(["howpublished"] if entry.citation.publication else []), "note", "url"]
    assert not re.search(r"(?<!\\)[&%$#_]", cited.bibtex)
    assert json.loads(cited.csl_json)[0]["title"] == entry.citation.work


@settings(deadline=None)
@given(st.text("{}\\%$#_&~^ ab"))
def test_tex_prints_escaped_characters_as_they_were(title: str) -> None:
    printed = {
        r"\textbackslash{}": "\\",
        r"\textbraceleft{}": "{",
        r"\textbraceright{}": "}",
        r"\textasciitilde{}": "~",
        r"\textasciicircum{}": "^",
        **{f"\\{sign}": sign for sign in "&%$#_"},
    }
    entry = compose_entry(EDITION, replace(COLUMN["ARCHIVED"][0], title=title))
    written = read_bibtex(cite(EDITION, entry).bibtex)["title"][1:-1]

    assert re.sub("|".join(map(re.escape, printed)), lambda found: printed[found[0]], written) == entry.citation.work


def test_unknown_fields_are_left_out_of_all_forms() -> None:
    cited = cite(EDITION, LANTERN)
    (item,) = json.loads(cited.csl_json)

    assert item["type"] == "article-newspaper"
    assert item["id"] == "foreign-eyes-100000001"
    assert item["note"] in cited.plain
    assert item["note"] in cited.bibtex
    for form in (cited.plain, cited.bibtex, cited.csl_json):
        assert LANTERN.alternate in form
        assert "\u202e" not in form
