"""neuro-aolo: spiking actors for low-carbon wireless LLM services, from training to the carbon ledger."""

from gymnasium.envs.registration import register, registry

# Entry points are named, not imported: `import neuro_aolo` loads neither the service model nor torch.
if "AOLO-v0" not in registry:
    register(
        id="AOLO-v0",
        entry_point="neuro_aolo.service.env:AoloEnv",
        vector_entry_point="neuro_aolo.service.vector_env:AoloVectorEnv",
    )
