"""Commands that are a family of their own; `cli` opens them."""
