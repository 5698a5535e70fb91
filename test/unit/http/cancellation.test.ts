import { Cancellation } from '../../../src/http/cancellation.js';

const reason = new Error('gone');

describe('Cancellation', () => {
  it('tells everybody who listens, once, and keeps the first reason', () => {
    const cancellation = new Cancellation();
    const heard: string[] = [];
    cancellation.onCancel(({ message }) => heard.push(`a ${message}`));
    cancellation.onCancel(({ message }) => heard.push(`b ${message}`))();
    cancellation.cancel(reason);
    cancellation.cancel(new Error('later'));
    expect(heard).toEqual(['a gone']);
    expect(cancellation.reason).toBe(reason);
  });

  it('tells who listens too late at once', () => {
    const cancellation = new Cancellation();
    cancellation.cancel(reason);
    const listener = jest.fn();
    cancellation.onCancel(listener);
    expect(listener).toHaveBeenCalledWith(reason);
  });

  it.each([
    ['before', (cancellation: Cancellation) => cancellation.signal],
    ['behind', () => undefined],
  ])('aborts its signal, asked for %s', (_when, ask) => {
    const cancellation = new Cancellation();
    ask(cancellation);
    cancellation.cancel(reason);
    expect(cancellation.signal.reason).toBe(reason);
  });
});
