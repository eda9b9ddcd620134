import { CordonFailure } from '../../../contracts/failures.ts';
import type { GcpClients } from '../clients.ts';
import type { Container } from '../hierarchy.ts';
import { readProject } from '../hierarchy.ts';
import type { AuditConfig } from '../policies.ts';
import { readPolicy } from '../policies.ts';

/** Reads of configuration and of data: what a thief does first. Off by default in Google Cloud. */
const NEEDED = ['ADMIN_READ', 'DATA_READ'];

/**
 * Whether reads by this member are logged in all projects, which an exemption would prevent. Where Cordon may not
 * look, the answer is no: then the silence of the log proves nothing.
 */
export async function logsReadsOf(clients: GcpClients, projects: readonly string[], member: string): Promise<boolean> {
  try {
    const logged = await Promise.all(
      projects.map(async (projectId) => {
        const { ancestors } = await readProject(clients, projectId);
        const places: readonly Pick<Container, 'name'>[] = [{ name: `projects/${projectId}` }, ...ancestors];
        const policies = await Promise.all(places.map(({ name }) => readPolicy(clients, name)));
        return covers(
          policies.flatMap(({ auditConfigs }) => auditConfigs),
          member,
        );
      }),
    );
    return logged.every(Boolean);
  } catch (error) {
    if (error instanceof CordonFailure && error.type === 'AccessDenied') return false;
    throw error;
  }
}

/** Configurations of a project and all above it add up, and so do their exemptions. */
function covers(configs: readonly AuditConfig[], member: string): boolean {
  const logs = configs.flatMap(({ service, auditLogConfigs }) =>
    (auditLogConfigs ?? []).map((log) => ({ ...log, service })),
  );
  const exempt = logs.some(({ exemptedMembers }) =>
    (exemptedMembers ?? []).some(
      (one) => one.toLowerCase() === member.toLowerCase() || !/^(?:user|serviceAccount):/u.test(one),
    ),
  );
  return (
    !exempt &&
    NEEDED.every((type) => logs.some(({ service, logType }) => service === 'allServices' && logType === type))
  );
}
