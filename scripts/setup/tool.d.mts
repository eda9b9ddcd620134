export function runTool(
  command: string,
  args: string[],
  options: { title: string; limitMs: number; env?: NodeJS.ProcessEnv; cwd?: string; out?: NodeJS.WriteStream },
): Promise<{ ok: boolean; problem?: string; tail: string }>;
