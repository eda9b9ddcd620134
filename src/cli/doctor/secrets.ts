import type { Config, SecretReference } from '../../config/schema.ts';
import { secretReference } from '../../config/schema.ts';
import { resolveSecret } from '../../config/secrets.ts';
import { describeError } from '../failures.ts';
import type { Check, Finding } from './finding.ts';

/** Every secret that the configuration names can be had on this machine. Its value is read and dropped. */
export function secretsCheck(config: Config): Check {
  return {
    name: 'secrets',
    remedy: 'Look at the secrets that the configuration names.',
    async run() {
      const references = secretReferences(config);
      const findings = await Promise.all(
        references.map(async ({ path, reference }): Promise<readonly Finding[]> => {
          try {
            await resolveSecret(reference);
            return [];
          } catch (error) {
            const remedy = 'Set it here, or name another; a process that does not use it can do without.';
            return [{ check: 'secrets', status: 'failed', detail: `${path}: ${describeError(error)}`, remedy }];
          }
        }),
      );
      const failed = findings.flat();
      return failed.length > 0
        ? failed
        : [{ check: 'secrets', status: 'ok', detail: `${references.length} named, all there` }];
    },
  };
}

function secretReferences(value: unknown, path = ''): readonly { path: string; reference: SecretReference }[] {
  if (typeof value !== 'object' || value === null) return [];
  const reference = secretReference.safeParse(value);
  if (reference.success) return [{ path, reference: reference.data }];
  return Object.entries(value).flatMap(([key, inner]) => secretReferences(inner, path === '' ? key : `${path}.${key}`));
}
