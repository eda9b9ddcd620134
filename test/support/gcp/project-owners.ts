import { GoogleError } from './google-error.ts';
import { ancestry, type Binding, type State } from './state.ts';

/**
 * A person becomes an owner of a project by an invitation, never by this call; outside an organisation one must be left. As documented,
 * though Google lets people of the organisation's own domain pass:
 * https://cloud.google.com/resource-manager/reference/rest/v3/projects/setIamPolicy
 */
export function refuseOwners(
  state: State,
  resource: string,
  before: readonly Binding[],
  after: readonly Binding[],
): void {
  if (!/^projects\/[^/]+$/.test(resource)) return;
  const inOrganization = ancestry(state, resource).some((name) => name.startsWith('organizations/'));
  const [old, wanted] = [ownersIn(before), ownersIn(after)];
  const type = inOrganization ? 'ORG_MUST_INVITE_EXTERNAL_OWNERS' : 'SOLO_MUST_INVITE_OWNERS';
  const invited = wanted.filter((member) => !old.includes(member)).map((member) => refused({ type, member }));
  if (invited.length > 0) throw invalid(invited);
  if (!inOrganization && old.length > 0 && wanted.length === 0)
    throw invalid([refused({ type: 'SOLO_REQUIRE_TOS_ACCEPTOR' })]);
}

function ownersIn(bindings: readonly Binding[]): readonly string[] {
  return bindings
    .filter(({ role }) => role === 'roles/owner')
    .flatMap(({ members }) => members.filter((one) => one.startsWith('user:')));
}

const refused = (what: object) => ({
  '@type': 'type.googleapis.com/google.cloudresourcemanager.v1.ProjectIamPolicyError',
  role: 'roles/owner',
  ...what,
});

const invalid = (details: readonly object[]) =>
  new GoogleError('INVALID_ARGUMENT', 'Request contains an invalid argument.', {
    details: details.map((one) => ({ ...one })),
  });
