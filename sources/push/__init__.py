"""Handing recordings in from the PBX's own machine, over HTTPS and through the API alone (docs/push.md).

Imports no Kafka client and nothing that the extra ``callsift[push]`` does not bring.
"""
