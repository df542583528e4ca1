"""Metrics of the monitor. While the brokers do not answer there are none of them but the time of the last answer."""

from prometheus_client import Gauge

LAST_LOOK = Gauge(
    "callsift_monitor_last_look_timestamp_seconds",
    "When the brokers last told the monitor how far the pipeline is, as Unix time; 0: never since it started. "
    "Long ago: the monitor sees nothing, and what it exports besides is gone; look at the brokers.",
)
LAG = Gauge(
    "callsift_consumer_lag_messages",
    "Messages that a stage has not finished, by topic; those in work count among them. "
    "Rising: the stage gets more than it finishes, add workers or see what slows it.",
    ["stage", "topic"],
)
OLDEST_AGE = Gauge(
    "callsift_oldest_unprocessed_age_seconds",
    "Age of the oldest message that a stage has not finished; 0: none waits. For retry: since it should have gone "
    "back. Above the goal for a call: calls are late because of this stage.",
    ["stage"],
)
RETRIES_WAITING = Gauge(
    "callsift_retries_waiting_messages",
    "Messages that wait on a retry topic for their time. Rising: what a stage calls is shaky, its log names it.",
    ["topic"],
)
DEAD_LETTERS = Gauge(
    "callsift_dead_letters_messages",
    "Dead letters that have not been replayed. Above 0: `callsift dlq list` names each one's error and cure.",
)
OLD_DEAD_LETTERS = Gauge(
    "callsift_dead_letters_old_messages",
    "Dead letters given up two to seven days ago that nobody has replayed. Above 0: mend their cause and replay them "
    "while the audio store has their calls; older ones need the PBX's recording again.",
)
BRAKE = Gauge(
    "callsift_brake_applied_ratio",
    "1 while a stage's brake is applied, else 0. At 1: the stage takes nothing until a person releases it; "
    "`callsift brake list` has the reason.",
    ["stage"],
)
LAST_RETENTION = Gauge(
    "callsift_retention_last_success_timestamp_seconds",
    "When `callsift retention run` last removed everything too old of a kind of data, as Unix time; 0: never. "
    "Longer ago than a day: personal data is kept for longer than the settings say; see why the nightly run failed.",
    ["kind"],
)
