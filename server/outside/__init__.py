"""What is asked of machines that are not ours, and at our own front door: links looked at, files scanned, a knock.

Input and output, no rules, no SQL.
"""
