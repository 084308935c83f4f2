"""neuro-aolo: spiking actors for low-carbon wireless LLM services, from training to the carbon ledger."""

from neuro_aolo import interrupt

# Half of a command's start goes by in the next import, before its own code has a say.
if interrupt.starts_a_command():
    interrupt.ends_at_once()

from gymnasium.envs.registration import register, registry

# Entry points are named, not imported: `import neuro_aolo` loads neither the service model nor torch.
if "AOLO-v0" not in registry:
    register(
        id="AOLO-v0",
        entry_point="neuro_aolo.systems.aolo.env:AoloEnv",
        vector_entry_point="neuro_aolo.systems.aolo.vector_env:AoloVectorEnv",
    )
