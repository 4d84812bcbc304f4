"""Railway: the vendor as the sandbox plays it, and our platform against it."""
