"""The Pulumi engine: the vendor's command line, found and run. Nothing of it is shipped."""
