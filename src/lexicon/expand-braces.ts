const MAX_EXPANSIONS = 20_000;

/** Expands `{a,b}` and `{1..17}`, nested too. Throws on unbalanced braces and on more than 20,000 results. */
export function expandBraces(pattern: string): string[] {
  let position = 0;
  const sequence = (depth: number): string[] => {
    let results = [''];
    while (position < pattern.length) {
      const char = pattern.charAt(position);
      if (depth > 0 && (char === ',' || char === '}')) break;
      if (char === '}') throw new Error('"}" without "{"');
      position += 1;
      const tails = char === '{' ? alternatives(depth + 1) : [char];
      if (results.length * tails.length > MAX_EXPANSIONS)
        throw new Error(`more than ${MAX_EXPANSIONS} expansions; split the entry`);
      results =
        tails.length === 1
          ? results.map((head) => head + tails[0])
          : results.flatMap((head) => tails.map((tail) => head + tail));
    }
    return results;
  };
  const alternatives = (depth: number): string[] => {
    const range = /^\s*(\d{1,5})\.\.(\d{1,5})\s*\}/u.exec(pattern.slice(position, position + 20));
    if (range !== null) {
      position += range[0].length;
      return numbers(Number(range[1]), Number(range[2]));
    }
    const all: string[] = [];
    for (;;) {
      all.push(...sequence(depth).map((alternative) => alternative.trim()));
      const char = pattern.charAt(position);
      if (char === '') throw new Error('"{" without "}"');
      position += 1;
      if (char === '}') return [...new Set(all)];
    }
  };
  return [...new Set(sequence(0))];
}

function numbers(from: number, to: number): string[] {
  if (to < from || to - from > 1000) throw new Error(`range ${from}..${to} must ascend and span at most 1000`);
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
}
