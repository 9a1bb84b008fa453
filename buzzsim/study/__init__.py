"""Ask once: run or compare, and read what came out."""
