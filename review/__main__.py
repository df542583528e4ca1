"""Checks an audit report as an auditor would: ``python -m review REPORT.jsonl PUBLIC_KEY``."""

import argparse
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from review.chain import BrokenChain
from review.report import read_report


def main() -> None:
    """Say whether a report is as it was signed, and whether its figures follow from its labels."""
    parser = argparse.ArgumentParser(prog="python -m review", description=__doc__)
    parser.add_argument("report", type=Path, help="the file of lines of JSON")
    parser.add_argument("key", type=bytes.fromhex, help="whose signature it should be: 64 hexadecimal digits")
    asked = parser.parse_args()
    try:
        lines = asked.report.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        report = read_report(lines, Ed25519PublicKey.from_public_bytes(asked.key))
    except (BrokenChain, OSError, ValueError) as error:
        sys.exit(f"{asked.report}: {error}")
    sys.stdout.write(f"the signature is good, and every figure follows from {len(report.calls)} labelled calls\n")


if __name__ == "__main__":
    main()
