"""Learns from logged incidents which runbook to propose: `python -m qnet --help`."""
