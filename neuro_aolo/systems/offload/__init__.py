"""Which edge server serves an image-generation task: our reconstruction of a case of arXiv:2404.18077."""
