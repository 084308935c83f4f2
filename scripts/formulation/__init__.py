"""What a form says of labelled descriptions, beside their labels."""
