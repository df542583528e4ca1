// Tells callsift of calls that are over: mvn -q dependency:copy-dependencies -DoutputDirectory=lib
//   java -Dfile.encoding=UTF-8 -cp 'lib/*' Publish.java CALL_ID...
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

public class Publish {
    public static void main(String[] callIds) throws Exception {
        String topic = System.getenv().getOrDefault("TOPIC", "calls.ended");
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", System.getenv().getOrDefault("BOOTSTRAP_SERVERS", "localhost:9092"),
                "acks", "all",
                "enable.idempotence", true);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (String callId : callIds) {
                Instant ended = Instant.now();
                // A JSON library is the better choice where values may hold quotes.
                String event = """
                        {"call_id": "%1$s", "started_at": "%2$s", "ended_at": "%3$s",
                         "direction": "inbound", "caller": "+905551112233", "agent_id": "ayşe", "queue": "sales",
                         "recording": {"uri": "https://pbx.example.com/recordings/%1$s.wav",
                                       "channels": {"customer": 0, "agent": 1}}}
                        """.formatted(callId, ended.minusSeconds(95), ended);
                sent.add(producer.send(new ProducerRecord<>(topic, callId, event)));
            }
            for (Future<RecordMetadata> one : sent) {
                one.get(); // throws where the brokers do not have it
            }
        }
    }
}
