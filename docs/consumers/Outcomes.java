import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints what changes: org.apache.kafka:kafka-clients and com.fasterxml.jackson.core:jackson-databind. */
public class Outcomes {
    /** In place of your database: the newest revision of each call. */
    private static final Map<String, Long> KEPT = new HashMap<>();

    public static void main(String[] arguments) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", System.getenv("BOOTSTRAP_SERVERS"));
        settings.put("group.id", "warehouse");
        settings.put("auto.offset.reset", "earliest"); // the topic is compacted: a new group gets every call
        settings.put("enable.auto.commit", "false");
        String topic = System.getenv().getOrDefault("OUTCOMES_TOPIC", "calls.outcomes");
        ObjectMapper json = new ObjectMapper();
        StringDeserializer text = new StringDeserializer();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings, text, text)) {
            Runtime.getRuntime().addShutdownHook(new Thread(consumer::wakeup));
            consumer.subscribe(List.of(topic));
            while (true) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    take(record.key(), record.value() == null ? null : json.readTree(record.value()));
                }
                consumer.commitSync(); // after what came is kept: it may come again, and then changes nothing
            }
        } catch (WakeupException ended) {
            System.exit(0);
        } catch (Exception broken) {
            throw new IllegalStateException(broken);
        }
    }

    private static void take(String callId, JsonNode outcome) {
        if (outcome == null) { // the call is gone: remove what you keep of it
            if (KEPT.remove(callId) != null) {
                System.out.println(callId + " is gone");
            }
            return;
        }
        long revision = outcome.get("revision").asLong();
        if (revision > KEPT.getOrDefault(callId, 0L)) { // an outcome may come twice
            KEPT.put(callId, revision);
            System.out.println(callId + " " + revision + " " + outcome.path("category").asText());
        }
    }
}
