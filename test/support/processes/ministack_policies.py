"""What MiniStack lacks of managed policies, groups and identity providers.

- SetDefaultPolicyVersion exists; as in the real service it refuses a version that is not there.
- Calls on groups (AddUserToGroup and AttachGroupPolicy too) are checked on the ARN of the group, those on identity
  providers on theirs.
- GetOpenIDConnectProvider answers without the scheme of the address.
"""

from ministack.core import iam_actions
from ministack.services import iam


def set_default_policy_version(params):
    policy = iam._policies.get(iam._p(params, "PolicyArn"))
    wanted = iam._p(params, "VersionId")
    if not policy or wanted not in policy["Versions"]:
        return iam._error(404, "NoSuchEntity", f"Policy version {wanted} not found.", ns="iam")
    for version_id, version in policy["Versions"].items():
        version["IsDefaultVersion"] = version_id == wanted
    policy["DefaultVersionId"] = wanted
    return iam._xml(200, "SetDefaultPolicyVersionResponse", "", ns="iam")


get_oidc_provider = iam._get_oidc_provider


def get_oidc_provider_without_scheme(params):
    status, headers, body = get_oidc_provider(params)
    return status, headers, body.replace(b"<Url>https://", b"<Url>")


resource_of = None  # as it is when this is put in place: ministack_credentials.py mends it before


def resource_of_groups_and_providers_too(service, method, path, headers, body, query_params, *rest):
    if service == "iam":
        action, account = iam._p(query_params, "Action"), iam.get_account_id()
        if group := iam._p(query_params, "GroupName"):
            return (iam._groups.get(group) or {}).get("Arn") or f"arn:aws:iam::{account}:group/{group}"
        if action == "CreateOpenIDConnectProvider":
            return f"arn:aws:iam::{account}:oidc-provider/{iam._p(query_params, 'Url').removeprefix('https://')}"
        if action == "CreateSAMLProvider":
            return f"arn:aws:iam::{account}:saml-provider/{iam._p(query_params, 'Name')}"
        named = iam._p(query_params, "OpenIDConnectProviderArn") or iam._p(query_params, "SAMLProviderArn")
        if named:
            return named
    return resource_of(service, method, path, headers, body, query_params, *rest)


def install():
    global resource_of
    resource_of = iam_actions.extract_resource_arn
    iam._IAM_HANDLERS |= {
        "SetDefaultPolicyVersion": set_default_policy_version,
        "GetOpenIDConnectProvider": get_oidc_provider_without_scheme,
    }
    iam_actions.extract_resource_arn = resource_of_groups_and_providers_too
