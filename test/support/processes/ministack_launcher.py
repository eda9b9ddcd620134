"""Runs MiniStack 1.5.33 with the gaps mended that would let a test pass for a wrong reason.

Nothing here is part of the product. MiniStack decides every call itself; this file only changes what it records and
reports about the call, and two refusals that the real service makes and MiniStack does not.

CloudTrail, compared with the events of the real service:
- eventName and eventSource are the real ones (`ListUsers` of `iam.amazonaws.com`, not `POST.iam`), with CloudTrail's own
  spelling for Lambda (`ListFunctions20150331`) and S3 (`GetBucketPublicAccessBlock`).
- userIdentity and Username: Root, IAMUser (also for GetSessionToken sessions, with sessionContext), AssumedRole with
  sessionIssuer, FederatedUser. Username is the user name, or the session name of an assumed role.
- sourceIPAddress and the policy key aws:SourceIp come from the first address of X-Forwarded-For where it is sent, so
  that a test can play a caller from anywhere. userAgent is the caller's.
- Calls that were refused or failed are recorded with errorCode and errorMessage (AccessDenied, for EC2
  Client.UnauthorizedOperation). Calls whose credentials do not authenticate are not recorded, as in the real service.
- requestParameters have the real spelling (userName, roleArn) and no secrets; parameters of lists and structures are
  left out. responseElements hold the new key of CreateAccessKey, AssumeRole and GetSessionToken, never a secret, and what
  CreatePolicyVersion, Create*Provider, CreateLoginProfile and Lambda's AddPermission made.
- IAM events are kept in us-east-1 whatever region the client signed for. Data events (S3 objects, Lambda Invoke,
  DynamoDB items) are not recorded. CloudTrail's own calls are.
- LookupEvents: pages with NextToken, whole-second times, one lookup attribute at most, 50 events a page at most.
  Not modelled: the delay of minutes before an event appears, and the limit of two calls a second.
- POST /_cordon/age-log?seconds=N moves all that is recorded so far N seconds into the past, so that an account can have a
  history.
IAM:
- GetAccessKeyLastUsed answers with the last authenticated call of the key. A third access key is refused (LimitExceeded).
- A GetSessionToken session is refused every IAM call (InvalidClientTokenId): the real service wants MFA for those.
- Create-, List-, Update-, DeleteAccessKey and GetUser without a UserName mean the user who calls.
- SSH public keys, signing certificates and service-specific credentials exist; ministack_credentials.py says how far.
- CreatePolicy is checked on the ARN of the policy that it makes; ministack_policies.py has what else is mended of policies.
- Sessions of Identity Center's roles carry identitystore:userId; ministack_identity_center.py says how.

Left as it is, so beware: attaching a policy managed by AWS has no effect; inline policies have no size limit; AssumeRole
ignores the role's longest session; nobody can sign in with a console password, so only its login profile can be read.

Ends when its standard input closes, so that it does not outlive whoever started it.
"""

import os
import sys
import threading

import ministack.app as app
import ministack_cloudtrail as trail
import ministack_credentials as credentials
import ministack_identity_center as identity_center
import ministack_policies as policies
from ministack.core import router
from ministack.services import cloudtrail, iam

ABOUT_THE_CALLER = {"CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey", "GetUser"}

dispatch = app._dispatch_service_request


async def dispatch_and_record(method, path, headers, body, query_params, request_id):
    if path.startswith("/_"):
        return await dispatch(method, path, headers, body, query_params, request_id)
    params = app._routing_params(method, path, headers, body, query_params)
    service = router.detect_service(method, path, headers, params)
    access_key_id = router.extract_access_key_id(headers, query_params)
    # Before the call: it may delete the very key that makes it.
    known = trail.identity_of(access_key_id) if access_key_id else None
    event_name = trail.event_name_of(service, method, path, headers, body, params)
    if service == "iam" and known and known[0]["type"] == "IAMUser" and "sessionContext" in known[0]:
        return iam._error(403, "InvalidClientTokenId", "The security token included in the request is invalid", ns="iam")
    meant = body
    if event_name in ABOUT_THE_CALLER and "UserName" not in params and known and known[0]["type"] == "IAMUser":
        meant = body + f"&UserName={known[1]}".encode()
    response = await dispatch(method, path, headers, meant, query_params, request_id)
    if known:
        region = router.extract_region(headers)
        trail.record(service, event_name, *known, region, request_id, (method, path, headers, body, params), response)
    return response


create_access_key = iam._create_access_key


def create_access_key_within_quota(params):
    user_name = iam._p(params, "UserName")
    if user_name and sum(key["UserName"] == user_name for key in iam._access_keys.values()) >= 2:
        return iam._error(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", ns="iam")
    return create_access_key(params)


never_used = iam._get_access_key_last_used


def get_access_key_last_used(params):
    answer = never_used(params)
    used = trail.last_used.get(iam._p(params, "AccessKeyId"))
    if answer[0] != 200 or not used:
        return answer
    epoch, region, service = used
    body = answer[2].decode().replace(
        "<Region>N/A</Region><ServiceName>N/A</ServiceName>",
        f"<LastUsedDate>{trail.utc(epoch)}</LastUsedDate><Region>{region}</Region><ServiceName>{service}</ServiceName>")
    return answer[0], answer[1], body.encode()


serve_app = app.app


async def age_log(query_string, send):
    trail.age(int(query_string.decode().removeprefix("seconds=")))
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def app_with_forwarded_client(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/_cordon/age-log":
        return await age_log(scope["query_string"], send)
    if scope["type"] == "http" and scope["path"].startswith(identity_center.PREFIX):
        return await identity_center.serve(scope["path"], receive, send, os.environ["MINISTACK_ACCOUNT_ID"])
    forwarded = dict(scope.get("headers", [])).get(b"x-forwarded-for")
    if forwarded and scope["type"] == "http":
        scope = {**scope, "client": (forwarded.decode("latin-1").split(",")[0].strip(), 0)}
    await serve_app(scope, receive, send)


def end_with_parent():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


app._dispatch_service_request = dispatch_and_record
app._maybe_record_cloudtrail = lambda *_: None
app.app = app_with_forwarded_client
cloudtrail._DISPATCH["LookupEvents"] = trail.lookup_events
iam._IAM_HANDLERS["CreateAccessKey"] = create_access_key_within_quota
iam._IAM_HANDLERS["GetAccessKeyLastUsed"] = get_access_key_last_used
credentials.install()
identity_center.install()
policies.install()

threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = sys.argv[:1]
app.main()
