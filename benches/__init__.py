"""mosaïque beside its peers: `python -m benches.run` (see benches/README.md)."""
