"""Plain Kafka clients, without Faust: connect, produce, read a topic to its end, make topics and rights."""
