"""preview and up: what Pulumi builds, and beside it what is ours."""
