"""What the fuzz of every reader of a file is made of."""

import os

# Before NumPy is imported: a process with threads cannot be forked.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
