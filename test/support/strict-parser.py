"""Reads OpenMetrics documents from stdin, each preceded by its length in 4 bytes, and answers each with a line of JSON.

The parser is that of Prometheus' Python client, the reference for the format. Values are text, because integers may
exceed 2**53. If a series appears twice the parser silently drops one, so readers of the answer have to count series.
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def answer(document):
    try:
        return [
            {
                "name": family.name,
                "help": family.documentation,
                "type": family.type,
                "unit": family.unit,
                "samples": [
                    {"name": sample.name, "labels": sample.labels, "value": repr(sample.value)}
                    for sample in family.samples
                ],
            }
            for family in text_string_to_metric_families(document.decode("utf-8"))
        ]
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


while length := sys.stdin.buffer.read(4):
    document = sys.stdin.buffer.read(int.from_bytes(length, "big"))
    print(json.dumps(answer(document)), flush=True)
