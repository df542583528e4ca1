"""Call-backs: who has to be called back, who was, who came back by themselves, and who is lost."""
