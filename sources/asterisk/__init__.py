"""Asterisk's Manager Interface: what a PBX says while calls go on becomes calls (docs/asterisk.md)."""
