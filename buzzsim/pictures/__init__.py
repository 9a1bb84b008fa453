"""Figures of comparisons and of single runs, and the words on them."""
