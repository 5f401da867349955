"""Publishing: an archive as feeds and pages, plain files that any web server can send.

    follow the archive's journal | plan | compose | render | write | notify the hub

publish            the entry point: one publish of one source into one folder
plan, documents    which documents to check, and the function that makes each of them
compose/, render/  the texts of feeds and pages (pure), and the bytes of each format
file_writer        atomic writes; folder, the record of the output folder; websub, the notification of a hub
site_map           the table of all published paths, which the server reads too
errors             the exceptions that `publish` raises

The command line checks configurations with `topic_matching`, `default_topics` and `published_urls`. No file shows when it
was published or when the source was last read, so the same archive gives the same bytes.
"""
