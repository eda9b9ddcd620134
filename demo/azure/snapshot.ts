import { factsOf, type Snapshot } from '../snapshot.ts';

type Row = Readonly<Record<string, unknown>>;

/** Secrets go by the name that people gave them: `applications shop-deployer secret pipeline`; their text is a hash. */
export function readable(state: Readonly<Record<string, unknown>>): Snapshot {
  const { applications, servicePrincipals, roleAssignments, ...rest } = state as {
    readonly [name: string]: readonly Row[];
  };
  return factsOf({
    ...rest,
    applications: byName(applications),
    servicePrincipals: byName(servicePrincipals),
    ...byPrincipal(roleAssignments),
  });
}

function byPrincipal(rows: readonly Row[] = []): Row {
  return Object.fromEntries(
    rows.map((row) => [`roleAssignments of ${String(row['principalId'])} ${String(row['id'])}`, row]),
  );
}

function byName(rows: readonly Row[] = []): Row {
  return Object.fromEntries(
    rows.map(({ passwordCredentials, ...row }) => {
      const secrets = (passwordCredentials as readonly Row[]).map((one) => [secretName(one), JSON.stringify(one)]);
      return [String(row['displayName']), { ...row, secret: Object.fromEntries(secrets) as Row }];
    }),
  );
}

function secretName({ displayName, keyId }: Row): string {
  return typeof displayName === 'string' && displayName !== '' ? displayName : String(keyId);
}
