"""How it looks: comparisons, single runs, and the words on them."""
