"""Loading of desired state."""
