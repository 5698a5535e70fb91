import type { Dispatcher } from 'undici';
import { UpstreamBody } from '../../../src/http/upstream-body.js';

/** A connection that notes what is asked of it. */
class FakeController implements Dispatcher.DispatchController {
  readonly calls: string[] = [];
  readonly aborted = false;
  readonly paused = false;
  readonly reason = null;

  abort(): void {
    this.calls.push('abort');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }
}

function open() {
  const controller = new FakeController();
  return { controller, body: new UpstreamBody(controller) };
}

const bytes = (text: string): Buffer => Buffer.from(text);

describe('UpstreamBody', () => {
  it('hands over what came before and behind the call, in order', async () => {
    const { body } = open();
    const taken: string[] = [];
    body.push(bytes('a'));
    const read = body.read((chunk) => {
      taken.push(chunk.toString());
      return undefined;
    });
    body.push(bytes('b'));
    body.end();
    await read;
    expect(taken).toEqual(['a', 'b']);
  });

  it('waits for its reader, and lets the connection wait too', async () => {
    const { controller, body } = open();
    const taken: string[] = [];
    let goOn = (): void => undefined;
    const read = body.read((chunk) => {
      taken.push(chunk.toString());
      if (taken.length > 1) return undefined;
      return new Promise<void>((resolve) => {
        goOn = resolve;
      });
    });
    body.push(bytes('a'));
    body.push(bytes('b'));
    expect(taken).toEqual(['a']);
    expect(controller.calls.at(-1)).toBe('pause');
    goOn();
    await Promise.resolve();
    expect(taken).toEqual(['a', 'b']);
    expect(controller.calls.at(-1)).toBe('resume');
    body.end();
    await read;
  });

  it('lets a connection wait whose bytes nobody reads', () => {
    const { controller, body } = open();
    body.push(Buffer.alloc(100_000));
    expect(controller.calls).toEqual(['pause']);
  });

  it.each([
    ['the reply breaks off', (body: UpstreamBody) => body.fail(new Error('broken')), 'broken', []],
    ['it is closed', (body: UpstreamBody) => body.close(), 'The reply was closed.', ['abort']],
  ])('rejects when %s', async (_name, act, message, calls) => {
    const { controller, body } = open();
    const read = body.read(() => undefined);
    controller.calls.length = 0;
    act(body);
    await expect(read).rejects.toThrow(message);
    expect(controller.calls).toEqual(calls);
  });

  it('rejects with what its reader throws, and gives up the connection', async () => {
    const { controller, body } = open();
    const read = body.read(() => {
      throw new Error('too large');
    });
    body.push(bytes('a'));
    await expect(read).rejects.toThrow('too large');
    expect(controller.calls).toContain('abort');
  });

  it('hands over nothing more once it is stopped', async () => {
    const { controller, body } = open();
    const taken: string[] = [];
    body.push(bytes('a'));
    body.push(bytes('b'));
    await body.read((chunk) => {
      taken.push(chunk.toString());
      body.stop();
      return undefined;
    });
    body.push(bytes('c'));
    expect(taken).toEqual(['a']);
    expect(controller.calls).toContain('abort');
  });

  it('is a stream for those who need one', async () => {
    const { body } = open();
    const stream = body.stream();
    body.push(bytes('a'));
    body.push(bytes('b'));
    body.end();
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('ab');
  });
});
