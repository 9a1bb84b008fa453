"""What is typed: the `buzzsim` command."""

from buzzsim.cli.command import main

__all__ = ["main"]
