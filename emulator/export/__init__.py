"""The contract in force in other people's notations: JSON Schema, OpenAPI, Markdown."""
