"""`foreign-eyes sql`: what a query prints, and what is refused."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing

import pytest
from conftest import CommandLine
from support.processes import on_a_terminal
from support.settling import A, B, Column, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.cli.sql_output import MOST_TABLE_ROWS

COUNTING = "with recursive n(x) as (select 1 union all select x + 1 from n where x < {}) select x from n"


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Return a command line beside an archive of two entries."""
    folder = tmp_path_factory.mktemp("sql")
    with open_archive(folder / "archive.db") as db:
        column = Column(db)
        for second in (B, entry("Bears", commentary="As never before.")):
            column.crawl(listing(A, second))
    return CommandLine(folder)


def test_without_an_option_rows_are_a_table_whose_numbers_align_to_the_right(sql: CommandLine) -> None:
    done = sql("sql", "select title, 7 as n, null as 'a b', x'00ff' as bytes from entries order by title")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()[2:]] == [
        ["Apples", "7", "<2", "bytes>"],
        ["Bears", "7", "<2", "bytes>"],
    ]
    assert sql("sql", "select 1 as wide union select 22").stdout.splitlines()[2:] == ["   1", "  22"]


def test_a_table_is_cut_to_the_terminal_and_shows_no_control_characters(sql: CommandLine) -> None:
    written = on_a_terminal(sql, "sql", "select char(27) || '[31m' || title || hex(tag_uri) as t from entries", env={})
    assert "\\x1b[31mApples" in written
    assert max(len(line) for line in written.splitlines()) <= 80
    assert "\x1b[31m" not in on_a_terminal(sql, "sql", "select char(27) || '[31m'", "--csv", env={})


def test_json_is_one_object_with_columns_and_rows(sql: CommandLine) -> None:
    done = sql("sql", "select title, length(title) as title, x'00ff' as b, null as n from entries order by 1", "--json")
    assert json.loads(done.stdout) == {
        "columns": ["title", "title_2", "b", "n"],
        "rows": [
            {"title": title, "title_2": len(title), "b": {"$base64": True, "encoded": "AP8="}, "n": None}
            for title in ("Apples", "Bears")
        ],
    }
    assert json.loads(sql("sql", "select 1 as one where 0", "--json").stdout) == {"columns": ["one"], "rows": []}


def test_csv_has_a_line_of_names_and_quotes_what_needs_it(sql: CommandLine) -> None:
    done = sql("sql", "select 'a \"b\", c' as x, 'two' || char(10) || 'lines' as y, null as z, x'00ff' as b", "--csv")
    assert list(csv.reader(done.stdout.splitlines(keepends=True))) == [
        ["x", "y", "z", "b"],
        ['a "b", c', "two\nlines", "", "00ff"],
    ]


def test_a_long_result_is_cut_in_a_table_and_whole_for_programs(sql: CommandLine) -> None:
    many = COUNTING.format(MOST_TABLE_ROWS + 1)
    shown = sql("sql", many)
    assert len(shown.stdout.splitlines()) == MOST_TABLE_ROWS + 2
    assert "only the first 1,000 rows" in shown.stderr
    assert len(sql("sql", many, "--csv").stdout.splitlines()) == MOST_TABLE_ROWS + 2
    assert len(json.loads(sql("sql", many, "--json").stdout)["rows"]) == MOST_TABLE_ROWS + 1
    assert sql("sql", "select 1 where 0").stderr == "no rows\n"


def test_a_statement_comes_from_standard_input_and_takes_parameters(sql: CommandLine) -> None:
    done = sql("sql", "-", "--csv", "--param", "t", "Bears' or 1=1", "--param", "u", "Apples", stdin="select :t, :u\n")
    assert done.stdout.splitlines()[1] == "Bears' or 1=1,Apples"


def test_the_functions_for_analysts_are_there(sql: CommandLine) -> None:
    done = sql("sql", "select word_diff('a b', 'a c'), comparable('a b'), search_query('bat*')", "--csv")
    assert done.stdout.splitlines()[1] == 'a [-b-]{+c+},ab,"(""bat"" *)"'
    changed = "select word_diff(a.commentary, b.commentary) as d from revisions a join revisions b using (entry_id)"
    rows = json.loads(sql("sql", f"{changed} where a.number = 1 and b.number = 2", "--json").stdout)["rows"]
    assert rows == [{"d": "As{+ never+} before."}]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("nonsense", "syntax error"),
        ("", "STATEMENT is empty"),
        ("/* nothing */", "returns no rows"),
        ("select 1; select 2", "one statement at a time"),
        ("select :missing", "missing"),
        ("select load_extension('x')", "not authorized"),
        ("delete from entries", "may only read"),
        ("insert into entries_fts (entries_fts) values ('delete-all')", "may only read"),
        ("create temp table x (y)", "may only read"),
        ("attach 'other.db' as other", "may only read"),
        ("vacuum into 'copy.db'", "cannot VACUUM"),
        ("pragma journal_mode = wal", "may only read"),
        ("commit", "may only read"),
        (f"select count(*) from ({COUNTING.format(10**12)})", "took longer than 0.3 s"),
    ],
)
def test_what_is_not_a_quick_query_is_refused_in_one_line(sql: CommandLine, statement: str, said: str) -> None:
    before = (sql.folder / "archive.db").read_bytes()
    done = sql("sql", statement, "--time-limit", "0.3")
    assert (done.returncode, done.stdout) == (64, "")
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert (sql.folder / "archive.db").read_bytes() == before
    assert [path.name for path in sql.folder.iterdir()] == ["archive.db"]


def test_errors_are_an_object_with_json(sql: CommandLine) -> None:
    done = sql("sql", "select missing", "--json")
    assert done.returncode == 64
    assert json.loads(done.stdout)["problems"][0]["what"] == "no such column: missing"
    assert sql("sql", "select 1", "--json", "--csv").returncode == 64
    assert sql("--archive", "none.db", "sql", "select 1").returncode == 66


def test_what_redactions_hide_reads_as_null(sql: CommandLine) -> None:
    with closing(sqlite3.connect(sql.folder / "archive.db")) as connection:
        assert connection.execute("select length(secret) from redaction_secret").fetchone() != (None,)
    rows = json.loads(sql("sql", "select secret as s from redaction_secret", "--json").stdout)["rows"]
    assert [row["s"] for row in rows] == [None]
