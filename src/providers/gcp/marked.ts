import type { Provider } from '../port.ts';

/**
 * Nothing to find: Cordon's changes in Google Cloud take away (a binding's member, the enabling of a key or an account) or put back
 * what was there (a log sink), and leave nothing of their own that would carry a mark. They stand in the ledger alone.
 */
export const findMarks: Provider['marked'] = async () => ({ marks: [], credentials: [], unread: [] });
