"""Makes AWS API calls by their names, as Systems Manager's aws:executeAwsApi does: one line of JSON each way.

{"id", "kind": "call", "service", "api", "input"}
    makes the call at $AWS_ENDPOINT_URL -> {"id", "ok": true, "output"} or {"id", "ok": false, "code", "message"}
{"id", "kind": "check", "service", "api", "input", "literal", "selectors"}
    makes none; holds it against AWS's own models -> {"id", "problems": [text], "found": [{"type", "enum"} or null]}

Several lines may be under way at once: answers come in any order.
"""

import json
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.model import OperationNotFoundError
from botocore.validate import ParamValidator

CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=30)
SESSION = boto3.session.Session()
MAKING = threading.Lock()
SPEAKING = threading.Lock()
CLIENTS = {}


def client_of(service):
    """One client a service: to make one takes a tenth of a second, and is not safe from two threads."""
    with MAKING:
        if service not in CLIENTS:
            CLIENTS[service] = SESSION.client(service, config=CONFIG)
        return CLIENTS[service]


def method_of(service, api):
    client = client_of(service)
    names = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
    if api not in names:
        raise LookupError(f"{service} has no operation {api}")
    return getattr(client, names[api])


def call(service, api, given):
    try:
        output = method_of(service, api)(**given)
    except ClientError as error:
        told = error.response.get("Error", {})
        return {"ok": False, "code": str(told.get("Code")), "message": str(told.get("Message"))}
    except ParamValidationError as error:
        return {"ok": False, "code": "ParamValidationError", "message": str(error)}
    except (BotoCoreError, LookupError, ValueError) as error:
        return {"ok": False, "code": type(error).__name__, "message": str(error)}
    output.pop("ResponseMetadata", None)
    return {"ok": True, "output": output}


def check(service, api, given, literal, selectors):
    try:
        model = client_of(service).meta.service_model.operation_model(api)
    except (BotoCoreError, OperationNotFoundError) as error:
        return {"problems": [f"no such operation: {error}"], "found": [None for _ in selectors]}
    problems = []
    if model.input_shape is not None:
        report = ParamValidator().validate(given, model.input_shape)
        problems += [report.generate_report()] if report.has_errors() else []
        problems += list(outside_enums(literal, model.input_shape, "$"))
    elif given:
        problems.append("it takes no input")
    return {"problems": problems, "found": [found_at(model.output_shape, selector) for selector in selectors]}


def outside_enums(value, shape, path):
    """Texts that stand where a shape lists what may stand there; what holds a reference is not known yet."""
    if isinstance(value, str):
        allowed = getattr(shape, "enum", None) or []
        if allowed and "{{" not in value and value not in allowed:
            yield f"{path}: {value} is none of {', '.join(allowed)}"
    elif isinstance(value, list) and shape.type_name == "list":
        for index, member in enumerate(value):
            yield from outside_enums(member, shape.member, f"{path}[{index}]")
    elif isinstance(value, dict) and shape.type_name == "structure":
        for name, member in value.items():
            if name in shape.members:
                yield from outside_enums(member, shape.members[name], f"{path}.{name}")
    elif isinstance(value, dict) and shape.type_name == "map":
        for name, member in value.items():
            yield from outside_enums(name, shape.key, path)
            yield from outside_enums(member, shape.value, f"{path}.{name}")


def found_at(shape, selector):
    """What the model says stands at `$.a.b[0].c`; None where the path leads nowhere."""
    for member, index in re.findall(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]", selector):
        if shape is None:
            return None
        if index != "":
            shape = shape.member if shape.type_name == "list" else None
        elif shape.type_name == "structure":
            shape = shape.members.get(member)
        elif shape.type_name == "map":
            keys = getattr(shape.key, "enum", None) or []
            shape = None if keys and member not in keys else shape.value
        else:
            shape = None
    return None if shape is None else {"type": shape.type_name, "enum": list(getattr(shape, "enum", None) or [])}


def written(value):
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.read().decode("utf-8", "replace") if hasattr(value, "read") else str(value)


def answer(line):
    asked = json.loads(line)
    about = (asked["service"], asked["api"], asked["input"])
    try:
        told = check(*about, asked["literal"], asked["selectors"]) if asked["kind"] == "check" else call(*about)
    except Exception as error:  # whoever asked waits for an answer
        told = {"ok": False, "code": type(error).__name__, "message": str(error)}
    with SPEAKING:
        sys.stdout.write(json.dumps({"id": asked["id"], **told}, default=written) + "\n")
        sys.stdout.flush()


def main():
    with ThreadPoolExecutor(max_workers=8) as pool:
        for line in sys.stdin:
            pool.submit(answer, line)


main()
