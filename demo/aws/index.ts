import { randomInt } from 'node:crypto';

import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';

import { lookUpEvents } from '../../src/detections/cloudtrail-events.ts';
import type { Window } from '../../src/detections/window.ts';
import { startMiniStack, type MiniStack } from '../../test/support/processes/ministack.ts';
import type { Attack, Scene } from '../scene.ts';
import { bystanders, discoveryBurst, stealSessions } from './attacker.ts';
import { awsClients, REGIONS } from './clients.ts';
import { ACTIONS, buildCompany, giveHistory, PLACES, type Company } from './company.ts';
import { guardDutyFinding } from './guardduty.ts';
import { snapshot } from './snapshot.ts';

/** What only an administrator may do. */
const ADMINISTRATION = ['iam:CreateUser', 'iam:AttachUserPolicy', 'iam:CreateAccessKey', 's3:GetObject'];

/** An access key of the user alice leaks; it has minted sessions before anybody notices. */
export async function startAwsScene(): Promise<Scene> {
  // A Temporal server that is not ours may know the cases of an earlier demo: another account makes others.
  const account = process.env['TEMPORAL_ADDRESS'] ? { accountId: String(randomInt(1e11, 1e12 - 1)) } : {};
  const ministack = await startMiniStack(account);
  try {
    const company = await buildCompany(ministack);
    await giveHistory(ministack, company);
    return sceneOf(ministack, company);
  } catch (error) {
    await ministack.stop();
    throw error;
  }
}

function sceneOf(ministack: MiniStack, company: Company): Scene {
  const user = (name: string) => ({ name, identity: `arn:aws:iam::${ministack.accountId}:user/${name}` });
  const { iam } = awsClients(ministack, ministack.root);
  const { accessKeyId, secretAccessKey } = company.cordon;
  return {
    cloud: 'aws',
    title: 'MiniStack (AWS, IAM enforced, CloudTrail recording)',
    url: ministack.url,
    log: 'CloudTrail',
    company: [
      `Account ${ministack.accountId}: alice (two keys, a password, one role), bob (the same role), terraform-ci,`,
      'veeam-backup, breakglass-admin, and cordon-responder with the policy that Cordon generates for itself.',
    ],
    suspect: user('alice'),
    automation: user('terraform-ci'),
    configuration: configuration(ministack, (name) => user(name).identity),
    files: {
      'aws-credentials': `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
      'aws-config': '',
    },
    environment: (path) => ({
      AWS_SHARED_CREDENTIALS_FILE: path('aws-credentials'),
      AWS_CONFIG_FILE: path('aws-config'),
      AWS_EC2_METADATA_DISABLED: 'true',
    }),
    secrets: secretsOf(company),
    async administration() {
      const PolicySourceArn = user('cordon-responder').identity;
      const simulation = new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ADMINISTRATION });
      const { EvaluationResults = [] } = await iam.send(simulation);
      const denied = EvaluationResults.filter(({ EvalDecision }) => EvalDecision !== 'allowed');
      const names = denied.map(({ EvalActionName }) => EvalActionName);
      return { asked: ADMINISTRATION, allowed: ADMINISTRATION.filter((one) => !names.includes(one)) };
    },
    snapshot: () => snapshot(iam),
    ofSuspect: /^(?:user alice|role deployment) /u,
    irrecoverable: [],
    attack: () => attack(ministack, company),
    readLog: (window) => readLog(ministack, window),
    recorded: {
      source: 'guardduty',
      what: 'a recorded GuardDuty finding',
      body: () => guardDutyFinding(ministack, company),
    },
    stop: () => ministack.stop(),
  };
}

function configuration(ministack: MiniStack, arn: (user: string) => string): Scene['configuration'] {
  return {
    aws: {
      region: ministack.region,
      logRegions: [...REGIONS],
      endpoint: ministack.url,
      // The emulator binds and records at once, and has no limit; the real service takes minutes, seconds, and two a second.
      logDelaySeconds: 0,
      propagationSeconds: 2,
      quietSeconds: 3,
      lookupsPerSecond: 100,
      actions: [...ACTIONS],
    },
    protected: [{ principal: arn('breakglass-admin'), reason: 'Emergency access of last resort' }],
    allowlist: [
      {
        name: 'terraform plan',
        kind: 'infrastructure-as-code',
        principal: arn('terraform-ci'),
        networks: ['192.0.2.0/24'],
        actions: ['ec2:Describe*', 's3:List*', 'rds:Describe*', 'lambda:List*', 'iam:List*', 'sts:GetCallerIdentity'],
        owner: 'platform team',
        reason: 'A plan refreshes the state of the whole account.',
        expires: '2099-12-31',
      },
    ],
  };
}

function secretsOf({ aliceKeys, bob, terraform, veeam, breakGlass, cordon }: Company): readonly string[] {
  return [...aliceKeys, bob, terraform, veeam, breakGlass, cordon].map((key) => key.secretAccessKey);
}

async function attack(ministack: MiniStack, company: Company): Promise<Attack> {
  const calls = await discoveryBurst(ministack, company.aliceKeys[0], PLACES.attacker);
  const { probes, sessions } = await stealSessions(ministack, company);
  const same = await discoveryBurst(ministack, company.terraform, PLACES.terraform);
  return {
    told: [
      `The attacker made ${calls} calls with alice's leaked key, from ${PLACES.attacker.address}.`,
      'It minted a session with GetSessionToken and one with AssumeRole, which outlive the key.',
      `terraform-ci made ${same} calls, from ${PLACES.terraform.address}.`,
    ],
    calls,
    sameOfAutomation: same,
    probes,
    bystanders: bystanders(ministack, company),
    secrets: sessions.flatMap(({ secretAccessKey, sessionToken = '' }) => [secretAccessKey, sessionToken]),
  };
}

async function readLog(ministack: MiniStack, window: Window) {
  const logs = await Promise.all(
    REGIONS.map((region) => lookUpEvents(awsClients(ministack, ministack.root, undefined, region).cloudtrail, window)),
  );
  return { events: logs.flatMap(({ events }) => events), truncated: logs.some(({ truncated }) => truncated) };
}
