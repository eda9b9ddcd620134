import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';

import { orphanOfCredential, orphanOfMark } from '../../../src/containment/orphans.ts';
import type { KnownCase } from '../../../src/containment/orphans.ts';
import { rollbackKey } from '../../../src/approval/digest.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { LedgerEntry, LedgerEntryType } from '../../../src/domain/ledger.ts';
import type { MarkReading } from '../../../src/domain/orphan.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import { revokeDocument } from '../../../src/providers/aws/actions/revoke-role-sessions/document.ts';
import {
  CASE,
  alice,
  build,
  chosen,
  faults,
  key,
  keysOfAlice,
  ministack,
  nextSecond,
  roleArn,
  stage,
  useCaseOfAlice,
} from './case-of-alice.ts';

useCaseOfAlice();

const DENY = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] });
const readAt = '2030-01-01T00:00:00.000Z';

async function read(): Promise<MarkReading> {
  const { accountId } = ministack;
  return { cloud: 'aws', accountId, readAt, ...(await stage.provider.marked(accountId, [alice])) };
}

/** Applies, and answers what the ledger then holds of the case. */
async function changed(id: string): Promise<KnownCase> {
  const { action, request } = id === 'close-role-trust' ? closing() : chosen(id);
  const { prior } = await action.preflight(request);
  const at = new Date().toISOString();
  const entry = (type: LedgerEntryType, body: JsonObject): LedgerEntry => {
    const hashes = { previousHash: '', hash: '' };
    return {
      type,
      caseId: CASE,
      key: id,
      body: JSON.parse(JSON.stringify(body)) as JsonObject,
      sequence: 1,
      at,
      ...hashes,
    };
  };
  const intent = entry('intent', { title: id, request: { ...request, principal: { ...request.principal } }, prior });
  const { result } = await action.apply(request, prior);
  const outcome = entry('outcome', { action: id, target: request.target, status: 'applied', result });
  return { caseId: CASE, state: 'CLOSED', entries: [intent, outcome] };
}

/** The role trusts everyone, so a Deny of one caller is put beside that. */
function closing() {
  const action = stage.provider.actions['close-role-trust'];
  if (!action) throw new Error('no close-role-trust');
  const parameters = { caseId: CASE, callers: [{ kind: 'foreign', id: 'AIDAAAAAAAAAAAAAAAAA' }] };
  const { accountId } = ministack;
  const principal = { cloud: 'aws', kind: 'role-session', accountId, name: 'deploy', arn: roleArn } as const;
  return { action, request: { ...action.example, accountId, principal, target: roleArn, parameters } };
}

const undone = ({ entries, ...rest }: KnownCase): KnownCase => {
  const outcomes = entries.filter(({ type }) => type === 'outcome');
  const undoing = outcomes.map((one) => ({ ...one, type: 'rollback-outcome' as const, key: rollbackKey(one.key) }));
  return { ...rest, entries: [...entries, ...undoing] };
};

describe('what an action leaves', () => {
  it.each([
    ['deny-principal', 'inline policy', `CordonDeny-${CASE} of `],
    ['quarantine-principal', 'managed policy', `policy/cordon/CordonQuarantine-${CASE} of `],
    ['revoke-role-sessions', 'inline policy', 'AWSRevokeOlderSessions of '],
    ['close-role-trust', 'trust statement', `CordonClosesTrust${CASE.replace('_', '')} of `],
    ['rotate-access-key', 'secret', `cordon/access-keys/${CASE}`],
  ])(
    '%s is found under the mark of its case, and is an orphan only when the ledger says so',
    async (id, kind, name) => {
      expect((await read()).marks, 'nothing before').toEqual([]);
      const known = await changed(id);
      const reading = await read();
      expect(reading.unread).toEqual([]);
      expect(reading.marks).toMatchObject([{ kind, caseId: CASE, name: expect.stringContaining(name) as string }]);
      for (const mark of reading.marks) {
        expect(orphanOfMark(mark, known, reading)).toBeNull();
        expect(orphanOfMark(mark, null, reading)).toMatchObject({ kind: 'change' });
        expect(orphanOfMark(mark, undone(known), reading)?.why).toMatch(/rolled back/u);
        expect(mark.removal).toMatch(/aws (?:iam|secretsmanager) /u);
      }
    },
  );

  it('needs two listings for the whole account, and one of keys for whom Cordon changed; no value of a secret is read', async () => {
    await changed('rotate-access-key');
    await stage.createUser('bystander');
    stage.calls.length = 0;
    await read();
    expect(stage.calls.map(({ operation }) => operation).toSorted()).toEqual([
      'GetAccountAuthorizationDetails',
      'ListAccessKeys',
      'ListSecrets',
    ]);
  });
});

