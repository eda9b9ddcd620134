"""CloudTrail as the real service writes it; ministack_launcher.py says what that means and puts it in place."""

import base64
import binascii
import json
import re
import time
from urllib.parse import unquote

import ministack.app as app
from ministack.core import iam_actions, iam_evaluator, responses
from ministack.services import cloudtrail, iam

GLOBAL_SERVICES = {"iam", "organizations", "cloudfront", "route53"}
READ_ONLY = re.compile(r"^(Get|List|Describe|Head|Lookup|Simulate|AssumeRole)")
OWN_SPELLING = {
    ("lambda", "ListFunctions"): "ListFunctions20150331",
    ("lambda", "GetFunction"): "GetFunction20150331v2",
    ("lambda", "GetPolicy"): "GetPolicy20150331v2",
    ("lambda", "CreateFunction"): "CreateFunction20150331",
    ("lambda", "DeleteFunction"): "DeleteFunction20150331",
    ("lambda", "AddPermission"): "AddPermission20150331v2",
    ("lambda", "RemovePermission"): "RemovePermission20150331v2",
    ("s3", "ListAllMyBuckets"): "ListBuckets",
}
DATA_EVENTS = re.compile(
    r"^(s3:.*(Object|Multipart).*|lambda:Invoke.*|dynamodb:(BatchGet|BatchWrite|Get|Put|Update|Delete|Query|Scan).*)$"
)
CONTROL_PLANE_OF_TABLES = re.compile(r"^dynamodb:(Update|Delete)(Table|GlobalTable|TimeToLive|ContinuousBackups)")
# The signature or the key itself was not accepted: the real service has no identity to record.
NOT_AUTHENTICATED = re.compile(
    r"InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|InvalidAccessKeyId|AuthFailure"
    r"|ExpiredToken|InvalidToken|MissingAuthenticationToken|IncompleteSignature|RequestExpired|RequestTimeTooSkewed"
)
RESOURCE_TYPES = {
    "UserName": "AWS::IAM::User",
    "RoleName": "AWS::IAM::Role",
    "RoleArn": "AWS::IAM::Role",
    "PolicyArn": "AWS::IAM::Policy",
    "GroupName": "AWS::IAM::Group",
    "AccessKeyId": "AWS::IAM::AccessKey",
    "SecretId": "AWS::SecretsManager::Secret",
}

last_used = {}  # access key id -> (epoch seconds, region, service)


def event_name_of(service, method, path, headers, body, params):
    """The name CloudTrail gives the call, or None for a data event, which is not in LookupEvents."""
    action = iam_actions.extract_iam_action(service, method, path, headers, body, params) or ""
    if DATA_EVENTS.match(action) and not CONTROL_PLANE_OF_TABLES.match(action):
        return None
    if service == "s3" and action == "s3:ListBucket":
        return "HeadBucket" if method == "HEAD" else None  # listing objects is a data event
    name = app._ct_event_name(service, method, path, headers, params)
    if service in ("s3", "lambda") or name.startswith(f"{method}."):
        name = action.partition(":")[2] or name
    return OWN_SPELLING.get((service, name), name)


def utc(epoch):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


def identity_of(access_key_id):
    """(userIdentity, Username) as CloudTrail writes them; None for a key that the account does not know."""
    caller = iam_evaluator.resolve_caller_identity(access_key_id)
    if caller is None:
        return None
    arn, account = caller["userArn"], caller["accountId"]
    identity = {"principalId": caller["userId"], "arn": arn, "accountId": account, "accessKeyId": access_key_id}
    session = caller["session"]
    attributes = {"creationDate": utc(session["IssuedAt"]), "mfaAuthenticated": "false"} if session else None
    if ":assumed-role/" in arn:
        role_name, session_name = arn.split(":assumed-role/", 1)[1].split("/", 1)
        role = iam._roles.get_scoped(account, None, role_name) or {}
        issuer = {
            "type": "Role",
            "principalId": caller["userId"].partition(":")[0],
            "arn": role.get("Arn", f"arn:aws:iam::{account}:role/{role_name}"),
            "accountId": account,
            "userName": role_name,
        }
        return {"type": "AssumedRole", **identity,
                "sessionContext": {"sessionIssuer": issuer, "attributes": attributes}}, session_name
    if ":federated-user/" in arn:
        return {"type": "FederatedUser", **identity, "sessionContext": {"attributes": attributes}}, arn.rsplit("/", 1)[1]
    if ":user/" in arn:
        user_name = arn.rsplit("/", 1)[1]
        context = {"sessionContext": {"attributes": attributes}} if attributes else {}
        return {"type": "IAMUser", **identity, "userName": user_name, **context}, user_name
    return {"type": "Root", **identity}, "root"


