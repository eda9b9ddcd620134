export { containPrincipal } from './contain-principal.ts';
export { deleteKeys } from './delete-keys.ts';
export { respondToAlert } from './respond-to-alert.ts';
export { rollBack } from './roll-back.ts';
export { sweepOrphans } from './sweep-orphans.ts';
