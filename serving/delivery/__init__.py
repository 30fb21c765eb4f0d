"""Call lists and scores as files: CSV and XLSX."""
