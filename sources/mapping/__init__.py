"""From what a PBX sends to a call: a mapping is a file of JMESPath expressions, and some are shipped (presets)."""

from sources.mapping.mapping import PRESETS, Mapping, expression, load_mapping, preset
from sources.mapping.sent import Sent

__all__ = ["PRESETS", "Mapping", "Sent", "expression", "load_mapping", "preset"]
