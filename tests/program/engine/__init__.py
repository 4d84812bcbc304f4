"""The vendor's command line, found and run."""
