"""Lets `python -m flows` be the `holdfast` command, for processes that start each other."""

from flows.cli import main

main()
