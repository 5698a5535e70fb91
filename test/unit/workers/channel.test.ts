import { EventEmitter } from 'node:events';
import { Channel, type Handlers, type Pipe } from '../../../src/workers/index.js';

type Left = { readonly double: { readonly ask: number; readonly answer: number } };
type Right = { readonly name: { readonly ask: null; readonly answer: string } };

/** Two ends of a pipe; what is sent while it is cut fails. */
function pipes(): { left: Pipe; right: Pipe; cut(): void } {
  const ends = [new EventEmitter(), new EventEmitter()] as const;
  let isCut = false;
  const pipe = (own: EventEmitter, other: EventEmitter): Pipe => ({
    send(message, done) {
      const wire = JSON.stringify(message);
      setImmediate(() => {
        if (!isCut) other.emit('message', JSON.parse(wire));
        done(isCut ? new Error('cut') : null);
      });
    },
    onMessage: (listener) => void own.on('message', listener),
  });
  return {
    left: pipe(ends[0], ends[1]),
    right: pipe(ends[1], ends[0]),
    cut() {
      isCut = true;
    },
  };
}

function channels(double: Handlers<Left>['double'] = (value) => value * 2) {
  const { left, right, cut } = pipes();
  const one = new Channel<Left, Right>(left, { name: () => 'one' });
  const other = new Channel<Right, Left>(right, { double });
  return { one, other, cut };
}

describe('Channel', () => {
  it('asks in both directions at the same time', async () => {
    const { one, other } = channels();
    expect(await Promise.all([one.ask('double', 2), other.ask('name', null), one.ask('double', 4)])).toEqual([
      4,
      'one',
      8,
    ]);
  });

  it('hands on a failure of the other side', async () => {
    const { one } = channels(() => Promise.reject(new Error('zorg')));
    await expect(one.ask('double', 1)).rejects.toThrow('zorg');
    await one.tell('double', 1);
  });

  it('does not wait for ever', async () => {
    const { one } = channels(() => new Promise(() => undefined));
    await expect(one.ask('double', 1, 5)).rejects.toThrow('no answer to double within 5 ms');
    const waiting = one.ask('double', 1);
    one.close('it is gone');
    await expect(waiting).rejects.toThrow('it is gone');
    await expect(one.ask('double', 1)).rejects.toThrow('it is gone');
  });

  it('rejects what cannot be sent, and does not mind when it is only told', async () => {
    const { one, cut } = channels();
    cut();
    await expect(one.ask('double', 1)).rejects.toThrow('cut');
    await one.tell('double', 1);
  });
});