describe("an access key of whom Cordon changed, which the ledger doesn't know", () => {
  const orphans = async (known: KnownCase) => {
    const reading = await read();
    return reading.credentials.flatMap((one) => orphanOfCredential(one, [known], reading)?.name ?? []);
  };

  it('is found where the answer to its making was lost, and the one that the ledger knows is not', async () => {
    const known = await changed('rotate-access-key');
    expect(await orphans(known)).toEqual([]);
    const [intent] = known.entries;
    const lost = { ...known, entries: intent ? [intent] : [] };
    const [id] = (await keysOfAlice()).filter((one) => one !== key.accessKeyId);
    expect(await orphans(lost)).toEqual([`access key ${id} of ${resourceOf(alice)}`]);
  });

  it('is found where somebody made it while the user was denied everything', async () => {
    await nextSecond();
    const known = await changed('deny-principal');
    const { accessKeyId } = await stage.newKey('alice');
    expect(await orphans(known)).toEqual([expect.stringContaining(accessKeyId)]);
  });

  it('is nobody else: a namesake that was made since is left alone', async () => {
    const reading = await stage.provider.marked(ministack.accountId, [{ ...alice, uniqueId: 'AIDAANOTHERALICE0000' }]);
    expect(reading.credentials).toEqual([]);
  });
});

describe('names that whoever can write IAM chose', () => {
  it('are found, with no case where they name none, and lead to no command', async () => {
    const UserName = 'alice';
    const put = (PolicyName: string) =>
      stage.admin.iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument: DENY }));
    await put('CordonDeny-x,=@+.');
    await put(`CordonDeny-${CASE}2`);
    await put('NotCordonDeny-1');
    const RoleName = 'deploy';
    const PolicyName = 'AWSRevokeOlderSessions';
    const document = revokeDocument('ca_x', '2026-01-01T00:00:00Z').replace('Cordoncax', 'Cordon');
    await stage.admin.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }));
    const policy = new CreatePolicyCommand({
      PolicyName: 'CordonQuarantine-1',
      Path: '/cordon/',
      PolicyDocument: DENY,
    });
    const { Policy } = await stage.admin.iam.send(policy);
    await stage.admin.iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: Policy?.Arn }));

    const reading = await read();
    expect(reading.marks.map(({ name, caseId }) => [name.split(' of ')[0], caseId])).toEqual([
      ['CordonDeny-x,=@+.', null],
      [`CordonDeny-${CASE}2`, `${CASE}2`],
      [PolicyName, null],
      [Policy?.Arn, null],
    ]);
    // The real case is not taken for theirs.
    const known = await changed('deny-principal');
    const orphans = (await read()).marks.filter((mark) =>
      orphanOfMark(mark, mark.caseId === CASE ? known : null, reading),
    );
    expect(orphans).toHaveLength(4);
  });

  it("the console's own revocation is none of ours", async () => {
    const PolicyDocument = revokeDocument('', '2026-01-01T00:00:00Z').replace('"Sid":"Cordon",', '');
    const put = { RoleName: 'deploy', PolicyName: 'AWSRevokeOlderSessions', PolicyDocument };
    await stage.admin.iam.send(new PutRolePolicyCommand(put));
    expect((await read()).marks).toEqual([]);
  });

  it('are not known for another target: a copy of the mark on another role is an orphan', async () => {
    const known = await changed('revoke-role-sessions');
    await stage.createRole('copy');
    const copied = {
      RoleName: 'copy',
      PolicyName: 'AWSRevokeOlderSessions',
      PolicyDocument: revokeDocument(CASE, readAt),
    };
    await stage.admin.iam.send(new PutRolePolicyCommand(copied));
    const reading = await read();
    const orphans = reading.marks.flatMap((mark) => orphanOfMark(mark, known, reading)?.name ?? []);
    expect(orphans).toEqual([`inline policy AWSRevokeOlderSessions of ${roleArn.replace('deploy', 'copy')}`]);
  });
});

describe('what can not be read', () => {
  const refuse = () =>
    Promise.reject(Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }));

  it('is said, and does not hide the rest', async () => {
    await changed('deny-principal');
    faults.set('ListAccessKeys', refuse);
    const reading = await read();
    expect(reading.marks).toHaveLength(1);
    expect(reading.unread).toEqual([expect.stringMatching(/^Access keys of arn:.*user\/alice: .*iam:ListAccessKeys/u)]);
  });

  it('throws where nothing can be told of the account', async () => {
    faults.set('GetAccountAuthorizationDetails', refuse);
    await expect(read()).rejects.toMatchObject({ type: 'AccessDenied' });
  });

  it('is nothing with exactly the policy that is printed for one action', async () => {
    await build(['deny-principal']);
    expect((await read()).unread).toEqual([]);
  });
});
