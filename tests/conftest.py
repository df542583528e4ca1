"""What every test shares: properties are judged by their claims, never by the machine's speed."""

from hypothesis import settings

settings.register_profile("callsift", deadline=None)
settings.load_profile("callsift")
