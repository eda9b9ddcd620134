/**
 * Whether `text` as a whole matches `pattern`, in which `*` stands for any run of characters, `/` and none included, as in IAM.
 * Everything else is literal (`?` too). Walks both once with a single point to fall back to: no pattern makes it slow, which a
 * regular expression built from a pattern could not promise.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resumeAt = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resumeAt = t;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
