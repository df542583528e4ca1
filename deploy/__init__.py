"""What installs callsift somewhere: charts, images, and real services on a laptop. No part of the package."""
