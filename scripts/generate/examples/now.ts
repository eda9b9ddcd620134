/** When the examples are planned: a page must not change with the day on which it is made. */
export const NOW = new Date('2026-02-01T12:00:00.000Z');
