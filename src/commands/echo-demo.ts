import { resolve } from 'node:path';

/** List of made-up words that the echo backend is tried out with: one that answers mask and one that is blocked. */
export const DEMO_LIST = resolve(__dirname, '../../models/demo');

/** Requests that a newcomer can paste: one allowed, one whose answer is masked, one blocked. */
export function demoLines(address: string): string {
  const line = (content: string): string => {
    const body = JSON.stringify({ model: 'echo', messages: [{ role: 'user', content }] });
    return `curl -s http://${address}/v1/chat/completions -H 'content-type: application/json' -d '${body}'`;
  };
  return [
    '',
    'No upstream is set, so an echo backend answers. Two made-up words are on its lists. Try:',
    '',
    `# allowed\n${line('Good morning')}`,
    `# redacted in the answer\n${line('You are a zorgblat')}`,
    `# blocked\n${line('You are a blatzorg')}`,
    '',
    '',
  ].join('\n');
}
