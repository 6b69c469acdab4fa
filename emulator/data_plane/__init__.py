"""What moves data: readers of files, conformance to schemas, ingestion. Knows no HTTP."""
