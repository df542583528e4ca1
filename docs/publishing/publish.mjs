// Tells callsift of calls that are over: node publish.mjs CALL_ID... (npm install)
import { Kafka, Partitioners, logLevel } from "kafkajs";

const kafka = new Kafka({
  clientId: "pbx",
  brokers: (process.env.BOOTSTRAP_SERVERS ?? "localhost:9092").split(","),
  logLevel: logLevel.WARN,
});
const producer = kafka.producer({
  createPartitioner: Partitioners.DefaultPartitioner, // as Java's; LegacyPartitioner is another
  idempotent: true,
  maxInFlightRequests: 1,
});

const messages = process.argv.slice(2).map((callId) => {
  const ended = new Date();
  const event = {
    call_id: callId,
    started_at: new Date(ended.getTime() - 95_000).toISOString(),
    ended_at: ended.toISOString(),
    direction: "inbound",
    caller: "+905551112233",
    agent_id: "ayşe",
    queue: "sales",
    recording: {
      uri: `https://pbx.example.com/recordings/${callId}.wav`,
      channels: { customer: 0, agent: 1 },
    },
  };
  return { key: callId, value: JSON.stringify(event) };
});

await producer.connect();
try {
  await producer.send({ topic: process.env.TOPIC ?? "calls.ended", acks: -1, messages });
} finally {
  await producer.disconnect();
}
