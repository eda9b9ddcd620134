import { sorted } from './json.ts';
import { shownKey } from './keys.ts';
import { currentBindings } from './policies.ts';
import { accountName, keyName, type State } from './state.ts';

/**
 * Bindings and members are sorted too: their order means nothing to Google. Nor is it told when a sink was made: one that is put
 * back after its deletion can't have the old date.
 */
export function snapshotOf(state: State): string {
  const policies = [...state.policies].map(([name, policy]) => {
    const bindings = currentBindings(policy).map((one) => sorted({ ...one, members: one.members.toSorted() }));
    const texts = bindings.map((one) => JSON.stringify(one)).toSorted();
    return [name, { bindings: texts.map((one) => JSON.parse(one) as unknown), auditConfigs: policy.auditConfigs }];
  });
  const all = {
    containers: Object.fromEntries(state.containers),
    accounts: Object.fromEntries([...state.accounts.values()].map((one) => [accountName(one), { ...one }])),
    keys: Object.fromEntries([...state.keys.values()].map((one) => [keyName(state, one), shownKey(state, one)])),
    policies: Object.fromEntries(policies) as unknown,
    groups: Object.fromEntries(state.groups),
    things: state.things,
    sinks: Object.fromEntries([...state.sinks].map(([name, sink]) => [name, { ...sink, createTime: undefined }])),
  };
  return JSON.stringify(sorted(all), undefined, 2);
}
