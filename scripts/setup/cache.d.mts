export function installOnce(target: string, install: (directory: string) => Promise<void>): Promise<void>;
