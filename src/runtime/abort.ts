/** Rejects with the reason of the signal once it is aborted. Nobody needs to listen. */
export function rejectionOf(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  rejection.catch(() => undefined);
  return rejection;
}
