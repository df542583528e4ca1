"""The offline classifier: a calibrated linear model over n-grams, for when no hosted model is there."""
