// The arrows of the architecture: domain <- assess, policy <- contracts <- everything. `npm run check -- --only arrows`.
// Each rule's comment says what a person who trips over it should do instead.
import { Visitor } from '@swc/core/Visitor.js';

// swc parses `using`, and its visitor, by which dependency-cruiser finds imports, has no method for it: it throws.
// oxlint-disable-next-line typescript/unbound-method -- called with `this` below
const visitStatement = Visitor.prototype.visitStatement;
Visitor.prototype.visitStatement = function visit(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  return { ...statement, decls: this.visitVariableDeclarators(statement.decls) };
};

const TEST = '([.]test[.]ts$|^test/)';
const COMPOSITION = '^(worker|src/cli|demo|bench|test)/';

/** Folders of which others may know the port only. Their inside is an adapter, chosen in worker/ and src/cli. */
const ADAPTERS = '(encryption|notify|providers|store)';

/** Reads and makes a key file of mode 0600; the approval keys need it as much as the payload keys do. */
const SECRET_FILE = '^src/encryption/secret-file[.]ts$';

/** Pure libraries that run in the sandbox; both are small and have no dependencies. */
const LIBRARIES = ['^node_modules/ipaddr[.]js/', '^node_modules/canonicalize/'];

/** All that may end up in the workflow sandbox, at any depth. */
const SANDBOX = [
  '^(workflows|src/domain|src/assess|src/policy)/',
  '^src/contracts/(?!ids[.]ts$)',
  '^node_modules/@temporalio/(workflow|common)/',
  ...LIBRARIES,
];

const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: TEST },
  to: { pathNot: allowed },
});

export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two modules that need each other are one module, or lack a third that both need. Type imports count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports it and it imports nothing: delete it, or wire it up.',
      severity: 'error',
      from: { orphan: true, pathNot: `${TEST}|^(demo|bench|scripts)/|[.]d[.]m?ts$` },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies-in-the-product',
      comment: '`npm ci --omit=dev` leaves it out of the image: move it to dependencies, or do without.',
      severity: 'error',
      from: { path: '^(src|workflows|activities|worker)/', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'product-without-tests',
      comment: 'The product never imports tests, demo, bench or scripts (pins.json is data).',
      severity: 'error',
      from: { path: '^(src|workflows|activities|worker)/', pathNot: TEST },
      to: { path: '([.]test[.]ts$|^(test|demo|bench|scripts)/)', pathNot: '^scripts/pins[.]json$' },
    },
    only(
      'domain-is-alone',
      '^src/domain/',
      ['^src/domain/', '^node_modules/canonicalize/'],
      'Domain is pure types and functions; it sees nothing but canonical JSON.',
    ),
    only(
      'assess-is-pure',
      '^src/assess/',
      ['^src/(domain|assess|policy)/', ...LIBRARIES],
      'Assess runs inside workflows: no clock, no I/O, no parser. Pass it in.',
    ),
    only(
      'policy-is-pure',
      '^src/policy/',
      ['^src/(domain|policy)/'],
      'Policy runs inside workflows; it sees domain only.',
    ),
    only(
      'contracts-see-the-pure-part',
      '^src/contracts/',
      ['^src/(domain|assess|policy|contracts)/', '^node_modules/@temporalio/(workflow|common)/', '^(node:)?crypto$'],
      'Contracts are shared by workflows, activities and clients. Only ids.ts uses node:crypto.',
    ),
    only('workflows-see-contracts', '^workflows/', SANDBOX, 'Workflow code is deterministic: call an activity.'),
    {
      name: 'workflows-never-reach',
      comment:
        'Something a workflow imports leads, at some depth, out of the sandbox: Node, zod, a client, an adapter.',
      severity: 'error',
      from: { path: '^workflows/', pathNot: TEST },
      to: { reachable: true, pathNot: SANDBOX },
    },
    {
      name: 'only-the-composition-root-knows-adapters',
      comment: 'Take the port as a dependency; worker/ and src/cli pass the adapter in.',
      severity: 'error',
      from: { path: '^(src|activities)/([^/]+)/', pathNot: [TEST, COMPOSITION] },
      to: { path: `^src/${ADAPTERS}/`, pathNot: ['^src/[^/]+/port[.]ts$', '^src/$2/', SECRET_FILE] },
    },
    {
      name: 'clouds-apart',
      comment: 'What two clouds share lies beside the port, in src/providers.',
      severity: 'error',
      from: { path: '^src/providers/([^/]+)/' },
      to: { path: '^src/providers/[^/]+/', pathNot: '^src/providers/$1/' },
    },
    {
      name: 'log-is-below',
      comment:
        "What an event of the cloud's log says is known there; who acts on it, and what it adds up to, stands on it.",
      severity: 'error',
      from: { path: '^src/providers/([^/]+)/log/', pathNot: TEST },
      to: { path: '^src/providers/$1/(actions|hunt)/' },
    },
    {
      name: 'actions-without-hunt',
      comment: 'The hunt proposes actions. What both need of an identity lies beside them, in the folder of the cloud.',
      severity: 'error',
      from: { path: '^src/providers/([^/]+)/actions/', pathNot: TEST },
      to: { path: '^src/providers/$1/hunt/' },
    },
    {
      name: 'activities-know-ports',
      comment: 'Activities are thin: createActivities(deps) gets ports, and imports no adapter, server or command.',
      severity: 'error',
      from: { path: '^activities/', pathNot: TEST },
      to: {
        path: `^(worker/|workflows/|src/(cli|runtime|server|sources)/|src/${ADAPTERS}/)`,
        pathNot: '^src/[^/]+/port[.]ts$',
      },
    },
    {
      name: 'src-is-below',
      comment: 'Workflows, activities and worker stand on src. Clients start workflows by the names in src/contracts.',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, COMPOSITION] },
      to: { path: '^(workflows|activities|worker)/' },
    },
  ],
  options: {
    // TypeScript 7 has no JavaScript API to parse with: docs/decisions/0010-typescript-7.md.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    progress: { type: 'none' },
  },
};
