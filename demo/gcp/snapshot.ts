import { factsOf, type Snapshot } from '../snapshot.ts';

interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: { readonly title: string; readonly expression: string };
}

interface State {
  readonly policies: Readonly<
    Record<string, { readonly bindings: readonly Binding[]; readonly auditConfigs: unknown }>
  >;
}

/** One fact a member of a role, with its condition: `roles //… serviceAccount:… roles/viewer` -> `always`. */
export function byMember(state: string): Snapshot {
  const { policies, ...rest } = JSON.parse(state) as State;
  const grants = Object.entries(policies).flatMap(([resource, { bindings }]) =>
    bindings.flatMap(({ role, members, condition }) =>
      members.map((member) => [
        `roles of ${member} ${resource} ${role} ${condition?.title ?? ''}`.trimEnd(),
        condition?.expression ?? 'always',
      ]),
    ),
  );
  const audited = Object.entries(policies).map(([resource, { auditConfigs }]) => [resource, { auditConfigs }]);
  return factsOf({
    ...rest,
    ...(Object.fromEntries(grants) as object),
    policies: Object.fromEntries(audited) as object,
  });
}
