"""One message through one stage, to its end whatever happens on the way. Knows no Kafka client and no Faust."""
