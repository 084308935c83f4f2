"""What people call the parameters of the service: a language model behind a base station."""

from neuro_aolo.systems.phrases import Naming

NAMING = {
    "inference.gpus": Naming(
        "number of GPUs",
        ("", "gpu count", "gpu many", "gpu there", "accelerator|card count|number|many", "gpu"),
        (
            "?gpu",
            "?accelerator",
            "how many gpus",
            "a few gpus",
            "some gpus",
            "several gpus",
            "a couple of gpus",
        ),
    ),
    "inference.gpu_power_w": Naming(
        "GPU power", ("tdp", "gpu|card|accelerator power|draw|take|consume|need|use", "@gpu")
    ),
    "provision.gpu_idle_power_w": Naming(
        "idle power of a GPU", ("idle power|draw|watt", "gpu|card|accelerator idle|wait|standby"), ("?idle",)
    ),
    "provision.gpu_utilisation": Naming(
        "utilisation of the GPUs",
        ("gpu utilisation|utilization|utilised|utilized|busy", "gpu work|busy time"),
    ),
    "provision.bs_utilisation": Naming(
        "load of the base station", ("@bs utilisation|utilization|utilised|utilized|load|busy",)
    ),
    "inference.pue": Naming("PUE", ("power_usage_effectiveness", "overhead facility|cooling"), ()),
    "inference.tflop_per_operation": Naming(
        "work of an operation", ("tflop operation", "operation each cost")
    ),
    "inference.operations_per_word": Naming("operations per word", ("", "operation word")),
    "inference.peak_tflop_per_s": Naming("GPU speed", ("", "peak throughput", "rate gpu", "@gpu peak")),
    "inference.acceleration_exponent": Naming("acceleration exponent", ("exponent",)),
    "inference.gpu_embodied_kg": Naming(
        "embodied carbon of a GPU",
        ("@gpu embody|embodied", "@gpu make|making|manufacture|build|production", "@gpu"),
    ),
    "inference.gpu_lifetime_years": Naming(
        "lifetime of a GPU",
        ("@gpu lifetime|life", "@gpu keep|swap|replace|last|live|serve|renew|refresh|amortise", "@gpu every"),
    ),
    "inference.batch_size": Naming("batch size", ("batch", "request served at_once|together")),
    "inference.prompt_time_s": Naming("time of reading the prompt", ("prefill",)),
    "radio.bits_per_word": Naming("bits per word", ("", "word bit|byte", "word encode")),
    "radio.fixed_power_w": Naming(
        "fixed power of the base station",
        (
            "fixed power",
            "@bs fixed",
            "@bs stay_on|idle|always|nobody|standby",
            "@bs consume|need|draw|use|take",
            "@bs",
        ),
        never=("transmit|transmission|send|radiate",),
    ),
    "radio.downlink_mbit_per_s": Naming("downlink", ("", "down_link", "backhaul", "wired")),
    "radio.bs_embodied_kg": Naming(
        "embodied carbon of the base station",
        ("@bs embody|embodied", "@bs make|making|manufacture|build|construct", "@bs"),
    ),
    "radio.bs_lifetime_years": Naming(
        "lifetime of the base station",
        ("@bs lifetime|life", "@bs keep|swap|replace|last|live|serve|stand|run", "@bs"),
    ),
    "quality.peak_score": Naming(
        "best score",
        (
            "highest|best|peak|top score|rate|quality",
            "at_best",
            "very_best",
            "score|rate|give average",
            "peak score",
            "tops_out",
        ),
    ),
    "quality.peak_words": Naming(
        "length of the best score",
        ("best|like|ideal|favourite|prefer", "peak|highest|optimal|optimum", "sweet_spot"),
    ),
    "quality.sharpness": Naming("sharpness of the score's curve", ("sharpness",)),
    "quality.threshold": Naming(
        "quality threshold",
        (
            "quality",
            "score least|minimum|must|need|below|under",
            "threshold",
            "minimum score|rate",
            "rate under|below|least",
            "satisfaction",
            "",
        ),
        (
            "decent quality",
            "good quality",
            "high quality",
            "quality should be",
            "answers should be good",
            "good enough",
            "quality matters",
        ),
    ),
    "quality.price_mg_per_point": Naming(
        "price of quality", ("price point|quality", "point worth", "worth", "point")
    ),
    "limits.energy_per_word": Naming("energy budget per word", ("energy weight word",)),
    "limits.energy_per_watt": Naming("energy budget per watt", ("energy weight watt",)),
    "limits.energy": Naming("energy budget", ("energy limit|budget|constraint",)),
    "limits.inference_time_s": Naming(
        "inference time",
        (
            "inference",
            "generate|generating|generation time|take|within|second|at_most|up_to|in",
            "compute|computation|think|produce time|take|within|second|at_most|up_to|in",
            "generate|generation|generating",
            "answer|reply ready|done",
            "gpu time",
        ),
        (
            "generation should be fast",
            "generation itself should be fast",
            "inference should be fast",
            "fast generation",
            "quick inference",
            "fast inference",
            "generated quickly",
            "generate quickly",
        ),
    ),
    "limits.transmission_time_s": Naming(
        "transmission time",
        (
            "transmission",
            "transmit time|within|take",
            "send time|within|take|over",
            "air time|interface",
            "radio|wireless time|delay|latency",
            "deliver",
            "sent|send|arrive air|radio|phone",
            "downlink time",
        ),
        ("sent quickly", "fast transmission", "transmission should be fast"),
    ),
    "limits.power_w": Naming(
        "transmit power limit",
        (
            "transmit power",
            "transmission power",
            "amplifier",
            "antenna",
            "transmitter",
            "power at_most|maximum|max|limit|cap",
            "transmit|send at_most|most|more|maximum|max|limit|up_to|exceed|above|within|below|under",
            "radiate",
            "eirp",
        ),
        (),
    ),
    "limits.penalty_mg": Naming("penalty", ("penalty", "penalise")),
    "limits.violation_rate": Naming(
        "violation rate", ("violation", "violate", "break constraint", "miss share", "requests fail")
    ),
    "actions.words": Naming(
        "range of words", ("", "length", "words between|from|to", "answer|reply long|length")
    ),
    "actions.power_w": Naming(
        "range of transmit power", ("transmit|transmission power", "antenna", "power", "radio", "@bs")
    ),
    "channel.noise_w": Naming("noise power", ("noise",)),
    "channel.outage_probability": Naming("outage probability", ("outage",)),
    "state.nakagami_m": Naming("Nakagami m", ("nakagami", "fading m|parameter|shape")),
    "state.omega": Naming("channel gain omega", ("omega", "channel|mean gain")),
    "state.bandwidth_hz": Naming("bandwidth", ("", "band", "spectrum")),
    "state.dc_intensity_g_per_kwh": Naming(
        "carbon intensity of the data centre",
        ("@dc|gpu intensity|grid|electricity|power", "@dc|gpu"),
        ("data centre's grid is", "data center's grid is"),
    ),
    "state.bs_intensity_g_per_kwh": Naming(
        "carbon intensity of the base station",
        ("@bs intensity|grid|electricity|power|network", "@bs"),
        ("base station's grid is",),
    ),
    "state.kappa_peak_words": Naming(
        "length that a request needs",
        (
            "request|prompt|question differ|need|own",
            "differ|vary|depend request|prompt|question",
            "kappa",
            "vary|varies|depend best|ideal|peak",
        ),
    ),
    "state.path_loss_db": Naming("path loss", ("path_loss", "path loss", "attenuation")),
    "link.model": Naming("kind of cell", ("path_loss model", "cell kind|type")),
    "link.carrier_hz": Naming("carrier frequency", ("carrier", "frequency")),
    "link.cell_radius_m": Naming("radius of the cell", ("radius", "cell reach|size")),
    "link.least_distance_m": Naming(
        "least distance", ("least|minimum|closest distance", "closer|nearer than|station|mast")
    ),
    "link.antenna_gain_db": Naming("antenna gain", ("gain antenna", "gain", "antenna")),
    "link.noise_figure_db": Naming("noise figure", ("noise figure", "handset|phone noise")),
    "link.interference_db": Naming("interference", ("interference", "neighbouring|other cell add|disturb")),
    "link.building_loss_db": Naming(
        "loss of a building", ("building|wall|indoor|window loss", "penetration")
    ),
    "link.shannon_share": Naming("share of Shannon's bound", ("shannon", "implementation loss")),
    "link.overhead": Naming(
        "protocol overhead", ("overhead protocol|radio|signalling|pilot", "header", "pilot")
    ),
    "link.supply_slope": Naming("slope of the supply", ("slope", "amplifier watt")),
    "prompts.features": Naming("features of a prompt", ("prompt feature", "embedding")),
    "prompts.noise_points": Naming("noise of a score", ("score noise|noisy", "rating noise|noisy")),
    "prompts.peak_words": Naming("lengths that prompts need", ("prompt need|peak|length|between",)),
}
