"""How long tests wait for what real processes do: so long that only a fault reaches it, also on a busy machine."""

PATIENCE_S = 180.0
