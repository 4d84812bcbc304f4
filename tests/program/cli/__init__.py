"""The vendor's own command line over our program, our provider as a process, and the stand-in for Cloudflare's."""
