"""Reads OpenMetrics documents from stdin, each behind its length in 4 bytes, and answers each with a line of JSON.

The parser is that of Prometheus' Python client, the reference for the format. Values come as text, for integers past
2**53. Of two equal series the parser drops one without a word: whoever reads the answer has to count.
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
