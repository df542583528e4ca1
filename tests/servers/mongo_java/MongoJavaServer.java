import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** mongo-java-server in memory on the port given; ends when its standard input does, and so with its parent. */
public class MongoJavaServer {
    /** PyMongo refuses a server below wire version 9; what the store uses of it, this server knows. */
    private static final MongoVersion ACCEPTED = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    };

    public static void main(String[] arguments) throws Exception {
        MongoServer server = new MongoServer(new MemoryBackend().version(ACCEPTED));
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        System.in.read();
        server.shutdownNow();
    }
}
