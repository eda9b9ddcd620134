import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves messages and stack traces of errors into a payload, which the codec then encrypts. Loaded by path, into the workflow
 * bundle as well: it may import nothing of Node.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
