import type { Config } from '../../config/schema.ts';
import type { Cloud } from '../../domain/cloud.ts';
import type { Principal } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';
import { matchesWildcard } from '../../domain/wildcard.ts';
import type { Permission, Provider } from '../../providers/port.ts';
import { configuredActions, configuredProvider } from '../clouds.ts';
import { withoutFailure } from './finding.ts';
import type { Check, Finding } from './finding.ts';

const REMEDIES: Readonly<
  Record<Cloud, { readonly identity: string; readonly permissions: string; readonly grant: string }>
> = {
  aws: {
    identity:
      'Give this process AWS credentials (environment, profile or role), and check aws.region and aws.endpoint; or set aws.enabled to false.',
    permissions: 'Allow iam:SimulatePrincipalPolicy on itself; `cordon policy print aws` prints the whole policy.',
    grant: 'Attach what `cordon policy print aws` prints to the identity of Cordon.',
  },
  azure: {
    identity:
      'Give this process Azure credentials (AZURE_CLIENT_ID with a secret, certificate or federated token, or a managed identity), and check azure.tenantId and azure.endpoints.',
    permissions: 'Check azure.subscriptions, and give the identity what `cordon policy print azure` prints.',
    grant:
      'Assign the role and consent to the permissions that `cordon policy print azure` prints; those of Graph count within the hour.',
  },
  gcp: {
    identity:
      'Give this process Google credentials (GOOGLE_APPLICATION_CREDENTIALS or the service account of the machine), and check gcp.endpoint.',
    permissions: 'Check gcp.projects, and give the identity what `cordon policy print gcp` prints.',
    grant: 'Grant the role that `cordon policy print gcp` prints to the identity of Cordon.',
  },
};

const MEMBER_REMEDY =
  'Give the account the role that `cordon policy print aws --account ID --self ARN` prints, and Cordon what it prints without --account.';

/** Who Cordon is in a cloud, and whether it may do what the configured actions and the evidence need, before an incident asks. */
export function cloudCheck(cloud: Cloud, config: Config): Check {
  const remedies = REMEDIES[cloud];
  return {
    name: cloud,
    remedy: remedies.identity,
    async run() {
      const provider = await configuredProvider(cloud, config);
      const [self, ...others] = await provider.selves();
      const roles = cloud === 'aws' ? config.aws.accounts.map(({ roleArn }) => roleArn) : [];
      const members = others.filter((other) => roles.includes(resourceOf(other)));
      const identity: Finding = { check: cloud, status: 'ok', detail: `speaks as ${self.name}: ${resourceOf(self)}` };
      const groups = [
        { name: 'evidence', permissions: provider.evidencePermissions },
        ...configuredActions(provider, config).map(({ id, permissions }) => ({ name: id, permissions })),
      ];
      const own = () =>
        withoutFailure({ name: `${cloud} permissions`, remedy: remedies.permissions }, async () =>
          permissionFindings(cloud, groups, await missingIn(provider, groups, self.accountId), remedies.grant),
        );
      // Where its own account is listed as well, Cordon works there by the role.
      const listed = members.some(({ accountId }) => accountId === self.accountId);
      const findings = await Promise.all([
        ...(listed ? [] : [own()]),
        ...members.map((member) => memberFindings(cloud, provider, groups, member)),
      ]);
      return [identity, ...findings.flat()];
    },
  };
}

interface Group {
  readonly name: string;
  readonly permissions: readonly Permission[];
}

/** An account that Cordon works in by a role: one line where all is well, else what is not. */
function memberFindings(
  cloud: Cloud,
  provider: Provider,
  groups: readonly Group[],
  member: Principal,
): Promise<readonly Finding[]> {
  const check = `${cloud} ${member.accountId}`;
  return withoutFailure({ name: check, remedy: MEMBER_REMEDY }, async () => {
    const missing = await missingIn(provider, groups, member.accountId);
    const failed = permissionFindings(check, groups, missing, MEMBER_REMEDY).filter(({ status }) => status !== 'ok');
    const detail = `works as ${member.name}: ${resourceOf(member)}`;
    return [
      { check, status: 'ok', detail: failed.length > 0 ? detail : `${detail}, all permissions granted` },
      ...failed,
    ];
  });
}

function missingIn(provider: Provider, groups: readonly Group[], accountId: string): Promise<readonly Permission[]> {
  const needed = groups.flatMap(({ permissions }) => permissions);
  return provider.missingPermissions(needed, accountId);
}

function permissionFindings(
  check: string,
  groups: readonly Group[],
  missing: readonly Permission[],
  remedy: string,
): readonly Finding[] {
  const unclaimed = missing.filter(
    (one) => !groups.some(({ permissions }) => permissions.some((permission) => covers(permission, one))),
  );
  return [
    ...groups.map(({ name, permissions }) => permissionFinding(`${check} ${name}`, permissions, missing, remedy)),
    // What the provider reports in a way that matches no group must not get lost.
    ...(unclaimed.length > 0 ? [permissionFinding(`${check} permissions`, unclaimed, unclaimed, remedy)] : []),
  ];
}

function permissionFinding(
  check: string,
  needed: readonly Permission[],
  missing: readonly Permission[],
  remedy: string,
): Finding {
  const denied = missing.filter((one) => needed.some((permission) => covers(permission, one)));
  if (denied.length === 0) return { check, status: 'ok', detail: `${needed.length} permissions granted` };
  const texts = denied.map(({ name, resource, purpose }) => `${name} on ${resource} (${purpose})`);
  return {
    check,
    status: 'failed',
    detail: `not granted: ${[...new Set(texts)].join('; ')}`,
    remedy,
  };
}

/** A missing permission may name the subscription where the declared one has a placeholder: `/subscriptions/<subscription>`. */
function covers(declared: Permission, missing: Permission): boolean {
  if (declared.name !== missing.name) return false;
  return matchesWildcard(declared.resource.replaceAll(/<\w+>/gu, '*'), missing.resource);
}
