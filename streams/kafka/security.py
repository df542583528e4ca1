"""How clients of Kafka prove who they are and whom they trust: the same settings for librdkafka and for Faust."""

import ssl

from streams.errors import SettingsError
from streams.settings import KafkaSettings
from streams.tls import client_context, load_own_certificate


def librdkafka_security(kafka: KafkaSettings) -> dict[str, str]:
    """Return the security part of a librdkafka client's configuration. It holds secrets: never log it.

    Raises:
        SettingsError: A certificate or key cannot be used.
    """
    tls_context(kafka)  # says which variable is wrong; librdkafka's own message does not
    config: dict[str, str] = {"security.protocol": kafka.security_protocol}
    if kafka.uses_sasl and kafka.username and kafka.password:
        config["sasl.mechanism"] = kafka.sasl_mechanism
        config["sasl.username"] = kafka.username
        config["sasl.password"] = kafka.password.get_secret_value()
    if kafka.ca_file:
        config["ssl.ca.location"] = str(kafka.ca_file)
    if kafka.certificate_file and kafka.key_file:
        config["ssl.certificate.location"] = str(kafka.certificate_file)
        config["ssl.key.location"] = str(kafka.key_file)
    if kafka.key_password:
        config["ssl.key.password"] = kafka.key_password.get_secret_value()
    return config


def tls_context(kafka: KafkaSettings) -> ssl.SSLContext | None:
    """Return how Python's own clients encrypt, with the broker's name checked; None: they do not.

    Raises:
        SettingsError: A certificate or key cannot be used.
    """
    if not kafka.uses_tls:
        return None
    try:
        context = client_context(kafka.ca_file)
    except OSError as error:
        raise SettingsError(
            f"CALLSIFT_KAFKA_CA_FILE: expected certificates in PEM: {_reason(error)}", "Correct the file"
        ) from None
    if kafka.certificate_file and kafka.key_file:
        try:
            load_own_certificate(context, kafka.certificate_file, kafka.key_file, kafka.key_password)
        except OSError as error:
            raise SettingsError(
                "CALLSIFT_KAFKA_CERTIFICATE_FILE, CALLSIFT_KAFKA_KEY_FILE, CALLSIFT_KAFKA_KEY_PASSWORD: expected a"
                f" certificate and its key in PEM, and the key's password if it has one: {_reason(error)}",
                "Correct the files or the password",
            ) from None
    return context


def _reason(error: OSError) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return str(reason or "not readable").replace("_", " ").lower()
