import { secretsOfRole, type Role } from '../../config/role.ts';
import type { Config, SecretReference } from '../../config/schema.ts';
import { secretReference } from '../../config/schema.ts';
import { resolveSecret } from '../../config/secrets.ts';
import { credentialProblems, REMEDY } from '../../config/tokens.ts';
import { describeError } from '../failures.ts';
import type { Check, Finding } from './finding.ts';

const check = 'secrets';

/** Every secret that this role reads can be had on this machine, and works. Its value is read and dropped. */
export function secretsCheck(config: Config, role: Role): Check {
  return {
    name: check,
    remedy: 'Look at the secrets that the configuration names.',
    async run() {
      const named = secretsOfRole(config, role);
      const references = secretReferences(named);
      const findings = await Promise.all(references.map(missing));
      const failed = [...findings.flat(), ...(await unfit(named))];
      return failed.length > 0 ? failed : [{ check, status: 'ok', detail: `${references.length} named, all there` }];
    },
  };
}

interface Named {
  readonly path: string;
  readonly reference: SecretReference;
}

async function missing({ path, reference }: Named): Promise<readonly Finding[]> {
  try {
    await resolveSecret(reference);
    return [];
  } catch (error) {
    const remedy =
      'Set it here, or name another; where only a part of Cordon runs, ask with --only and --queues as it does.';
    return [{ check, status: 'failed', detail: `${path}: ${describeError(error)}`, remedy }];
  }
}

/** Of those that are there, as the server looks at them at its start. */
async function unfit({ sources, approvers }: ReturnType<typeof secretsOfRole>): Promise<readonly Finding[]> {
  const there = async (reference: SecretReference | undefined) => reference && resolveSecret(reference).catch(() => '');
  const problems = credentialProblems(
    { sources, approvers },
    {
      sources: Object.fromEntries(
        await Promise.all(
          Object.entries(sources).map(async ([name, { secret }]) => [name, await there(secret)] as const),
        ),
      ),
      approvers: Object.fromEntries(
        await Promise.all(approvers.map(async ({ id, token }) => [id, await there(token)] as const)),
      ),
    },
  );
  return problems.map((detail) => ({ check, status: 'failed', detail, remedy: REMEDY }));
}

function secretReferences(value: unknown, path = ''): readonly Named[] {
  if (typeof value !== 'object' || value === null) return [];
  const reference = secretReference.safeParse(value);
  if (reference.success) return [{ path, reference: reference.data }];
  return Object.entries(value).flatMap(([key, inner]) => secretReferences(inner, path === '' ? key : `${path}.${key}`));
}
