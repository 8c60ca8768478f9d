"""Prompts: jinja2 templates, and the one format in which material reaches the model.

A request's system part is ours alone and static. Everything else stands in the user message, in blocks:

    <NAME id="TAG">
    one JSON value, possibly over several lines
    </NAME id="TAG">

TAG is 16 hex digits, random per run, and is announced in the user message before the first block. NAME is one of

pull_request  {"repository", "title", "body", "files": [{"path", "status"}], "more_files": int}
guidelines    {"REVIEW.md": "text", ...}: from the base commit
item          {"item": "I1", "path", "old_path", "status", "part": "1 of 1", "scope": "whole file" | "hunks",
              "view": [str]}; in an audit the status is "unchanged", and the scope of a large file's part is "part"
notes         [{"path", "notes": [str]}]: what the file passes said of their file's promises and expectations
candidates    [{"id": "F1", "path", "start_line", "end_line", "quote", "severity", "confidence", "category", "title",
              "explanation", "suggestion"}]

A line of an item's `view`, one JSON string per line of text: columns 0-5 the new-side line number, right-aligned
(blank for a removed line), column 7 the mark (`+` added, `-` removed, space unchanged, `~` a note that lines are not
shown), from column 9 the text.
"""
