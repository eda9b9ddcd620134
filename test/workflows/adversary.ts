import {
  CreateAccessKeyCommand,
  DeleteUserPolicyCommand,
  ListAccessKeysCommand,
  ListUserPoliciesCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';

import type { AwsCredentials } from '../../src/providers/aws/index.ts';
import type { Stage } from '../providers/aws/stage.ts';

/** Someone with rights over the user who undoes the containment: removes the deny, turns keys on, makes new ones. */
export class Adversary {
  readonly #stage: Stage;
  readonly #userName: string;
  /** Keys that were made in the meantime, with their secrets. */
  readonly made: AwsCredentials[] = [];
  /** How often a deny was removed. */
  undone = 0;

  constructor(stage: Stage, userName: string) {
    this.#stage = stage;
    this.#userName = userName;
  }

  /** Real calls, from when no key works any more, for `forMs` or until the signal. */
  async keepsUp(forMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.#activeKeys()).length > 0) await pause();
    const until = Date.now() + forMs;
    while (!signal.aborted && Date.now() < until) {
      await this.removesDeny();
      if ((await this.#activeKeys()).length === 0) await this.makesKeyWork();
      await pause();
    }
  }

  async #activeKeys() {
    const UserName = this.#userName;
    const { AccessKeyMetadata = [] } = await this.#stage.admin.iam.send(new ListAccessKeysCommand({ UserName }));
    return AccessKeyMetadata.filter(({ Status }) => Status === 'Active');
  }

  async removesDeny(): Promise<boolean> {
    const { iam } = this.#stage.admin;
    const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName: this.#userName }));
    const denies = PolicyNames.filter((name) => name.startsWith('CordonDeny-'));
    for (const PolicyName of denies) {
      await iam.send(new DeleteUserPolicyCommand({ UserName: this.#userName, PolicyName }));
      this.undone += 1;
    }
    return denies.length > 0;
  }

  /** A new key where there is room for one; else an old one is turned on. */
  async makesKeyWork(): Promise<void> {
    const { iam } = this.#stage.admin;
    const UserName = this.#userName;
    const { AccessKeyMetadata: keys = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
    if (keys.length < 2) {
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
      this.made.push({
        accessKeyId: AccessKey?.AccessKeyId ?? '',
        secretAccessKey: AccessKey?.SecretAccessKey ?? '',
      });
      return;
    }
    await this.turnsKeysOn();
  }

  async turnsKeysOn(): Promise<void> {
    const { iam } = this.#stage.admin;
    const UserName = this.#userName;
    const { AccessKeyMetadata: keys = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
    for (const { AccessKeyId, Status } of keys)
      if (Status === 'Inactive')
        await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Active' }));
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 150));
}
