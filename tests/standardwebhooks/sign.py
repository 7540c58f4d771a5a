"""Prints what the package standardwebhooks of PyPI signs for the requests in requests.json:

    pip install standardwebhooks==1.1.0 && python sign.py > pypi.json
"""
import datetime
import json
import pathlib

from standardwebhooks import Webhook

requests = json.loads((pathlib.Path(__file__).parent / "requests.json").read_text())
signatures = []
for request in requests:
    moment = datetime.datetime.fromtimestamp(request["timestamp"], tz=datetime.timezone.utc)
    webhook = Webhook(request["secret"])
    signatures.append(webhook.sign(request["id"], moment, request["body"]))
print(json.dumps(signatures, indent=2))
