import type { PropertyPath } from './document.ts';
import { isVeryWide } from './networks.ts';
import type { Config } from './schema.ts';

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly path: PropertyPath;
  readonly message: string;
}

/** What no field can tell alone. Runs only when all sections that it reads are valid in themselves. */
interface Check {
  readonly reads: readonly (keyof Config)[];
  run(config: Config, now: Date): readonly Finding[];
}

/** `broken`: sections with problems of their own, whose values here are defaults and say nothing. */
export function crossFieldFindings(config: Config, broken: ReadonlySet<string>, now: Date): readonly Finding[] {
  return CHECKS.filter((check) => !check.reads.some((section) => broken.has(section))).flatMap((check) => [
    ...check.run(config, now),
  ]);
}

const CHECKS: readonly Check[] = [
  { reads: ['mode', 'approvers', 'approval', 'slack'], run: quorumCanBeReached },
  { reads: ['approval'], run: remindersComeInTime },
  { reads: ['approvers'], run: approversAreDistinct },
  { reads: ['allowlist'], run: allowlistIsCurrent },
  { reads: ['allowlist'], run: networksAreNarrow },
  { reads: ['aws'], run: accountsAreDistinct },
];

function quorumCanBeReached({ mode, approvers, approval, slack }: Config): readonly Finding[] {
  if (mode !== 'approve') return [];
  if (approvers.length === 0) {
    return [error(['mode'], 'is approve, but nobody is listed under `approvers`: no plan could ever be approved')];
  }
  const findings: Finding[] = [];
  const viaSlack = approvers.filter(({ slackUserId }) => slack !== undefined && slackUserId !== undefined);
  if (slack !== undefined && viaSlack.length === 0) {
    findings.push(
      error(['slack'], 'asks for approval, but no approver has a `slackUserId`: every click would be refused'),
    );
  }
  const able = approvers.filter((approver) => viaSlack.includes(approver) || approver.token !== undefined);
  for (const [index, approver] of approvers.entries()) {
    if (able.includes(approver)) continue;
    findings.push(
      warning(['approvers', index], 'can decide nowhere: give a `slackUserId` (with `slack`) or a `token`'),
    );
  }
  return [...findings, ...quorumsOutOfReach(approval, able, approvers)];
}

type Approvers = Config['approvers'];

/** A plan that nobody can approve expires while the identity is used. */
function quorumsOutOfReach({ approvals, large }: Config['approval'], able: Approvers, all: Approvers): Finding[] {
  const who = `but ${able.length} of ${all.length} listed approvers can decide`;
  if (approvals > able.length) return [error(['approval', 'approvals'], `asks for ${approvals}, ${who}`)];
  if (large.approvals > able.length) {
    const remedy = `list more, or set it to ${able.length} to let fewer people approve what is large or final`;
    return [error(['approval', 'large', 'approvals'], `asks for ${large.approvals}, ${who}: ${remedy}`)];
  }
  const most = Math.max(approvals, large.approvals);
  return all.flatMap((approver, index) =>
    approver.identities.length > 0 && able.includes(approver) && most > able.length - 1
      ? [
          warning(
            ['approvers', index, 'identities'],
            `are beyond a quorum of ${most}: no suspect approves, and too few are left`,
          ),
        ]
      : [],
  );
}

function remindersComeInTime({ approval }: Config): readonly Finding[] {
  if (approval.reminderMinutes < approval.deadlineMinutes) return [];
  return [warning(['approval', 'reminderMinutes'], 'is not before `deadlineMinutes`: nobody will be reminded')];
}

function approversAreDistinct({ approvers }: Config): readonly Finding[] {
  return [
    ...repeated(approvers.map(({ id }) => id)).map((index) =>
      error(['approvers', index, 'id'], 'is already the id of another approver'),
    ),
    ...repeated(approvers.map(({ slackUserId }) => slackUserId)).map((index) =>
      error(['approvers', index, 'slackUserId'], 'already belongs to another approver: one person would count twice'),
    ),
    ...repeated(approvers.map(({ token }) => token && JSON.stringify(token))).map((index) =>
      error(['approvers', index, 'token'], 'is already the token of another approver: the two could not be told apart'),
    ),
  ];
}

function allowlistIsCurrent({ allowlist }: Config, now: Date): readonly Finding[] {
  const today = now.toISOString().slice(0, 10);
  return allowlist.flatMap((entry, index) =>
    entry.expires < today ? [warning(['allowlist', index, 'expires'], 'has passed: the entry no longer counts')] : [],
  );
}

function networksAreNarrow({ allowlist }: Config): readonly Finding[] {
  return allowlist.flatMap(({ networks }, entry) =>
    networks.flatMap((network, index) =>
      isVeryWide(network)
        ? [warning(['allowlist', entry, 'networks', index], 'is very wide: name the networks that it really runs in')]
        : [],
    ),
  );
}

function accountsAreDistinct({ aws: { accounts, identityCenter } }: Config): readonly Finding[] {
  const role = identityCenter?.role;
  return [
    ...repeated(accounts.map(({ accountId }) => accountId)).map((index) =>
      error(['aws', 'accounts', index, 'accountId'], 'is listed already: an account has one role for Cordon'),
    ),
    ...accounts.flatMap((account, index) => roleElsewhere(account, ['aws', 'accounts', index, 'roleArn'])),
    ...(role ? roleElsewhere(role, ['aws', 'identityCenter', 'role', 'roleArn']) : []),
  ];
}

function roleElsewhere(
  { accountId, roleArn }: { readonly accountId: string; readonly roleArn: string },
  path: PropertyPath,
): readonly Finding[] {
  return roleArn.split(':')[4] === accountId ? [] : [error(path, 'must be a role of the account of its `accountId`')];
}

/** Indexes of values that stood before; absent values are never repeated. */
function repeated(values: readonly (string | undefined)[]): readonly number[] {
  return values.flatMap((value, index) => (value !== undefined && values.indexOf(value) < index ? [index] : []));
}

function error(path: PropertyPath, message: string): Finding {
  return { severity: 'error', path, message };
}

function warning(path: PropertyPath, message: string): Finding {
  return { severity: 'warning', path, message };
}
