"""The credentials of an IAM user that MiniStack lacks: SSH public keys, signing certificates, service-specific credentials.

They stand in the user's own record, so that a reset or the end of the user takes them along. IAM decides who may list and
change them, as for any call. A status is kept, and nothing in MiniStack takes such a credential: a test can show its
status, not that CodeCommit or Bedrock refuses it.

As in the real service: pages with Marker (of two here, so that tests see more than one), at most five SSH keys, two
certificates and two credentials a service; only Active and Inactive can be set. Not modelled: whether a key or certificate
is well-formed, and the age after which a Bedrock key expires.
"""

import secrets

from ministack.core import iam_actions
from ministack.services import iam

PAGE = 2
KINDS = {
    # What the API calls one, many, and the id; how ids begin; how many a user may hold.
    "SSHPublicKey": ("SSHPublicKeys", "SSHPublicKeyId", "APKA", 5),
    "SigningCertificate": ("Certificates", "CertificateId", "", 2),
    "ServiceSpecificCredential": ("ServiceSpecificCredentials", "ServiceSpecificCredentialId", "ACCA", 2),
}


def held(user, kind):
    return user.setdefault(f"Cordon{kind}", [])


def xml(fields):
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())


def of_user(answer):
    def handler(params):
        user = iam._users.get(iam._p(params, "UserName"))
        if not user:
            return iam._error(404, "NoSuchEntity", f"The user with name {iam._p(params, 'UserName')} cannot be found.")
        return answer(user, params)
    return handler


def of_credential(kind, answer):
    def find(user, params):
        wanted = iam._p(params, KINDS[kind][1])
        found = next((one for one in held(user, kind) if one[KINDS[kind][1]] == wanted), None)
        return answer(user, params, found) if found else iam._error(404, "NoSuchEntity", f"There is no {wanted}.")
    return of_user(find)


def creating(kind, verb):
    _, name_of_id, prefix, quota = KINDS[kind]

    def create(user, params):
        service = iam._p(params, "ServiceName")
        if sum(one.get("ServiceName", "") == service for one in held(user, kind)) >= quota:
            return iam._error(409, "LimitExceeded", f"Cannot exceed quota of {quota}.")
        dated = "CreateDate" if kind == "ServiceSpecificCredential" else "UploadDate"
        made = {"UserName": user["UserName"], name_of_id: iam._gen_id(prefix), "Status": "Active", dated: iam._now()}
        shown = {}
        if kind == "ServiceSpecificCredential":
            made |= {"ServiceName": service, "ServiceUserName": f"{user['UserName']}-at-{iam.get_account_id()}"}
            shown = {"ServicePassword": secrets.token_urlsafe(32)}
        held(user, kind).append(made)
        element = "Certificate" if kind == "SigningCertificate" else kind
        bodies = {"SSHPublicKey": "SSHPublicKeyBody", "SigningCertificate": "CertificateBody"}
        if kind in bodies:
            shown = {bodies[kind]: iam._p(params, bodies[kind]), "Fingerprint": "00:00"}
        return result(f"{verb}{kind}", f"<{element}>{xml({**made, **shown})}</{element}>")
    return of_user(create)


def result(action, inner):
    return iam._xml(200, f"{action}Response", f"<{action}Result>{inner}</{action}Result>")


def listing(kind):
    many = KINDS[kind][0]

    def list_them(user, params):
        start = int(iam._p(params, "Marker") or 0)
        end = start + min(PAGE, int(iam._p(params, "MaxItems") or PAGE))
        members = "".join(f"<member>{xml(one)}</member>" for one in held(user, kind)[start:end])
        more = end < len(held(user, kind))
        rest = f"<IsTruncated>true</IsTruncated><Marker>{end}</Marker>" if more else "<IsTruncated>false</IsTruncated>"
        return result(f"List{kind}s", f"<{many}>{members}</{many}>{rest}")
    return of_user(list_them)


def updating(kind):
    def update(_user, params, found):
        if iam._p(params, "Status") not in ("Active", "Inactive"):
            return iam._error(400, "ValidationError", "Status must be Active or Inactive.")
        found["Status"] = iam._p(params, "Status")
        return iam._xml(200, f"Update{kind}Response", "")
    return of_credential(kind, update)


def deleting(kind):
    def delete(user, _params, found):
        held(user, kind).remove(found)
        return iam._xml(200, f"Delete{kind}Response", "")
    return of_credential(kind, delete)


resource_of = iam_actions.extract_resource_arn


def resource_of_new_policy_too(service, method, path, headers, body, query_params, *rest):
    """CreatePolicy is allowed on the policy it makes, not on `*`."""
    found = resource_of(service, method, path, headers, body, query_params, *rest)
    if service != "iam" or found != "*" or iam._p(query_params, "Action") != "CreatePolicy":
        return found
    policy_path, name = iam._p(query_params, "Path") or "/", iam._p(query_params, "PolicyName")
    return f"arn:aws:iam::{iam.get_account_id()}:policy{policy_path}{name}"


def install():
    for kind, verb in (("SSHPublicKey", "Upload"), ("SigningCertificate", "Upload"), ("ServiceSpecificCredential", "Create")):
        iam._IAM_HANDLERS |= {
            f"{verb}{kind}": creating(kind, verb),
            f"List{kind}s": listing(kind),
            f"Update{kind}": updating(kind),
            f"Delete{kind}": deleting(kind),
        }
    iam_actions.extract_resource_arn = resource_of_new_policy_too