def error_of(service, status, headers, body):
    """(errorCode, errorMessage) in CloudTrail's spelling, (None, None) for a call that succeeded."""
    if status < 400:
        return None, None
    text = body.decode("utf-8", "replace") if isinstance(body, (bytes, bytearray)) else ""
    try:
        parsed = json.loads(text)
        code = parsed.get("__type") or parsed.get("code") or headers.get("x-amzn-errortype", "")
        message = parsed.get("message") or parsed.get("Message")
        code = code.rsplit("#", 1)[-1].split(":")[0]
    except (ValueError, AttributeError):
        code = (re.search(r"<Code>([^<]+)</Code>", text) or [None, f"HTTP{status}"])[1]
        message = (re.search(r"<Message>([^<]*)</Message>", text) or [None, None])[1]
    if code == "AccessDeniedException":
        code = "AccessDenied"
    elif code == "NoSuchEntity":
        code = "NoSuchEntityException"
    return (f"Client.{code}" if service == "ec2" else code), message


TRUTH_VALUES = ("setAsDefault", "passwordResetRequired")
FUNCTION_IN_PATH = re.compile(r"/functions/([^/]+)/policy")


def request_parameters(service, path, headers, body, params):
    sent = app._ct_request_params(headers, body, params) or {k: v[0] for k, v in params.items() if v and v[0]}
    kept = {k: v for k, v in sent.items() if k not in ("Action", "Version", "x-id") and "." not in k and not k.startswith("X-Amz-")}
    spelled = {k[:1].lower() + k[1:]: v for k, v in cloudtrail._scrub(kept).items()}
    spelled |= {k: spelled[k] == "true" for k in TRUTH_VALUES if k in spelled}
    if service == "lambda" and (function := FUNCTION_IN_PATH.search(path)):
        spelled["functionName"] = unquote(function[1])
    return spelled or None


# What an answer holds, and the names in it: in an element of its own, or right in the answer.
MADE = {
    "CreatePolicyVersion": ("policyVersion", ("VersionId", "CreateDate")),
    "CreateLoginProfile": ("loginProfile", ("UserName", "CreateDate")),
    "CreateOpenIDConnectProvider": (None, ("OpenIDConnectProviderArn",)),
    "CreateSAMLProvider": (None, ("SAMLProviderArn",)),
}


def response_elements(event_name, body):
    text = body.decode("utf-8", "replace") if isinstance(body, (bytes, bytearray)) else ""
    if event_name == "AddPermission20150331v2":
        return {"statement": json.loads(text)["Statement"]}
    if event_name in MADE:
        element, names = MADE[event_name]
        made = {n[0].lower() + n[1:]: found[1] for n in names if (found := re.search(f"<{n}>([^<]*)</{n}>", text))}
        return {element: made} if element else made
    if event_name not in ("CreateAccessKey", "AssumeRole", "GetSessionToken"):
        return None
    found = {name: value for name, value in re.findall(
        r"<(AccessKeyId|UserName|Status|CreateDate|Expiration|AssumedRoleId|Arn)>([^<]*)</", text)}
    if event_name == "CreateAccessKey":
        names = ("AccessKeyId", "UserName", "Status", "CreateDate")
        return {"accessKey": {n[0].lower() + n[1:]: found.get(n) for n in names}}
    elements = {"credentials": {"accessKeyId": found.get("AccessKeyId"), "expiration": found.get("Expiration")}}
    if event_name == "AssumeRole":
        elements["assumedRoleUser"] = {"assumedRoleId": found.get("AssumedRoleId"), "arn": found.get("Arn")}
    return elements


