"""CSV and TSV as rows, bounded."""

import csv
import io
from dataclasses import dataclass

ROWS, COLUMNS, CELL = 500, 60, 2000


@dataclass(frozen=True, slots=True)
class Table:
    """First row as head; `cut` if rows or columns were left out."""

    head: list[str]
    rows: list[list[str]]
    cut: bool


def parse(text: str, filename: str) -> Table:
    """At most ROWS × COLUMNS cells of CELL characters. The delimiter is a tab for .tsv, else the likeliest of `, ; tab |`."""
    sample = text[:4096]
    counts = {mark: sample.count(mark) for mark in (",", ";", "\t", "|")}
    delimiter = "\t" if filename.lower().endswith(".tsv") else max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else ","
    csv.field_size_limit(10_000_000)
    rows: list[list[str]] = []
    cut = False
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            if len(rows) > ROWS:
                cut = True
                break
            cut = cut or len(row) > COLUMNS
            rows.append([cell[:CELL] for cell in row[:COLUMNS]])
    except csv.Error:
        cut = True
    head = rows[0] if rows else []
    return Table(head, rows[1:], cut)
