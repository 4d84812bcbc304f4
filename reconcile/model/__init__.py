"""The nouns. Everything else is built from them; they import nothing of ours."""