def resources_of(service, method, path, headers, body, params):
    sent = app._ct_request_params(headers, body, params)
    named = [{"ResourceType": kind, "ResourceName": sent[key]} for key, kind in RESOURCE_TYPES.items()
             if isinstance(sent.get(key), str)]
    return named or app._ct_resources(service, method, path, body)


def record(service, event_name, identity, username, region, request_id, call, response):
    method, path, headers, body, params = call
    status, response_headers, response_body = response
    code, message = error_of(service, status, response_headers, response_body)
    if code and NOT_AUTHENTICATED.search(code):
        return
    now, account = int(time.time()), responses.get_account_id()
    last_used[identity["accessKeyId"]] = (now, region, service)
    if event_name is None:
        return
    if service in GLOBAL_SERVICES:
        region = "us-east-1"
    event_id, read_only = responses.new_uuid(), bool(READ_ONLY.match(event_name))
    event = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": utc(now),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": event_name,
        "awsRegion": region,
        "sourceIPAddress": responses.get_request_client_ip(),
        "userAgent": headers.get("user-agent", ""),
        **({"errorCode": code, "errorMessage": message} if code else {}),
        "requestParameters": request_parameters(service, path, headers, body, params),
        "responseElements": None if code else response_elements(event_name, response_body),
        "requestID": request_id,
        "eventID": event_id,
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    queue = cloudtrail._events.get_scoped(account, region, "events")
    if queue is None:
        queue = cloudtrail.collections.deque(maxlen=cloudtrail._MAX_EVENTS)
        cloudtrail._events.set_scoped(account, region, "events", queue)
    queue.append({
        "EventId": event_id, "EventName": event_name, "EventSource": event["eventSource"], "EventTime": now,
        "Username": username, "AccessKeyId": identity["accessKeyId"], "ReadOnly": "true" if read_only else "false",
        "Resources": resources_of(service, method, path, headers, body, params), "CloudTrailEvent": json.dumps(event),
    })


def age(seconds):
    """Moves every event into the past, as if it had been made so many seconds earlier."""
    for queue in list(cloudtrail._events._data.values()):
        for event in queue:
            event["EventTime"] -= seconds
            event["CloudTrailEvent"] = json.dumps(
                {**json.loads(event["CloudTrailEvent"]), "eventTime": utc(event["EventTime"])})


FIELD_OF_ATTRIBUTE = {k: k for k in ("EventId", "EventName", "ReadOnly", "Username", "EventSource", "AccessKeyId")}


def matches(event, attribute):
    key, value = attribute["AttributeKey"], attribute["AttributeValue"]
    if key in ("ResourceName", "ResourceType"):
        return any(resource.get(key) == value for resource in event["Resources"])
    return event[FIELD_OF_ATTRIBUTE[key]] == value


def lookup_events(body):
    """Newest first. The token names the last event given, so that events arriving meanwhile do not shift the pages."""
    attributes, limit = body.get("LookupAttributes") or [], body.get("MaxResults", 50)
    if len(attributes) > 1 or any(a["AttributeKey"] not in (*FIELD_OF_ATTRIBUTE, "ResourceName", "ResourceType")
                                  for a in attributes):
        return cloudtrail._err("InvalidLookupAttributesException", "Specify one valid lookup attribute.")
    if not 1 <= limit <= 50:
        return cloudtrail._err("InvalidMaxResultsException", "A maximum of 50 results can be requested.")
    start, end = float(body.get("StartTime", 0)), float(body.get("EndTime", "inf"))
    found = [event for event in reversed(cloudtrail._get_event_queue())
             if start <= event["EventTime"] <= end and all(matches(event, a) for a in attributes)]
    if token := body.get("NextToken"):
        try:
            after = base64.b64decode(token, validate=True).decode()
            found = found[[event["EventId"] for event in found].index(after) + 1:]
        except (binascii.Error, ValueError):
            return cloudtrail._err("InvalidNextTokenException", "Invalid token.")
    page = found[:limit]
    more = {"NextToken": base64.b64encode(page[-1]["EventId"].encode()).decode()} if len(found) > limit else {}
    return cloudtrail._ok({"Events": page, **more})
