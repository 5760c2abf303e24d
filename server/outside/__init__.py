"""What is asked of machines that are not ours: links looked at, files scanned. Input and output, no rules, no SQL."""
