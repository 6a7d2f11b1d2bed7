"""DICOM in and out: header, stored values, shades of grey, and a writer for phantoms."""
