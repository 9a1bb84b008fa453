"""One run or one comparison: running it, its results, its statistics, its description in words."""
