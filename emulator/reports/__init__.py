"""Reports of what clients did and did not try: built as JSON, rendered for people and for CI."""
