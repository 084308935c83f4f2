"""neuro-aolo: spiking actors for low-carbon wireless LLM services, from training to the carbon ledger."""

from neuro_aolo import interrupt

if interrupt.starts_a_command():
    # No command makes an environment by its name, and Gymnasium takes longer than all else of its start.
    interrupt.ends_at_once()
else:
    from gymnasium.envs.registration import register, registry

    # Entry points are named, not imported: `import neuro_aolo` loads neither the service model nor torch.
    if "AOLO-v0" not in registry:
        register(
            id="AOLO-v0",
            entry_point="neuro_aolo.systems.aolo.env:AoloEnv",
            vector_entry_point="neuro_aolo.systems.aolo.vector_env:AoloVectorEnv",
        )
