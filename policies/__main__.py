"""The rules of this repository as Pulumi's policy pack; rules themselves stand in the other files."""

from pathlib import Path

from reconcile.program.analyzer import serve

serve(Path(__file__).parent)
