"""The report grammar: phantom findings in, a radiology report with exact truth out."""

from maple_lib.data.phantoms.grammar.report import PhantomReport, write_report

__all__ = ["PhantomReport", "write_report"]
