"""Files and databases as raw rows: delimited text, encodings, workbooks, Parquet and queries."""
