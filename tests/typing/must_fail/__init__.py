"""Mistakes that both type checkers must report: one a line, with a comment that names the rule of each."""
