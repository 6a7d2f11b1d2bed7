"""Reports: every sentence to ⟨region, finding, existence⟩, with character spans."""

from __future__ import annotations

from maple_lib.reports.many import Outcome, iter_parse, parse_many
from maple_lib.reports.parse import Parser, parse
from maple_lib.reports.report import ParsedReport
from maple_lib.reports.states import CARDIAC_CT, states
from maple_lib.reports.table import parse_table
from maple_lib.reports.types import Existence, Section, Sentence, Span, Triplet

__all__ = [
    "CARDIAC_CT",
    "Existence",
    "Outcome",
    "ParsedReport",
    "Parser",
    "Section",
    "Sentence",
    "Span",
    "Triplet",
    "iter_parse",
    "parse",
    "parse_many",
    "parse_table",
    "states",
]
