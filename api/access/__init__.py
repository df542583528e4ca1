"""Who may do what, and to which calls."""

from api.access.principal import Principal, Right, Role, Scope
from api.access.required import Requires

__all__ = ["Principal", "Requires", "Right", "Role", "Scope"]
