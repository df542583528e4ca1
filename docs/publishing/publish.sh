# Tells callsift of calls that are over: sh publish.sh CALL_ID... (kcat, once called kafkacat)
for call_id in "$@"; do
  printf '%s|{"call_id": "%s", "ended_at": "%s", "agent_id": "ayşe", "recording": {"uri": "https://pbx.example.com/recordings/%s.wav"}}\n' \
    "$call_id" "$call_id" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$call_id"
done | kcat -P -b "${BOOTSTRAP_SERVERS:-localhost:9092}" -t "${TOPIC:-calls.ended}" -K '|' \
  -X acks=all -X enable.idempotence=true -X partitioner=murmur2_random
