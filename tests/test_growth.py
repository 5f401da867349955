"""A listing with far more entries than before, and responses that later ones contradict."""

from __future__ import annotations

import json

from conftest import CommandLine
from support.listing_server import Handler, ListingServer
from support.listings import LISTING, Entry, make_entries, make_page, make_site, page_name

OWN = make_entries(32)


def strangers(count: int) -> list[Entry]:
    return [Entry(f"Casino {n}", "The Gambler", f"Bet {n} times on {n * 7}.", f"Win {n} prizes.") for n in range(count)]


def defaced(count: int) -> list[Entry]:
    """The first title has codes for a terminal's colour and for the text direction."""
    first = Entry("Casino \u202eeno rebmun", "The Gambler", "Bet once more.", "Win.")
    return [first, *strangers(count - 1)]


def status(command: CommandLine) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads(command("status", "--json").stdout)
    return found


def test_a_page_with_a_thousand_unknown_entries_settles_nothing_and_status_quotes_three_titles(
    command: CommandLine, server: ListingServer
) -> None:
    server.site = make_site(OWN, per_page=8)
    assert command.crawl(server)["new"] == 32
    server.site[page_name(2)] = make_page([*OWN[8:16], *defaced(1000)], 2, 4)
    server.asked.clear()
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"], row["new"]) == (65, "suspect", 0)
    assert row["reason"] == (
        "the listing shows 1016 entries up to page 2; the most that a complete crawl found is 32;"
        ' among the new: "Casino eno rebmun", "Casino 0", "Casino 1"; is it another listing?'
    )
    assert [one.path for one in server.asked] == ["/robots.txt", page_name(1), page_name(2)]
    [problem] = status(command)["problems"]
    assert row["reason"] in problem["what"]
    assert "--accept" in problem["remedy"]
    assert '"Casino eno rebmun", "Casino 0", "Casino 1"' in command("status").stdout


def test_growth_is_compared_with_the_most_entries_ever_listed(command: CommandLine, server: ListingServer) -> None:
    server.site = make_site(make_entries(100), per_page=25)
    command.crawl(server)
    server.site = make_site(make_entries(60), per_page=25)
    assert command.crawl(server)["outcome"] == "complete"
    server.site = make_site(make_entries(140), per_page=25)  # more than twice the last, but not half more than the most
    assert command.crawl(server)["outcome"] == "complete"


def test_accepted_growth_is_the_new_limit(command: CommandLine, server: ListingServer) -> None:
    server.site = make_site(OWN, per_page=8)
    command.crawl(server)
    server.site[page_name(4)] = make_page([*OWN[24:], *strangers(100)], 4, 4)
    assert command.crawl(server)["outcome"] == "suspect"
    assert (row := command.crawl(server, "--accept"))["outcome"] == "complete", row
    assert row["new"] == 100
    server.site[page_name(4)] = make_page([*OWN[24:], *strangers(130)], 4, 4)
    assert command.crawl(server)["outcome"] == "complete"
    assert status(command)["problems"] == []


def test_a_first_crawl_has_no_limit(command: CommandLine, server: ListingServer) -> None:
    server.site = make_site(strangers(300), per_page=300)
    assert command.crawl(server)["new"] == 300


def test_unknown_entries_in_one_response_that_later_passes_lack_are_not_settled(
    command: CommandLine, server: ListingServer
) -> None:
    server.site = make_site(OWN, per_page=8)
    command.crawl(server)
    answers = iter([make_page([*OWN[:8], *strangers(30)], 1, 4)])

    def once(handler: Handler) -> None:
        if body := next(answers, None):
            handler.reply(200, body, Content_Type="text/html")
            return
        del server.faults[LISTING]
        handler.do_GET()

    server.faults[LISTING] = once
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"], row["new"], row["entries"]) == (0, "complete", 0, 32)
    assert command.rows("SELECT * FROM current_entries WHERE publication = 'The Gambler'") == []
    assert json.loads(command("reparse", "--check", "--json").stdout)["ok"] is True


def test_a_part_of_more_than_64_kilobytes_settles_nothing_until_it_is_accepted(
    command: CommandLine, server: ListingServer
) -> None:
    server.site = make_site(OWN, per_page=8)
    command.crawl(server)
    swallowed = Entry("Workshop 99", "Le Monde", "It begins. " * 6000, "And ends.")
    server.site[page_name(3)] = make_page([swallowed, *OWN[17:24]], 3, 4)
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (65, "suspect")
    assert row["reason"].startswith("page 3: an entry has an excerpt of 64 KB; at most 64 KB are accepted")
    assert command.crawl(server, "--accept")["new"] == 1
