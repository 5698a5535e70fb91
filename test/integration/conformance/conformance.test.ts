import type { RequestListener } from 'node:http';
import { anthropicMessagesDriver } from './anthropic-messages-driver.js';
import { BLOCK_POINTS, type BlockPoint } from './block-points.js';
import type { FormatDriver, PieceKind } from './format-driver.js';
import { createHosts, type Host } from './hosts.js';
import { ollamaChatDriver, ollamaGenerateDriver } from './ollama-driver.js';
import { openaiChatDriver } from './openai-chat-driver.js';
import { openaiCompletionsDriver } from './openai-completions-driver.js';
import { openaiResponsesDriver } from './openai-responses-driver.js';

const DRIVERS: readonly FormatDriver[] = [
  openaiChatDriver,
  openaiResponsesDriver,
  openaiCompletionsDriver,
  anthropicMessagesDriver,
  ollamaChatDriver,
  ollamaGenerateDriver,
];
const HOSTS = createHosts();
afterAll(() => Promise.all(HOSTS.map((host) => host.close())));

/** Exactly the rows that a format has a place for. */
function rowsOf({ lacks }: FormatDriver, kind: 'stream' | 'whole'): [string, BlockPoint][] {
  if (lacks.has(kind)) return [];
  const fits = ({ script }: BlockPoint): boolean => {
    const kinds = new Set<PieceKind>(script.pieces.map((piece) => piece.kind));
    if (kind === 'whole' && script.afterFinish !== undefined) return false;
    return ![...kinds].some((each) => lacks.has(each)) && !(script.answers > 1 && lacks.has('second answer'));
  };
  return BLOCK_POINTS.filter(fits).map((point) => [point.name, point]);
}

interface Run {
  readonly result: Awaited<ReturnType<FormatDriver['ask']>> | undefined;
  readonly error: unknown;
  readonly wire: string;
  readonly calls: number;
}

async function run(
  host: Host,
  driver: FormatDriver,
  { point, stream, policy = {} }: { point: BlockPoint; stream: boolean; policy?: object },
): Promise<Run> {
  let calls = 0;
  const backend: RequestListener = (req, res) => {
    calls += 1;
    req.resume();
    if (!stream) {
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(driver.wholeOf(point.script)));
      return;
    }
    res.writeHead(200, { 'content-type': driver.streamType });
    for (const event of driver.streamOf(point.script)) res.write(event);
    res.end();
  };
  const url = await host.start(backend, policy);
  const copies: Promise<string>[] = [];
  const tap: typeof fetch = async (...args) => {
    const response = await fetch(...args);
    copies.push(response.clone().text());
    return response;
  };
  const input = point.input ?? 'good morning';
  const asked = driver.ask({ url, input, stream, answers: point.script.answers, fetch: tap });
  const outcome = await asked.then(
    (result) => ({ result, error: undefined }),
    (error: unknown) => ({ result: undefined, error }),
  );
  return { ...outcome, wire: (await Promise.all(copies)).join(''), calls };
}

describe.each(DRIVERS.map((driver) => [driver.name, driver] as const))('%s', (_name, driver) => {
  describe.each(HOSTS.map((host) => [host.name, host] as const))('through the %s', (_host, host) => {
    test.each(rowsOf(driver, 'stream'))('streamed, block at: %s', async (_point, point) => {
      const { result, error, wire, calls } = await run(host, driver, { point, stream: true });
      expect(wire).not.toContain('zorgblat');
      if (point.seen === undefined) {
        driver.expectBlockedInput(error);
        expect(calls).toBe(0);
        return;
      }
      expect(error).toBeUndefined();
      const blank = { text: '', reasoning: '', tool: '' };
      expect(result).toEqual(point.seen.map((answer) => ({ ...blank, ...answer })));
      driver.expectWellFormed(wire);
      expect(calls).toBe(1);
    });

    test.each(rowsOf(driver, 'whole'))('whole, block at: %s', async (_point, point) => {
      const { result, error, wire, calls } = await run(host, driver, { point, stream: false });
      expect(wire).not.toContain('zorgblat');
      if (point.seen === undefined) {
        driver.expectBlockedInput(error);
        expect(calls).toBe(0);
        return;
      }
      expect(error).toBeUndefined();
      expect(result?.map(({ ending }) => ending)).toEqual(point.seen.map(({ ending }) => ending));
      for (const [index, expected] of point.seen.entries()) {
        // A whole answer that is blocked is replaced by a notice; what passes, passes as it would streamed.
        if (expected.ending === 'filtered') expect(result?.[index]).toMatchObject({ reasoning: '', tool: '' });
        else expect(result?.[index]).toEqual({ text: '', reasoning: '', tool: '', ...expected });
      }
      expect(calls).toBe(1);
    });

    const KINDS = (['stream', 'whole'] as const).filter((kind) => !driver.lacks.has(kind));
    const pointNamed = (name: string): BlockPoint => BLOCK_POINTS.find((point) => point.name === name)!;

    test.each(KINDS)('a request is refused with an answer where the policy says so: %s', async (kind) => {
      const asked = {
        point: pointNamed('input'),
        stream: kind === 'stream',
        policy: { blockAs: { input: 'refusal' } },
      };
      const { result, error, wire, calls } = await run(host, driver, asked);
      expect(error).toBeUndefined();
      expect(result).toMatchObject([{ ending: 'filtered' }]);
      expect(wire).toContain('withheld');
      expect(wire).not.toContain('zorgblat');
      expect(calls).toBe(0);
    });

    test.each(KINDS)('a reply is told as an error where the policy says so: %s', async (kind) => {
      const asked = {
        point: pointNamed('mid word'),
        stream: kind === 'stream',
        policy: { blockAs: { output: 'error' } },
      };
      const { result, error, wire, calls } = await run(host, driver, asked);
      expect(result).toBeUndefined();
      expect(String(error)).toContain('withheld');
      expect(wire).not.toContain('zorgblat');
      expect(calls).toBe(1);
    });
  });
});
