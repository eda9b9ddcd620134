export { containPrincipal } from './contain-principal.ts';
export { respondToAlert } from './respond-to-alert.ts';
export { rollBack } from './roll-back.ts';
