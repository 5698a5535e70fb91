import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectEqual } from '../measure.js';
import { chatRequest } from './exchange.js';
import type { Subject } from './subject.js';

const CASES = join(__dirname, '../../../test/golden/plain-cases/en.json');

/** Fails unless a subject blocks what the built-in lists know, or passes it when it does not screen. */
export async function checkScreening({ name, port }: Subject, { screens }: { screens: boolean }): Promise<void> {
  const cases = JSON.parse(readFileSync(CASES, 'utf8')) as { text: string }[];
  const statuses = new Set<number>();
  for (const { text } of cases.slice(0, 10)) {
    const reply = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: chatRequest(0, { stream: false, text }),
    });
    await reply.arrayBuffer();
    statuses.add(reply.status);
  }
  expectEqual(`${name}: whether it blocks`, statuses.has(400), screens);
}
