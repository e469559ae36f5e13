"""ministack, whose Systems Manager has documents and automations too, and whose CloudFormation makes and imports those.

Both are asked of the server at $QUELL_AUTOMATION_ENDPOINT; everything else stays ministack's own. So one endpoint serves
a whole deployment, and functions that ministack runs find the documents where they look for them.
"""

import asyncio
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request

from ministack.app import main
from ministack.services import dynamodb, eventbridge, ssm
from ministack.services.cloudformation import changesets, provisioners

ENDPOINT = os.environ["QUELL_AUTOMATION_ENDPOINT"]
TAGGED = ("AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource")
own_handler = ssm.handle_request
own_table = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
own_existing = changesets._existing_resources
own_conflict = provisioners.s3_bucket_name_conflict
# Buckets that the next deployment imports.
awaited = set()
# CloudWatch of ministack rings no alarm on the bus, and nobody else may speak as aws.cloudwatch: here the tests do.
eventbridge._put_events.__defaults__ = (True,)


def ask(action, body):
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"AmazonSSM.{action}"}
    request = urllib.request.Request(ENDPOINT, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, dict(reply.headers), reply.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def concerns_documents(action, body):
    if action in TAGGED:
        return json.loads(body or b"{}").get("ResourceType") in ("Document", "Automation")
    return "Document" in action or "Automation" in action


async def handle_request(method, path, headers, body, query_params):
    action = headers.get("x-amz-target", "").split(".")[-1]
    if not concerns_documents(action, body):
        return await own_handler(method, path, headers, body, query_params)
    status, told, text = await asyncio.to_thread(ask, action, body)
    return status, {"Content-Type": told.get("Content-Type", "application/x-amz-json-1.1")}, text


def asked(action, **given):
    status, _, text = ask(action, json.dumps(given).encode())
    if status >= 400:
        raise ValueError(f"AWS::SSM::Document: {action}: {text.decode()}")
    return json.loads(text)


def create(logical_id, props, stack_name):
    content = props["Content"]
    name = props.get("Name") or f"{stack_name}-{logical_id}"
    asked(
        "CreateDocument",
        Name=name,
        Content=content if isinstance(content, str) else json.dumps(content),
        DocumentType=props.get("DocumentType", "Command"),
        DocumentFormat=props.get("DocumentFormat", "JSON"),
        Tags=props.get("Tags", []),
    )
    return name, {}


def update(physical_id, old_props, new_props, stack_name):
    """Only what has another name or content is another document; as CloudFormation does by default, it is replaced."""
    same = all(old_props.get(key) == new_props.get(key) for key in ("Name", "Content", "DocumentFormat"))
    if same:
        return physical_id, {}
    if new_props.get("Name") in (None, physical_id):
        delete(physical_id, old_props)
    return create(physical_id, new_props, stack_name)


def delete(physical_id, props):
    asked("DeleteDocument", Name=physical_id)


def missing(name):
    """Why no such document can be imported; None where there is one."""
    status, _, text = ask("DescribeDocument", json.dumps({"Name": name}).encode())
    return None if status < 400 else text.decode()


def imported(identifier):
    return identifier["Name"], {}


def create_table(logical_id, props, stack_name):
    """As CloudFormation refuses it: ministack would put an empty table in the place of the one that there is."""
    name = props.get("TableName")
    if name in dynamodb._tables:
        raise ValueError(f"Resource of type 'AWS::DynamoDB::Table' with identifier '{name}' already exists.")
    return own_table["create"](logical_id, props, stack_name)


def follow(parent):
    """Ends when whoever started it has ended, in whatever way: nobody else would."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def existing(changes, template):
    found = own_existing(changes, template)
    awaited.update(one["ResourceIdentifier"]["BucketName"] for one in found if one["ResourceType"] == "AWS::S3::Bucket")
    return found


def bucket_conflict(name):
    """A bucket that is imported is there and is no conflict; ministack holds it against the deployment that asks for it."""
    if name in awaited:
        awaited.remove(name)
        return None
    return own_conflict(name)


ssm.handle_request = handle_request
changesets._existing_resources = existing
provisioners.s3_bucket_name_conflict = bucket_conflict
provisioners._RESOURCE_HANDLERS["AWS::SSM::Document"] = {
    "create": create,
    "update": update,
    "delete": delete,
    "import": imported,
}
provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"] = {**own_table, "create": create_table}
threading.Thread(target=follow, args=(os.getppid(),), daemon=True).start()
# Its schema names it by its name, and can be read (the registry's aws-ssm-document.json): so it can be imported.
changesets._IMPORT_LOOKUPS["AWS::SSM::Document"] = (("Name",), missing)
main()
