"""Reports on the coverage of the contract: built as JSON, rendered for people and for CI."""
