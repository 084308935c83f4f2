"""How people speak of the cell: a radio site with servers, batteries and solar power."""

from neuro_aolo.systems.phrases import Naming, Phrases

_PARAMETERS = {
    "radio.users_per_server": Naming(
        "users of each server",
        ("", "user", "user server"),
        ("?user", "count the users", "users on each", "number of users"),
    ),
    "radio.transmit_power_w": Naming(
        "transmit power", ("transmission power", "antenna", "transmit|transmitter|send|radiate")
    ),
    "radio.bandwidth_hz": Naming("bandwidth", ("", "band", "spectrum")),
    "radio.noise_w": Naming("noise power", ("noise",)),
    "radio.packet_bits": Naming("size of a packet", ("packet", "packet size|length")),
    "radio.buffer_packets": Naming("buffer", ("", "buffer", "queue hold|hold|fit")),
    "radio.subslot_s": Naming("subslot", ("sub-slot", "radio scheduling")),
    "compute.cpu_flop_per_cycle": Naming("FLOP per cycle of a CPU", ("@cpu cycle", "@cpu flop")),
    "compute.gpu_flop_per_cycle": Naming("FLOP per cycle of a GPU", ("@gpu cycle", "@gpu flop")),
    "compute.cpu_clock_ghz": Naming("clock of a CPU", ("@cpu clock|frequency|run", "@cpu")),
    "compute.gpu_clock_ghz": Naming("clock of a GPU", ("@gpu clock|frequency|run", "@gpu")),
    "compute.cpu_cubic_w": Naming("cubic power of a CPU", ("@cpu cubic", "@cpu")),
    "compute.cpu_static_w": Naming("static power of a CPU", ("@cpu static|idle",)),
    "compute.cpu_linear_w": Naming("linear power of a CPU", ("@cpu linear", "@cpu")),
    "compute.gpu_cubic_w": Naming("cubic power of a GPU", ("@gpu cubic", "@gpu")),
    "compute.gpu_static_w": Naming("static power of a GPU", ("@gpu static|idle",)),
    "compute.gpu_linear_w": Naming("linear power of a GPU", ("@gpu linear", "@gpu")),
    "compute.cubic_intensity": Naming("intensity of cubic power", ("cubic intensity", "alpha")),
    "compute.static_intensity": Naming("intensity of static power", ("static intensity", "beta")),
    "demand.packets_per_s": Naming("packets a second", ("", "packet arrive|arrival|rate|second", "traffic")),
    "demand.channel_variance": Naming("variance of the channel", ("channel variance", "variance", "fading")),
    "demand.flop_per_bit": Naming("work per bit", ("bit", "bit cost|need|take", "")),
    "storage.capacity_kwh": Naming(
        "battery capacity",
        ("@battery", "battery", "storage", "@battery capacity|size|hold|store"),
        (
            "?battery",
            "?storage",
            "batteries of some size",
            "capacity is open",
            "large batteries",
            "small batteries",
        ),
    ),
    "storage.retention": Naming(
        "retention of the battery", ("retention", "@battery keep|retain|self-discharge")
    ),
    "storage.charge_efficiency": Naming(
        "charge efficiency",
        (
            "charging efficiency",
            "@battery efficiency",
            "efficiency",
            "charging|charge loss|lose|arrive",
            "@battery goes_in|put_in|arrive",
        ),
    ),
    "storage.initial_share": Naming(
        "charge at the start", ("initial", "start|begin|first charge|charged|full|share|battery", "initially")
    ),
    "storage.constant_g_per_kwh": Naming(
        "carbon factor of stored energy",
        ("battery|stored|storage factor|constant|carbon", "fixed factor", "@battery", "discharge"),
    ),
    "sun.peak_kwh": Naming(
        "solar peak",
        ("solar|sun|panel|pv peak|most|up_to|at_best|noon", "@sun", "solar", "panel|pv"),
        ("?panel", "?solar"),
    ),
    "sun.clouds": Naming("share that clouds let through", ("cloud", "cloudy", "sunlight", "@sun share|let")),
    "sun.g_per_kwh": Naming("carbon intensity of solar power", ("solar", "@sun", "panel|pv")),
    "grid.g_per_kwh": Naming(
        "carbon intensity of the grid",
        ("@grid", "grid", "carbon_intensity", "mains", "electricity", "utility"),
        (
            "grid is quite dirty",
            "grid is dirty",
            "grid is clean",
            "grid is quite clean",
            "dirty grid",
            "clean grid",
        ),
    ),
    "time.slot_s": Naming("length of a slot", ("slot", "slot last|long|of", "step last|long", "interval")),
    "time.slots": Naming("number of slots", ("", "slot simulate|number|horizon|there|many", "episode slot")),
    "interface.forecast_hours": Naming(
        "hours of forecast", ("forecast", "ahead", "look_ahead", "foresee|foresight|know_in_advance|advance")
    ),
    "interface.actions": Naming("actions", ("actions",)),
    "interface.observations": Naming("observations", ("observations",)),
    "interface.objective": Naming("objective", ("objective",)),
    "interface.battery_carbon": Naming("battery carbon", ("battery carbon",)),
    "interface.denominator": Naming("denominator", ("denominator",)),
    "sun.profile": Naming("sun profile", ("sun profile",)),
    "grid.profile": Naming("grid profile", ("grid profile",)),
}

_CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "interface.actions": {
        "reduced": ("actions reduced", "reduced actions", "storage and effort", "battery and effort"),
        "storage": (
            "actions storage",
            "storage actions",
            "only decides on storage",
            "decides on storage only",
            "storage alone",
            "only decides about the battery",
            "only the battery is decided",
            "effort to an exact search",
            "effort to the exact search",
        ),
        "full": ("actions full", "full actions", "every freedom", "all freedoms"),
    },
    "interface.observations": {
        "server": (
            "observations server",
            "observations: server",
            "server observations",
            "sees only its own",
            "by its own observations",
        ),
        "flat": ("observations flat", "flat observations", "sees the whole cell", "sees all servers"),
        "paper": ("observations paper", "observations of the paper", "paper's observations"),
    },
    "interface.objective": {
        "carbon": (
            "objective carbon",
            "minimise carbon",
            "minimize carbon",
            "carbon as the objective",
            "least carbon",
        ),
        "avoided": (
            "objective avoided",
            "avoided emissions",
            "avoided carbon",
            "avoided objective",
            "emissions avoided",
            "carbon avoided",
        ),
        "renewable": ("objective renewable", "renewable objective", "share of renewables", "renewable share"),
        "printed": (
            "objective printed",
            "printed objective",
            "objective as printed",
            "printed as the objective",
        ),
    },
    "interface.battery_carbon": {
        "tracked": (
            "battery carbon tracked",
            "track the carbon",
            "tracked carbon",
            "carbon is tracked",
            "carbon followed through",
        ),
        "constant": (
            "battery carbon constant",
            "fixed factor",
            "constant factor",
            "constant carbon for the battery",
        ),
    },
    "interface.denominator": {
        "delivered": (
            "denominator delivered",
            "delivered bits count",
            "per delivered bit",
            "bits delivered",
            "count delivered bits",
        ),
        "capacity": (
            "denominator capacity",
            "per bit of capacity",
            "capacity in the denominator",
            "bits that could be sent",
            "channel capacity",
        ),
    },
    "sun.profile": {
        "sine": ("sun profile sine", "sine profile of the sun", "solar profile sine", "sun follows a sine"),
        "constant": (
            "sun profile constant",
            "constant sun",
            "constant solar",
            "sun shines constantly",
            "solar profile constant",
            "same sun all day",
        ),
    },
    "grid.profile": {
        "synthetic": ("grid profile synthetic", "synthetic grid", "low at noon", "synthetic day"),
        "constant": (
            "grid profile constant",
            "constant grid",
            "grid is constant",
            "the same at every hour",
            "same at all hours",
            "emits the same",
            "flat grid",
        ),
    },
}


def phrases() -> Phrases:
    """The words of the cell."""
    return Phrases(
        about=(
            *(
                "emissions per bit",
                "carbon per bit",
                "radio cell",
                "cell site",
                "grams per bit",
                "delivered bit",
                "carbon of a bit",
            ),
            *(
                "emissions_per_bit",
                "bit costs",
                "solar cell site",
                "base station servers",
                "edge servers in a radio cell",
            ),
            *(
                "charge and discharge",
                "charge or discharge",
                "when to charge",
                "store energy",
                "off-grid site",
                "solar powered base station",
            ),
        ),
        hints=(
            "battery",
            "batteries",
            "solar",
            "sun",
            "storage",
            "cell",
            "slots",
            "kwh",
            "discharge",
            "panels",
            "clouds",
            "charging",
        ),
        parameters=_PARAMETERS,
        choices=_CHOICES,
        scenarios={
            "emissions-per-bit": (),
            "emissions-per-bit-full": ("every freedom of the paper",),
            "emissions-per-bit-paper": ("as the paper prints it",),
        },
        places={"grid_country": Naming("grid", ("site", "cell", "electricity", "utility", ""))},
        intensities={"grid_country": "grid.g_per_kwh"},
        things={
            "cpu": ("cpu", "processor"),
            "gpu": ("gpu",),
            "battery": ("battery", "storage", "accumulator", "stored"),
            "sun": ("sun", "solar", "panel", "pv", "sunlight", "photovoltaic"),
            "grid": ("grid", "mains", "utility", "electricity"),
        },
        listed=("server",),
    )
