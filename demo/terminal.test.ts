import { expect, it, vi } from 'vitest';

import { Terminal } from './terminal.ts';

it('shows no secret that it was told of, not even inside of something else', () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const terminal = new Terminal();
    terminal.keepSecret('0123456789abcdef', '');
    expect(() => terminal.quote('key=0123456789abcdef;')).toThrow('A secret would have been shown');
    expect(() => terminal.checked('{"key":"0123456789abcdef"}')).toThrow('A secret would have been shown');
    expect(write).not.toHaveBeenCalled();
    terminal.say('nothing of that kind');
    expect(write).toHaveBeenCalledOnce();
  } finally {
    write.mockRestore();
  }
});
