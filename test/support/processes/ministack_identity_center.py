"""What MiniStack needs beside test/support/aws/identity-center.ts, the double of Identity Center itself.

- A session of a role under /aws-reserved/sso.amazonaws.com/ carries the condition key identitystore:userId: the id of the
  user that the session is named after, from the people that the double posts to /_cordon/identity-center/people
  ({"people": {"user name": "user id"}}). Other sessions of that name do not.
- POST /_cordon/identity-center/decision ({"accessKeyId", "action", "resources": [...]}) answers whether IAM allows a call of
  Identity Center's API to the holder of a key: {"arn", "denied": null or the first resource that it is denied on,
  "explicit": whether a Deny says so}. {"arn": null} for a key that nobody holds. The signature is not checked.
"""

import json

from ministack.core import iam_evaluator
from ministack.services import iam

PREFIX = "/_cordon/identity-center/"
ROLES = "/aws-reserved/sso.amazonaws.com/"

people = {}  # user name -> id in the identity store
principal_keys = iam_evaluator._principal_keys


def keys_of_principal(credential):
    keys = principal_keys(credential)
    if credential.principal_type == "AssumedRole":
        role_name, session_name = credential.principal_arn.split(":assumed-role/", 1)[1].split("/", 1)
        role = iam._roles.get_scoped(credential.account_id, None, role_name) or {}
        if role.get("Path", "").startswith(ROLES) and session_name in people:
            keys["identitystore:userid"] = people[session_name]
    return keys


def decide(asked, account_id):
    principal = iam_evaluator.resolve_principal(asked["accessKeyId"], account_id)
    if isinstance(principal, iam_evaluator.AuthError):
        return {"arn": None}
    for resource in asked["resources"] if principal.policies is not None else []:
        context = iam_evaluator.EvalContext(
            principal_arn=principal.arn, principal_type=principal.type, principal_account=principal.account,
            action=asked["action"], resource_arn=resource, region="us-east-1", principal_keys=principal.keys)
        decision = iam_evaluator.evaluate(context, principal.policies, *principal.limits).decision
        if decision != "Allow":
            return {"arn": principal.arn, "denied": resource, "explicit": decision == "Deny"}
    return {"arn": principal.arn, "denied": None, "explicit": False}


async def serve(path, receive, send, account_id):
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    asked, answer = json.loads(body), {}
    if path == f"{PREFIX}people":
        people.clear()
        people.update(asked["people"])
    else:
        answer = decide(asked, account_id)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


def install():
    iam_evaluator._principal_keys = keys_of_principal
