"""What the curves of quantisation and of robustness share."""
