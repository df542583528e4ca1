"""Variables that were settings once, and what to do instead: whoever still sets one shall not believe that it works."""

RETIRED = {
    f"CALLSIFT_{name}": instead
    for name, instead in {
        "KAFKA_HEARTBEAT_INTERVAL_S": "it is a quarter of CALLSIFT_KAFKA_SESSION_TIMEOUT_S",
        "KAFKA_REQUEST_TIMEOUT_S": "it follows from CALLSIFT_KAFKA_SESSION_TIMEOUT_S and _REBALANCE_TIMEOUT_S",
        "KAFKA_HANDOVER_S": "it is 0.3 of CALLSIFT_KAFKA_REBALANCE_TIMEOUT_S",
        "RUNNER_WINDOW_REACH": "it is 1000; set CALLSIFT_RUNNER_WINDOW_SIZE for how much is in work",
        "RUNNER_BACKOFF_S": "it is 0.5",
        "RUNNER_OUTAGE_STREAK": "it is 5",
        "RUNNER_PROBE_S": "it is 1",
        "RUNNER_LONGEST_PROBE_S": "it is 30",
        "RUNNER_BRAKE_SAMPLE": "it is 50",
        "RUNNER_BRAKE_SHARE": "it is 0.9",
        "KAFKA_JARS": "it is KAFKA_JARS, without CALLSIFT_",
        "HTTP_HOST": "write it before the port, CALLSIFT_HTTP_PORT=127.0.0.1:8000",
        "RETENTION_AUDIO_DAYS": "set CALLSIFT_RETENTION_AUDIO_STORE_DAYS, one age for everything in the audio store",
        "RETENTION_DECODED_DAYS": "set CALLSIFT_RETENTION_AUDIO_STORE_DAYS, one age for everything in the audio store",
        "RETENTION_TURNS_DAYS": "set CALLSIFT_RETENTION_AUDIO_STORE_DAYS, one age for everything in the audio store",
        "AUDIO_RECORDING_LIMIT_MB": "it is CALLSIFT_FETCH_RECORDING_LIMIT_MB",
        "AUDIO_MISSING_GRACE_S": "it is CALLSIFT_FETCH_MISSING_GRACE_S",
        "FETCH_IDLE_LIMIT_S": "it is 30; set CALLSIFT_FETCH_TIME_LIMIT_S for the whole transfer",
        "AUDIO_CUSTOMER_CHANNEL": 'set both in CALLSIFT_AUDIO_CHANNELS={"customer": 1, "agent": 0}',
        "AUDIO_AGENT_CHANNEL": 'set both in CALLSIFT_AUDIO_CHANNELS={"customer": 1, "agent": 0}',
        "TRANSCRIBE_CONTEXT_S": "it is 0.2",
        "CLASSIFY_GEMINI_VERTEX_LOCATION": "set CALLSIFT_CLASSIFY_GEMINI_VERTEX_PROJECT=our-project/europe-west3",
        "CLASSIFY_GEMINI_TURN_CHARS": "it is a quarter of CALLSIFT_CLASSIFY_GEMINI_TRANSCRIPT_CHARS",
        "CLASSIFY_GEMINI_LONGEST_PAUSE_S": "it is 60",
        "CLASSIFY_AWAY_PROBE_S": "it is 15",
        "OIDC_TIMEOUT_S": "it is 5",
        "CLASSIFY_CURRENCY": 'write it beside the price, CALLSIFT_CLASSIFY_PRICES={"a-model": {…, "currency": "EUR"}}',
        "CLASSIFY_SAMPLES": "write the number as CALLSIFT_CLASSIFY_AGREEMENT=3",
        "MONGO_DATABASE": "write it into the address, CALLSIFT_MONGO_URI=mongodb://host:27017/database?authSource=…",
    }.items()
}
"""What to do instead, by variable."""
