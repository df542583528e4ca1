"""How right a classifier is: figures with their uncertainty, pure functions of labels and answers."""
